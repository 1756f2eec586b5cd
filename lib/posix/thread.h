// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Threads of the C library. Each has a record at the top of its stack, which the library maps and unmaps: a stack is unmapped when its
 * thread has really ended, so whoever unmaps it (pthread_join) waits for that here.
 */
#pragma once

#include <stdint.h>

/* Null in programs that make no threads. */
#define POSIX_OF_THREADS [[gnu::weak, gnu::visibility("hidden")]]

/* Before [address, address + bytes) is unmapped. */
POSIX_OF_THREADS void posix_threads_leave(uint64_t address, uint64_t bytes);
/* What the end of a thread changes besides: *word becomes 0, and who waits for it wakes. */
POSIX_OF_THREADS void posix_thread_clear(void);
