// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Regions: the memory that a thread shares with the kernel, and the kernel's private ring beside it.
 *
 * A region is one naturally aligned block of frames, so that the kernel sees it whole through the direct map (up to
 * 1 MiB; docs/architecture.md says why not a page list). It is mapped into the process, pinned, and goes back to the
 * allocator when the thread has ended and the CPUs have left the kernel once; or, one at a time and of default geometry,
 * it stays for the next thread of the process (struct thread_parts). What is in it then was this process's own.
 */
#include "ops.h"
#include "promise.h"

#include <arch/entry.h>
#include <arch/memory.h>
#include <core/clock.h>
#include <core/log.h>
#include <mm/frame.h>
#include <mm/slab.h>
#include <ring/record.h>

static bool is_power_of_two(uint32_t x) /* or 0 */
{
	return (x & (x - 1)) == 0;
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
	*out = (struct layout){.submissions = n, .completions = 2 * n};
	out->sq_off = CAP_REGION_CONTROL_SIZE;
	out->cq_off = out->sq_off + n * (uint32_t)sizeof(struct cap_sqe);
	out->arena_off = out->cq_off + 2 * n * (uint32_t)sizeof(struct cap_cqe);
	out->size = (uint32_t)align_up(out->arena_off + arena, PAGE_SIZE);
	out->arena_len = out->size - out->arena_off;
	if (out->size > CAP_REGION_MAX)
		return STATUS_INVALID;
	while ((PAGE_SIZE << out->order) < out->size)
		out->order++;
	return STATUS_OK;
}

