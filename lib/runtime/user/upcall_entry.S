// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Where the kernel resumes a thread for an upcall: %rdi is the frame in the region, %rsp lies below the interrupted
 * code's red zone. Registers, all of them, are in the frame; vector registers are still the interrupted
 * code's. Frame and vector registers are saved on the stack, the handler is called, and the thread goes on from the
 * saved frame.
 *
 * Going on restores %rip, %rflags and %rsp together without IRETQ (docs/abi.md): the return address is stored just
 * below the red zone, and RET $128 pops it and skips the zone. The three words that this takes (rax, rflags, rip) lie
 * at interrupted %rsp - 152, at most 24 bytes below %rsp on entry; so the top 32 bytes stay free.
 */
#define FRAME_WORDS 24
#define FXSAVE_AT   0
#define FRAME_AT    512
#define TOTAL	    (FRAME_AT + FRAME_WORDS * 8 + 32)

/* Offsets in struct cap_upcall_frame. */
#define RAX    (FRAME_AT + 0)
#define RBX    (FRAME_AT + 8)
#define RCX    (FRAME_AT + 16)
#define RDX    (FRAME_AT + 24)
#define RSI    (FRAME_AT + 32)
#define RDI    (FRAME_AT + 40)
#define RBP    (FRAME_AT + 48)
#define R8     (FRAME_AT + 56)
#define RIP    (FRAME_AT + 120)
#define RFLAGS (FRAME_AT + 136)
#define RSP    (FRAME_AT + 144)

	.text
	.globl runtime_upcall_entry
	.hidden runtime_upcall_entry
	.type runtime_upcall_entry, @function
runtime_upcall_entry:
	endbr64
	cld
	subq $TOTAL, %rsp
	andq $-16, %rsp
	fxsave64 FXSAVE_AT(%rsp)
	xorl %ecx, %ecx
1:	movq (%rdi, %rcx, 8), %rax
	movq %rax, FRAME_AT(%rsp, %rcx, 8)
	incl %ecx
	cmpl $FRAME_WORDS, %ecx
	jne 1b

	movq %rsp, %rbp
	leaq FRAME_AT(%rsp), %rdi
	call runtime_upcall

	fxrstor64 FXSAVE_AT(%rbp)
	movq RSP(%rbp), %rax
	subq $152, %rax
	movq RAX(%rbp), %rcx
	movq %rcx, (%rax)
	movq RFLAGS(%rbp), %rcx
	movq %rcx, 8(%rax)
	movq RIP(%rbp), %rcx
	movq %rcx, 16(%rax)
	movq RBX(%rbp), %rbx
	movq RCX(%rbp), %rcx
	movq RDX(%rbp), %rdx
	movq RSI(%rbp), %rsi
	movq RDI(%rbp), %rdi
	movq R8(%rbp), %r8
	movq (R8 + 8)(%rbp), %r9
	movq (R8 + 16)(%rbp), %r10
	movq (R8 + 24)(%rbp), %r11
	movq (R8 + 32)(%rbp), %r12
	movq (R8 + 40)(%rbp), %r13
	movq (R8 + 48)(%rbp), %r14
	movq (R8 + 56)(%rbp), %r15
	movq %rax, %rsp
	movq RBP(%rbp), %rbp
	popq %rax
	popfq
	ret $128
	.size runtime_upcall_entry, . - runtime_upcall_entry

	.section .note.GNU-stack, "", @progbits
