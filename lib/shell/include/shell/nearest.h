// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The nearest of some names to a misspelled one.
 *
 *   struct shell_nearest n = shell_nearest(word, len);
 *   for each name: shell_nearest_offer(&n, name, name_len);
 *   if (n.found) ... did you mean n.name?
 */
#pragma once

#include <stdint.h>

#define SHELL_NEAREST_MAX 40u /* longer words are not corrected */

struct shell_nearest {
	const char *word, *name;
	uint32_t word_len, name_len;
	uint32_t distance;
	bool found;
};

struct shell_nearest shell_nearest(const char *word, uint32_t len);
void shell_nearest_offer(struct shell_nearest *nearest, const char *name, uint32_t len);
/*
 * Insertions, deletions, changes and swaps of neighbours between two words of at most SHELL_NEAREST_MAX
 * bytes.
 */
uint32_t shell_distance(const char *a, uint32_t a_len, const char *b, uint32_t b_len);
