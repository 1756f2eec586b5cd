// SPDX-License-Identifier: MIT OR Apache-2.0
/* Mapping a page, touching it, unmapping it; and the page fault alone that gives a zeroed page. */
#include <runtime/runtime.h>
#include <schema/kernel/virtual_memory.capnp.h>

#include "bench.h"

enum { PAGE = 4096, PAGES = 512 };

static volatile uint8_t *allocate(const struct bench *b, uint64_t bytes)
{
	uint64_t address = 0;
	enum status status = virtual_memory_allocate(b->transport, b->memory, bytes, 0, &address);

	if (status != STATUS_OK)
		bench_fail("allocate", status);
	return (volatile uint8_t *)(uintptr_t)address;
}

static void release(const struct bench *b, const volatile uint8_t *base, uint64_t bytes)
{
	enum status status = virtual_memory_unmap(b->transport, b->memory, (uintptr_t)base, bytes);

	if (status != STATUS_OK)
		bench_fail("unmap", status);
}

static void map_touch_unmap(uint32_t operations, void *context)
{
	while (operations--) {
		volatile uint8_t *page = allocate(context, PAGE);

		if (!page)
			return;
		*page = 1;
		release(context, page, PAGE);
	}
}

/* 511 faults; the first touch, which makes the page table, is not counted. */
static void bench_zero_fault(struct bench *b)
{
	struct bench_samples samples;

	for (uint32_t batch = 0; batch < BENCH_BATCHES; batch++) {
		volatile uint8_t *base = allocate(b, PAGES * PAGE);

		if (!base)
			return;
		base[0] = 1;
		if (batch == BENCH_BATCHES - 1)
			BENCH_MARK(1); /* BENCH_BEGIN */

		uint64_t ns = runtime_now(), ticks = bench_tsc();

		for (uint32_t i = 1; i < PAGES; i++)
			base[i * PAGE] = 1;
		samples.ticks[batch] = bench_tsc() - ticks;
		samples.ns[batch] = runtime_now() - ns;
		if (batch == BENCH_BATCHES - 1)
			BENCH_MARK(2); /* BENCH_END */
		release(b, base, PAGES * PAGE);
	}
	bench_row("zero_fault", &samples, PAGES - 1);
}

void bench_memory(struct bench *b)
{
	bench_run("map_touch_unmap", 400, map_touch_unmap, b);
	bench_zero_fault(b);
}
