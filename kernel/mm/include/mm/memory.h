// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Memory: an ordered set of frames that can be mapped into address spaces. What a MemoryObject capability names.
 *
 * - Anonymous: frames are allocated, clean, when first touched (a fault, or memory_page with commit) and charged to
 *   the ledger of the creator then.
 * - Physical: a fixed range (boot package, device memory); never freed to the allocator.
 * - Reference-counted; mappings hold references. It holds its ledger (ledger_get) as long as it lives.
 * - Copying: its frames may belong to others as well, and are copied before they are written (space_cow.c). Either it
 *   has a source, whose pages show through where it has none; or it was cloned, and shares frames with the clone.
 *   Only one address space has it mapped, and no capability names it: that space's lock guards its frames.
 * - Every page that it has is charged to its ledger, also one whose frame it shares: so a copy of that fails for want
 *   of memory, never of quota, and nothing changes hands when the other one goes.
 */
#pragma once

#include <abi/status.h>
#include <core/atomic.h>
#include <core/ledger.h>
#include <core/list.h>
#include <core/lock.h>
#include <core/quiesce.h>
#include <core/types.h>

#define MEMORY_MAX_PAGES (1ull << 27) /* 512 GiB: three levels of 512 */
#define MEMORY_DIRECT 4u              /* pages whose frames are named in struct memory itself */

struct memory {
	uint64_t refs;         /* atomic */
	uint64_t pages;        /* size, in pages; immutable */
	struct ledger *ledger; /* charged for frames and tables; held */
	bool physical, device, read_only;
	bool copying;          /* under the lock of the space that has it; never taken back */
	struct memory *source; /* counted, immutable; NULL: absent pages are zero. It is not copying itself */
	uint64_t source_first; /* page of the source that is our first */
	paddr_t base;          /* physical only */
	struct spinlock lock;  /* rank MEMORY */
	unsigned depth;        /* levels of tables: 1 up to 512 pages, then 2 or 3 */
	uint64_t *table;       /* m: frame addresses, or of lower tables; 0 = absent */
	uint64_t committed;    /* m: frames present */
	uint64_t tables;       /* m: pages charged for tables */
	uint64_t direct[MEMORY_DIRECT];
	struct quiesce_node node; /* while it is being freed in steps */
	uint64_t cursor;          /* next page to free */
};

/* INVALID: no pages, more than MEMORY_MAX_PAGES, or (physical) not page-aligned or wrapping around. */
enum status memory_create(struct ledger *ledger, uint64_t pages, struct memory **out);
/* The ledger may be NULL: nothing is charged to it. Device memory is not readable through memory_read and so on. */
enum status memory_create_physical(struct ledger *ledger, paddr_t base, uint64_t pages, bool device,
				   bool read_only, struct memory **out);

/* Of the ledger's process: pages from `first` on of the source show through until they are written. As memory_create;
 * INVALID also for device memory. BAD_RANGE: the source has not as many pages. Takes a reference on the source. */
enum status memory_create_copying(struct ledger *ledger, struct memory *source, uint64_t first,
				  uint64_t pages, struct memory **out);
/* The same contents in another memory, charged to that ledger. share: the frames themselves, and both are copying from
 * now on; the caller holds the lock of the only space that has `from`, and takes write access to its pages away. Otherwise
 * the pages are copied. */
enum status memory_clone(struct memory *from, struct ledger *ledger, bool share, struct memory **out);

struct memory_frame {
	paddr_t frame;
	paddr_t old; /* what it replaced, or PADDR_NONE: the caller puts it when no CPU can reach it any more */
	bool may_write; /* nobody else has the frame */
};
/* Of a copying memory: the frame to enter. write: made its own by copying, if need be. BAD_RANGE, NO_QUOTA, NO_MEMORY. */
enum status memory_page_copying(struct memory *memory, uint64_t index, bool write, struct memory_frame *out);

static inline void memory_get(struct memory *memory)
{
	(void)atomic_add(&memory->refs, 1ull);
}

/* The last reference frees it: no CPU can reach its frames any more. Its charge ends at once; frames beyond the first
 * 32 are freed as a chore (core/work.h), so that no entry takes long. */
void memory_put(struct memory *memory);
/* The same for who holds no lock: frees 512 at once, and lets interrupts in meanwhile. */
void memory_put_paused(struct memory *memory);
/* The frame of page `index`, allocated if absent. BAD_RANGE, NO_QUOTA, NO_MEMORY: nothing changed. */
enum status memory_page(struct memory *memory, uint64_t index, paddr_t *out);
/* As memory_page, but PADDR_NONE if absent. */
paddr_t memory_page_if_present(struct memory *memory, uint64_t index);
/* Kernel access by copy; BAD_RANGE unless offset + len is within the size. Absent pages read as zero, and are
 * allocated when written: a write that fails has written a part. INVALID: device memory, or written
 * though read-only. */
enum status memory_read(struct memory *memory, uint64_t offset, void *to, size_t len);
enum status memory_write(struct memory *memory, uint64_t offset, const void *from, size_t len);
