// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Names for kernel addresses, from the table that tools/ksyms puts into the image (the format is described there).
 *
 * Kernel addresses never leave the kernel, not even in the log: a frame is printed as function and offset. Without a
 * table (host kernel, first link pass) frames have no name, and only their number is told.
 */
#include <core/log.h>

struct ksyms {
	uint32_t count, names_size;
	struct {
		uint32_t address, name;
	} entries[];
};

/* The linker script's and the tool's; weak, so that the kernel links without. */
extern const struct ksyms ksyms_start[] __attribute__((weak));

#define KERNEL_BASE 0xffffffff80000000ull

/* The last symbol at or before `offset`, or NULL. */
static const char *find_symbol(uint32_t offset, uint32_t *distance)
{
	const struct ksyms *table = ksyms_start;
	uint32_t low = 0, high;

	if (!table || table->count == 0 || offset < table->entries[0].address)
		return NULL;
	high = table->count;
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (table->entries[middle].address <= offset)
			low = middle;
		else
			high = middle;
	}
	*distance = offset - table->entries[low].address;
	return (const char *)&table->entries[table->count] + table->entries[low].name;
}

void log_backtrace(const uint64_t *pcs, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const char *name = NULL;
		uint32_t distance = 0;

		/* A return address may be the first byte of the next function: look just before it. */
		if (pcs[i] > KERNEL_BASE && pcs[i] - KERNEL_BASE <= UINT32_MAX)
			name = find_symbol((uint32_t)(pcs[i] - 1 - KERNEL_BASE), &distance);
		if (name)
			log_line(LOG_ERROR, "  at %s+0x%x", name, distance + 1);
		else
			log_line(LOG_ERROR, "  at frame %u (no symbol)", i);
	}
}
