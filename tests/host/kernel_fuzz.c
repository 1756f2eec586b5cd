// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The whole kernel under a fuzzer: every input is a storm (storm.h).
 *
 *   out/fuzz/bin/kernel CORPUS             as every fuzzer of libFuzzer
 *   KERNEL_FUZZ_LOOK=1 out/fuzz/bin/kernel FINDING         looks at the invariants whenever the kernel rests (else: in one of 64 inputs)
 *   KERNEL_FUZZ_TRACE=1 out/fuzz/bin/kernel FINDING        says what is submitted
 *   KERNEL_FUZZ_STATS=1 out/fuzz/bin/kernel -runs=N ...    ring operations in all and per second of CPU time, at the end
 */
#include "storm.h"

#include <archimpl/machine.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t limit, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t limit);

static struct storm_options options;

#define LONGEST \
	32768u /* bytes of input: some thousand submissions, against which booting the machine is little */

/* Most of what happens needs a long history, and any bytes are one: now and then the input goes on with as many as there is room for. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t limit, unsigned seed)
{
	size_t end = limit < LONGEST ? limit : LONGEST;
	uint64_t state = seed;

	if (seed % 8 != 0 || size >= end)
		return LLVMFuzzerMutate(data, size, limit);
	end = size + 1 + (seed >> 8) % (end - size);
	for (size_t i = size; i < end; i++) {
		state = state * 6364136223846793005ull + 1442695040888963407ull; /* Knuth's MMIX */
		data[i] = (uint8_t)(state >> 56);
	}
	return end;
}

static void print_stats(void)
{
	double seconds = (double)clock() / CLOCKS_PER_SEC;

	fprintf(stderr, "ring operations: %llu, %.0f a second\n", (unsigned long long)storm_operations(),
		(double)storm_operations() / seconds);
}

/*
 * Long inputs from the start, unless the command line says otherwise behind it. Without the weights that libFuzzer gives to inputs with
 * rare features: with thousands of features an input, working them out takes longer than running it.
 */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static char lengths[] = "-max_len=32768", growth[] = "-len_control=0", weights[] = "-entropic=0";
	char **longer = calloc((size_t)*argc + 4, sizeof(*longer));

	if (!longer)
		abort();
	static_assert(LONGEST == 32768);
	longer[0] = (*argv)[0];
	longer[1] = lengths;
	longer[2] = growth;
	longer[3] = weights;
	for (int i = 1; i < *argc; i++)
		longer[i + 3] = (*argv)[i];
	*argc += 3;
	*argv = longer;
	host_at_abort = abort;
	options.trace = getenv("KERNEL_FUZZ_TRACE") != NULL;
	options.look = getenv("KERNEL_FUZZ_LOOK") != NULL;
	if (getenv("KERNEL_FUZZ_STATS"))
		(void)atexit(print_stats);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	storm(data, size, &options);
	return 0;
}
