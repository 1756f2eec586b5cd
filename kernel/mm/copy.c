// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Clearing and copying in whole words of 8 bytes; no vectors. Short runs are unrolled moves, long ones the processor's string move,
 * each step of which counts as an instruction in the figures (docs/performance.md, Method).
 */
#include <arch/memory.h>
#include <mm/frame.h>

#define CLEAR_STEP 128u
#define COPY_STEP 8u
#define COPY_LONG 32u /* words: from here on starting the string move pays */

void page_clear(void *page)
{
	uint64_t *word = page, *end = word + PAGE_SIZE / sizeof(*word);

	do {
#pragma clang loop unroll(full)
		for (unsigned i = 0; i < CLEAR_STEP; i++)
			word[i] = 0;
		word += CLEAR_STEP;
	} while (word != end);
}

void copy_many_words(void *to, const void *from, size_t words)
{
	uint64_t *out = to;
	const uint64_t *in = from;

	if (words >= COPY_LONG) {
		arch_copy_words(to, from, words);
		return;
	}
	for (; words >= COPY_STEP; words -= COPY_STEP) {
#pragma clang loop unroll(full)
		for (unsigned i = 0; i < COPY_STEP; i++)
			copy_shared_word(&out[i], &in[i]);
		out += COPY_STEP;
		in += COPY_STEP;
	}
	for (; words; words--, out++, in++)
		copy_shared_word(out, in);
}
