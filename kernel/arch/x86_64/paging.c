// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The kernel half of every address space: SDM vol. 3A, section 4.5.
 *
 * - The image at -2 GiB by 4 KiB pages, write xor execute; stacks and device registers at -1 GiB; the direct map, never
 *   executable, by the largest pages that fit, at a random multiple of 1 GiB. In the direct map, too, the kernel's
 *   code and constants are read-only.
 * - All of it is global, and never changes after boot but for device_map, which only adds. So address spaces share the
 *   tables: a new root copies the few top-level entries.
 * - With page-table isolation (mitigate.h) a new root gets the porch alone: the pages without which the processor cannot enter
 *   the kernel, at the addresses that they have there (porch.S). The kernel then runs on its own root only, where no user half
 *   is. Nothing is global, so each load of a root forgets all translations.
 */
#include "paging.h"

#include "entropy.h"
#include "features.h"
#include "idt.h"
#include "layout.h"
#include "machine.h"
#include "memmap.h"
#include "mitigate.h"
#include "patch.h"
#include "percpu.h"

#include <core/cpu.h>
#include <core/log.h>

#define DIRECT_MAP_FIRST 0xffff800000000000ull
#define DIRECT_MAP_SLOTS 32768u /* multiples of 1 GiB: 32 TiB, and 64 TiB of room behind */

extern char kernel_start[], text_start[], text_end[], rodata_end[], kernel_end[]; /* link.ld */
extern char porch_start[], porch_end[];
extern pte_t boot_pml4[512], boot_pdpt_low[512]; /* boot32.S */

uint64_t arch_direct_map;
const uint64_t arch_user_end = 0x00007ffffffff000; /* so SYSCALL never returns to a non-canonical address */

extern pte_t kernel_pml4[512]; /* porch.S loads it */
alignas(4096) pte_t kernel_pml4[512];
static pte_t *porch_pml4; /* NULL: no isolation */
static uint64_t device_next = DEVICE_WINDOW;

/* Top-level entries of the kernel half that are in use. */
static struct {
	unsigned index;
	pte_t entry;
} shared[8];
static unsigned shared_count;

static uint64_t image_physical(const void *symbol)
{
	return (uint64_t)symbol - KERNEL_VMA;
}

/* Tables are reached one to one until our own root is active, and through the direct map after. */
static bool direct_map_active;

static pte_t *table_at(paddr_t table)
{
	return direct_map_active ? phys_to_virt(table) : (pte_t *)table.raw;
}

static paddr_t new_table(void)
{
	paddr_t table = memmap_take(1);
	pte_t *entries = table_at(table);

	for (unsigned i = 0; i < 512; i++)
		entries[i] = 0;
	return table;
}

/* The entry for `va` at `level`; makes the tables above it. */
static pte_t *entry_at(pte_t *table, uint64_t va, unsigned level)
{
	for (unsigned l = 3; l > level; l--) {
		pte_t *entry = &table[va >> (12 + 9 * l) & 511];

		if (!arch_pte_present(*entry))
			*entry = arch_pte_table(new_table()) & ~X86_PTE_USER;
		table = table_at(arch_pte_address(*entry));
	}
	return &table[va >> (12 + 9 * level) & 511];
}

static void map_in(pte_t *root, uint64_t va, uint64_t pa, uint64_t size, unsigned prot)
{
	unsigned top = features.huge_1g ? 2 : 1;

	while (size > 0) {
		unsigned level = top;
		uint64_t page;

		while (level > 0 && ((va | pa) & ((PAGE_SIZE << 9 * level) - 1)))
			level--;
		while (level > 0 && size < PAGE_SIZE << 9 * level)
			level--;
		page = PAGE_SIZE << 9 * level;
		/* Neighbours of one table, without a walk for each. */
		pte_t *entry = entry_at(root, va, level);
		uint64_t run = 512 - (va / page & 511);

		for (; run > 0 && size >= page; run--) {
			*entry++ = arch_pte_leaf(PADDR(pa), prot, level);
			va += page;
			pa += page;
			size -= page;
			if (level < top && !((va | pa) & ((page << 9) - 1)))
				break; /* a larger page may fit */
		}
	}
}

static void map(uint64_t va, uint64_t pa, uint64_t size, unsigned prot)
{
	map_in(kernel_pml4, va, pa, size, prot);
}

