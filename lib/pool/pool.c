// SPDX-License-Identifier: MIT OR Apache-2.0
/* Pieces of pages (pool/pool.h). A page of pieces begins with a struct pool_page; its pieces are found by masking. */
#include <pool/pool.h>

#define CLASS_PAGE POOL_CLASSES /* a whole page */
#define CLASS_NONE (POOL_CLASSES + 1)

struct pool_page {
	struct pool_page *next, *previous; /* among the partly used ones of its class */
	void *free;                        /* pieces; each names the next */
	uint16_t used, capacity, fresh;    /* pieces; fresh: how many were ever handed out */
	uint16_t class;
};

static constexpr uint16_t sizes[POOL_CLASSES] = {32, 48, 64, 96, 128, 192, 256, 512, 1024};

#define HEADER 64u
static_assert(sizeof(struct pool_page) <= HEADER);

static unsigned class_of(size_t bytes)
{
	unsigned class = 0;

	if (bytes > sizes[POOL_CLASSES - 1])
		return bytes <= POOL_PAGE ? CLASS_PAGE : CLASS_NONE;
	while (sizes[class] < bytes)
		class ++;
	return class;
}

void pool_init(struct pool *pool, pool_chunk_fn *chunk, void *context)
{
	*pool = (struct pool){.chunk = chunk, .context = context};
}

static void *take_page(struct pool *pool)
{
	void *page = pool->free_pages;

	if (page) {
		pool->free_pages = *(void **)page;
	} else {
		if (pool->fresh_bytes == 0) {
			pool->fresh = pool->chunk(pool->context, &pool->fresh_bytes);
			if (!pool->fresh) {
				pool->fresh_bytes = 0;
				return nullptr;
			}
			pool->pages += pool->fresh_bytes / POOL_PAGE;
		}
		page = pool->fresh;
		pool->fresh += POOL_PAGE;
		pool->fresh_bytes -= POOL_PAGE;
	}
	pool->pages_used++;
	return page;
}

static void give_page(struct pool *pool, void *page)
{
	*(void **)page = pool->free_pages;
	pool->free_pages = page;
	pool->pages_used--;
}

static void link_page(struct pool *pool, struct pool_page *page)
{
	page->previous = nullptr;
	page->next = pool->partial[page->class];
	if (page->next)
		page->next->previous = page;
	pool->partial[page->class] = page;
}

static void unlink_page(struct pool *pool, struct pool_page *page)
{
	if (page->next)
		page->next->previous = page->previous;
	if (page->previous)
		page->previous->next = page->next;
	else
		pool->partial[page->class] = page->next;
}

static struct pool_page *new_page(struct pool *pool, unsigned class)
{
	struct pool_page *page = take_page(pool);

	if (!page)
		return nullptr;
	*page = (struct pool_page){
		.capacity = (uint16_t)((POOL_PAGE - HEADER) / sizes[class]),
		.class = (uint16_t)class,
	};
	link_page(pool, page);
	return page;
}

void *pool_alloc(struct pool *pool, size_t bytes)
{
	unsigned class = class_of(bytes);

	if (class == CLASS_NONE)
		return nullptr;
	if (class == CLASS_PAGE)
		return take_page(pool);

	struct pool_page *page = pool->partial[class];
	void *piece;

	if (!page && !(page = new_page(pool, class)))
		return nullptr;
	piece = page->free;
	if (piece)
		page->free = *(void **)piece;
	else
		piece = (uint8_t *)page + HEADER + (size_t)page->fresh++ * sizes[class];
	if (++page->used == page->capacity)
		unlink_page(pool, page);
	return piece;
}

void pool_free(struct pool *pool, void *piece, size_t bytes)
{
	unsigned class = class_of(bytes);

	if (!piece || class == CLASS_NONE)
		return;
	if (class == CLASS_PAGE) {
		give_page(pool, piece);
		return;
	}

	struct pool_page *page = (struct pool_page *)(void *)((uint8_t *)piece -
							      ((uintptr_t)piece & (POOL_PAGE - 1)));

	*(void **)piece = page->free;
	page->free = piece;
	if (page->used-- == page->capacity)
		link_page(pool, page);
	if (page->used == 0) {
		unlink_page(pool, page);
		give_page(pool, page);
	}
}
