// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A process that goes on as two: what fork stands on (ProcessSpawner.clone says what both have afterwards).
 *
 * - Returns twice: in the caller with the clone's handle, and in the clone with CAP_ID_NULL, on a copy of the calling thread's
 *   stack, with its thread-local variables and callee-saved registers, and a fresh ring.
 * - The clone has one thread. What other threads were doing to the program's data (locks that they held) stays as it was at
 *   that moment. Calls that the calling thread has in flight, and buffers of results that it has not ended, are not the
 *   clone's: end them before, and use nothing of them there.
 * - Upcall entry and mask are those of a new thread: none.
 */
#pragma once

#include <abi/cap.h>
#include <abi/status.h>
#include <message/message.h>

struct rpc_transport;

struct runtime_clone_options {
	struct msg_text name; /* empty: the caller's */
	cap_id session;       /* CAP_ID_NULL: the caller's */
	uint64_t pages;       /* limits; 0: the default */
	uint32_t capabilities;
	uint32_t threads;
	uint32_t processes;
};

/* `spawner` is a ProcessSpawner with its method clone; options may be null. On failure there is no clone. */
enum status runtime_clone(cap_id spawner, const struct runtime_clone_options *options, cap_id *process);
