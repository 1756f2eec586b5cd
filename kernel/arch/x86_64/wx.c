// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Proves, once at boot, what paging.c promises of the kernel half: nothing is both writable and executable, nothing is
 * open to user mode, and no writable mapping anywhere leads to the kernel's code. It walks the tables that the
 * processor will use, and shares no code with what built them.
 */
#include "layout.h"
#include "machine.h"
#include "paging.h"

#include <arch/memory.h>
#include <core/log.h>

extern char text_start[], text_end[]; /* link.ld */

struct walk {
	uint64_t text, text_end; /* physical */
};

static void check_leaf(const struct walk *walk, pte_t pte, unsigned level, bool writable, bool executable,
		       bool user)
{
	uint64_t base = arch_pte_address(pte).raw, size = PAGE_SIZE << 9 * level;

	if (user)
		panic("page tables: a kernel page is open to user mode");
	if (writable && executable)
		panic("page tables: a kernel page is writable and executable");
	if (writable && base < walk->text_end && walk->text < base + size)
		panic("page tables: the kernel's code is writable through an alias");
}

/* Rights are what all levels grant together (SDM vol. 3A, 4.6.1). */
static void walk_table(const struct walk *walk, paddr_t table, unsigned level, bool writable, bool executable,
		       bool user)
{
	const pte_t *entries = phys_to_virt(table);

	for (unsigned i = level == 3 ? 256 : 0; i < 512; i++) {
		pte_t pte = entries[i];
		bool w = writable && (pte & X86_PTE_WRITE), x = executable && !(pte & X86_PTE_NX);
		bool u = user && (pte & X86_PTE_USER);

		if (!(pte & X86_PTE_PRESENT))
			continue;
		if (level == 0 || (pte & X86_PTE_LARGE))
			check_leaf(walk, pte, level, w, x, u);
		else
			walk_table(walk, arch_pte_address(pte), level - 1, w, x, u);
	}
}

void paging_check(void)
{
	struct walk walk = {(uint64_t)text_start - KERNEL_VMA, (uint64_t)text_end - KERNEL_VMA};

	walk_table(&walk, paging_kernel_root(), 3, true, true, true);
}
