// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * SYSCALL with flags, stacks, segments and numbers that no compiler would make (SDM vol. 3A, 5.8.8): NT, AC,
 * DF, TF; and SYSRET to a non-canonical address (CVE-2012-0217).
 *
 * Each function leaves with 0 if the kernel and the process are as before.
 */
#include "x86.h"

/* cap_enter(0, 0) with these bits in RFLAGS; gives rax. */
static int64_t enter_with_flags(uint64_t set)
{
	int64_t result;
	uint64_t a = 0, b = 0; /* argument registers do not survive a system call */

	__asm__ volatile("sub $128, %%rsp\n\t"
			 "pushfq\n\t"
			 "pushfq\n\t"
			 "or %[set], (%%rsp)\n\t"
			 "popfq\n\t"
			 "syscall\n\t"
			 "popfq\n\t"
			 "add $128, %%rsp"
			 : "=a"(result), "+D"(a), "+S"(b)
			 : "a"(CAP_SYSCALL_ENTER), [set] "r"(set)
			 : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory", "cc");
	return result;
}

static bool all_is_well(void)
{
	uint64_t ns = 0;

	return timer_now(w.t, w.timer, &ns) == STATUS_OK && ns > 0;
}

static int with_nt(void)
{
	return enter_with_flags(1 << 14) == 0 && all_is_well() ? 0 : 1;
}

static int with_ac(void)
{
	return enter_with_flags(1 << 18) == 0 && all_is_well() ? 0 : 1;
}

static int with_df(void)
{
	return enter_with_flags(1 << 10) == 0 && all_is_well() ? 0 : 1;
}

static int with_id_and_of(void)
{
	return enter_with_flags(1 << 21 | 1 << 11) == 0 && all_is_well() ? 0 : 1;
}

static int with_tf(void)
{
	(void)enter_with_flags(1 << 8);
	return 1;
}

static int single_steps(void)
{
	__asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq; nop; nop" ::: "memory", "cc");
	return 1;
}

/* The stack pointer is no business of the kernel's. */
static int with_stack(uint64_t stack)
{
	int64_t result;
	uint64_t a = 0, b = 0;

	__asm__ volatile("mov %%rsp, %%rbx\n\t"
			 "mov %[stack], %%rsp\n\t"
			 "syscall\n\t"
			 "mov %%rbx, %%rsp"
			 : "=a"(result), "+D"(a), "+S"(b)
			 : "a"(CAP_SYSCALL_ENTER), [stack] "r"(stack)
			 : "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "memory", "cc");
	return result == 0 && all_is_well() ? 0 : 1;
}

static int stack_null(void)
{
	return with_stack(0);
}

static int stack_kernel(void)
{
	return with_stack(0xffffffff80200000);
}

static int stack_noncanonical(void)
{
	return with_stack(0x8000000000000000);
}

/* Interrupts come while the stack pointer is wild; the kernel has its own. */
static int interrupted_without_stack(void)
{
	__asm__ volatile("mov %%rsp, %%rbx\n\t"
			 "movabs $0x8000000000000000, %%rsp\n\t"
			 "mov $20000000, %%ecx\n"
			 "1: dec %%ecx\n\t"
			 "jnz 1b\n\t"
			 "mov %%rbx, %%rsp" ::
				 : "rbx", "rcx", "memory", "cc");
	return all_is_well() ? 0 : 1;
}

static int64_t raw_syscall(uint64_t number, uint64_t a, uint64_t b)
{
	int64_t result;

	__asm__ volatile("syscall"
			 : "=a"(result), "+D"(a), "+S"(b)
			 : "a"(number)
			 : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory", "cc");
	return result;
}

static int unknown_numbers(void)
{
	static const uint64_t numbers[] = {2,          3,           255,        256,       0x80000000,
					   0xffffffff, 0x100000000, 1ull << 63, UINT64_MAX};

	for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (raw_syscall(numbers[i], 0, 0) >= 0)
			return (int)i + 1;
	return all_is_well() ? 0 : 20;
}

/* More completions than there can be, and a deadline that is past: it comes back at once. */
static int impossible_min(void)
{
	static const uint64_t mins[] = {1, 64, 65, 1ull << 32, 1ull << 63, UINT64_MAX};

	for (unsigned i = 0; i < sizeof(mins) / sizeof(mins[0]); i++)
		(void)raw_syscall(CAP_SYSCALL_ENTER, mins[i], 1);
	return all_is_well() ? 0 : 1;
}

static int unknown_exit_scope(void)
{
	/* Whatever it means, it ends no more than this process. */
	(void)raw_syscall(CAP_SYSCALL_EXIT, 7, 99);
	return all_is_well() ? 7 : 1;
}

/*
 * The last page below the hole: after a SYSCALL at its end the next instruction would be at
 * 0x0000800000000000, where SYSRET faults in the kernel on some processors. The kernel gives nobody that
 * page.
 */
static int last_page(void)
{
	uint64_t address = 0;

	if (virtual_memory_allocate(w.t, w.space, 4096, 0x00007ffffffff000, &address) == STATUS_OK)
		return 1;
	return 0;
}

/* The register that user code gets back says nothing of the kernel. */
static int registers_after(void)
{
	uint64_t rdx, r8, r9, r10, rcx, r11, a = 0, b = 0;

	__asm__ volatile("syscall\n\t"
			 "mov %%r8, %1\n\tmov %%r9, %2\n\tmov %%r10, %3\n\tmov %%rcx, %4\n\tmov %%r11, %5"
			 : "=d"(rdx), "=&r"(r8), "=&r"(r9), "=&r"(r10), "=&r"(rcx), "=&r"(r11), "+D"(a),
			   "+S"(b)
			 : "a"(CAP_SYSCALL_ENTER)
			 : "rcx", "r8", "r9", "r10", "r11", "memory", "cc");
	/* Kernel addresses have their top bit set. */
	return ((rdx | r8 | r9 | r10 | rcx | r11 | a | b) >> 63) == 0 ? 0 : 1;
}

static int callee_saved(void)
{
	uint64_t good;

	__asm__ volatile(
		"mov $11, %%rbx; mov $12, %%r12; mov $13, %%r13; mov $14, %%r14; mov $15, %%r15\n\t"
		"xor %%eax, %%eax; xor %%edi, %%edi; xor %%esi, %%esi\n\t"
		"syscall\n\t"
		"xor %%eax, %%eax\n\t"
		"cmp $11, %%rbx; jne 1f; cmp $12, %%r12; jne 1f; cmp $13, %%r13; jne 1f; cmp $14, %%r14; jne 1f\n\t"
		"cmp $15, %%r15; jne 1f\n\t"
		"mov $1, %%eax\n"
		"1:"
		: "=a"(good)
		:
		: "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
		  "memory", "cc");
	return good ? 0 : 1;
}

const struct victim entries[] = {
	{"enters with NT set", with_nt, FAULT(EXIT), 0, 0, {}},
	{"enters with AC set", with_ac, FAULT(EXIT), 0, 0, {}},
	{"enters with DF set", with_df, FAULT(EXIT), 0, 0, {}},
	{"enters with ID and OF set", with_id_and_of, FAULT(EXIT), 0, 0, {}},
	{"enters with TF set", with_tf, FAULT(DEBUG_TRAP), 0, 0, {}},
	{"steps by TF", single_steps, FAULT(DEBUG_TRAP), 0, 0, {}},
	{"enters with its stack at 0", stack_null, FAULT(EXIT), 0, 0, {}},
	{"enters with its stack in the kernel", stack_kernel, FAULT(EXIT), 0, 0, {}},
	{"enters with a stack that no address is", stack_noncanonical, FAULT(EXIT), 0, 0, {}},
	{"is interrupted without a stack", interrupted_without_stack, FAULT(EXIT), 0, 0, {}},
	{"makes system calls that do not exist", unknown_numbers, FAULT(EXIT), 0, 0, {}},
	{"waits for more completions than fit", impossible_min, FAULT(EXIT), 0, 0, {}},
	{"exits with a scope that does not exist", unknown_exit_scope, FAULT(EXIT), 7, 0, {}},
	{"asks for the last page of user space", last_page, FAULT(EXIT), 0, 0, {}},
	{"looks for kernel addresses after an entry", registers_after, FAULT(EXIT), 0, 0, {}},
	{"finds its callee-saved registers again", callee_saved, FAULT(EXIT), 0, 0, {}},
};
const uint32_t entry_count = sizeof(entries) / sizeof(entries[0]);
