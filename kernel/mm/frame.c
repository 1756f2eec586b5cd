// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The frame allocator: buddy lists behind one lock, and two stacks for each CPU in front: of single frames, and of the blocks that threads
 * are made of, which would otherwise wander from CPU to CPU, line by line.
 *
 * - Invariant F1: a free block of order k is aligned to 2^k frames, its first record has state FREE and order k, and it
 *   is on list k exactly once. Two free buddies of one order do not exist: they are merged (below FRAME_MAX_ORDER).
 * - Invariant F2: a frame that is free and `clean` is all zero. Boot makes no frame clean, so boot touches no memory but
 *   the records; a frame freed is cleared then.
 * - Invariant F3: a frame or block in a CPU's cache has no reference and is on no list. Such a block is clean.
 * - The fast path (order 0, cache neither empty nor full) takes no lock. Fault injection turns the caches off instead
 *   of adding a check to it.
 */
#include <mm/frame.h>

#include <arch/memory.h>
#include <core/cpu.h>
#include <core/lock.h>
#include <core/log.h>
#include <core/work.h>

#include "frame_blocks.h"
#include "frame_private.h"
#include "poison.h"

#define ORDERS (FRAME_MAX_ORDER + 1)
#define NONE UINT32_MAX
#define CACHE_BATCH (CPU_FRAME_CACHE / 2)

enum frame_state : uint8_t {
	FRAME_USED = 0, /* or reserved, or inside a larger free block */
	FRAME_FREE,     /* first of a free block */
};

struct frame *frame_records;
uint64_t frame_first, frame_limit;

static struct spinlock frames_lock = SPINLOCK_INIT(LOCK_RANK_FRAMES);
static uint32_t lists[ORDERS];  /* f: frames_lock: first block of each order */
static uint64_t total_frames;   /* written once */
static uint64_t free_frames;    /* f: without those in caches */
static uint64_t fail_countdown; /* tests only; 0 = off */

static paddr_t address_of(uint32_t index)
{
	return PADDR((frame_first + index) << PAGE_SHIFT);
}

static void list_push(uint32_t index, unsigned order) REQUIRES(frames_lock)
{
	struct frame *f = &frame_records[index];

	f->state = FRAME_FREE;
	f->order = (uint16_t)order;
	f->prev = NONE;
	f->next = lists[order];
	if (f->next != NONE)
		frame_records[f->next].prev = index;
	lists[order] = index;
}

static void list_take(uint32_t index, unsigned order) REQUIRES(frames_lock)
{
	struct frame *f = &frame_records[index];

	if (f->prev != NONE)
		frame_records[f->prev].next = f->next;
	else
		lists[order] = f->next;
	if (f->next != NONE)
		frame_records[f->next].prev = f->prev;
	f->state = FRAME_USED;
}

/* Indexes are relative to frame_first, which is a multiple of the largest block (frame_blocks.h). */
static void free_block(uint32_t index, unsigned order) REQUIRES(frames_lock)
{
	free_frames += 1ull << order;
	for (; order < FRAME_MAX_ORDER; order++) {
		uint32_t buddy = block_buddy(index, order);

		if (buddy >= frame_limit || frame_records[buddy].state != FRAME_FREE ||
		    frame_records[buddy].order != order)
			break;
		list_take(buddy, order);
		index = block_joined(index, order);
	}
	list_push(index, order);
}

/* NONE if there is no block that large. */
static uint32_t alloc_block(unsigned order) REQUIRES(frames_lock)
{
	unsigned from = order;
	uint32_t index;

	while (from < ORDERS && lists[from] == NONE)
		from++;
	if (from == ORDERS)
		return NONE;
	index = lists[from];
	list_take(index, from);
	while (from > order) {
		from--;
		list_push(block_upper(index, from), from);
	}
	free_frames -= 1ull << order;
	return index;
}

static void scrub(void *page)
{
	page_clear(page);
	work_done(PAGE_SIZE);
}

/* With `pause`, interrupts come in between: see frame_alloc_paused. */
static void clean_block(uint32_t index, unsigned order, bool pause)
{
	uint64_t begin = work_begin();

	for (uint32_t i = index; i < index + (1u << order); i++) {
		if (!frame_records[i].clean)
			scrub(phys_to_virt(address_of(i)));
		frame_records[i].clean = false;
		if (pause)
			work_pause(&begin);
	}
}

static bool injected_failure(void)
{
	if (likely(fail_countdown == 0))
		return false;
	if (fail_countdown > 1) {
		fail_countdown--;
		return false;
	}
	return true;
}

/* Fills half of the cache; at least one frame, or false. */
SLOW_PATH static bool refill(struct cpu *cpu)
{
	spin_lock(&frames_lock);
	while (cpu->frames_len < CACHE_BATCH) {
		uint32_t index = alloc_block(0);

		if (index == NONE)
			break;
		cpu->frames[cpu->frames_len] = address_of(index).raw;
		count_own(&cpu->frames_len, 1u);
	}
	spin_unlock(&frames_lock);
	return cpu->frames_len != 0;
}

