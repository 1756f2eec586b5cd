// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Upcalls, the part in C: runs the handler, then lets the next upcall come.
 */
#include <runtime/enter.h>
#include <runtime/upcall.h>

#include "thread_block.h"

extern uint8_t runtime_upcall_entry[];
void runtime_upcall(struct cap_upcall_frame *frame);

/* Called by upcall_entry.S with the copy of the frame from which the thread will go on. */
void runtime_upcall(struct cap_upcall_frame *frame)
{
	struct thread_block *block = thread_block_current();
	struct cap_region *region = block->ring.region;

	if (block->upcall)
		block->upcall(frame->reason, frame);
	/* The frame in the region is free for the next one from here on. */
	__atomic_store_n(&region->upcall_mask, 0, __ATOMIC_SEQ_CST);
	/* What came meanwhile was kept for an entry; the upcall that follows it nests in this one. */
	while (__atomic_load_n(&region->upcall_pending, __ATOMIC_SEQ_CST))
		(void)runtime_cap_enter(0, 0);
}

void upcall_set_handler(upcall_handler *handler, bool faults)
{
	struct thread_block *block = thread_block_current();
	struct cap_region *region = block->ring.region;

	block->upcall = handler;
	__atomic_store_n(&region->upcall_faults, handler && faults, __ATOMIC_RELEASE);
	__atomic_store_n(&region->upcall_entry, handler ? (uint64_t)(uintptr_t)runtime_upcall_entry : 0,
			 __ATOMIC_RELEASE);
}

static struct cap_region *region_of_thread(void)
{
	return thread_block_current()->ring.region;
}

/* The kernel writes the word only while it is 0, and then before this thread goes on. */
void upcall_hold(void)
{
	struct cap_region *region = region_of_thread();

	__atomic_store_n(&region->upcall_mask, region->upcall_mask + 1, __ATOMIC_SEQ_CST);
}

uint32_t upcall_holds(void)
{
	return (uint32_t)region_of_thread()->upcall_mask;
}

uint64_t upcall_take(void)
{
	struct cap_region *region = region_of_thread();

	if (__atomic_load_n(&region->upcall_pending, __ATOMIC_RELAXED) == 0)
		return 0;
	return __atomic_exchange_n(&region->upcall_pending, 0, __ATOMIC_SEQ_CST);
}

void upcall_release(void)
{
	struct cap_region *region = region_of_thread();
	uint64_t holds = region->upcall_mask;

	if (holds > 0)
		__atomic_store_n(&region->upcall_mask, holds - 1, __ATOMIC_SEQ_CST);
	if (holds <= 1 && __atomic_load_n(&region->upcall_pending, __ATOMIC_SEQ_CST))
		(void)runtime_cap_enter(0, 0);
}
