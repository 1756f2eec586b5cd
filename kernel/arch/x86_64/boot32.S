// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The first instructions: from a boot loader's 32-bit protected mode, paging off, to boot_main in 64-bit mode.
 *
 * Two doors into one image:
 * - PVH (Xen, docs/misc/pvh.pandoc; QEMU -kernel): the note below names the entry; ebx = struct hvm_start_info.
 * - Multiboot2 (3.1, 3.3; GRUB): the header below; eax = magic, ebx = boot information.
 * Temporary page tables map the first 4 GiB one to one, for what the loader left there, and the first GiB at -2 GiB,
 * where the image is linked. paging.c replaces them; trampoline.S uses them once more, cut down, for each further CPU.
 */
#include "layout.h"

#define PHYS(x) ((x) - KERNEL_VMA)

#define CR0_PE 0x1
#define CR0_WP 0x10000
#define CR0_PG 0x80000000
#define CR4_PAE 0x20
#define MSR_EFER 0xc0000080
#define EFER_LME_NXE 0x900

	.section .boot.multiboot, "a"
	.balign	8
multiboot_header:
	.long	0xe85250d6, 0, multiboot_header_end - multiboot_header
	.long	-(0xe85250d6 + (multiboot_header_end - multiboot_header))
	.balign	8
	.short	3, 0			/* entry address */
	.long	12, PHYS(multiboot_entry)
	.balign	8
	.short	6, 0			/* modules on page boundaries */
	.long	8
	.balign	8
	.short	0, 0			/* end */
	.long	8
multiboot_header_end:

	.section .note.pvh, "a", @note
	.balign	4
	.long	4, 8, 18		/* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz	"Xen"
	.quad	PHYS(pvh_entry)

	.section .text.boot, "ax"
	.code32
	.globl	pvh_entry
pvh_entry:
	movl	$BOOT_PVH, %esi
	jmp	start32

	.globl	multiboot_entry
multiboot_entry:
	movl	%eax, %esi
start32:
	cli
	cld
	movl	%ebx, %ebp
	movl	$PHYS(boot_stack_top), %esp

	/* 64-bit mode and no-execute are what we cannot do without (SDM vol. 2A, CPUID 80000001H). */
	movl	$0x80000000, %eax
	cpuid
	cmpl	$0x80000001, %eax
	jb	too_old
	movl	$0x80000001, %eax
	cpuid
	andl	$0x20100000, %edx
	cmpl	$0x20100000, %edx
	jne	too_old

	/* 2048 pages of 2 MiB: present, writable, large. The tables are in .bss, zero. */
	movl	$PHYS(boot_pd), %edi
	movl	$0x83, %eax
	movl	$2048, %ecx
1:	movl	%eax, (%edi)
	addl	$8, %edi
	addl	$0x200000, %eax
	loop	1b
	movl	$(PHYS(boot_pd) + 3), %eax
	movl	$PHYS(boot_pdpt_low), %edi
	movl	%eax, PHYS(boot_pdpt_high) + 510 * 8
	movl	$4, %ecx
2:	movl	%eax, (%edi)
	addl	$8, %edi
	addl	$4096, %eax
	loop	2b
	movl	$(PHYS(boot_pdpt_low) + 3), PHYS(boot_pml4)
	movl	$(PHYS(boot_pdpt_high) + 3), PHYS(boot_pml4) + 511 * 8

	/* SDM vol. 3A, 9.8.5: PAE, CR3, EFER.LME, paging. */
	movl	$CR4_PAE, %eax
	movl	%eax, %cr4
	movl	$PHYS(boot_pml4), %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$EFER_LME_NXE, %eax
	wrmsr
	movl	%cr0, %eax
	orl	$(CR0_PG | CR0_WP | CR0_PE), %eax
	movl	%eax, %cr0
	lgdtl	PHYS(boot_gdt_pointer)
	ljmpl	$SEL_KERNEL_CODE, $PHYS(start64)

/* No UART driver yet, so nothing can be said. */
too_old:
	hlt
	jmp	too_old

	.code64
start64:
	movq	$high_start, %rax
	jmpq	*%rax
high_start:
	xorl	%eax, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %fs
	movl	%eax, %gs
	movl	%eax, %ss
	movq	$boot_stack_top, %rsp
	movl	%ebp, %edi
	movl	%esi, %esi
	xorl	%ebp, %ebp
	callq	boot_main
	ud2

	.section .rodata.boot, "a"
	.balign	8
	.globl	boot_gdt
boot_gdt:
	.quad	0
	.quad	0x00af9b000000ffff	/* 64-bit code */
	.quad	0x00cf93000000ffff	/* data */
boot_gdt_pointer:
	.short	23
	.long	PHYS(boot_gdt)

	.section .bss.boot, "aw", @nobits
	.balign	4096
	.globl	boot_pml4, boot_pdpt_low
boot_pml4:
	.skip	4096
boot_pdpt_low:
	.skip	4096
boot_pdpt_high:
	.skip	4096
boot_pd:
	.skip	4 * 4096
	.globl	boot_stack_top
	.skip	BOOT_STACK_SIZE
boot_stack_top:
