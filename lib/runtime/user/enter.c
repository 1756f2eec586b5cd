// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The system-call instruction of x86-64. Being an ordinary function, it has no value in a caller-saved register
 * across the call; the kernel keeps the callee-saved ones.
 */
#include <runtime/enter.h>

struct cap_enter_result runtime_cap_enter(uint64_t min, uint64_t deadline_ns)
{
	int64_t consumed = CAP_SYSCALL_ENTER;
	uint64_t reason;

	__asm__ volatile("syscall"
			 : "+a"(consumed), "=d"(reason), "+D"(min), "+S"(deadline_ns)
			 :
			 : "rcx", "r8", "r9", "r10", "r11", "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3",
			   "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13",
			   "xmm14", "xmm15");
	return (struct cap_enter_result){consumed, reason};
}

void runtime_cap_exit(int64_t code, enum cap_exit_scope scope)
{
	uint64_t number = CAP_SYSCALL_EXIT;

	__asm__ volatile("syscall" : "+a"(number) : "D"(code), "S"(scope) : "rcx", "r11", "memory");
	__builtin_trap(); /* it does not come back */
}

void runtime_cap_enter_and_exit(int64_t code)
{
	__asm__ volatile("syscall\n\t"
			 "movl %[exit], %%eax\n\t"
			 "movq %%rbx, %%rdi\n\t"
			 "movl %[thread], %%esi\n\t"
			 "syscall\n\t"
			 "ud2"
			 :
			 : "a"(CAP_SYSCALL_ENTER), "D"(0), "S"(0),
			   "b"(code), [exit] "i"(CAP_SYSCALL_EXIT), [thread] "i"(CAP_EXIT_THREAD)
			 : "memory");
	__builtin_unreachable();
}
