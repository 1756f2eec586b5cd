// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Regions: the memory that a thread shares with the kernel, and the kernel's private ring beside it.
 *
 * A region is one naturally aligned block of frames, so that the kernel sees it whole through the direct map (up to
 * 1 MiB; docs/architecture.md says why not a page list). It is mapped into the process, pinned, and goes back to the
 * allocator when the thread has ended and the CPUs have left the kernel once.
 */
#include "ops.h"

#include <arch/memory.h>
#include <core/clock.h>
#include <mm/frame.h>
#include <mm/slab.h>

static bool is_power_of_two(uint32_t x)
{
	return x != 0 && (x & (x - 1)) == 0;
}

struct layout {
	uint32_t submissions, completions, sq_off, cq_off, arena_off, arena_len, size, order;
};

static enum status compute_layout(struct ring_geometry geometry, struct layout *out)
{
	uint32_t n = geometry.submissions != 0 ? geometry.submissions : CAP_SQ_DEFAULT;
	uint32_t arena = geometry.arena != 0 ? geometry.arena : CAP_ARENA_DEFAULT;

	if (!is_power_of_two(n) || n < CAP_SQ_MIN || n > CAP_SQ_MAX || arena % PAGE_SIZE != 0 ||
	    arena > CAP_REGION_MAX)
		return STATUS_INVALID;
	*out = (struct layout){.submissions = n, .completions = 2 * n, .arena_len = arena};
	out->sq_off = CAP_REGION_CONTROL_SIZE;
	out->cq_off = out->sq_off + n * (uint32_t)sizeof(struct cap_sqe);
	out->arena_off = (uint32_t)align_up(out->cq_off + 2 * n * sizeof(struct cap_cqe), PAGE_SIZE);
	out->size = out->arena_off + arena;
	if (out->size > CAP_REGION_MAX)
		return STATUS_INVALID;
	while ((PAGE_SIZE << out->order) < out->size)
		out->order++;
	return STATUS_OK;
}

static void write_header(struct ring *ring, const struct layout *layout)
{
	struct cap_region *control = ring->control;

	control->magic = CAP_REGION_MAGIC;
	control->version = CAP_REGION_VERSION;
	control->size = layout->size;
	control->sq_off = layout->sq_off;
	control->sq_count = layout->submissions;
	control->cq_off = layout->cq_off;
	control->cq_count = layout->completions;
	control->arena_off = layout->arena_off;
	control->arena_len = layout->arena_len;
	control->clock = clock_parameters();
}

static enum status create_requests(struct ring *ring, uint32_t count)
{
	ring->requests = heap_alloc(count * sizeof(struct request));
	if (ring->requests == NULL)
		return STATUS_NO_MEMORY;
	ring->request_count = count;
	for (uint32_t i = count; i-- > 0;) {
		struct request *request = &ring->requests[i];
		request->ring = ring;
		request->next = ring->free;
		ring->free = request;
	}
	return STATUS_OK;
}

static void bind_memory(struct ring *ring, paddr_t block, const struct layout *layout)
{
	unsigned char *base = phys_to_virt(block);

	ring->control = (struct cap_region *)(void *)base;
	ring->sq = (struct cap_sqe *)(void *)(base + layout->sq_off);
	ring->cq = (struct cap_cqe *)(void *)(base + layout->cq_off);
	ring->arena = base + layout->arena_off;
	ring->sq_mask = layout->submissions - 1;
	ring->cq_count = layout->completions;
	ring->arena_len = layout->arena_len;
	ring->region_order = layout->order;
	list_init(&ring->posted);
	write_header(ring, layout);
}

/* Maps the block into the process; the mapping's struct memory is dropped with the mapping. */
static enum status map_region(struct process *process, paddr_t block, const struct layout *layout,
			      vaddr_t *out)
{
	struct memory *memory;
	enum status status = memory_create_physical(&process->ledger, block, layout->size / PAGE_SIZE, false,
						    false, &memory);

	if (status != STATUS_OK)
		return status;
	status = space_map_pinned(&process->space, memory, VADDR(0), PAGE_READ | PAGE_WRITE, out);
	memory_put(memory);
	return status;
}

enum status ring_create(struct thread *thread, struct ring_geometry geometry)
{
	struct ring *ring = &thread->ring;
	struct ledger *ledger = &thread->process->ledger;
	struct layout layout;
	vaddr_t user = VADDR(0);
	enum status status = compute_layout(geometry, &layout);

	if (status != STATUS_OK)
		return status;
	status = ledger_charge(ledger, LEDGER_PAGES, 1ull << layout.order);
	if (status != STATUS_OK)
		return status;
	paddr_t block = frame_alloc(layout.order);
	if (block.raw == PADDR_NONE.raw) {
		status = STATUS_NO_MEMORY;
		goto credit;
	}
	bind_memory(ring, block, &layout);
	status = create_requests(ring, layout.submissions + 1); /* waiting share, and the spare */
	if (status != STATUS_OK)
		goto free_block;
	status = map_region(thread->process, block, &layout, &user);
	if (status != STATUS_OK)
		goto free_requests;
	ring->region_user = user.raw;
	return STATUS_OK;

free_requests:
	heap_free(ring->requests, ring->request_count * sizeof(struct request));
free_block:
	frame_free(block, layout.order);
credit:
	ledger_credit(ledger, LEDGER_PAGES, 1ull << layout.order);
	return status;
}

void ring_destroy(struct thread *thread)
{
	struct ring *ring = &thread->ring;

	answers_free(ring);
	heap_free(ring->requests, ring->request_count * sizeof(struct request));
	frame_free(virt_to_phys(ring->control), ring->region_order);
	ledger_credit(&thread->process->ledger, LEDGER_PAGES, 1ull << ring->region_order);
}
