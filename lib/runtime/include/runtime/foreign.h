// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * For a C library that has the FS base point to thread blocks of its own and makes threads itself (lib/posix). The word at %fs:0x20 of
 * its blocks leads to the runtime's block of that thread, which lies in memory that the library sets aside.
 */
#pragma once

#include <abi/region.h>
#include <stddef.h>

/* The calling thread's. */
void *runtime_thread_block(void);

/* Bytes of one, to be aligned to 64. */
size_t runtime_foreign_block_bytes(void);
/* By whoever makes a thread, before it starts: gives the block. */
void *runtime_foreign_block(void *memory);
/* By the thread, first of all and after the FS base was set: its ring. */
void runtime_foreign_begin(struct cap_region *region);
/* By the thread, last of all: gives up what the runtime holds for it. Queued; the thread's next entry does it. */
void runtime_foreign_end(void);
