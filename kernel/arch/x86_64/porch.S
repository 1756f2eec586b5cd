// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The porch: all code of the kernel that runs while an address space without the kernel's pages may be active (paging.c,
 * mitigate.c). With it in these pages are mapped there: the descriptor tables, and the stacks that interrupts begin on.
 *
 * - The kernel never touches a user address, so there is one root for it, whatever thread it works for: entry loads that
 *   one, exit the thread's. A load of either forgets all translations of the other; none is global then.
 * - What a mitigation needs on entry comes after the kernel's root is loaded, and before the first indirect branch and return
 *   but those here; on exit nothing but direct code follows.
 * - Interrupts are off. NMI, debug and machine-check exceptions may come at any instruction: they find the root and their CPU
 *   without asking GS or memory, and leave both as they were.
 */
#include "layout.h"
#include "patch.h"

#define MSR_GS_BASE 0xc0000101
#define MSR_SPEC_CTRL 0x48
#define MSR_PRED_CMD 0x49
#define PHYS(x) ((x) - KERNEL_VMA)

/* How branches are predicted from now on; rax, rcx and rdx are lost. */
	.macro	set_branches value
	movl	$MSR_SPEC_CTRL, %ecx
	movl	\value, %eax
	xorl	%edx, %edx
	wrmsr
	.endm

/* What entry has to do; rax, rcx and rdx are lost. */
	.macro	guard_entry
661:	set_branches mitigate_spec_kernel
	site_end PATCH_BRANCHES
661:	movl	$MSR_PRED_CMD, %ecx
	movl	$1, %eax
	xorl	%edx, %edx
	wrmsr
	site_end PATCH_ENTRY_BARRIER
/* Five times five taken branches and a chain of returns leave nothing of the user's in the history (Intel, "Branch History
 * Injection", software sequence). */
661:	movl	$5, %ecx
	callq	1f
	jmp	5f
1:	callq	2f
	retq
	int3
2:	movl	$5, %eax
3:	jmp	4f
	nop
4:	subl	$1, %eax
	jnz	3b
	subl	$1, %ecx
	jnz	1b
	retq
	int3
5:	lfence
	site_end PATCH_HISTORY
	.endm

	.section .text.porch, "ax", @progbits
	.code64

/* LSTAR, if anything is to be done. rdx and r8 to r10 are nobody's. */
	.globl	syscall_guarded
	.type	syscall_guarded, @function
	.balign	64
syscall_guarded:
661:	movl	$PHYS(kernel_pml4), %r10d
	movq	%r10, %cr3
	site_end PATCH_ISOLATION
	swapgs
	movq	%gs:CPU_CONTEXT, %r10
	movq	%rsp, CTX_RSP(%r10)
	movq	%gs:CPU_STACK_TOP, %rsp
	movq	%rax, %r8
	movq	%rcx, %r9
	guard_entry
	movq	%r9, %rcx
	movq	%r8, %rax
	jmp	syscall_entered
	.size	syscall_guarded, . - syscall_guarded

/* For the end of resume_context: all registers are the user's but r10; rdi, rsi, r8 and r9 are zero. */
	.globl	sysret_guarded
	.type	sysret_guarded, @function
sysret_guarded:
661:	movq	%rax, %r8
	movq	%rcx, %r9
	movq	%rdx, %r10
	set_branches mitigate_spec_user
	movq	%r8, %rax
	movq	%r9, %rcx
	movq	%r10, %rdx
	xorl	%r8d, %r8d
	xorl	%r9d, %r9d
	site_end PATCH_BRANCHES
	movq	%gs:CPU_SCRATCH_ROOT, %r10
	swapgs
661:	movq	%r10, %cr3
	site_end PATCH_ISOLATION
661:	verw	porch_selector(%rip)
	site_end PATCH_BUFFERS
	xorl	%r10d, %r10d
	sysretq
	.size	sysret_guarded, . - sysret_guarded

/* For the end of resume_trap: all registers are the user's, and the frame for IRET is on the kernel's stack, which a user's root
 * does not map: it moves to the porch's. */
	.globl	iret_guarded
	.type	iret_guarded, @function
iret_guarded:
	pushq	%rax
661:	pushq	%rcx
	pushq	%rdx
	set_branches mitigate_spec_user
	popq	%rdx
	popq	%rcx
	site_end PATCH_BRANCHES
	movq	%rsp, %rax
	movq	%gs:CPU_STACK_TOP, %rsp
	addq	$STACK_PORCH_BYTES, %rsp
	pushq	40(%rax)
	pushq	32(%rax)
	pushq	24(%rax)
	pushq	16(%rax)
	pushq	8(%rax)
	pushq	(%rax)
	movq	%gs:CPU_SCRATCH_ROOT, %rax
	swapgs
661:	movq	%rax, %cr3
	site_end PATCH_ISOLATION
661:	verw	porch_selector(%rip)
	site_end PATCH_BUFFERS
	popq	%rax
	iretq
	.size	iret_guarded, . - iret_guarded

porch_selector:
	.short	SEL_KERNEL_DATA

/* Exceptions and interrupts: the stubs push what the processor did not, and the vector. */
	.type	trap_common, @function
trap_common:
	testb	$3, 24(%rsp)
	jz	trap_kernel
661:	swapgs
	lfence				/* no speculation past a wrong guess of the branch (CVE-2019-1125) */
	pushq	%rax
	site_or	trap_guarded, PATCH_ISOLATION