SLOW_PATH static void spill(struct cpu *cpu, unsigned keep)
{
	spin_lock(&frames_lock);
	while (cpu->frames_len > keep) {
		unsigned last = cpu->frames_len - 1;
		paddr_t frame = PADDR(cpu->frames[last]);

		count_own(&cpu->frames_len, -1u);
		free_block((uint32_t)(frame_of(frame) - frame_records), 0);
	}
	spin_unlock(&frames_lock);
}

static void spill_blocks(struct cpu *cpu)
{
	spin_lock(&frames_lock);
	while (cpu->blocks_len != 0) {
		count_own(&cpu->blocks_len, -1u);
		paddr_t block = PADDR(cpu->blocks[cpu->blocks_len]);
		free_block((uint32_t)(frame_of(block) - frame_records), CPU_BLOCK_ORDER);
	}
	spin_unlock(&frames_lock);
}

static paddr_t take_block(struct cpu *cpu)
{
	count_own(&cpu->blocks_len, -1u);

	paddr_t block = PADDR(cpu->blocks[cpu->blocks_len]);
	struct frame *f = frame_of(block);

	unpoison_memory(phys_to_virt(block), PAGE_SIZE << CPU_BLOCK_ORDER);
	for (unsigned i = 0; i < 1u << CPU_BLOCK_ORDER; i++)
		f[i].clean = false;
	f->refs = 1;
	return block;
}

static uint32_t alloc_from_lists(unsigned order)
{
	spin_lock(&frames_lock);
	uint32_t index = alloc_block(order);
	spin_unlock(&frames_lock);
	return index;
}

/* What is larger than a frame, and everything while failures are injected. */
[[gnu::noinline]] static paddr_t alloc_slow(unsigned order, bool pause)
{
	struct cpu *cpu = this_cpu();

	if (order > FRAME_MAX_ORDER || injected_failure())
		return PADDR_NONE;
	if (order == CPU_BLOCK_ORDER && cpu->blocks_len != 0)
		return take_block(cpu);
	uint32_t index = alloc_from_lists(order);
	if (index == NONE && cpu->blocks_len != 0) {
		spill_blocks(cpu);
		index = alloc_from_lists(order);
	}
	if (index == NONE)
		return PADDR_NONE;
	unpoison_memory(phys_to_virt(address_of(index)), PAGE_SIZE << order);
	clean_block(index, order, pause);
	frame_records[index].refs = 1;
	return address_of(index);
}

[[gnu::noinline]] static paddr_t clean_now(paddr_t frame)
{
	scrub(phys_to_virt(frame));
	return frame;
}

paddr_t frame_alloc(unsigned order)
{
	struct cpu *cpu = this_cpu();
	struct frame *f;
	paddr_t frame;

	if (unlikely(order != 0))
		return alloc_slow(order, false);
	if (unlikely(cpu->frames_len == 0) && (cpu->frames_max == 0 || !refill(cpu)))
		return alloc_slow(order, false);
	unsigned last = cpu->frames_len - 1;
	frame = PADDR(cpu->frames[last]);
	count_own(&cpu->frames_len, -1u);
	f = frame_of(frame);
	f->refs = 1;
	unpoison_memory(phys_to_virt(frame), PAGE_SIZE);
	if (unlikely(!f->clean))
		return clean_now(frame);
	f->clean = false;
	return frame;
}

paddr_t frame_alloc_paused(unsigned order)
{
	return order != 0 ? alloc_slow(order, true) : frame_alloc(0);
}

[[gnu::noinline]] static void free_slow(paddr_t base, unsigned order)
{
	uint32_t index = (uint32_t)(frame_of(base) - frame_records);

	spin_lock(&frames_lock);
	free_block(index, order);
	spin_unlock(&frames_lock);
}

/* Debug kernels do not take a caller's word for it. */
static void check_clean(const uint64_t *page)
{
	for (size_t i = 0; i < PAGE_SIZE / sizeof(*page); i++)
		kassert(page[i] == 0);
}

void frame_free_clean(paddr_t frame)
{
	struct cpu *cpu = this_cpu();
	struct frame *f = frame_of(frame);

	kassert(f->refs == 1);
	if (LOCK_DEBUG)
		check_clean(phys_to_virt(frame));
	f->refs = 0;
	f->clean = true;
	poison_memory(phys_to_virt(frame), PAGE_SIZE);
	if (unlikely(cpu->frames_len >= cpu->frames_max)) {
		if (cpu->frames_max == 0) {
			free_slow(frame, 0);
			return;
		}
		spill(cpu, CPU_FRAME_CACHE - CACHE_BATCH);
	}
	cpu->frames[cpu->frames_len] = frame.raw;
	count_own(&cpu->frames_len, 1u);
}

