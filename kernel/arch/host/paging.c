// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The simulated memory-management unit: page walks and a translation cache for each CPU.
 *
 * The cache keeps what it has until it is told otherwise, so a missing flush shows: a translation used after its frame
 * was freed ends the run (host_hooks.frame_in_use).
 */
#include <arch/paging.h>

#include "host.h"

const uint64_t arch_user_end = 0x00007ffffffff000ull;

/* Nothing: the kernel half needs no page tables here. Its entries are never walked (host_translate). */
void arch_root_init(pte_t *root)
{
	for (unsigned i = 256; i < 512; i++)
		root[i] = 0;
}

void arch_root_fini(pte_t *root)
{
	(void)root;
}

static void flush_all(struct host_cpu *c)
{
	for (unsigned i = 0; i < HOST_TLB_ENTRIES; i++)
		c->tlb[i].pte = 0;
}

static void activate(uint64_t root)
{
	if (host_cpu->root == root)
		return;
	host_cpu->root = root;
	flush_all(host_cpu);
}

void arch_space_activate(paddr_t root)
{
	if (!root.raw || root.raw & PAGE_MASK)
		host_die("page tables at %#llx", (unsigned long long)root.raw);
	activate(root.raw);
}

void arch_space_activate_kernel(void)
{
	activate(0);
}

static struct host_tlb_entry *slot_of(struct host_cpu *c, uint64_t page)
{
	return &c->tlb[(page ^ page >> 9) % HOST_TLB_ENTRIES];
}

void arch_tlb_flush_page(vaddr_t va)
{
	struct host_tlb_entry *entry = slot_of(host_cpu, va.raw >> PAGE_SHIFT);

	if (entry->page == va.raw >> PAGE_SHIFT)
		entry->pte = 0;
}

void arch_tlb_flush_all(void)
{
	flush_all(host_cpu);
}

/* Where the entry for `va` is, or NULL if a table is missing. Large leaves: `level` > 0. */
static pte_t *walk(uint64_t root, uint64_t va, unsigned *level)
{
	pte_t *table = phys_to_virt(PADDR(root));

	for (*level = 3;; (*level)--) {
		pte_t *entry = &table[va >> (PAGE_SHIFT + 9 * *level) & 511];

		if (!arch_pte_present(*entry))
			return NULL;
		if (*level == 0 || (*level < 3 && arch_pte_is_leaf(*entry, *level)))
			return entry;
		table = phys_to_virt(arch_pte_address(*entry));
	}
}

static bool allows(pte_t pte, bool write, bool execute)
{
	unsigned prot = arch_pte_prot(pte);

	return prot & PAGE_USER && (!write || prot & PAGE_WRITE) && (!execute || prot & PAGE_EXEC);
}

static uint8_t *fault(uint64_t va, bool write, bool execute, bool present)
{
	host_cpu->fault = (struct arch_fault){
		.kind = ARCH_FAULT_PAGE,
		.write = write,
		.execute = execute,
		.present = present,
		.vector = 14,
		.address = VADDR(va),
	};
	return NULL;
}

static void check_in_use(uint64_t frame, uint64_t page)
{
	if (host_hooks.frame_in_use && !host_hooks.frame_in_use(PADDR(frame)))
		host_die(
			"CPU %u can reach the free frame %#llx at user page %#llx: no flush before it was freed",
			host_cpu->id, (unsigned long long)frame, (unsigned long long)(page << PAGE_SHIFT));
}

uint8_t *host_translate(uint64_t va, bool write, bool execute)
{
	uint64_t page = va >> PAGE_SHIFT;
	struct host_tlb_entry *entry = slot_of(host_cpu, page);
	unsigned level;
	pte_t *pte;

	if (!host_cpu->root)
		host_die("CPU %u runs user code without an address space", host_cpu->id);
	if (va >= arch_user_end)
		return fault(va, write, execute, true);
	if (entry->pte && entry->page == page && allows(entry->pte, write, execute) &&
	    (!write || arch_pte_dirty(entry->pte))) {
		check_in_use(arch_pte_address(entry->pte).raw, page);
		return (uint8_t *)phys_to_virt(arch_pte_address(entry->pte)) + (va & PAGE_MASK);
	}
	pte = walk(host_cpu->root, va, &level);
	if (!pte || !allows(*pte, write, execute)) {
		arch_tlb_flush_page(VADDR(va));
		return fault(va, write, execute, pte != NULL);
	}
	*pte |= HOST_PTE_ACCESSED | (write ? HOST_PTE_DIRTY : 0);
	entry->page = page;
	entry->pte = arch_pte_leaf(
			     PADDR(arch_pte_address(*pte).raw + (page % (1ull << 9 * level)) * PAGE_SIZE),
			     arch_pte_prot(*pte), 0) |
		     (*pte & HOST_PTE_DIRTY);
	check_in_use(arch_pte_address(entry->pte).raw, page);
	return (uint8_t *)phys_to_virt(arch_pte_address(entry->pte)) + (va & PAGE_MASK);
}

void host_tlb_audit(void)
{
	if (!host_hooks.frame_in_use)
		return;
	for (unsigned i = 0; i < host_cpu_total; i++) {
		struct host_cpu *c = &host_cpus[i];

		if (c->root && !host_hooks.frame_in_use(PADDR(c->root)))
			host_die("CPU %u's address space has been freed", i);
		for (unsigned n = 0; n < HOST_TLB_ENTRIES; n++) {
			if (c->tlb[n].pte && !host_hooks.frame_in_use(arch_pte_address(c->tlb[n].pte)))
				host_die("CPU %u still caches a free frame at user page %#llx", i,
					 (unsigned long long)(c->tlb[n].page << PAGE_SHIFT));
		}
	}
}

#pragma clang attribute pop
