// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Waiting for a word to change: what everything else in lib/sync, and other people's threads (POSIX), are built on.
 *
 * - A word is 32 bits in this process's memory, aligned. A thread says which value it saw and sleeps, unless the word has
 *   another one by then; who changes the word wakes whom it wants to wake. Waiters of a word wake in the order in which
 *   they came.
 * - Who waits where is kept in a table of this library, under short locks; the kernel knows of permits only
 *   (runtime/thread.h) and reads no word. Nothing is allocated: a waiter is on its thread's stack.
 * - A wait may also end without a reason: look at the word again.
 * - A thread waits by its handle (thread_self). One that cannot have it (no quota for one more capability) sleeps in short steps.
 */
#pragma once

#include <abi/status.h>
#include <stdint.h>

#define SYNC_ALL UINT32_MAX
#define SYNC_AT_ONCE 1ull /* a deadline that has passed: do not sleep */

/*
 * Sleeps while *word is `seen`. OK: somebody woke this thread, or nobody. Errors: AGAIN: *word is something else; TIMED_OUT at
 * deadline_ns (absolute, monotonic; 0: none).
 */
enum status sync_wait(uint32_t *word, uint32_t seen, uint64_t deadline_ns);

/* Wakes up to `count` threads that wait for *word (it is not looked at). Returns how many. */
uint32_t sync_wake(uint32_t *word, uint32_t count);

/* In a clone of a process of several threads: nobody waits, and no lock of this table is held. */
void sync_forget(void);

/* Wakes up to `count`, and lets those that are left wait for *other from now on, behind its own. Returns how many woke. */
uint32_t sync_wake_and_move(uint32_t *word, uint32_t count, uint32_t *other);
