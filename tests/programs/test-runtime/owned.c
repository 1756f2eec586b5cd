// SPDX-License-Identifier: MIT OR Apache-2.0
/* Capabilities that a block gives back at its end (runtime/owned.h). */
#include <runtime/owned.h>
#include <schema/kernel/console.capnp.h>

#include "test.h"

static cap_id duplicate_of(cap_id id)
{
	struct cap_cqe cqe = ring_do(runtime_ring(), &(struct cap_sqe){.op = CAP_OP_DUP, .target = id.raw});

	return cqe.status == STATUS_OK ? (cap_id){cqe.token} : CAP_ID_NULL;
}

/* Releasing it again tells whether it is still there. */
static enum status release_again(cap_id id)
{
	return (enum status)ring_do(runtime_ring(), &(struct cap_sqe){.op = CAP_OP_RELEASE, .target = id.raw})
		.status;
}

/* Leaves in the middle of the block. */
static cap_id left_early(cap_id from, bool early)
{
	OWNED struct owned_cap owned = {duplicate_of(from)};
	cap_id id = owned.id;

	if (early)
		return id;
	owned_drop(&owned); /* and not a second time at the end */
	return id;
}

static cap_id taken(cap_id from)
{
	OWNED struct owned_cap owned = {duplicate_of(from)};

	return owned_take(&owned);
}

void test_owned(void)
{
	cap_id console = runtime_need("console", CONSOLE_INTERFACE_ID);
	cap_id first = left_early(console, true), second = left_early(console, false), kept = taken(console);

	tap_ok(first.raw != 0 && release_again(first) == STATUS_BAD_ID,
	       "what a block owns is released when it is left");
	tap_ok(second.raw != 0 && release_again(second) == STATUS_BAD_ID, "once");
	tap_ok(kept.raw != 0 && release_again(kept) == STATUS_OK, "unless it was taken");
	{
		OWNED struct owned_cap nothing = {CAP_ID_NULL};
		(void)nothing;
	}
	tap_ok(release_again(kept) == STATUS_BAD_ID, "and nothing is nothing");
}
