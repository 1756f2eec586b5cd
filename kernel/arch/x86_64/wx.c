// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Proves, once at boot, what paging.c promises of the kernel half: nothing is both writable and executable, nothing is
 * open to user mode, and no writable mapping anywhere leads to the kernel's code. Under page-table isolation also that what
 * address spaces of users show of the kernel is the porch: its code, descriptor tables and the stacks that interrupts begin on, at
 * most. It walks the tables that the processor will use, and shares no code with what built them.
 */
#include "idt.h"
#include "layout.h"
#include "machine.h"
#include "mitigate.h"
#include "paging.h"
#include "percpu.h"

#include <arch/memory.h>
#include <core/log.h>

extern char text_start[], text_end[], porch_start[], porch_end[]; /* link.ld */

struct walk {
	uint64_t text, text_end; /* physical */
	bool porch;
	unsigned pages;
};

static bool within(uint64_t va, const void *start, const void *end)
{
	return va >= (uint64_t)start && va < (uint64_t)end;
}

/* The kernel's own stack, of which nothing is to be seen, lies between. */
static bool is_entry_stack(uint64_t va)
{
	uint64_t in_slot = va >> PAGE_SHIFT & ((1u << (STACK_SLOT_SHIFT - PAGE_SHIFT)) - 1);

	return va >= STACK_WINDOW && va < DEVICE_WINDOW &&
	       (in_slot < STACK_DEBUG_END || in_slot == STACK_PORCH_END - 1);
}

static void check_porch(uint64_t va, unsigned level, bool writable)
{
	bool fixed = within(va, porch_start, porch_end) || within(va, idt, idt + 256) ||
		     within(va, percpus, percpus + MAX_CPUS);

	if (level != 0 || !(writable ? is_entry_stack(va) : fixed))
		panic("page tables: user address spaces show more of the kernel than its porch");
}

static void check_leaf(struct walk *walk, uint64_t va, pte_t pte, unsigned level, bool writable,
		       bool executable, bool user)
{
	uint64_t base = arch_pte_address(pte).raw, size = PAGE_SIZE << 9 * level;

	walk->pages++;
	if (user)
		panic("page tables: a kernel page is open to user mode");
	if (writable && executable)
		panic("page tables: a kernel page is writable and executable");
	if (writable && base < walk->text_end && walk->text < base + size)
		panic("page tables: the kernel's code is writable through an alias");
	if (walk->porch)
		check_porch(va, level, writable);
}

/* Rights are what all levels grant together (SDM vol. 3A, 4.6.1). `va`: of the table's first entry. */
static void walk_table(struct walk *walk, const pte_t *entries, uint64_t va, unsigned level, bool writable,
		       bool executable, bool user)
{
	for (unsigned i = level == 3 ? 256 : 0; i < 512; i++) {
		pte_t pte = entries[i];
		bool w = writable && (pte & X86_PTE_WRITE), x = executable && !(pte & X86_PTE_NX);
		bool u = user && (pte & X86_PTE_USER);
		uint64_t at = va | (uint64_t)i << (PAGE_SHIFT + 9 * level);

		if (!(pte & X86_PTE_PRESENT))
			continue;
		if (level == 0 || (pte & X86_PTE_LARGE))
			check_leaf(walk, at, pte, level, w, x, u);
		else
			walk_table(walk, phys_to_virt(arch_pte_address(pte)), at, level - 1, w, x, u);
	}
}

/* Apart, because a root is a fourth of the stack. */
[[gnu::noinline]] static void check_isolation(struct walk walk)
{
	pte_t top[512] = {};

	walk.porch = true;
	walk.pages = 0;
	arch_root_init(top);
	walk_table(&walk, top, 0xffffull << 48, 3, true, true, true);
	log_line(LOG_INFO, "page-table isolation: user address spaces show %u pages of the kernel",
		 walk.pages);
}

void paging_check(void)
{
	struct walk walk = {(uint64_t)text_start - KERNEL_VMA, (uint64_t)text_end - KERNEL_VMA, false, 0};

	walk_table(&walk, phys_to_virt(paging_kernel_root()), 0xffffull << 48, 3, true, true, true);
	if (mitigate_isolates())
		check_isolation(walk);
}
