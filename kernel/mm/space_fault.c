// SPDX-License-Identifier: MIT OR Apache-2.0
/* Page faults, and looking into a space without causing any. */
#include <arch/memory.h>
#include <core/cpu.h>
#include <core/log.h>
#include <core/work.h>
#include <mm/frame.h>

#include "space_private.h"

/* Present already: another CPU was quicker, or this one had cached fewer rights than the entry has. */
static enum status refresh(vaddr_t page)
{
	arch_tlb_flush_page(page);
	return STATUS_OK;
}

/*
 * A program's text is mapped where it lies in the boot package: all of it is there, and a fault costs more than entering its neighbours, too.
 * They have the same leaf table, so nothing is made for them. What is present already stays.
 */
#define AROUND (16u * PAGE_SIZE)

static void enter_around(struct space *space, const struct mapping *m, vaddr_t page) REQUIRES(space->lock)
{
	uint64_t from = align_down(page.raw, AROUND), to = from + AROUND;

	from = from > m->base.raw ? from : m->base.raw;
	to = to < mapping_end(m) ? to : mapping_end(m);
	for (uint64_t va = from; va < to; va += PAGE_SIZE) {
		uint64_t offset = va - m->base.raw + (uint64_t)m->first_page * PAGE_SIZE;

		if (va != page.raw)
			(void)pagetable_enter(space->root, VADDR(va), PADDR(m->memory->base.raw + offset),
					      m->prot, &space->tables);
	}
}

/* *busy: another CPU flushes here; nothing was done. */
static enum status fault_locked(struct space *space, vaddr_t address, unsigned needed, bool *busy)
	REQUIRES(space->lock)
{
	unsigned index = space_find(space, address.raw);
	struct mapping *m = &space->mappings[index];
	vaddr_t page = VADDR(align_down(address.raw, PAGE_SIZE));
	enum status status;
	paddr_t frame;

	*busy = false;
	if (unlikely(index == space->len || m->base.raw > address.raw))
		return STATUS_NOT_FOUND;
	if (unlikely(m->busy)) {
		*busy = true;
		return STATUS_AGAIN;
	}
	if (unlikely((m->prot & needed) != needed))
		return STATUS_DENIED;
	if (unlikely(m->kind == MAPPING_PAGE))
		return space_fault_page(space, m, needed & PAGE_WRITE);
	if (unlikely(m->memory->copying))
		return space_fault_copying(space, m, page, needed & PAGE_WRITE);
	status = memory_page(m->memory, m->first_page + ((address.raw - m->base.raw) >> PAGE_SHIFT), &frame);
	if (unlikely(status != STATUS_OK))
		return status;
	status = pagetable_enter(space->root, page, frame, m->prot, &space->tables);
	if (unlikely(m->prot & PAGE_EXEC) && m->memory->physical && status == STATUS_OK)
		enter_around(space, m, page);
	return unlikely(status == STATUS_EXISTS) ? refresh(page) : status;
}

/* What touching that page may need: a write, where that is allowed, so that a copy of the space's own is there, too. */
static unsigned allowed(struct space *space, vaddr_t page) REQUIRES(space->lock)
{
	unsigned index = space_find(space, page.raw);

	return PAGE_READ | (index < space->len ? space->mappings[index].prot & PAGE_WRITE : 0u);
}

/* needed 0: what is allowed. */
static inline enum status fault(struct space *space, vaddr_t address, unsigned needed)
{
	enum status status;
	bool busy;

	for (;;) {
		spin_lock(&space->lock);
		status = fault_locked(space, address, needed ? needed : allowed(space, address), &busy);
		spin_unlock(&space->lock);
		if (likely(!busy))
			return status;
		arch_poll_ipi();
		arch_pause();
	}
}

enum status space_fault(struct space *space, vaddr_t address, bool write, bool execute)
{
	return fault(space, address, PAGE_READ | (write ? PAGE_WRITE : 0u) | (execute ? PAGE_EXEC : 0u));
}

enum status space_commit(struct space *space, vaddr_t base, uint64_t pages)
{
	uint64_t begin = work_begin();
	enum status status = STATUS_OK;

	for (uint64_t i = 0; i < pages && status == STATUS_OK; i++) {
		status = fault(space, VADDR(base.raw + i * PAGE_SIZE), 0);
		work_pause(&begin);
	}
	return status;
}

/* The bytes at `va` up to the end of its page, or NULL: not present, or device memory. */
static const char *peek_page(const struct space *space, uint64_t va) REQUIRES(space->lock)
{
	pte_t entry;

	if (va >= arch_user_end)
		return NULL;
	entry = pagetable_lookup(space->root, VADDR(va), NULL);
	if (!arch_pte_present(entry) || (arch_pte_prot(entry) & PAGE_DEVICE))
		return NULL;
	return (const char *)phys_to_virt(arch_pte_address(entry)) + (va & PAGE_MASK);
}

size_t space_peek(struct space *space, vaddr_t from, void *to, size_t len)
{
	size_t copied = 0;

	spin_lock(&space->lock);
	while (copied < len) {
		const char *bytes = peek_page(space, from.raw + copied);
		size_t part = PAGE_SIZE - ((from.raw + copied) & PAGE_MASK);

		if (!bytes)
			break;
		if (part > len - copied)
			part = len - copied;
		__builtin_memcpy((char *)to + copied, bytes, part);
		copied += part;
	}
	spin_unlock(&space->lock);
	return copied;
}
