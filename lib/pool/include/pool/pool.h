// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Memory in pieces of at most a page, out of chunks that somebody else provides: what a service keeps its state in, where
 * running out must be an answer and never a fault.
 *
 * - A piece is 16-byte aligned, not cleared, and freed with the size that it was asked for; a whole page is page-aligned.
 * - Pieces of one class share pages; a page whose last piece is freed can be anything again. So what is free is free for
 *   every size, up to one partly used page a class.
 * - Chunks come when nothing else is left, and stay.
 * - Not thread-safe.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define POOL_PAGE 4096u
#define POOL_CLASSES 9u /* 32, 48, 64, 96, 128, 192, 256, 512, 1024 bytes */

/* A chunk: page-aligned, *bytes a multiple of POOL_PAGE; null: there is none. */
typedef void *pool_chunk_fn(void *context, size_t *bytes);

struct pool_page; /* in front of the pieces of a page */

struct pool {
	pool_chunk_fn *chunk;
	void *context;
	struct pool_page *partial[POOL_CLASSES]; /* pages with a free piece */
	void *free_pages;                        /* each names the next */
	uint8_t *fresh;                          /* of the last chunk: never used */
	size_t fresh_bytes;
	uint64_t pages_used, pages; /* used: by pieces or as pages; all */
};

void pool_init(struct pool *pool, pool_chunk_fn *chunk, void *context);
/* Null: no memory, or more than a page. */
[[nodiscard]] void *pool_alloc(struct pool *pool, size_t bytes);
void pool_free(struct pool *pool, void *piece, size_t bytes); /* null is allowed */
