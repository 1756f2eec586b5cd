// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Edit distance (optimal string alignment), three rows at a time; case counts as half an error would: not at
 * all.
 */
#include <shell/nearest.h>

static char folded(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

uint32_t shell_distance(const char *a, uint32_t a_len, const char *b, uint32_t b_len)
{
	uint32_t rows[3][SHELL_NEAREST_MAX + 1];

	if (a_len > SHELL_NEAREST_MAX || b_len > SHELL_NEAREST_MAX)
		return UINT32_MAX;
	for (uint32_t j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (uint32_t i = 1; i <= a_len; i++) {
		uint32_t *now = rows[i % 3], *before = rows[(i - 1) % 3], *earlier = rows[(i + 1) % 3];

		now[0] = i;
		for (uint32_t j = 1; j <= b_len; j++) {
			bool same = folded(a[i - 1]) == folded(b[j - 1]);

			now[j] = smaller(before[j - 1] + !same, smaller(before[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) &&
			    folded(a[i - 2]) == folded(b[j - 1]))
				now[j] = smaller(now[j], earlier[j - 2] + 1);
		}
	}
	return rows[a_len % 3][b_len];
}

struct shell_nearest shell_nearest(const char *word, uint32_t len)
{
	return (struct shell_nearest){.word = word, .word_len = len, .distance = UINT32_MAX};
}

void shell_nearest_offer(struct shell_nearest *nearest, const char *name, uint32_t len)
{
	uint32_t distance = shell_distance(nearest->word, nearest->word_len, name, len);
	uint32_t tolerated = nearest->word_len <= 2 ? 1 : nearest->word_len / 3 + 1;

	if (distance > tolerated || distance >= nearest->distance || distance >= len)
		return;
	nearest->distance = distance;
	nearest->name = name;
	nearest->name_len = len;
	nearest->found = true;
}
