// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The heap: a free list for each power of two, chunks from VirtualMemory.allocate, large blocks as mappings.
 *
 * Each block is preceded by its size (the class's, or the mapping's), so freeing needs no search. Memory from the
 * kernel is clean; what is reused is cleared when it is handed out.
 */
#include <runtime/heap.h>
#include <runtime/runtime.h>
#include <runtime/thread.h>
#include <schema/kernel/virtual_memory.capnp.h>

#define HEADER 16u
#define MIN_SHIFT 5u
#define MAX_SHIFT 15u
#define CHUNK 65536u
#define PAGE 4096u
#define LARGE_TAG 1ull /* in the size: a mapping of its own */

struct header {
	uint64_t size; /* header included */
	struct header *next;
};
static_assert(sizeof(struct header) == HEADER);

static struct spin_lock lock;
static struct header *free_lists[MAX_SHIFT + 1]; /* all under lock */
static uint8_t *chunk;
static size_t chunk_left;

static void *map_pages(size_t bytes)
{
	cap_id memory;
	uint64_t address;

	if (runtime_cap("virtualMemory", VIRTUAL_MEMORY_INTERFACE_ID, &memory) != STATUS_OK ||
	    virtual_memory_allocate(runtime_transport(), memory, bytes, 0, &address) != STATUS_OK)
		return nullptr;
	return (void *)(uintptr_t)address;
}

static void unmap_pages(void *address, size_t bytes)
{
	cap_id memory;

	if (runtime_cap("virtualMemory", VIRTUAL_MEMORY_INTERFACE_ID, &memory) == STATUS_OK)
		(void)virtual_memory_unmap(runtime_transport(), memory, (uint64_t)(uintptr_t)address, bytes);
}

static unsigned shift_of(size_t bytes)
{
	unsigned shift = 64 - (unsigned)__builtin_clzll(bytes - 1);

	return shift < MIN_SHIFT ? MIN_SHIFT : shift;
}

static struct header *carve_locked(size_t size)
{
	if (chunk_left < size) {
		/* What was left of the old chunk becomes blocks of smaller classes. */
		while (chunk_left >= 1u << MIN_SHIFT) {
			unsigned shift = 63 - (unsigned)__builtin_clzll(chunk_left);
			struct header *rest = (struct header *)(void *)chunk;

			rest->size = 1ull << shift;
			rest->next = free_lists[shift];
			free_lists[shift] = rest;
			chunk += 1ull << shift;
			chunk_left -= 1ull << shift;
		}
		chunk_left = 0;
		chunk = map_pages(CHUNK);
		if (!chunk)
			return nullptr;
		chunk_left = CHUNK;
	}

	struct header *block = (struct header *)(void *)chunk;

	chunk += size;
	chunk_left -= size;
	block->size = size;
	return block;
}

static void *alloc_large(size_t bytes)
{
	size_t size = (bytes + PAGE - 1) & ~(size_t)(PAGE - 1);
	struct header *block = map_pages(size);

	if (!block)
		return nullptr;
	block->size = size | LARGE_TAG;
	return block + 1;
}

void *heap_alloc(size_t size)
{
	if (size > (size_t)1 << 40)
		return nullptr;

	size_t bytes = size + HEADER;

	if (bytes > 1u << MAX_SHIFT)
		return alloc_large(bytes);

	unsigned shift = shift_of(bytes);

	spin_lock_acquire(&lock);

	struct header *block = free_lists[shift];

	if (block)
		free_lists[shift] = block->next;
	else
		block = carve_locked((size_t)1 << shift);
	spin_lock_release(&lock);
	if (!block)
		return nullptr;
	__builtin_memset(block + 1, 0, ((size_t)1 << shift) - HEADER);
	block->next = nullptr;
	return block + 1;
}

void heap_free(void *memory)
{
	struct header *block = memory ? (struct header *)memory - 1 : nullptr;

	if (!block)
		return;
	if (block->size & LARGE_TAG) {
		unmap_pages(block, (size_t)(block->size & ~LARGE_TAG));
		return;
	}

	unsigned shift = 63 - (unsigned)__builtin_clzll(block->size);

	spin_lock_acquire(&lock);
	block->next = free_lists[shift];
	free_lists[shift] = block;
	spin_lock_release(&lock);
}

void *heap_realloc(void *memory, size_t size)
{
	if (!memory)
		return heap_alloc(size);

	const struct header *block = (const struct header *)memory - 1;
	size_t room = (size_t)(block->size & ~LARGE_TAG) - HEADER;

	if (size <= room)
		return memory;

	void *larger = heap_alloc(size);

	if (!larger)
		return nullptr;
	__builtin_memcpy(larger, memory, room);
	heap_free(memory);
	return larger;
}