/* All that is read before it is written; an upcall's frame of the process's last thread is like what that left in the arena. */
static void write_header(struct ring *ring, const struct layout *layout)
{
	struct cap_region *control = ring->control;

	control->polled = control->reserved1 = 0;
#pragma clang loop unroll(full)
	for (unsigned i = 0; i < array_size(control->reserved0); i++)
		control->reserved0[i] = 0;
	control->sq_tail = control->sq_head = control->cq_head = control->cq_tail = 0;
	control->upcall_entry = control->upcall_mask = control->upcall_pending = control->upcall_faults = 0;
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

/* What no table's count of removals ever is, nor REQUEST_FORGOTTEN: nothing is remembered under it, also by requests whose last ring
 * knew the words of a call. */
static const uint64_t nothing_removed = REQUEST_FORGOTTEN - 1;

/* Fresh ones, or those of a ring that nobody can reach any more: released, but perhaps not free. */
static void chain_requests(struct ring *ring)
{
	for (uint32_t i = ring->request_count; i-- > 0;) {
		struct request *request = &ring->requests[i];
		request->claim = 0;
		request->memory.count = &nothing_removed;
		list_init(&request->followers);
		request->next = ring->free;
		ring->free = request;
	}
}

static void bind_requests(struct ring *ring, const struct thread_parts *parts, uint32_t count)
{
	struct request *requests = parts->requests;

	ring->requests = requests;
	ring->request_count = count;
	ring->free = parts->free;
	if (ring->free == NULL)
		chain_requests(ring);
#pragma clang loop unroll_count(4)
	for (uint32_t i = 0; i < count; i++)
		requests[i].ring = ring;
}

static void bind_region(struct ring *ring, unsigned char *base, const struct layout *layout)
{
	ring->control = (struct cap_region *)(void *)base;
	ring->sq = (struct cap_sqe *)(void *)(base + layout->sq_off);
	ring->cq = (struct cap_cqe *)(void *)(base + layout->cq_off);
	ring->arena = base + layout->arena_off;
	ring->sq_mask = layout->submissions - 1;
	ring->sq_quick = ring_thread(ring)->process->capture != NULL ? 0 : layout->submissions;
	ring->cq_count = layout->completions;
	ring->cq_mask = layout->completions - 1;
	ring->wait_max = layout->completions / 2;
	ring->room_alone = ring->sq_quick != 0 ? ring->wait_max : 0;
	ring->arena_len = layout->arena_len;
	ring->region_order = layout->order;
	ring->parked = NULL;
	list_init(&ring->posted);
	list_init(&ring->held);
	ring->memory.source.removals = REQUEST_FORGOTTEN;
	ring->memory.source.count = &nothing_removed;
	for (unsigned i = 0; i < RING_THINGS; i++) {
		ring->memory.things[i].removals = REQUEST_FORGOTTEN;
		ring->memory.things[i].count = &nothing_removed;
	}
	for (unsigned i = 0; i < RING_TARGETS; i++) {
		ring->memory.targets[i].word = ~0ull; /* no operation that there is */
		ring->memory.targets[i].removals = REQUEST_FORGOTTEN;
		ring->memory.targets[i].count = &nothing_removed;
	}
	ring->memory.target = ring->memory.targets;
	ring->session_ended = &ring_thread(ring)->process->session->ended;
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

/* Waiting share, and the spare. */
static uint32_t request_count(const struct layout *layout)
{
	return layout->submissions + 1;
}

/* The save area and the requests behind it: one block, since a hand-over and a call touch both. With AVX and the default geometry it is
 * four pages, and all four are cleared when the thread has ended: no room for a larger request. */
static size_t private_bytes(uint32_t requests)
{
	return arch_fpu_size() + requests * sizeof(struct request);
}

static enum status create_parts(struct process *process, const struct layout *layout,
				struct thread_parts *parts)
{
	size_t bytes = private_bytes(request_count(layout));
	vaddr_t user = VADDR(0);
	enum status status = ledger_charge(&process->ledger, LEDGER_PAGES, 1ull << layout->order);

	if (status != STATUS_OK)
		return status;
	status = STATUS_NO_MEMORY;
	parts->fpu_area = heap_alloc_paused(bytes);
	if (parts->fpu_area == NULL)
		goto credit;
	parts->requests = (char *)parts->fpu_area + arch_fpu_size();
	parts->free = NULL;
	paddr_t block = frame_alloc_paused(layout->order);
	if (block.raw == PADDR_NONE.raw)
		goto free_private;
	status = map_region(process, block, layout, &user);
	if (status != STATUS_OK)
		goto free_block;
	parts->region = phys_to_virt(block);
	parts->region_user = user.raw;
	return STATUS_OK;

free_block:
	frame_free_paused(block, layout->order);
free_private:
	heap_free_paused(parts->fpu_area, bytes);
credit:
	ledger_credit(&process->ledger, LEDGER_PAGES, 1ull << layout->order);
	return status;
}

static void destroy_parts(struct process *process, const struct thread_parts *parts, uint32_t requests,
			  uint32_t order)
{
	heap_free_paused(parts->fpu_area, private_bytes(requests));
	frame_free_paused(virt_to_phys(parts->region), order);
	ledger_credit(&process->ledger, LEDGER_PAGES, 1ull << order);
}

/* Takes what an ended thread left. */
static bool take_spare(struct process *process, struct thread_parts *parts)
{
	spin_lock(&process->lock);
	bool ready = process->spare_thread.state == PARTS_READY;
	if (ready) {
		*parts = process->spare_thread;
		process->spare_thread.state = PARTS_NONE;
	}
	spin_unlock(&process->lock);
	return ready;
}

static bool is_default(struct ring_geometry geometry)
{
	return geometry.submissions == 0 && geometry.arena == 0;
}

enum status ring_create(struct thread *thread, struct ring_geometry geometry)
{
	struct ring *ring = &thread->ring;
	struct thread_parts parts;
	struct layout layout;
	enum status status = compute_layout(geometry, &layout);

	if (status != STATUS_OK)
		return status;
	ring->is_default = is_default(geometry);
	if (!ring->is_default || !take_spare(thread->process, &parts))
		status = create_parts(thread->process, &layout, &parts);
	if (status != STATUS_OK)
		return status;
	bind_region(ring, parts.region, &layout);
	bind_requests(ring, &parts, request_count(&layout));
	ring->region_user = parts.region_user;
	thread->fpu_area = parts.fpu_area;
	return STATUS_OK;
}

#ifdef CAPOS_DEBUG
[[maybe_unused]] static uint32_t free_requests(const struct ring *ring)
{
	uint32_t count = 0;

	for (const struct request *request = ring->free; request != NULL; request = request->next)
		count++;
	return count;
}
#endif

static struct thread_parts parts_of(const struct thread *thread)
{
#ifdef CAPOS_DEBUG /* nothing pending: all are free, and none is lost */
	kassert(thread->ring.pending != 0 || free_requests(&thread->ring) == thread->ring.request_count);
#endif
	return (struct thread_parts){.state = PARTS_READY,
				     .region = thread->ring.control,
				     .region_user = thread->ring.region_user,
				     .requests = thread->ring.requests,
				     .free = thread->ring.pending == 0 ? thread->ring.free : NULL,
				     .fpu_area = thread->fpu_area};
}

bool ring_promise(struct thread *thread)
{
	struct process *process = thread->process;

	thread->ring.is_promised = thread->ring.is_default && process->state == PROCESS_RUNNING &&
				   process->spare_thread.state == PARTS_NONE;
	if (thread->ring.is_promised)
		process->spare_thread.state = PARTS_PROMISED;
	return thread->ring.is_promised;
}

void ring_destroy(struct thread *thread)
{
	struct ring *ring = &thread->ring;
	struct thread_parts parts = parts_of(thread);

	answers_free(ring);
	promise_fini(ring);
	if (ring->is_promised) {
		spin_lock(&thread->process->lock);
		thread->process->spare_thread = parts;
		spin_unlock(&thread->process->lock);
	} else {
		destroy_parts(thread->process, &parts, ring->request_count, ring->region_order);
	}
}

void ring_destroy_spare(struct process *process)
{
	struct thread_parts parts;
	struct layout layout;

	if (!take_spare(process, &parts))
		return;
	enum status status = compute_layout((struct ring_geometry){}, &layout);
	kassert(status == STATUS_OK);
	destroy_parts(process, &parts, request_count(&layout), layout.order);
}