trap_entered:
	movq	%gs:CPU_CONTEXT, %rax
	movq	%rbx, CTX_RBX(%rax)
	movq	%rbp, CTX_RBP(%rax)
	movq	%r12, CTX_R12(%rax)
	movq	%r13, CTX_R13(%rax)
	movq	%r14, CTX_R14(%rax)
	movq	%r15, CTX_R15(%rax)
	movq	%rdx, CTX_RDX(%rax)
	movq	%rdi, CTX_RDI(%rax)
	movq	%rsi, CTX_RSI(%rax)
	movq	%rcx, CTX_RCX(%rax)
	movq	%r8, CTX_R8(%rax)
	movq	%r9, CTX_R9(%rax)
	movq	%r10, CTX_R10(%rax)
	movq	%r11, CTX_R11(%rax)
	movl	$1, CTX_KIND(%rax)
	popq	CTX_RAX(%rax)
	popq	%rdi			/* vector */
	popq	%rsi			/* error code */
	popq	CTX_RIP(%rax)
	popq	%rcx			/* cs: only one exists */
	popq	CTX_RFLAGS(%rax)
	popq	CTX_RSP(%rax)
	movq	%gs:CPU_STACK_TOP, %rsp	/* leaves an interrupt stack */
661:	pushq	$RFLAGS_ALWAYS		/* a gate clears neither AC (it would lift SMAP) nor DF */
	popfq
	xorl	%ebp, %ebp
	site_or	trap_guarded_late, PATCH_PORCH
trap_handle:
	callq	trap_from_user
	jmp	resume
	.size	trap_common, . - trap_common

/* In kernel mode: an interrupt in arch_idle or arch_take_interrupts, or an exception, which is a bug of ours or a terminal event.
 * Leaves a struct kernel_trap (trap.h) on the stack. */
	.type	trap_kernel, @function
trap_kernel:
	lfence
	pushq	%rax
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	cld
	movq	%rsp, %rbx
	cmpq	$32, 120(%rbx)
	jae	1f
	movq	%cr3, %r15		/* it may come in the porch itself, where a user's root is active */
	movl	$PHYS(kernel_pml4), %eax
	movq	%rax, %cr3

	subq	$16, %rsp
	sgdt	6(%rsp)
	movq	8(%rsp), %r12
	addq	$16, %rsp
	movl	$MSR_GS_BASE, %ecx
	rdmsr
	movl	%eax, %r13d
	movl	%edx, %r14d
	movl	PERCPU_CPU(%r12), %eax
	movl	PERCPU_CPU+4(%r12), %edx
	wrmsr
	pushq	136(%rbx)		/* a stack frame, so that a backtrace goes on at the interrupted code */
	pushq	%rbp
	movq	%rsp, %rbp
	movq	%rbx, %rdi
	callq	trap_in_kernel
	movl	$MSR_GS_BASE, %ecx
	movl	%r13d, %eax
	movl	%r14d, %edx
	wrmsr
	movq	%r15, %cr3
	jmp	2f

1:	movq	120(%rbx), %rdi
	callq	interrupt_by_vector
2:	movq	%rbx, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%rcx
	popq	%rax
	addq	$16, %rsp
	iretq
	.size	trap_kernel, . - trap_kernel

/* One stub of 16 bytes for each vector; idt.c computes their addresses. */
	.globl	trap_stubs
	.balign	16
trap_stubs:
	.set	vector, 0
	.rept	256
	.balign	16, 0xcc
	.if	!(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30)
	pushq	$0
	.endif
	pushq	$vector
	jmp	trap_common
	.set	vector, vector + 1
	.endr

/* For trap_common, before it looks at anything that is not on the stack. */
	.type	trap_guarded, @function
trap_guarded:
	pushq	%rax
	movl	$PHYS(kernel_pml4), %eax
	movq	%rax, %cr3
	swapgs
	lfence
	jmp	trap_entered
	.size	trap_guarded, . - trap_guarded

/* And when the registers are saved: rdi and rsi are trap_from_user's arguments. */
	.type	trap_guarded_late, @function
trap_guarded_late:
	pushq	$RFLAGS_ALWAYS
	popfq
	xorl	%ebp, %ebp
	guard_entry
	jmp	trap_handle
	.size	trap_guarded_late, . - trap_guarded_late

/* For arch_space_activate (paging.c): rax is the root. Keeps all registers but the flags. The kernel's own root is nobody's. */
	.text
	.globl	space_switch_guarded
	.type	space_switch_guarded, @function
space_switch_guarded:
	movq	%rax, %gs:CPU_SCRATCH_ROOT
661:	movq	%rax, %cr3
	site_end PATCH_NO_ISOLATION
	cmpq	$PHYS(kernel_pml4), %rax
	je	9f
	pushq	%rax
	pushq	%rcx
	pushq	%rdx
	incq	%gs:CPU_BARRIERS
661:	movl	$MSR_PRED_CMD, %ecx
	movl	$1, %eax
	xorl	%edx, %edx
	wrmsr
	site_end PATCH_BARRIER
/* A return that has no call of its own must not go where another process wanted it. */
661:	.rept	32
	callq	1f
	int3
1:
	.endr
	addq	$(32 * 8), %rsp
	lfence
	site_end PATCH_RETURNS
	popq	%rdx
	popq	%rcx
	popq	%rax
9:	retq
	int3
	.size	space_switch_guarded, . - space_switch_guarded
