// SPDX-License-Identifier: MIT OR Apache-2.0
/* The kernel's own address space (arch/paging.h has what others may know of it). */
#pragma once

#include <arch/paging.h>

/* Builds the final tables from arch_memory_map, with stacks for `count` CPUs, and makes them this CPU's. From then on the
 * boot page tables and with them the one-to-one map are gone, and memmap_take must not be called again. */
void paging_init(unsigned count);
/* wx.c: panics if the tables do not keep write xor execute. After paging_init. */
void paging_check(void);
/* Physical address of the kernel's root table. */
paddr_t paging_kernel_root(void);
void paging_activate_kernel(void);

/* Maps device registers, uncached, for good; NULL if the window is full. Boot time, after paging_init, one CPU. */
volatile void *device_map(uint64_t address, uint64_t size);

/* Makes boot_pml4 the root that a starting CPU needs: one large page one to one at 0, and the kernel half. */
paddr_t paging_trampoline_begin(void);
void paging_trampoline_end(void);