static void map_image(void)
{
	const struct {
		char *start, *end;
		unsigned prot;
	} parts[] = {
		{kernel_start, text_start, PAGE_READ},
		{text_start, text_end, PAGE_READ | PAGE_EXEC},
		{text_end, rodata_end, PAGE_READ},
		{rodata_end, kernel_end, PAGE_READ | PAGE_WRITE},
	};

	for (unsigned i = 0; i < array_size(parts); i++)
		map((uint64_t)parts[i].start, image_physical(parts[i].start),
		    (uint64_t)(parts[i].end - parts[i].start), parts[i].prot | PAGE_GLOBAL);
}

/* Physical [base, end) in the direct map; the image's constant part read-only. */
static void map_direct(uint64_t base, uint64_t end)
{
	uint64_t fixed = image_physical(kernel_start), fixed_end = image_physical(rodata_end);
	unsigned prot = PAGE_READ | PAGE_WRITE | PAGE_GLOBAL;

	if (base <= fixed && fixed_end <= end) {
		map(arch_direct_map + base, base, fixed - base, prot);
		map(arch_direct_map + fixed, fixed, fixed_end - fixed, PAGE_READ | PAGE_GLOBAL);
		base = fixed_end;
	}
	map(arch_direct_map + base, base, end - base, prot);
}

/* Ranges that touch become one, whatever their kind, so that large pages fit. They are listed first, because mapping
 * takes tables from the map (which moves its entries, but never what they cover together). */
static void map_memory(void)
{
	struct {
		uint64_t base, end;
	} spans[ARCH_MEMORY_RANGES];
	unsigned count = 0;

	for (unsigned i = 0; i < arch_memory_map_len; i++) {
		const struct arch_memory_range *range = &arch_memory_map[i];

		if (range->kind == ARCH_MEMORY_RESERVED)
			continue;
		if (count == 0 || spans[count - 1].end != range->base.raw)
			spans[count++].base = range->base.raw;
		spans[count - 1].end = range->base.raw + range->size;
	}
	for (unsigned i = 0; i < count; i++)
		map_direct(spans[i].base, spans[i].end);
}

/* Of a CPU; all but the kernel's own are in the porch, too. */
static const struct {
	unsigned end, pages;
} stacks[] = {
	{STACK_NMI_END, 2},   {STACK_DOUBLE_END, 2}, {STACK_CHECK_END, 2},
	{STACK_DEBUG_END, 1}, {STACK_KERNEL_END, 4}, {STACK_PORCH_END, 1}, /* last: not always there */
};

static void map_stacks(unsigned count)
{
	unsigned kinds = array_size(stacks) - !mitigate_guards();

	for (unsigned id = 0; id < count; id++) {
		uint64_t from = memmap_take(STACK_PAGES - !mitigate_guards()).raw;

		for (unsigned i = 0; i < kinds; i++) {
			uint64_t size = stacks[i].pages * PAGE_SIZE;

			map(stack_top(id, stacks[i].end) - size, from, size,
			    PAGE_READ | PAGE_WRITE | PAGE_GLOBAL);
			from += size;
		}
	}
}

/* Pages of the kernel's that the porch shows, too. All are mapped by 4 KiB. */
static void show(uint64_t va, uint64_t size, unsigned prot)
{
	for (uint64_t at = va; at < va + size; at += PAGE_SIZE)
		map_in(porch_pml4, at, arch_pte_address(*entry_at(kernel_pml4, at, 0)).raw, PAGE_SIZE, prot);
}

static void map_porch(unsigned count)
{
	porch_pml4 = table_at(new_table());
	show((uint64_t)porch_start, (uint64_t)(porch_end - porch_start), PAGE_READ | PAGE_EXEC);
	show((uint64_t)idt, PAGE_SIZE, PAGE_READ);
	show((uint64_t)percpus, align_up(count * sizeof(percpus[0]), PAGE_SIZE), PAGE_READ);
	for (unsigned id = 0; id < count; id++)
		for (unsigned i = 0; i < array_size(stacks); i++)
			if (stacks[i].end != STACK_KERNEL_END)
				show(stack_top(id, stacks[i].end) - stacks[i].pages * PAGE_SIZE,
				     stacks[i].pages * PAGE_SIZE, PAGE_READ | PAGE_WRITE);
}

