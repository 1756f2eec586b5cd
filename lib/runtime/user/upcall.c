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
