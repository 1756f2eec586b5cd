// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What a call by id, without flags, to a kernel object resolves to; remembered by the ring that made it. It still does while nothing
 * has left the process's table (cap_table_removals, of the slot), and the table entry keeps the view. Only what is under no gate is
 * remembered.
 */
#pragma once

#include <core/types.h>
#include <rpc/rpc.h>

struct view;

struct call_target {
	uint64_t word; /* the submission's first: operation and method */
	uint64_t id;
	uint64_t interface_id;
	uint64_t
		removals; /* what *count said before it was looked up; REQUEST_FORGOTTEN: nothing is remembered */
	const uint64_t *count; /* cap_table_removals */
	rpc_method_fn *method; /* of the kernel object */
	void *self;            /* and the object */
	uint64_t object_id;
	uint32_t event; /* for the flight recorder: recorder_pack() but for the message's length */
	struct view *view;
};

/* Of each ring. */
#define RING_TARGETS 4u
