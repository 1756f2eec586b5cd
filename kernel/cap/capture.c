// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Message capture: slots in memory, written in turn.
 *
 * Invariant: a slot's sequence number is that of a record only while the whole of that record is in it. The memory belongs to
 * whoever holds a capability to it, so nothing that is read from it would be worth anything; nothing is.
 */
#include <arch/memory.h>
#include <cap/capture.h>
#include <cap/process.h>
#include <core/atomic.h>
#include <core/clock.h>
#include <mm/frame.h>
#include <mm/memory.h>
#include <mm/slab.h>

#define SLOTS_PER_PAGE (PAGE_SIZE / CAPTURE_SLOT)
#define HEADER_WORDS (offsetof(struct capture_record, message) / 8)

struct capture {
	struct memory *memory; /* counted: its frames stay */
	struct spinlock lock;  /* rank CAPTURE */
	uint64_t sequence;     /* of the last record */
	uint64_t pages;
	unsigned char *page[]; /* through the direct map */
};

static size_t size_of(uint64_t pages)
{
	return sizeof(struct capture) + pages * sizeof(unsigned char *);
}

static enum status commit(struct capture *capture, struct memory *memory)
{
	for (uint64_t i = 0; i < capture->pages; i++) {
		paddr_t frame;
		enum status status = memory_page(memory, i, &frame);

		if (status != STATUS_OK)
			return status;
		capture->page[i] = phys_to_virt(frame);
	}
	return STATUS_OK;
}

enum status capture_start(struct process *process, struct memory *memory)
{
	uint64_t pages = memory->pages;

	static_assert(CAPTURE_MIN_PAGES == 1); /* no memory is smaller */
	if (pages > CAPTURE_MAX_PAGES || memory->physical || memory->read_only)
		return STATUS_INVALID;
	struct capture *capture = heap_alloc(size_of(pages));
	if (capture == NULL)
		return STATUS_NO_MEMORY;
	capture->pages = pages;
	capture->sequence = 0;
	spin_init(&capture->lock, LOCK_RANK_CAPTURE);
	enum status status = commit(capture, memory);
	if (status != STATUS_OK) {
		heap_free(capture, size_of(pages));
		return status;
	}
	memory_get(memory);
	capture->memory = memory;
	process->capture = capture;
	return STATUS_OK;
}

void capture_end(struct process *process)
{
	struct capture *capture = process->capture;

	if (capture == NULL)
		return;
	process->capture = NULL;
	memory_put(capture->memory);
	heap_free(capture, size_of(capture->pages));
}

static struct capture_record *slot_of(struct capture *capture, uint64_t sequence)
{
	uint64_t slot = sequence % (capture->pages * SLOTS_PER_PAGE);

	return (struct capture_record *)(void *)(capture->page[slot / SLOTS_PER_PAGE] +
						 slot % SLOTS_PER_PAGE * CAPTURE_SLOT);
}

void capture_write(struct capture *capture, const struct capture_record *what, const void *message)
{
	uint32_t kept = what->length < CAPTURE_BYTES ? what->length & ~7u : CAPTURE_BYTES;
	const uint64_t *words = (const uint64_t *)(const void *)what;

	spin_lock(&capture->lock);
	uint64_t sequence = ++capture->sequence;
	struct capture_record *slot = slot_of(capture, sequence);
	uint64_t *to = (uint64_t *)(void *)slot;

	store_relaxed(&slot->sequence, 0ull);
	store_fence();
	for (unsigned i = 1; i < HEADER_WORDS; i++)
		store_relaxed(&to[i], words[i]);
	store_relaxed(&slot->time_ns, clock_now_ns());
	store_relaxed(&slot->kept, kept);
	copy_words(slot->message, message, kept / 8);
	store_release(&slot->sequence, sequence);
	spin_unlock(&capture->lock);
}
