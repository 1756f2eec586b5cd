// SPDX-License-Identifier: MIT OR Apache-2.0
#include "stacks.h"

#ifdef CAPOS_DEBUG
#include "percpu.h"

#include <core/log.h>

#define PAINT 0x57ac4ed57ac4ed00ull
#define STACK_BYTES ((STACK_KERNEL_END - STACK_DEBUG_END - 1) * PAGE_SIZE)

static uint64_t *bottom(unsigned cpu_id)
{
	return (uint64_t *)(stack_top(cpu_id, STACK_KERNEL_END) - STACK_BYTES);
}

void stacks_paint(unsigned cpu_id)
{
	for (size_t i = 0; i < STACK_BYTES / 8; i++)
		bottom(cpu_id)[i] = PAINT;
}

static size_t used(unsigned cpu_id)
{
	const volatile uint64_t *words = bottom(cpu_id);
	size_t clean = 0;

	while (clean < STACK_BYTES / 8 && words[clean] == PAINT)
		clean++;
	return STACK_BYTES - clean * 8;
}

void stacks_report(void)
{
	size_t most = 0;
	unsigned where = 0;

	for (unsigned i = 0; i < percpu_count; i++)
		if (used(i) > most) {
			most = used(i);
			where = i;
		}
	log_line(most > STACK_BYTES / 4 * 3 ? LOG_ERROR : LOG_INFO,
		 "kernel stacks: %u of %u bytes were used at most, on CPU %u%s", (unsigned)most,
		 (unsigned)STACK_BYTES, where, most > STACK_BYTES / 4 * 3 ? ": too deep" : "");
}
#endif
