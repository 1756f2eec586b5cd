// SPDX-License-Identifier: MIT OR Apache-2.0
/* Vector and floating-point registers: nobody sees another's, and nobody loses their own. */
#include "x86.h"

#define WORDS 32 /* sixteen registers of 16 bytes */

static void load_vectors(const uint64_t *words)
{
	__asm__ volatile(
		"movups 0(%0), %%xmm0; movups 16(%0), %%xmm1; movups 32(%0), %%xmm2; movups 48(%0), %%xmm3\n\t"
		"movups 64(%0), %%xmm4; movups 80(%0), %%xmm5; movups 96(%0), %%xmm6; movups 112(%0), %%xmm7\n\t"
		"movups 128(%0), %%xmm8; movups 144(%0), %%xmm9; movups 160(%0), %%xmm10; movups 176(%0), %%xmm11\n\t"
		"movups 192(%0), %%xmm12; movups 208(%0), %%xmm13; movups 224(%0), %%xmm14; movups 240(%0), %%xmm15" ::
			"r"(words)
		: "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
		  "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "memory");
}

static void store_vectors(uint64_t *words)
{
	__asm__ volatile(
		"movups %%xmm0, 0(%0); movups %%xmm1, 16(%0); movups %%xmm2, 32(%0); movups %%xmm3, 48(%0)\n\t"
		"movups %%xmm4, 64(%0); movups %%xmm5, 80(%0); movups %%xmm6, 96(%0); movups %%xmm7, 112(%0)\n\t"
		"movups %%xmm8, 128(%0); movups %%xmm9, 144(%0); movups %%xmm10, 160(%0); movups %%xmm11, 176(%0)\n\t"
		"movups %%xmm12, 192(%0); movups %%xmm13, 208(%0); movups %%xmm14, 224(%0); movups %%xmm15, 240(%0)" ::
			"r"(words)
		: "memory");
}

/* Loads a pattern, spins with it for a while (other threads do the same with theirs), looks again. One loop in assembly,
 * so that nothing else touches the registers. */
static bool keeps_pattern(uint64_t seed, uint32_t spins)
{
	uint64_t in[WORDS], out[WORDS];

	for (unsigned i = 0; i < WORDS; i++)
		in[i] = seed * 0x9e3779b97f4a7c15ull + i;
	load_vectors(in);
	__asm__ volatile("1: dec %0; jnz 1b" : "+r"(spins)::"cc");
	store_vectors(out);
	return memcmp(in, out, sizeof(in)) == 0;
}

static volatile uint32_t spoiled;

static int64_t keeps_its_own(void *argument)
{
	for (unsigned i = 0; i < 20; i++)
		if (!keeps_pattern((uint64_t)(uintptr_t)argument + i, 600000))
			spoiled = 1;
	return 0;
}

static int preempted(void)
{
	struct thread t[4];

	for (uint64_t i = 0; i < 4; i++)
		if (thread_start(&t[i], keeps_its_own, (void *)(uintptr_t)(i * 1000 + 1), nullptr) !=
		    STATUS_OK)
			return 1;
	for (unsigned i = 0; i < 4; i++)
		(void)!thread_join(&t[i], nullptr);
	return spoiled ? 2 : 0;
}

/* Leaves a pattern behind; whoever starts next must not find it. */
static int leaves_pattern(void)
{
	uint64_t words[WORDS];

	for (unsigned i = 0; i < WORDS; i++)
		words[i] = 0x5ec4e75ec4e75ec4ull;
	load_vectors(words);
	runtime_cap_exit(0, CAP_EXIT_PROCESS);
}

static int64_t looks(void *argument)
{
	uint64_t words[WORDS], *found = argument;

	store_vectors(words);
	for (unsigned i = 0; i < WORDS; i++)
		*found += words[i] == 0x5ec4e75ec4e75ec4ull;
	return 0;
}

/* A new thread begins with clean registers, whoever ran on this CPU before. */
static int finds_no_pattern(void)
{
	uint64_t found = 0;

	for (unsigned i = 0; i < 8; i++) {
		struct thread t;
		uint64_t words[WORDS];

		if (thread_start(&t, looks, &found, nullptr) != STATUS_OK)
			return 1;
		for (unsigned k = 0; k < WORDS; k++)
			words[k] = 0x5ec4e75ec4e75ec4ull;
		load_vectors(words);
		(void)!thread_join(&t, nullptr);
	}
	return found ? 2 : 0;
}

/* Rounding mode and masks are a thread's own. */
static int64_t changes_mxcsr(void *argument)
{
	uint32_t mxcsr = 0x7f80; /* round towards zero, all exceptions masked */

	(void)argument;
	__asm__ volatile("ldmxcsr %0" ::"m"(mxcsr));
	(void)!timer_sleep(runtime_transport(), w.timer, 20 * MS);
	return 0;
}

static int own_mxcsr(void)
{
	struct thread t;
	uint32_t mxcsr = 0;

	if (thread_start(&t, changes_mxcsr, nullptr, nullptr) != STATUS_OK)
		return 1;
	for (unsigned i = 0; i < 20; i++)
		(void)!timer_sleep(w.t, w.timer, MS);
	__asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
	(void)!thread_join(&t, nullptr);
	return (mxcsr & 0x6000) == 0 ? 0 : 2;
}

/* An unmasked division by zero in vector code. */
static int vector_exception(void)
{
	uint32_t mxcsr = 0x1d80; /* division by zero unmasked */
	volatile double zero = 0, one = 1;

	__asm__ volatile("ldmxcsr %0" ::"m"(mxcsr));
	return one / zero > 1 ? 1 : 2;
}

static int x87_exception(void)
{
	uint16_t control = 0x033b; /* division by zero unmasked */

	__asm__ volatile("fldcw %0; fld1; fldz; fdivrp; fwait" ::"m"(control));
	return 1;
}

const struct victim vectors[] = {
	{"four threads keep their vector registers", preempted, FAULT(EXIT), 0, 0, {}},
	{"leaves its vector registers behind", leaves_pattern, FAULT(EXIT), 0, 0, {}},
	{"finds nobody's vector registers", finds_no_pattern, FAULT(EXIT), 0, 0, {}},
	{"keeps its own rounding mode", own_mxcsr, FAULT(EXIT), 0, 0, {}},
	/* QEMU's emulator raises nothing. */
	{"divides by zero in vector code", vector_exception, FAULT(ARITHMETIC), 0, FAULT(EXIT), {}},
	{"divides by zero in x87 code", x87_exception, FAULT(ARITHMETIC), 0, FAULT(OTHER_FAULT), {}},
};
const uint32_t vector_count = sizeof(vectors) / sizeof(vectors[0]);
