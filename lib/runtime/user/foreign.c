// SPDX-License-Identifier: MIT OR Apache-2.0
#include <runtime/foreign.h>

#include "thread_block.h"

void *runtime_thread_block(void)
{
	return thread_block_current();
}

size_t runtime_foreign_block_bytes(void)
{
	return sizeof(struct thread_block);
}

void *runtime_foreign_block(void *memory)
{
	struct thread_block *block = memory;

	*block = (struct thread_block){
		.self = block, .block = block, .canary = thread_block_current()->canary};
	return block;
}

void runtime_foreign_begin(struct cap_region *region)
{
	ring_client_init(&thread_block_current()->ring, region);
}

void runtime_foreign_end(void)
{
	struct thread_block *block = thread_block_current();

	ring_release(&block->ring, block->own);
	block->own = CAP_ID_NULL;
}
