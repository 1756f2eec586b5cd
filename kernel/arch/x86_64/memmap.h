// SPDX-License-Identifier: MIT OR Apache-2.0
/* Building arch_memory_map, and taking boot-time pages from it. */
#pragma once

#include "bootinfo.h"

#include <arch/memory.h>

/* From the firmware's list: usable memory first, then everything that overrides it. */
void memmap_init(const struct boot_info *info);
/* Whatever was in [base, base + size) is `kind` now. */
void memmap_set(uint64_t base, uint64_t size, enum arch_memory_kind kind);
/* True if all of [base, base + size) is of `kind`. */
bool memmap_is(uint64_t base, uint64_t size, enum arch_memory_kind kind);
/* `pages` pages of usable memory between 1 MiB and 4 GiB, now KERNEL, not cleared; halts the machine if there are none.
 * Before kernel_main only. */
paddr_t memmap_take(uint64_t pages);
/* One usable page below 640 KiB, now KERNEL, or PADDR_NONE. */
paddr_t memmap_take_low(void);
uint64_t memmap_usable_bytes(void);
