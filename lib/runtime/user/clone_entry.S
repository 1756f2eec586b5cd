// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Both ends of runtime_clone: the caller's registers onto its stack, and back from there in the clone.
 *
 * clone_both(spawner, options, process): calls clone_call(spawner, options, process, saved) with the address of the saved registers,
 * which is the stack pointer that the clone begins with.
 */
	.text
	.globl clone_both
	.hidden clone_both
	.type clone_both, @function
clone_both:
	endbr64
	pushq %rbp
	pushq %rbx
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	subq $8, %rsp
	stmxcsr (%rsp)
	fnstcw 4(%rsp)
	movq %rsp, %rcx
	call clone_call
	jmp clone_leave
	.size clone_both, . - clone_both

/* The clone's first instruction: the region in the first argument register, the stack as clone_both left it. */
	.globl clone_entry
	.hidden clone_entry
	.type clone_entry, @function
clone_entry:
	endbr64
	ldmxcsr (%rsp)
	fldcw 4(%rsp)
	call clone_begin
	xorl %eax, %eax
	.size clone_entry, . - clone_entry

	.type clone_leave, @function
clone_leave:
	addq $8, %rsp
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbx
	popq %rbp
	ret
	.size clone_leave, . - clone_leave

	.section .note.GNU-stack, "", @progbits
