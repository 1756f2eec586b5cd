// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Threads of the C library. Each has a record at the top of its stack, which the library maps and unmaps: a stack is unmapped when its
 * thread has really ended, so whoever unmaps it (pthread_join) waits for that here. The last such stack is kept as it is, guard and all: the
 * next thread takes it, and nothing is mapped, closed, opened, touched for the first time and unmapped for it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Null in programs that make no threads. */
#define POSIX_OF_THREADS [[gnu::weak, gnu::visibility("hidden")]]

/* Before [address, address + bytes) is unmapped. True: it was a stack, and is kept for the next thread. */
POSIX_OF_THREADS bool posix_threads_leave(uint64_t address, uint64_t bytes);
/* What musl maps for a thread: `guard` bytes at its lower end are closed. MAP_FAILED with errno. */
void *posix_stack_map(size_t bytes, size_t guard);
/* What a thread has of signals. */
struct posix_thread_signals {
	uint64_t blocked;
	uint64_t restored; /* blocked again at the end of this call, if `restores` */
	bool restores;
};
/* The calling thread's; null: it is the first, whose are in signal.c. */
POSIX_OF_THREADS struct posix_thread_signals *posix_thread_signals(void);
/* Are there others, or stacks of such as have ended? */
POSIX_OF_THREADS bool posix_threads_exist(void);
/* In a clone: the calling thread is its only one. */
POSIX_OF_THREADS void posix_threads_forked(void);
/* What the end of a thread changes besides: *word becomes 0, and who waits for it wakes. */
POSIX_OF_THREADS void posix_thread_clear(void);
