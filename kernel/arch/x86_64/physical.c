// SPDX-License-Identifier: MIT OR Apache-2.0
/* Access to what loader and firmware left in memory, while boot32.S's page tables map the first 4 GiB one to one. */
#include "bootinfo.h"

#include <stdckdint.h>

const void *boot_physical(uint64_t address, uint64_t size)
{
	uint64_t end;

	if (address == 0 || ckd_add(&end, address, size) || end > 1ull << 32)
		return NULL;
	return (const void *)address;
}
