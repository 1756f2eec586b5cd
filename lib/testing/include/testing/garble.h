// SPDX-License-Identifier: MIT OR Apache-2.0
/* A client that sends anything at all: random methods with random messages, well-formed by chance only. */
#pragma once

#include <runtime/ring.h>

/*
 * Calls of methods below `methods` (and some above) of that interface. Some bring `others`, capabilities of the caller's. Whatever comes back is
 * released. Gives how many were answered with STATUS_OK.
 */
uint32_t garble(struct ring_client *ring, cap_id target, uint64_t interface_id, uint32_t methods,
		const cap_id *others, uint32_t other_count, uint32_t calls, uint64_t seed);
