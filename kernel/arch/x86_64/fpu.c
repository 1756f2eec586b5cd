// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Vector and floating-point state: eager, never left behind for the next process (CVE-2018-3665).
 *
 * A thread that stops inside a system call has, by the calling convention, only its control words to lose: MXCSR goes
 * into its save area, the x87 control word into its context, and the area's header says "everything else initial". One
 * that was interrupted saves all. Loading is the same for both: XRSTOR takes MXCSR from the area also when XSTATE_BV
 * is zero (SDM vol. 1, 13.8.1), and puts the rest into its initial state. The area is kernel memory, so a hostile
 * image cannot occur.
 */
#include "fpu.h"

#include "features.h"
#include "machine.h"

#include <arch/entry.h>
#include <core/cpu.h>
#include <core/log.h>

#define XCR0_X87 0x1u
#define XCR0_SSE 0x2u
#define XCR0_AVX 0x4u
#define XCR0_AVX512 0xe0u

#define AREA_MXCSR 24
#define AREA_XSTATE_BV 512
#define AREA_LEGACY 512
#define AREA_MINIMUM 576

#define FCW_INITIAL 0x37fu
#define MXCSR_INITIAL 0x1f80u

static size_t area_size;
ARCH_HOT uint32_t fpu_quick_fcw = UINT32_MAX;
static alignas(64) uint8_t initial_area[AREA_LEGACY]; /* processors without XSAVE */

void fpu_setup(void)
{
	uint32_t mxcsr = MXCSR_INITIAL;

	__asm__ volatile("fninit; ldmxcsr %0" ::"m"(mxcsr));
	if (features.xsave) {
		uint32_t supported = cpuid(13, 0).a, use = XCR0_X87 | XCR0_SSE;

		if (features.avx && (supported & XCR0_AVX))
			use |= XCR0_AVX;
		if ((use & XCR0_AVX) && (supported & XCR0_AVX512) == XCR0_AVX512)
			use |= XCR0_AVX512;
		__asm__ volatile("xsetbv" ::"c"(0), "a"(use), "d"(0));
	} else {
		__asm__ volatile("fxsave64 %0" : "=m"(initial_area));
	}
	fpu_quick_fcw = features.xsave && features.fsgsbase ? FCW_INITIAL : UINT32_MAX;
	if (area_size)
		return;
	area_size = features.xsave ? align_up(cpuid(13, 0).b, 64) : AREA_MINIMUM;
	if (area_size < AREA_MINIMUM)
		area_size = AREA_MINIMUM;
}

size_t arch_fpu_size(void)
{
	return area_size;
}

void arch_context_init(struct arch_context *ctx, vaddr_t entry, vaddr_t stack, uint64_t arg, void *fpu_area)
{
	*ctx = (struct arch_context){
		.rip = entry.raw,
		.rsp = stack.raw,
		.rdi = arg,
		.rflags = 0x202,
		.kind = ARCH_CONTEXT_TRAP,
		.fcw = FCW_INITIAL,
		.fpu = fpu_area,
	};
	*(uint32_t *)((char *)fpu_area + AREA_MXCSR) = MXCSR_INITIAL;
	*(uint64_t *)((char *)fpu_area + AREA_XSTATE_BV) = 0;
}

static void save_all(struct arch_context *ctx)
{
	ctx->fcw = FCW_INITIAL; /* comes back with the area */
	if (likely(features.xsave)) {
		__asm__ volatile("xsave64 (%0)" ::"r"(ctx->fpu), "a"(~0u), "d"(~0u) : "memory");
	} else {
		__asm__ volatile("fxsave64 (%0)" ::"r"(ctx->fpu) : "memory");
		*(uint64_t *)((char *)ctx->fpu + AREA_XSTATE_BV) = XCR0_X87 | XCR0_SSE;
	}
}

static void save_control(struct arch_context *ctx)
{
	char *area = ctx->fpu;

	__asm__ volatile("stmxcsr %0" : "=m"(*(uint32_t *)(area + AREA_MXCSR)));
	__asm__ volatile("fnstcw %0" : "=m"(*(uint16_t *)&ctx->fcw));
}

/* FXSAVE does not write behind the legacy part, so there XSTATE_BV is ours to keep: 0 = nothing was saved. */
static void load_legacy(struct arch_context *ctx)
{
	char *area = ctx->fpu;

	if (*(uint64_t *)(area + AREA_XSTATE_BV) != 0) {
		__asm__ volatile("fxrstor64 (%0)" ::"r"(area) : "memory");
		return;
	}
	__asm__ volatile("fxrstor64 %0" ::"m"(initial_area));
	__asm__ volatile("ldmxcsr %0" ::"m"(*(uint32_t *)(area + AREA_MXCSR)));
}

static void load(struct arch_context *ctx)
{
	if (likely(features.xsave))
		__asm__ volatile("xrstor64 (%0)" ::"r"(ctx->fpu), "a"(~0u), "d"(~0u) : "memory");
	else
		load_legacy(ctx);
	/* That of a thread that runs always says so, for save_control. */
	*(uint64_t *)((char *)ctx->fpu + AREA_XSTATE_BV) = 0;
	/* FLDCW would raise a pending x87 exception; after the load none is pending. */
	if (unlikely(ctx->fcw != FCW_INITIAL))
		__asm__ volatile("fldcw %0" ::"m"(*(uint16_t *)&ctx->fcw));
}

/* The user's GS base is in the other of the two GS registers while the kernel runs. No interrupt can come between,
 * and an NMI does not trust GS. */
static void save_bases(struct arch_context *ctx)
{
	__asm__ volatile("rdfsbase %0" : "=r"(ctx->fs_base));
	__asm__ volatile("swapgs; rdgsbase %0; swapgs" : "=r"(ctx->gs_base));
}

static void load_bases(const struct arch_context *ctx)
{
	__asm__ volatile("wrfsbase %0" ::"r"(ctx->fs_base));
	__asm__ volatile("swapgs; wrgsbase %0; swapgs" ::"r"(ctx->gs_base));
}

static void save(struct arch_context *ctx)
{
	if (ctx->kind == ARCH_CONTEXT_SYSCALL)
		save_control(ctx);
	else
		save_all(ctx);
	if (features.fsgsbase)
		save_bases(ctx);
}

void arch_context_switch(struct arch_context *from, struct arch_context *to)
{
	if (from)
		save(from);
	if (to) {
		load(to);
		if (features.fsgsbase)
			load_bases(to);
	}
}

/* In one piece: the same instructions as save and load take for this case. */
void arch_context_hand_over(struct arch_context *from, struct arch_context *to)
{
	uint64_t gs_base;

	if (unlikely(to->fcw != fpu_quick_fcw)) {
		arch_context_switch(from, to);
		return;
	}
	save_control(from);
	__asm__ volatile("xrstor64 (%0)" ::"r"(to->fpu), "a"(~0u), "d"(~0u) : "memory");
	__asm__ volatile("rdfsbase %0" : "=r"(from->fs_base));
	__asm__ volatile("wrfsbase %0" ::"r"(to->fs_base));
	gs_base = to->gs_base;
	__asm__ volatile("swapgs; rdgsbase %0; wrgsbase %1; swapgs" : "=&r"(from->gs_base) : "r"(gs_base));
}
