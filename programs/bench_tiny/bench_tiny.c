// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The smallest program: it ends at once, without the runtime. The row spawn_reap starts it, as its Linux counterpart
 * (tests/bench/linux/tiny.c) is started there.
 */
#include <abi/ring.h>

[[noreturn]] void _start(void);

[[noreturn]] void _start(void)
{
	uint64_t number = CAP_SYSCALL_EXIT;

	__asm__ volatile("syscall"
			 : "+a"(number)
			 : "D"(0ull), "S"(CAP_EXIT_PROCESS)
			 : "rcx", "r11", "memory");
	__builtin_trap();
}
