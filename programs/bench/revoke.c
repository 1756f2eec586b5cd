// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What revoking costs when much hangs on it: a capability with a thousand copies, which share its gate, and one from
 * which a thousand revocable ones were made in turn, each with a gate of its own that has to be found and marked.
 */
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/revoker.capnp.h>

#include "bench.h"

#define DERIVED 1000u

static cap_id derived[2 * DERIVED];
static uint32_t made;

static void keep(cap_id id)
{
	derived[made++] = id;
}

static enum status copies(struct bench *b, cap_id lent)
{
	enum status status = STATUS_OK;

	for (uint32_t i = 0; i < DERIVED && status == STATUS_OK; i++) {
		cap_id copy = CAP_ID_NULL;

		status = ring_dup(b->ring, lent, &copy);
		keep(copy);
	}
	return status;
}

static enum status gates(struct bench *b, cap_id lent)
{
	enum status status = STATUS_OK;

	for (uint32_t i = 0; i < DERIVED && status == STATUS_OK; i++) {
		cap_id below = CAP_ID_NULL, revoker = CAP_ID_NULL;

		status = capability_manager_make_revocable(b->transport, b->manager, lent, 0, &below,
							   &revoker);
		keep(below);
		keep(revoker);
	}
	return status;
}

/* Only the revocation is timed. */
static void row(struct bench *b, const char *key, enum status (*derive)(struct bench *, cap_id))
{
	struct bench_samples samples;

	for (uint32_t i = 0; i < BENCH_BATCHES; i++) {
		cap_id lent = CAP_ID_NULL, revoker = CAP_ID_NULL;
		uint64_t entries, calls, mappings;
		enum status status = capability_manager_make_revocable(b->transport, b->manager, b->timer, 0,
								       &lent, &revoker);

		made = 0;
		if (status == STATUS_OK)
			status = derive(b, lent);
		ring_flush(b->ring);
		if (i == BENCH_BATCHES - 1)
			BENCH_MARK(1); /* BENCH_BEGIN */

		uint64_t ns = runtime_now(), ticks = bench_tsc();

		if (status == STATUS_OK)
			status = revoker_revoke(b->transport, revoker, &entries, &calls, &mappings);
		samples.ticks[i] = bench_tsc() - ticks;
		samples.ns[i] = runtime_now() - ns;
		if (i == BENCH_BATCHES - 1)
			BENCH_MARK(2); /* BENCH_END */
		for (uint32_t k = 0; k < made; k++)
			ring_release(b->ring, derived[k]);
		ring_release(b->ring, lent);
		ring_release(b->ring, revoker);
		ring_flush(b->ring);
		if (status != STATUS_OK) {
			bench_fail(key, status);
			return;
		}
	}
	bench_row(key, &samples, 1);
}

void bench_revoke(struct bench *b)
{
	row(b, "revoke_1000", copies);
	row(b, "revoke_tree_1000", gates);
}
