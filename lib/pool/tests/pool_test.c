// SPDX-License-Identifier: MIT OR Apache-2.0
/* The pool: pieces do not overlap, what is freed serves every size again, and running out is an answer. */
#include <pool/pool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int test_number, failures;

static void report(bool good, const char *what)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++test_number, what);
	failures += !good;
}

static void *chunks[64];
static unsigned chunk_count, chunk_limit = 64;

static void *chunk(void *context, size_t *bytes)
{
	(void)context;
	if (chunk_count == chunk_limit)
		return nullptr;
	*bytes = 16 * POOL_PAGE;
	return chunks[chunk_count++] = aligned_alloc(POOL_PAGE, 16 * POOL_PAGE);
}

static uint64_t state = 88172645463325252ull;

static uint64_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

enum { PIECES = 700 };

static struct {
	uint8_t *at;
	size_t bytes;
	uint8_t mark;
} pieces[PIECES];

static void test_random(void)
{
	struct pool pool;
	bool good = true, aligned = true;

	pool_init(&pool, chunk, nullptr);
	for (int i = 0; i < 100000; i++) {
		unsigned p = next_random() % PIECES;

		if (pieces[p].at) {
			for (size_t b = 0; b < pieces[p].bytes; b++)
				good &= pieces[p].at[b] == pieces[p].mark;
			pool_free(&pool, pieces[p].at, pieces[p].bytes);
			pieces[p].at = nullptr;
			continue;
		}
		pieces[p].bytes = 1 + next_random() % (next_random() % 4 ? 300 : POOL_PAGE);
		pieces[p].mark = (uint8_t)next_random();
		pieces[p].at = pool_alloc(&pool, pieces[p].bytes);
		if (!pieces[p].at)
			continue;
		aligned &= (uintptr_t)pieces[p].at % 16 == 0;
		memset(pieces[p].at, pieces[p].mark, pieces[p].bytes);
	}
	report(good, "no piece is touched by another");
	report(aligned, "pieces are aligned to 16 bytes");
	for (unsigned p = 0; p < PIECES; p++)
		if (pieces[p].at)
			pool_free(&pool, pieces[p].at, pieces[p].bytes);
	report(pool.pages_used == 0, "when all are freed, all pages are free");
}

static void test_reuse(void)
{
	struct pool pool;
	static void *at[16 * 127];
	unsigned small = 0, pages = 0;

	chunk_limit = chunk_count + 1;
	pool_init(&pool, chunk, nullptr);
	while (small < sizeof(at) / sizeof(at[0]) && (at[small] = pool_alloc(&pool, 32)))
		small++;
	report(small == 16 * 126 && !pool_alloc(&pool, POOL_PAGE) && !pool_alloc(&pool, 64),
	       "when the chunk is full of small pieces, there is no more");
	while (small-- > 0)
		pool_free(&pool, at[small], 32);
	while ((at[pages] = pool_alloc(&pool, POOL_PAGE)))
		pages++;
	report(pages == 16, "all of it can be pages afterwards");
	report(!pool_alloc(&pool, POOL_PAGE + 1), "more than a page is refused");
	pool_free(&pool, nullptr, 5);
}

int main(void)
{
	test_random();
	test_reuse();
	for (unsigned i = 0; i < chunk_count; i++)
		free(chunks[i]);
	printf("1..%d\n", test_number);
	return failures != 0;
}
