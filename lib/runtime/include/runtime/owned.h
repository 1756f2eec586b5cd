// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Capabilities that are given back at the end of a block, however it is left:
 *
 *   OWNED struct owned_cap file = {directory_open(...)};
 *   if (...)
 *           return status;                     file.id is released
 *   *out = owned_take(&file);                  it stays: the caller's now
 *
 * - The release is queued on the calling thread's ring, and goes with its next entry. The null id is nothing.
 * - Made once: an owned_cap is not copied, it is taken from.
 */
#pragma once

#include <runtime/ring.h>
#include <runtime/runtime.h>

struct owned_cap {
	cap_id id;
};

static inline void owned_drop(struct owned_cap *owned)
{
	ring_release(runtime_ring(), owned->id);
	owned->id = CAP_ID_NULL;
}

static inline cap_id owned_take(struct owned_cap *owned)
{
	cap_id id = owned->id;

	owned->id = CAP_ID_NULL;
	return id;
}

#define OWNED __attribute__((cleanup(owned_drop)))
