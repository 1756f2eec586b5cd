// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Four levels of 512 entries. Levels count from the leaves: 0 holds 4 KiB leaves, 3 is the root. User leaves are 4 KiB.
 *
 * A missing chain of tables is built completely before it is linked, so that no other CPU ever caches a pointer to a
 * table that a failure would free again.
 */
#include <mm/pagetable.h>

#include <arch/memory.h>
#include <core/atomic.h>
#include <core/ledger.h>
#include <core/work.h>
#include <mm/frame.h>

#define TOP_LEVEL 3u
#define LEVEL_BITS 9u
#define ENTRIES (1u << LEVEL_BITS)

static unsigned entry_index(uint64_t va, unsigned level)
{
	return va >> (PAGE_SHIFT + LEVEL_BITS * level) & (ENTRIES - 1);
}

static pte_t *table_at(paddr_t table)
{
	return phys_to_virt(table);
}

/* Other CPUs' page walkers read entries at any time: one store each. */
static void write_entry(pte_t *entry, pte_t value)
{
	store_release(entry, value);
}

/* Remembers a table, and which entry points to it (NULL: the root), in its frame record. Parents before children. */
static void chain_table(struct pagetable_frames *frames, paddr_t table, const pte_t *entry)
{
	struct frame *f = frame_of(table);

	f->next = (uint32_t)frames->chain;
	f->prev = entry ? (uint32_t)(virt_to_phys(entry).raw >> PAGE_SHIFT) : 0;
	f->owned = entry ? (uint16_t)((virt_to_phys(entry).raw & PAGE_MASK) / sizeof(*entry)) : 0;
	frames->chain = table.raw >> PAGE_SHIFT;
	frames->used++;
}

enum status pagetable_create(struct pagetable_frames *frames, paddr_t *root)
{
	enum status status = ledger_charge(frames->ledger, LEDGER_PAGES, 1);

	if (status != STATUS_OK)
		return status;
	*root = frame_alloc(0);
	if (root->raw == PADDR_NONE.raw) {
		ledger_credit(frames->ledger, LEDGER_PAGES, 1);
		return STATUS_NO_MEMORY;
	}
	arch_root_init(table_at(*root));
	chain_table(frames, *root, NULL);
	return STATUS_OK;
}

/* `level` tables from the leaf table (level 0 of this chain) up, and links the topmost into `entry`. */
[[gnu::noinline]] static enum status add_tables(pte_t *entry, uint64_t va, unsigned level,
						struct pagetable_frames *frames, pte_t **leaf_table)
{
	enum status status = ledger_charge(frames->ledger, LEDGER_PAGES, level);
	paddr_t made[TOP_LEVEL];
	unsigned count = 0;

	if (status != STATUS_OK)
		return status;
	for (; count < level; count++) {
		made[count] = frame_alloc(0);
		if (made[count].raw == PADDR_NONE.raw)
			break;
		if (count > 0)
			table_at(made[count])[entry_index(va, count)] = arch_pte_table(made[count - 1]);
	}
	if (count < level) {
		while (count > 0)
			frame_free(made[--count], 0);
		ledger_credit(frames->ledger, LEDGER_PAGES, level);
		return STATUS_NO_MEMORY;
	}
	for (unsigned i = level; i-- > 0;)
		chain_table(frames, made[i],
			    i + 1 < level ? &table_at(made[i + 1])[entry_index(va, i + 1)] : entry);
	write_entry(entry, arch_pte_table(made[level - 1]));
	*leaf_table = table_at(made[0]);
	return STATUS_OK;
}

#define REGION_OF(va) (((va) >> (PAGE_SHIFT + LEVEL_BITS)) + 1)

static void remember(struct pagetable_frames *frames, uint64_t va, pte_t *table)
{
	frames->hint_region = REGION_OF(va);
	frames->hint_table = table;
}

[[gnu::noinline]] static enum status walk_or_add(paddr_t root, uint64_t va, struct pagetable_frames *frames)
{
	pte_t *table = table_at(root);

	for (unsigned level = TOP_LEVEL; level > 0; level--) {
		pte_t *entry = &table[entry_index(va, level)];

		if (unlikely(!arch_pte_present(*entry))) {
			enum status status = add_tables(entry, va, level, frames, &table);

			if (status != STATUS_OK)
				return status;
			break;
		}
		table = table_at(arch_pte_address(*entry));
	}
	remember(frames, va, table);
	return STATUS_OK;
}

enum status pagetable_enter(paddr_t root, vaddr_t va, paddr_t page, unsigned prot,
			    struct pagetable_frames *frames)
{
	pte_t *entry;

	if (unlikely(frames->hint_region != REGION_OF(va.raw))) {
		enum status status = walk_or_add(root, va.raw, frames);

		if (status != STATUS_OK)
			return status;
	}
	entry = &frames->hint_table[entry_index(va.raw, 0)];
	if (unlikely(arch_pte_present(*entry)))
		return STATUS_EXISTS;
	write_entry(entry, arch_pte_leaf(page, prot, 0));
	return STATUS_OK;
}