void paging_init(unsigned count)
{
	arch_direct_map = DIRECT_MAP_FIRST + (entropy_early() % DIRECT_MAP_SLOTS << 30);
	map_image();
	map_stacks(count);
	(void)entry_at(kernel_pml4, DEVICE_WINDOW, 0); /* later calls find the upper tables made */
	map_memory();
	if (mitigate_isolates())
		map_porch(count);

	for (unsigned i = 256; i < 512; i++) {
		if (!arch_pte_present(kernel_pml4[i]))
			continue;
		if (shared_count == array_size(shared))
			panic("the kernel half has more than %u top-level entries", shared_count);
		shared[shared_count].index = i;
		shared[shared_count++].entry = kernel_pml4[i];
	}
	paging_activate_kernel();
	direct_map_active = true;
	if (porch_pml4)
		porch_pml4 = phys_to_virt(PADDR((uint64_t)porch_pml4));
}

paddr_t paging_kernel_root(void)
{
	return PADDR(image_physical(kernel_pml4));
}

void paging_activate_kernel(void)
{
	write_cr3(paging_kernel_root().raw);
}

volatile void *device_map(uint64_t address, uint64_t size)
{
	uint64_t base = align_down(address, PAGE_SIZE), offset = address - base, va = device_next;
	uint64_t pages = align_up(offset + size, PAGE_SIZE) / PAGE_SIZE;

	if (address >> features.physical_bits || size > PAGE_SIZE * 64 || pages > 256 ||
	    va + pages * PAGE_SIZE > DEVICE_WINDOW + 512 * PAGE_SIZE)
		return NULL;
	for (uint64_t i = 0; i < pages; i++)
		map(va + i * PAGE_SIZE, base + i * PAGE_SIZE, PAGE_SIZE,
		    PAGE_READ | PAGE_WRITE | PAGE_DEVICE | PAGE_GLOBAL);
	device_next += (pages + 1) * PAGE_SIZE;
	return (volatile void *)(va + offset);
}

paddr_t paging_trampoline_begin(void)
{
	boot_pml4[0] = image_physical(boot_pdpt_low) | X86_PTE_PRESENT | X86_PTE_WRITE;
	for (unsigned i = 0; i < shared_count; i++)
		boot_pml4[shared[i].index] = shared[i].entry;
	for (unsigned i = 1; i < 4; i++)
		boot_pdpt_low[i] = 0;
	return PADDR(image_physical(boot_pml4));
}

void paging_trampoline_end(void)
{
	boot_pml4[0] = 0;
}

void arch_root_init(pte_t *root)
{
	if (porch_pml4) {
		root[511] = porch_pml4[511];
		return;
	}
	for (unsigned i = 0; i < shared_count; i++)
		root[shared[i].index] = shared[i].entry;
}

void arch_root_fini(pte_t *root)
{
	root[511] = 0;
	for (unsigned i = 0; i < shared_count; i++)
		root[shared[i].index] = 0;
}

void arch_space_activate(paddr_t root)
{
	struct cpu *cpu = arch_this_cpu_again();

	if (cpu->arch_scratch[0] == root.raw)
		return;
	/* In a call to space_switch_guarded, if there is more to be done (porch.S). */
	__asm__ volatile("661: movq %0, %%gs:%c1\n\t"
			 "movq %0, %%cr3\n"
			 "662: .pushsection .patches,\"a\",@progbits\n\t"
			 ".quad 661b, space_switch_guarded\n\t"
			 ".long 662b - 661b, %c2\n\t"
			 ".popsection" ::"a"(root.raw),
			 "i"(CPU_SCRATCH_ROOT), "i"(PATCH_SWITCH | PATCH_CALL)
			 : "memory", "cc");
}

void arch_space_activate_kernel(void)
{
	arch_space_activate(paging_kernel_root());
}

void arch_tlb_flush_page(vaddr_t va)
{
	__asm__ volatile("invlpg (%0)" ::"r"(va.raw) : "memory");
}

/* User translations: kernel ones are global and never change. With isolation this CPU forgot them when it entered the kernel. */
void arch_tlb_flush_all(void)
{
	if (porch_pml4)
		return;
	write_cr3(arch_this_cpu()->arch_scratch[0]);
}