[[gnu::noinline]] static void free_block_clean(paddr_t base, unsigned order, bool pause)
{
	uint64_t begin = work_begin();
	char *page = phys_to_virt(base);
	struct frame *f = frame_of(base);

	kassert(order <= FRAME_MAX_ORDER && f->refs == 1);
	f->refs = 0;
	for (unsigned i = 0; i < 1u << order; i++) {
		scrub(page + i * PAGE_SIZE);
		f[i].clean = true;
		if (pause)
			work_pause(&begin);
	}
	poison_memory(page, PAGE_SIZE << order);
	struct cpu *cpu = this_cpu();
	if (order == CPU_BLOCK_ORDER && cpu->blocks_len < CPU_BLOCK_CACHE && cpu->frames_max != 0) {
		cpu->blocks[cpu->blocks_len] = base.raw;
		count_own(&cpu->blocks_len, 1u);
		return;
	}
	free_slow(base, order);
}

void frame_free(paddr_t base, unsigned order)
{
	if (unlikely(order != 0)) {
		free_block_clean(base, order, false);
		return;
	}
	scrub(phys_to_virt(base));
	frame_free_clean(base);
}

void frame_free_paused(paddr_t base, unsigned order)
{
	if (order != 0)
		free_block_clean(base, order, true);
	else
		frame_free(base, 0);
}

struct frame_stats frame_stats(void)
{
	struct frame_stats stats = {.total = total_frames};

	spin_lock(&frames_lock);
	stats.free = free_frames;
	spin_unlock(&frames_lock);
	for (unsigned i = 0; i < load_relaxed(&cpu_count); i++)
		stats.free += load_relaxed(&cpus[i].frames_len) +
			      ((uint64_t)load_relaxed(&cpus[i].blocks_len) << CPU_BLOCK_ORDER);
	return stats;
}

void frame_drain_cache(void)
{
	spill(this_cpu(), 0);
	spill_blocks(this_cpu());
}

void frame_fail_after(uint64_t n)
{
	fail_countdown = n;
	for (unsigned i = 0; i < MAX_CPUS; i++)
		cpus[i].frames_max = n ? 0 : CPU_FRAME_CACHE;
	frame_drain_cache();
}

/* --- for frame_init.c ---------------------------------------------------------------------------------------- */

void frame_lists_init(void)
{
	for (unsigned order = 0; order < ORDERS; order++)
		lists[order] = NONE;
	free_frames = total_frames = 0;
}

/* Gives a range to the lists in the largest aligned blocks. */
void frame_add_range(uint64_t first, uint64_t count)
{
	uint64_t index = first - frame_first, end = index + count;

	poison_memory(phys_to_virt(address_of((uint32_t)index)), count << PAGE_SHIFT);
	spin_lock(&frames_lock);
	total_frames += count;
	while (index < end) {
		unsigned order = block_order(index, end);

		free_block((uint32_t)index, order);
		index += 1ull << order;
	}
	spin_unlock(&frames_lock);
}

uint64_t frame_check_list(unsigned order)
{
	uint64_t frames = 0;
	uint32_t prev = NONE;

	spin_lock(&frames_lock);
	for (uint32_t i = lists[order]; i != NONE; prev = i, i = frame_records[i].next) {
		const struct frame *f = &frame_records[i];

		kassert(f->state == FRAME_FREE && f->order == order && f->prev == prev && f->refs == 0);
		kassert((i & ((1u << order) - 1)) == 0 && i + (1u << order) <= frame_limit);
		if (order < FRAME_MAX_ORDER && (i ^ 1u << order) < frame_limit) {
			const struct frame *buddy = &frame_records[i ^ 1u << order];

			kassert(buddy->state != FRAME_FREE || buddy->order != order);
		}
		frames += 1ull << order;
	}
	spin_unlock(&frames_lock);
	return frames;
}

/* Looks without the lock, from a simulated machine that is stopped meanwhile. */
__attribute__((no_sanitize("thread"))) bool frame_is_free(paddr_t frame)
{
	uint64_t index = (frame.raw >> PAGE_SHIFT) - frame_first;

	if (index >= frame_limit ||
	    frame_records[index].refs != 0) /* who frees it takes the last reference away first */
		return false;
	for (unsigned order = 0; order < ORDERS; order++) {
		const struct frame *f = &frame_records[index & ~((1ull << order) - 1)];

		if (f->state == FRAME_FREE && f->order >= order)
			return true;
	}
	for (unsigned i = 0; i < cpu_count; i++) {
		for (unsigned n = 0; n < cpus[i].frames_len; n++) {
			if (cpus[i].frames[n] == frame.raw)
				return true;
		}
		for (unsigned n = 0; n < cpus[i].blocks_len; n++) {
			if (frame.raw - cpus[i].blocks[n] < PAGE_SIZE << CPU_BLOCK_ORDER)
				return true;
		}
	}
	return false;
}
