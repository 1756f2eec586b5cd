// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Memory for a pool (pool/pool.h) in a process: chunks of 256 KiB whose pages are all taken before they are used, so that a ledger or
 * a machine that has no more is an answer of pool_alloc and never a fault. Needs VirtualMemory.
 */
#pragma once

#include <abi/cap.h>
#include <abi/status.h>
#include <pool/pool.h>

struct rpc_transport;

struct pool_mapped {
	struct pool pool;
	struct rpc_transport *transport;
	cap_id space;
	uint64_t max_bytes;
};

/* At most max_bytes in chunks. */
void pool_mapped_init(struct pool_mapped *mapped, struct rpc_transport *transport, cap_id space,
		      uint64_t max_bytes);

/* Zeroed pages, all there, mapped for writing. *memory is the caller's. Errors: those of the calls. */
enum status pool_map_memory(struct rpc_transport *transport, cap_id space, uint64_t bytes, cap_id *memory,
			    uint64_t *address);