enum status pagetable_replace(paddr_t root, vaddr_t va, paddr_t page, unsigned prot,
			      struct pagetable_frames *frames)
{
	enum status status = STATUS_OK;

	if (frames->hint_region != REGION_OF(va.raw))
		status = walk_or_add(root, va.raw, frames);
	if (status == STATUS_OK)
		write_entry(&frames->hint_table[entry_index(va.raw, 0)], arch_pte_leaf(page, prot, 0));
	return status;
}

/* The leaf table for `va`, or NULL; then *next is the first address that might have one. */
static pte_t *find_leaf_table(paddr_t root, uint64_t va, struct pagetable_frames *frames, uint64_t *next)
{
	pte_t *table = table_at(root);

	if (frames->hint_region == REGION_OF(va)) {
		*next = align_down(va, PAGE_SIZE << LEVEL_BITS) + (PAGE_SIZE << LEVEL_BITS);
		return frames->hint_table;
	}
	for (unsigned level = TOP_LEVEL; level > 0; level--) {
		pte_t entry = table[entry_index(va, level)];
		uint64_t span = PAGE_SIZE << LEVEL_BITS * level;

		*next = align_down(va, span) + span;
		if (!arch_pte_present(entry))
			return NULL;
		table = table_at(arch_pte_address(entry));
	}
	return table;
}

static void batch_add(struct tlb_batch *batch, uint64_t va)
{
	if (batch->count < TLB_BATCH)
		batch->pages[batch->count] = VADDR(va);
	batch->count++;
}

static void clear_entry(pte_t *entry, uint64_t va, struct tlb_batch *batch)
{
	write_entry(entry, 0);
	batch_add(batch, va);
}

static void set_entry_prot(pte_t *entry, uint64_t va, unsigned prot, struct tlb_batch *batch)
{
	pte_t old = *entry;

	write_entry(entry, arch_pte_leaf(arch_pte_address(old), prot, 0));
	if (arch_pte_prot(old) & ~prot)
		batch_add(batch, va);
}

#define ENTRY_WORK 32u  /* looking at one */
#define TABLE_WORK 512u /* freeing one that is clean */

/* Clears (prot 0) or changes all present leaves of a range. */
static void change_range(paddr_t root, uint64_t va, uint64_t pages, unsigned prot,
			 struct pagetable_frames *frames, struct tlb_batch *batch)
{
	uint64_t end = va + pages * PAGE_SIZE, next;

	for (; va < end; va = next) {
		pte_t *table = find_leaf_table(root, va, frames, &next);

		if (next > end)
			next = end;
		work_done(table ? (uint32_t)((next - va) >> PAGE_SHIFT) * ENTRY_WORK : ENTRY_WORK);
		if (!table)
			continue;
		for (; va < next; va += PAGE_SIZE) {
			pte_t *entry = &table[entry_index(va, 0)];

			if (!arch_pte_present(*entry))
				continue;
			if (prot == 0)
				clear_entry(entry, va, batch);
			else
				set_entry_prot(entry, va, prot, batch);
		}
	}
}

void pagetable_clear(paddr_t root, vaddr_t va, uint64_t pages, struct pagetable_frames *frames,
		     struct tlb_batch *batch)
{
	if (likely(pages == 1 && frames->hint_region == REGION_OF(va.raw))) {
		pte_t *entry = &frames->hint_table[entry_index(va.raw, 0)];

		if (arch_pte_present(*entry))
			clear_entry(entry, va.raw, batch);
		return;
	}
	change_range(root, va.raw, pages, 0, frames, batch);
}

void pagetable_set_prot(paddr_t root, vaddr_t va, uint64_t pages, unsigned prot,
			struct pagetable_frames *frames, struct tlb_batch *batch)
{
	change_range(root, va.raw, pages, prot, frames, batch);
}

pte_t pagetable_lookup(paddr_t root, vaddr_t va, unsigned *level)
{
	pte_t *table = table_at(root);

	for (unsigned l = TOP_LEVEL;; l--) {
		pte_t entry = table[entry_index(va.raw, l)];

		if (!arch_pte_present(entry))
			return 0;
		if (l == 0 || arch_pte_is_leaf(entry, l)) {
			if (level)
				*level = l;
			return entry;
		}
		table = table_at(arch_pte_address(entry));
	}
}

/* The newest first: children before parents, and each clears its parent's entry, so all are zero when their turn comes. */
bool pagetable_free(struct pagetable_frames *frames)
{
	uint64_t number = frames->chain, begin = work_begin();

	frames->hint_region = 0;
	while (number != 0) {
		paddr_t table = PADDR(number << PAGE_SHIFT);
		struct frame *f = frame_of(table);

		if (work_is_enough(begin)) {
			frames->chain = number;
			return false;
		}
		work_done(TABLE_WORK);
		number = f->next;
		if (f->prev != 0)
			table_at(PADDR((uint64_t)f->prev << PAGE_SHIFT))[f->owned] = 0;
		else
			arch_root_fini(table_at(table));
		frame_free_clean(table);
	}
	ledger_credit(frames->ledger, LEDGER_PAGES, frames->used);
	frames->chain = frames->used = 0;
	return true;
}
