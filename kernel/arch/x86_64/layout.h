// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Numbers that C and assembly code of this room share: addresses, selectors, vectors, offsets.
 *
 * Kernel half, from PML4 entry 511 down: the image at -2 GiB, stacks and device registers at -1 GiB; the direct map
 * at a random multiple of 1 GiB between 0xffff800000000000 and 0xffffe00000000000.
 */
#pragma once

#define KERNEL_VMA 0xffffffff80000000

#define SEL_KERNEL_CODE 0x08
#define SEL_KERNEL_DATA 0x10
#define SEL_SYSRET_BASE \
	0x1b /* SYSRET adds 8 for SS and 16 for CS; 0x18 itself stays empty: no 32-bit user code */
#define SEL_USER_DATA 0x23
#define SEL_USER_CODE 0x2b
#define SEL_TSS 0x30

/* Interrupt stack table slots. */
#define IST_NMI 1
#define IST_DOUBLE 2
#define IST_CHECK 3
#define IST_DEBUG 4

#define VECTOR_LINES 0x30 /* first of the interrupt lines */
#define VECTOR_LINE_END 0xf0
#define VECTOR_TIMER 0xf0
#define VECTOR_RESCHED 0xf1
#define VECTOR_CALL 0xf2
#define VECTOR_ERROR 0xfe
#define VECTOR_SPURIOUS 0xff

/* What started us (boot32.S -> boot_main). */
#define BOOT_PVH 0x336ec578
#define BOOT_MULTIBOOT2 0x36d76289

#define BOOT_STACK_SIZE 16384

/* Each CPU's stacks, in a slot of 128 KiB of the stack window; unmapped pages between them. Page numbers in a slot. */
#define STACK_WINDOW 0xffffffffc0000000
#define STACK_SLOT_SHIFT 17
#define STACK_NMI_END 3
#define STACK_DOUBLE_END 6
#define STACK_CHECK_END 9
#define STACK_DEBUG_END 11
#define STACK_KERNEL_END 16
#define STACK_PORCH_END 18           /* if there are mitigations on entry or exit (porch.S) */
#define STACK_PORCH_BYTES (2 * 4096) /* above the kernel's */
#define STACK_PAGES 12               /* really backed, with that one */
#define DEVICE_WINDOW 0xffffffffd0000000

/* struct cpu (core/cpu.h), by GS. */
#define CPU_SELF 0
#define CPU_STACK_TOP 8
#define CPU_CONTEXT 16
#define CPU_SCRATCH_ROOT 24 /* arch_scratch[0]: the active page-table root */
#define CPU_BARRIERS \
	32 /* arch_scratch[1]: how often another one than the kernel's became active, under mitigations */

/* struct arch_context. */
#define CTX_RIP 0
#define CTX_RFLAGS 8
#define CTX_RSP 16
#define CTX_RBX 24
#define CTX_RBP 32
#define CTX_R12 40
#define CTX_R13 48
#define CTX_R14 56
#define CTX_R15 64
#define CTX_RAX 72
#define CTX_RDX 80
#define CTX_RDI 88
#define CTX_RSI 96
#define CTX_RCX 104
#define CTX_R8 112
#define CTX_R9 120
#define CTX_R10 128
#define CTX_R11 136
#define CTX_KIND 144

#define RFLAGS_IF 0x200
#define RFLAGS_ALWAYS 0x2
#define RFLAGS_USER 0x250dd5   /* what user code may have set: CF PF AF ZF SF TF DF OF RF AC ID */
#define RFLAGS_SYSCALL 0x57700 /* cleared on entry: TF IF DF IOPL NT RF AC */

/* struct percpu (percpu.h): found through its descriptor table when GS cannot be trusted. */
#define PERCPU_CPU 64
