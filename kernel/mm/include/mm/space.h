// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Address spaces: page tables and the sorted list of mappings that says what may be in them.
 *
 * - A mapping is a window on a struct memory; pages are entered on fault. Guard pages are unmapped addresses: nothing
 *   is ever mapped by accident next to a mapping that asked for guards.
 * - W^X: no mapping is both writable and executable, and none can be made so.
 * - A mapping of a copying memory has its pages entered without write access until they are the memory's own; the first
 *   write to one faults, and copies it. Everybody's access to the former frame is over before anybody has the new one.
 * - Unmapping flushes the TLBs of the CPUs that have the space active, before frames can be reused and before the
 *   addresses can be.
 * - Operations that may have to flush wait for other CPUs: the caller holds no lock.
 * - A failure (NO_QUOTA, NO_MEMORY) leaves the mappings as they were. What had been grown for it (page tables, the list)
 *   may stay, charged, until the space goes.
 */
#pragma once

#include <abi/status.h>
#include <arch/paging.h>
#include <core/cpu.h>
#include <core/ledger.h>
#include <core/lock.h>
#include <core/types.h>
#include <mm/memory.h>
#include <mm/pagetable.h>

#define SPACE_LOWEST 0x10000ull /* nothing is mapped below: null pointers with an offset fault */
#define SPACE_MAX_MAPPINGS 4096u
#define SPACE_INLINE_MAPPINGS 8u

enum mapping_kind : uint8_t {
	MAPPING_SHARED, /* others may have the memory, too: so does a clone of the process */
	MAPPING_OWN,    /* it belongs to this space: a clone gets a copy */
	MAPPING_LENT,   /* as SHARED, but it goes when a gate is revoked (cap/gate_mapping.h) */
	MAPPING_PAGE,   /* as OWN, one page: there is no struct memory, the mapping has the frame itself */
};

struct mapping { /* half a cache line: the list is searched, and moved to insert */
	vaddr_t base;
	union {
		struct memory *memory; /* counted */
		paddr_t frame;         /* PAGE: counted; charged to the space's ledger */
	};
	uint32_t pages, first_page; /* how many, and from which of the memory on: below MEMORY_MAX_PAGES */
	uint8_t prot;               /* enum page_prot, with PAGE_USER; PAGE_USER alone = no access */
	uint8_t most;               /* what space_map was given: space_protect never goes beyond it */
	bool pinned;                /* only the kernel unmaps it */
	bool busy;                  /* a CPU flushes TLBs for it: others wait */
	uint8_t kind;               /* enum mapping_kind */
};
static_assert(sizeof(struct mapping) == 32 && MEMORY_MAX_PAGES <= UINT32_MAX);

struct space {
	struct spinlock lock; /* rank SPACE */
	paddr_t root;         /* arch_space_activate takes it */
	uint64_t cpus;        /* CPUs that have it active, or had; atomic */
	struct ledger *ledger;
	struct mapping *mappings;       /* s: lock: sorted by base; `few` or from the heap */
	unsigned len, capacity;         /* s */
	unsigned last;                  /* s: index that the last search found, tried first */
	unsigned busy;                  /* s: how many are being flushed */
	uint64_t window;                /* from where on the kernel chooses places; random, fixed */
	uint64_t lowest_free;           /* s: no page has room in the window below it */
	struct pagetable_frames tables; /* s: page-table frames, charged */
	struct mapping few[SPACE_INLINE_MAPPINGS];
};

enum status space_init(struct space *space, struct ledger *ledger);
/* No CPU runs it any more (one that idles may still have it loaded). Frees tables, drops all mappings, a piece of work at a time;
 * false: not all yet, call it again. */
[[nodiscard]] bool space_fini(struct space *space);

/* `hint` 0 = anywhere (the lowest gap with a guard page on each side above the space's window, a random gigabyte, or
 * failing that anywhere; NO_SLOT: none); otherwise exactly
 * there, EXISTS if anything overlaps. BAD_RANGE: not page-aligned, outside the user half, or outside the memory.
 * INVALID: writable+executable, unknown rights, write or execute without read, writable though the memory is
 * read-only, executable device memory. NO_QUOTA also at SPACE_MAX_MAPPINGS. Takes a reference on memory. */
enum status space_map(struct space *space, struct memory *memory, uint64_t first_page, uint64_t pages,
		      vaddr_t hint, unsigned prot, vaddr_t *out);
