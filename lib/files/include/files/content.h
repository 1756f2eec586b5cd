// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The bytes of a file: a tree of pages, in which what was never written takes no room.
 *
 * Leaves are pages of 4096 bytes; inner nodes have 64 pointers; a file of one page is that page. A file may have a
 * backing: memory of the caller's in which its first pages lie. Those are there for good, and are cleared where others
 * would be freed. Pages that the file has when it gets one move there a piece at a time: until then each of them is in the tree as
 * before, while a page that the tree does not have is in the backing already.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define FILES_PAGE 4096u
#define FILES_FANOUT 64u
#define FILES_MAX_HEIGHT 4u
#define FILES_MAX_SIZE (1ull << 36) /* 64^4 pages */
#define FILES_MAX_WRITE (1ull << 20)

/* Not cleared; 16-byte aligned; pages page-aligned. alloc gives null when there is none, or none for that payer. */
struct files_memory {
	void *(*alloc)(void *context, uint8_t payer, size_t bytes);
	void (*free)(void *context, uint8_t payer, void *piece, size_t bytes);
	void *context;
	uint8_t payer; /* who is asked for what is allocated, and gets back what is freed: a number of the caller's */
};
#define FILES_NOBODY UINT8_MAX /* as a payer: it is the service's own */

static inline void *files_take(const struct files_memory *memory, size_t bytes)
{
	return memory->alloc(memory->context, memory->payer, bytes);
}

static inline void files_give(const struct files_memory *memory, void *piece, size_t bytes)
{
	memory->free(memory->context, memory->payer, piece, bytes);
}

/* The same memory for what belongs to something that is there already: its payer pays. */
static inline struct files_memory files_memory_for(struct files_memory memory, uint8_t payer)
{
	memory.payer = payer;
	return memory;
}

struct files_content {
	void *root;     /* page or inner node; null: no page */
	uint64_t size;  /* bytes */
	uint64_t pages; /* that are there */
	uint8_t *backing;
	uint64_t backing_pages;
	uint64_t moved; /* so many pages from the first on, at most backing_pages, have moved there */
	uint8_t height; /* 0: root is a page */
};

/* The page, or null: not there. */
uint8_t *content_page(const struct files_content *content, uint64_t index);
/* How many of the pages are not there. */
uint64_t content_missing(const struct files_content *content, uint64_t first, uint64_t count);
/*
 * Makes all of them (at most FILES_MAX_WRITE / FILES_PAGE + 1) be there; new ones are zeroed. False: no memory, and nothing
 * changed but for inner nodes that the next truncation frees.
 */
bool content_fill(struct files_content *content, const struct files_memory *memory, uint64_t first,
		  uint64_t count);
/* Copies what there is of the range; what is not is zero. The range lies within FILES_MAX_SIZE. */
void content_read(const struct files_content *content, uint64_t offset, void *to, uint64_t count);
/* Its pages must be there. */
void content_write(struct files_content *content, uint64_t offset, const void *from, uint64_t count);
/* Frees (or clears) everything behind the first `size` bytes, and sets the size. */
void content_cut(struct files_content *content, const struct files_memory *memory, uint64_t size);
/* Before bytes are written from `from` on, behind the end: what lies between reads as 0. */
void content_grow(struct files_content *content, uint64_t from);
/* What content->pages will be with a backing of so many pages. */
uint64_t content_pages_backed(const struct files_content *content, uint64_t pages);
/* As files_back and files_back_more. */
void content_back(struct files_content *content, uint8_t *base, uint64_t pages);
bool content_back_more(struct files_content *content, const struct files_memory *memory, uint64_t count);
/* Frees everything but the backing. */
void content_free(struct files_content *content, const struct files_memory *memory);

/* ---- What takes long is freed later: what is left of it lies here meanwhile, in memory of its own ---- */

struct files_remains;
#define FILES_FREED_AT_ONCE 64u /* pages that are freed at once */

/* As content_cut and content_free; *remains has what was more than a piece. */
void content_cut_later(struct files_content *content, const struct files_memory *memory, uint64_t size,
		       struct files_remains **remains);
void content_free_later(struct files_content *content, const struct files_memory *memory,
			struct files_remains **remains);
/* Frees a piece. False: nothing is left. */
bool content_free_more(struct files_remains **remains, struct files_memory memory);
