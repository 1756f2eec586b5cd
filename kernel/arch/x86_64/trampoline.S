// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Where a further CPU begins: in real mode, at the start of a page below 1 MiB (SDM vol. 3A, 9.4.4). smp.c copies
 * this there, and writes the fields behind trampoline_data for each CPU. Straight into 64-bit mode: paging and
 * protection are switched on by one write, with a root that maps this page one to one (paging_trampoline_begin).
 */
#include "layout.h"

#define OFFSET(x) ((x) - trampoline_start)

	.section .rodata.trampoline, "a"
	.balign	16
	.globl	trampoline_start, trampoline_end, trampoline_data
	.code16
trampoline_start:
	cli
	cld
	movw	%cs, %ax
	movw	%ax, %ds
	movl	OFFSET(root), %eax
	movl	%eax, %cr3
	movl	$0x20, %eax		/* CR4.PAE */
	movl	%eax, %cr4
	movl	$0xc0000080, %ecx	/* EFER.LME, NXE */
	rdmsr
	orl	$0x900, %eax
	wrmsr
	movl	$0x80010011, %eax	/* CR0.PG, WP, ET, PE */
	movl	%eax, %cr0
	lgdtl	OFFSET(gdt_pointer)
	ljmpl	*OFFSET(far)

	.code64
trampoline_64:
	xorl	%eax, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %fs
	movl	%eax, %gs
	movl	%eax, %ss
	movq	stack(%rip), %rsp
	movl	number(%rip), %edi
	movq	entry(%rip), %rax
	xorl	%ebp, %ebp
	callq	*%rax
	ud2

	.balign	8
gdt:
	.quad	0
	.quad	0x00af9b000000ffff
gdt_pointer:
	.short	15
	.long	OFFSET(gdt)		/* + where the page is */
far:
	.long	OFFSET(trampoline_64)	/* + where the page is */
	.short	SEL_KERNEL_CODE

	.balign	8
trampoline_data:			/* struct trampoline_data */
root:	.quad	0
stack:	.quad	0
entry:	.quad	0
number:	.quad	0
trampoline_end:

	.globl	trampoline_fix_gdt, trampoline_fix_far
	.set	trampoline_fix_gdt, OFFSET(gdt_pointer) + 2
	.set	trampoline_fix_far, OFFSET(far)
