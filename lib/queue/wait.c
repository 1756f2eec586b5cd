// SPDX-License-Identifier: MIT OR Apache-2.0
/* Blocking for a peer (queue/wait.h): one WAIT, and beside it, if asked for, one open ProcessHandle.wait. */
#include <queue/wait.h>
#include <schema/kernel/process_handle.capnp.h>

struct posted_wait {
	struct ring_op op; /* first */
	uint64_t taken;
	enum status status;
	bool done;
};

static void record(struct ring_op *op, const struct cap_cqe *cqe)
{
	struct posted_wait *posted = (struct posted_wait *)(void *)op;

	posted->status = (enum status)cqe->status;
	posted->taken = cqe->status == STATUS_OK ? cqe->token : 0;
	posted->done = true;
}

void queue_wait_init(struct queue_wait *wait, struct ring_client *ring, cap_id ear, uint64_t wake_bits,
		     uint64_t gone_bits)
{
	*wait = (struct queue_wait){.ring = ring, .ear = ear, .wake_bits = wake_bits, .gone_bits = gone_bits};
}

void queue_wait_watch(struct queue_wait *wait, cap_id process_handle)
{
	if (wait->watching)
		return;
	wait->watching = true;
	process_handle_wait_begin(&wait->liveness, &wait->ring->transport, process_handle);
	(void)process_handle_wait_send(&wait->liveness);
}

void queue_wait_fini(struct queue_wait *wait)
{
	if (wait->watching)
		rpc_end(&wait->liveness);
	wait->watching = false;
}

/*
 * OK: nothing is known against the peer. The call's completion, whatever the handle's own fate, is taken for the
 * peer's end, except where the call never was under way.
 */
static enum status watched(struct queue_wait *wait)
{
	if (wait->gone)
		return STATUS_DISCONNECTED;
	if (!wait->watching || !wait->liveness.done)
		return STATUS_OK;
	switch (wait->liveness.status) {
	case STATUS_OK:
	case STATUS_EXCEPTION:
	case STATUS_DISCONNECTED:
		wait->gone = true;
		return STATUS_DISCONNECTED;
	default:
		return wait->liveness.status;
	}
}

static void cancel(struct queue_wait *wait, struct posted_wait *posted, uint64_t sequence)
{
	ring_submit(wait->ring, &(struct cap_sqe){.op = CAP_OP_CANCEL, .target = sequence}, nullptr);
	while (!posted->done)
		ring_wait(wait->ring, 0);
}

enum status queue_wait_block(struct queue_wait *wait, uint64_t deadline_ns)
{
	struct posted_wait posted = {.op.complete = record};
	enum status status = watched(wait);

	if (status != STATUS_OK)
		return status;

	uint64_t sequence = ring_submit(wait->ring,
					&(struct cap_sqe){
						.op = CAP_OP_WAIT,
						.target = wait->ear.raw,
						.interface_id = wait->wake_bits | wait->gone_bits,
						.deadline_ns = deadline_ns,
					},
					&posted.op);
	while (!posted.done && watched(wait) == STATUS_OK)
		ring_wait(wait->ring, 0);
	if (!posted.done)
		cancel(wait, &posted, sequence);
	wait->gone |= (posted.taken & wait->gone_bits) != 0;
	status = watched(wait);
	return status != STATUS_OK ? status : posted.status;
}

bool queue_wait_is_gone(struct queue_wait *wait)
{
	if (!wait->gone && wait->gone_bits) {
		/* Takes the bit, if it is set; the deadline has passed. */
		struct posted_wait posted = {.op.complete = record};

		ring_submit(wait->ring,
			    &(struct cap_sqe){
				    .op = CAP_OP_WAIT,
				    .target = wait->ear.raw,
				    .interface_id = wait->gone_bits,
				    .deadline_ns = 1,
			    },
			    &posted.op);
		while (!posted.done)
			ring_wait(wait->ring, 0);
		wait->gone = posted.taken != 0;
	} else if (!wait->gone) {
		ring_flush(wait->ring);
	}
	return watched(wait) == STATUS_DISCONNECTED;
}
