// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Physical frames: a buddy allocator with a small cache per CPU.
 *
 * - Every frame handed out is clean (all zero). It is cleared once: when freed, or, for memory that has not been used
 *   since boot, when first handed out.
 * - Orders 0 (4 KiB) to FRAME_MAX_ORDER. Blocks are naturally aligned.
 * - Each frame has a 16-byte struct frame; a frame of a memory object carries its reference count.
 */
#pragma once

#include <core/atomic.h>
#include <core/types.h>

#define FRAME_MAX_ORDER 10u /* 4 MiB */

void frame_init(void); /* from arch_memory_map */
/* PADDR_NONE if there is none. */
paddr_t frame_alloc(unsigned order);
/* The block has one reference, whatever its order. Clears it. */
void frame_free(paddr_t base, unsigned order);
/* The same, for who holds no lock: interrupts are let in while a large block is cleared (core/work.h). */
paddr_t frame_alloc_paused(unsigned order);
void frame_free_paused(paddr_t base, unsigned order);
/* As frame_free(frame, 0) for a frame that is all zero already. */
void frame_free_clean(paddr_t frame);

struct frame_stats {
	uint64_t total, free; /* frames; cached ones count as free */
};
struct frame_stats frame_stats(void);

/* One record for each frame from the first usable one on; all zero = allocated by nobody we know, and dirty. */
struct frame {
	uint32_t refs;
	uint32_t next, prev; /* free block: its list (f: lock); allocated: its owner's */
	uint8_t state;       /* f: enum frame_state */
	bool clean;          /* while free: it is all zero */
	union {
		uint16_t order; /* free block: f */
		uint16_t owned; /* allocated: its owner's */
	};
};
static_assert(sizeof(struct frame) == 16);

extern struct frame *frame_records;
extern uint64_t frame_first; /* frame number of frame_records[0] */
extern uint64_t frame_limit; /* how many there are */

static inline struct frame *frame_of(paddr_t frame)
{
	return &frame_records[(frame.raw >> PAGE_SHIFT) - frame_first];
}

/* Reference counts, for frames that several memory objects or mappings share. A new frame has one reference. */
static inline void frame_get(paddr_t frame)
{
	(void)atomic_add(&frame_of(frame)->refs, 1u);
}

/* Frees the frame (order 0) with its last reference. */
static inline void frame_put(paddr_t frame)
{
	struct frame *f = frame_of(frame);

	if (likely(load_acquire(&f->refs) == 1) || atomic_sub(&f->refs, 1u) == 1) {
		f->refs = 1;
		frame_free(frame, 0);
	}
}

static inline uint32_t frame_refs(paddr_t frame)
{
	return load_relaxed(&frame_of(frame)->refs);
}

/* For tests: the n-th allocation from now (1 = the next) fails, and all after it, on this CPU or any; 0 = none does.
 * While armed, allocations go past the per-CPU caches. */
void frame_fail_after(uint64_t n);
/* For tests: gives this CPU's cached frames back to the allocator. */
void frame_drain_cache(void);
/* For tests: whether the allocator has that frame, in a block or in a CPU's cache. */
bool frame_is_free(paddr_t frame);
/* For tests: walks all free blocks; panics if an invariant of the allocator is broken. */
void frame_check(void);

/* Writes zero to a page with 8-byte stores. */
void page_clear(void *page);
/* Copies `words` 8-byte words; no overlap. Most messages are short. */
void copy_many_words(void *to, const void *from, size_t words);
static inline void copy_words(void *to, const void *from, size_t words)
{
	uint64_t *out = to;
	const uint64_t *in = from;

	if (unlikely(words > 4)) {
		copy_many_words(to, from, words);
		return;
	}
	for (size_t i = 0; i < words; i++)
		copy_shared_word(&out[i], &in[i]);
}
