// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Threads, parking and locks.
 *
 * - A thread has a stack with a guard page below it, thread-local memory (_Thread_local works) and a ring of its own.
 *   Making one needs "threadSpawner" and "virtualMemory".
 * - Park and unpark are built on the wake permit of the kernel: one bit, so that an unpark before the park is not
 *   lost. The ring keeps a permit that arrives during a call, and the next park returns at once.
 */
#pragma once

#include <abi/cap.h>
#include <abi/status.h>

struct thread {
	cap_id handle;              /* ThreadHandle; the caller's, until thread_join or thread_detach */
	struct thread_block *block; /* in its own mapping, which stays until it is joined */
};

struct thread_options {
	uint32_t stack_bytes; /* 0: 64 KiB, less what thread-local memory takes of it */
	uint32_t submissions; /* ring geometry; 0: the default */
	uint32_t arena_bytes;
};

/* options may be null. `body`'s result is the thread's exit code. Errors: NOT_GRANTED, those of the two capabilities. */
enum status thread_start(struct thread *thread, int64_t (*body)(void *), void *argument,
			 const struct thread_options *options);
/* Waits for its end, and frees what thread_start made. code may be null. */
enum status thread_join(struct thread *thread, int64_t *code);
/* Nobody will join it: it frees all that thread_start made when it ends. One that has ended already is joined. */
enum status thread_detach(struct thread *thread);
/* Ends the calling thread, as returning from its body does. In the first thread: the process goes on while it has others. */
[[noreturn]] void thread_exit(int64_t code);
/*
 * A ThreadHandle of the calling thread, for others of this process to unpark it by; made once for each thread that asks, and
 * released when it ends. Errors: NOT_GRANTED without "threadSpawner"; those of ThreadSpawner.current.
 */
enum status thread_self(cap_id *handle);

/* The calling thread sleeps until somebody unparks it, or the deadline (monotonic ns; 0: none) passes: TIMED_OUT. */
enum status thread_park(uint64_t deadline_ns);
/* `thread` is a ThreadHandle of the thread to wake. */
enum status thread_unpark(cap_id thread);
/* Both in one entry: this thread sleeps, that one goes on. Errors are of either; if the other could not be woken, nobody sleeps. */
enum status thread_hand_over(cap_id thread, uint64_t deadline_ns);

/* A lock for short sections that never wait for anything else. Not recursive. */
struct spin_lock {
	uint32_t taken;
};
void spin_lock_acquire(struct spin_lock *lock);
void spin_lock_release(struct spin_lock *lock);
