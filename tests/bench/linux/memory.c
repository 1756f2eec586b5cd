// SPDX-License-Identifier: MIT OR Apache-2.0
/* Mapping a page, touching it, unmapping it; and the page fault alone that gives a zeroed page. */
#define _GNU_SOURCE
#include <sys/mman.h>

#include "guest.h"

enum { PAGE = 4096, PAGES = 512 };

static volatile char *map(size_t bytes)
{
	char *base = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (base == MAP_FAILED)
		bench_fail("mmap");
	return base;
}

static void map_touch_unmap(long operations, void *context)
{
	(void)context;
	while (operations--) {
		volatile char *page = map(PAGE);

		*page = 1;
		munmap((void *)page, PAGE);
	}
}

/* 511 faults below one page table, which the first touch makes and which is not counted. */
static void bench_zero_fault(void)
{
	uint64_t samples[BATCHES];

	for (int batch = -1; batch < BATCHES; batch++) {
		volatile char *base = map(PAGES * PAGE);

		madvise((void *)base, PAGES * PAGE, MADV_NOHUGEPAGE);
		base[0] = 1;
		uint64_t start = bench_clock();
		for (long i = 1; i < PAGES; i++)
			base[i * PAGE] = 1;
		if (batch >= 0)
			samples[batch] = bench_clock() - start;
		munmap((void *)base, PAGES * PAGE);
	}
	bench_samples("zero_fault", samples, PAGES - 1);
}

void bench_memory(void)
{
	bench("map_touch_unmap", 1000, map_touch_unmap, nullptr);
	bench_zero_fault();
}
