// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The ways into the kernel and back to user mode.
 *
 * - From user mode GS is the user's; swapgs makes it the CPU's. Exceptions inside the kernel may come at any
 *   instruction, also before or after a swapgs, so they never ask GS: they find their CPU by its descriptor table.
 * - Nothing of a thread stays on the kernel stack: its registers go to its arch_context, and every exit starts at
 *   the stack's top. So switching threads is nothing but resuming another context.
 * - SYSRET is used only for a context that came by SYSCALL, and so only to a canonical address (CVE-2012-0217): what follows a SYSCALL
 *   instruction is one, since nobody can map the last page below arch_user_end (mm/space.c). IRET gets selectors and flags from us
 *   alone, so it cannot fault (CVE-2014-9322).
 * - A context in user mode is of kind SYSCALL already: entries by other ways say TRAP.
 * - Register use of a system call: rax number, rdi and rsi arguments; rax and rdx results; rbx, rbp, r12-r15 and rsp
 *   are kept, all others come back zero but for what the SYSCALL instruction itself leaves in rcx and r11.
 * - With a mitigation of speculation that works on entry or exit, the ways lead over porch.S, by patches at boot (patch.h).
 */
#include "layout.h"
#include "patch.h"

	.section .text.entry, "ax", @progbits
	.code64

/* SDM vol. 2B, SYSCALL: rcx = return address, r11 = flags, rsp is still the user's. */
	.globl	syscall_entry
	.type	syscall_entry, @function
	.balign	64
syscall_entry:
	swapgs
	movq	%gs:CPU_CONTEXT, %r10
	movq	%rsp, CTX_RSP(%r10)
	movq	%gs:CPU_STACK_TOP, %rsp
	.globl	syscall_entered
syscall_entered:
	movq	%rbx, CTX_RBX(%r10)
	movq	%rbp, CTX_RBP(%r10)
	movq	%r12, CTX_R12(%r10)
	movq	%r13, CTX_R13(%r10)
	movq	%r14, CTX_R14(%r10)
	movq	%r15, CTX_R15(%r10)
	movq	%rcx, CTX_RIP(%r10)
	movq	%r11, CTX_RFLAGS(%r10)
	xorl	%ebp, %ebp		/* backtraces end here */
	callq	kernel_on_syscall	/* ARCH_SYSCALL_PARAMETERS; the context to resume, as kernel_next's */
resume_context:
	cmpl	$0, CTX_KIND(%rax)
	jne	resume_trap
	movq	CTX_RIP(%rax), %rcx
	movq	CTX_RFLAGS(%rax), %r11
	movq	CTX_RBX(%rax), %rbx
	movq	CTX_RBP(%rax), %rbp
	movq	CTX_R12(%rax), %r12
	movq	CTX_R13(%rax), %r13
	movq	CTX_R14(%rax), %r14
	movq	CTX_R15(%rax), %r15
	movq	CTX_RSP(%rax), %rsp
	movq	CTX_RDX(%rax), %rdx
	movq	CTX_RAX(%rax), %rax
	xorl	%edi, %edi
	xorl	%esi, %esi
	xorl	%r8d, %r8d
	xorl	%r9d, %r9d
661:	xorl	%r10d, %r10d
	swapgs
	site_or	sysret_guarded, PATCH_PORCH
	sysretq
	.size	syscall_entry, . - syscall_entry

	.globl	resume
	.type	resume, @function
resume:
	callq	kernel_next
	jmp	resume_context
	.size	resume, . - resume

	.type	resume_trap, @function
resume_trap:
	movq	CTX_RIP(%rax), %rcx
	movq	%rcx, %rdx
	shrq	$47, %rdx
	jne	resume_bad
	movl	$0, CTX_KIND(%rax)	/* what it is next, unless a trap says otherwise */
	movq	CTX_RFLAGS(%rax), %rdx
	andl	$RFLAGS_USER, %edx
	orl	$(RFLAGS_IF | RFLAGS_ALWAYS), %edx
	pushq	$SEL_USER_DATA
	pushq	CTX_RSP(%rax)
	pushq	%rdx
	pushq	$SEL_USER_CODE
	pushq	%rcx
	movq	CTX_RBX(%rax), %rbx
	movq	CTX_RBP(%rax), %rbp
	movq	CTX_R12(%rax), %r12
	movq	CTX_R13(%rax), %r13
	movq	CTX_R14(%rax), %r14
	movq	CTX_R15(%rax), %r15
	movq	CTX_RDX(%rax), %rdx
	movq	CTX_RDI(%rax), %rdi
	movq	CTX_RSI(%rax), %rsi
	movq	CTX_RCX(%rax), %rcx
	movq	CTX_R8(%rax), %r8
	movq	CTX_R9(%rax), %r9
	movq	CTX_R10(%rax), %r10
	movq	CTX_R11(%rax), %r11
	movq	CTX_RAX(%rax), %rax
661:	swapgs
	iretq
	site_or	iret_guarded, PATCH_PORCH

/* An upcall or a new thread with an entry address outside the user half: the thread's own fault. */
resume_bad:
	movq	%rax, %rdi
	callq	trap_bad_address
	jmp	resume
	.size	resume_trap, . - resume_trap

	.globl	arch_resume_loop
	.type	arch_resume_loop, @function
arch_resume_loop:
	movq	%gs:CPU_STACK_TOP, %rsp
	xorl	%ebp, %ebp
	jmp	resume
	.size	arch_resume_loop, . - arch_resume_loop

	.text
/* void arch_idle(void): STI takes effect after the next instruction, so no interrupt can slip in before HLT sleeps
 * (SDM vol. 2B, STI). */
	.globl	arch_idle
	.type	arch_idle, @function
arch_idle:
	pushq	%rbp
	movq	%rsp, %rbp
	sti
	hlt
	cli
	popq	%rbp
	retq
	int3
	.size	arch_idle, . - arch_idle

/* void arch_take_interrupts(void): those that are pending come after the NOP, at the latest. */
	.globl	arch_take_interrupts
	.type	arch_take_interrupts, @function
arch_take_interrupts:
	pushq	%rbp
	movq	%rsp, %rbp
	sti
	nop
	cli
	popq	%rbp
	retq
	int3
	.size	arch_take_interrupts, . - arch_take_interrupts

/* void stack_switch(uint64_t top, void (*fn)(void)): goes on in fn on another stack, for good. */
	.globl	stack_switch
	.type	stack_switch, @function
stack_switch:
	movq	%rdi, %rsp
	xorl	%ebp, %ebp
	callq	*%rsi
	ud2
	.size	stack_switch, . - stack_switch