/* As space_map, of that kind; space_map is of kind SHARED. */
enum status space_map_as(struct space *space, struct memory *memory, uint64_t first_page, uint64_t pages,
			 vaddr_t hint, unsigned prot, enum mapping_kind kind, vaddr_t *out);
/* One zeroed page of the space's own, readable and writable, entered: kind PAGE. As space_map; NO_MEMORY. */
enum status space_map_page(struct space *space, vaddr_t hint, vaddr_t *out);
/* Exactly one or several whole mappings, or parts of them (which are split). NOT_FOUND if any page is unmapped, DENIED
 * if any is pinned. */
enum status space_unmap(struct space *space, vaddr_t base, uint64_t pages);
/* INVALID as for space_map, NOT_FOUND and DENIED as for space_unmap. */
enum status space_protect(struct space *space, vaddr_t base, uint64_t pages, unsigned prot);
/* A page fault at `address`. OK: mapped, run on. Anything else: the fault stands. */
enum status space_fault(struct space *space, vaddr_t address, bool write, bool execute);
/* As if each page of it were touched as its protection allows; `base` is page-aligned. NOT_FOUND: one is unmapped; DENIED: without
 * access; NO_QUOTA, NO_MEMORY; what was entered before stays. Lets interrupts in: the caller holds no lock. */
enum status space_commit(struct space *space, vaddr_t base, uint64_t pages);
/* As space_map, of all of the memory, every page entered (regions). space_unmap refuses it. */
enum status space_map_pinned(struct space *space, struct memory *memory, vaddr_t hint, unsigned prot,
			     vaddr_t *out);
/*
 * Fills `to`, new and empty, with what `from` has mapped, at the same addresses: its own and copying memory as copies (the
 * frames are shared until somebody writes), other memory itself, pinned mappings not. What is charged is charged to `to`.
 * Between taking the list and waiting for any CPU it calls `also` (may be NULL) with no lock held, while others wait who want
 * to change `from`: what it refuses fails the whole. On failure `to` is to be dropped.
 * NO_QUOTA, NO_MEMORY; AGAIN: memory of its own is held elsewhere, too (by a capability), and larger than is copied at once.
 */
#define SPACE_CLONE_COPIED 1024u /* pages */
enum status space_clone(struct space *from, struct space *to, enum status (*also)(void *context),
			void *context);
/* Undoes it; `base` as space_map_pinned gave it. */
void space_unmap_pinned(struct space *space, vaddr_t base);
/* Makes it the running CPU's space; NULL = the kernel's own. */
void space_activate_slow(struct space *space);
/* `space` is probably another one. */
static inline void space_activate_other(struct cpu *cpu, struct space *space)
{
	if (unlikely((load_relaxed(&space->cpus) >> cpu->id & 1) == 0)) {
		space_activate_slow(space);
		return;
	}
	cpu->space = space;
	arch_space_activate(space->root);
}

static inline void space_activate_here(struct cpu *cpu, struct space *space)
{
	if (cpu->space == space)
		return;
	if (unlikely(space == NULL || (load_relaxed(&space->cpus) >> cpu->id & 1) == 0)) {
		space_activate_slow(space);
		return;
	}
	cpu->space = space;
	arch_space_activate(space->root);
}

static inline void space_activate(struct space *space)
{
	space_activate_here(this_cpu(), space);
}

/* The running CPU leaves the user space that it has active (it idles): back to the kernel's own. */
void space_deactivate(void);

/* For reports and the crash path: copies what is mapped, without faulting anything in; bytes copied. */
size_t space_peek(struct space *space, vaddr_t from, void *to, size_t len);
/* The first mapping in the range that shows that memory, itself or as the source of copies; a copy, as below. */
bool space_mapping_of(struct space *space, const struct memory *memory, uint64_t base, uint64_t end,
		      struct mapping *out);
bool space_shows_locked(struct space *space, const struct memory *memory, uint64_t base, uint64_t end)
	REQUIRES(space->lock);
static inline bool mapping_shows(const struct mapping *m, const struct memory *memory)
{
	return m->kind != MAPPING_PAGE && (m->memory == memory || m->memory->source == memory);
}
/* The i-th mapping (a copy, without a reference), or false. For introspection. */
bool space_mapping(struct space *space, unsigned index, struct mapping *out);
