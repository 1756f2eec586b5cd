// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Capture: the messages of one process's calls, copied up to a bound into memory that its creator gave (abi/capture.h).
 *
 * The frames are committed when capturing begins, so that writing a record is stores through the direct map: no
 * allocation, no fault, no failure. Records of several CPUs are ordered by a lock, innermost of all but the log's.
 */
#pragma once

#include <abi/capture.h>
#include <abi/status.h>
#include <core/lock.h>
#include <core/types.h>

struct capture;
struct memory;
struct process;

/* Before the process has a thread. Takes a reference on memory. INVALID: too small, too large, or not writable memory;
 * NO_QUOTA, NO_MEMORY. */
enum status capture_start(struct process *process, struct memory *memory);
void capture_end(struct process *process);

/* A record with all of *what but sequence, time and message, of which the first bytes are at `message` (whole words). */
void capture_write(struct capture *capture, const struct capture_record *what, const void *message);
