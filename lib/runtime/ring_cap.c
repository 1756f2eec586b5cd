// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Single operations of the ring that are not calls: release, duplicate, signal, wait for bits.
 */
#include "ring_private.h"

static void record_completion(struct ring_op *op, const struct cap_cqe *cqe)
{
	struct ring_waited *waited = (struct ring_waited *)(void *)op;

	waited->cqe = *cqe;
	waited->done = true;
}

void ring_finish(struct ring_client *ring, struct ring_waited *waited)
{
	waited->op.complete = record_completion;
	waited->done = false;
	ring_dispatch(ring);
	while (!waited->done) {
		ring_enter(ring, 1, 0);
		ring_dispatch(ring);
	}
}

struct cap_cqe ring_do(struct ring_client *ring, const struct cap_sqe *sqe)
{
	return ring_do_now(ring, sqe);
}

void ring_release(struct ring_client *ring, cap_id id)
{
	if (id.raw == 0)
		return;
	ring_submit(ring, &(struct cap_sqe){.op = CAP_OP_RELEASE, .flags = CAP_SQE_QUIET, .target = id.raw},
		    nullptr);
}

enum status ring_dup(struct ring_client *ring, cap_id id, cap_id *copy)
{
	struct cap_cqe cqe = ring_do_now(ring, &(struct cap_sqe){.op = CAP_OP_DUP, .target = id.raw});

	*copy = cqe.status == STATUS_OK ? (cap_id){cqe.token} : CAP_ID_NULL;
	return (enum status)cqe.status;
}

void ring_signal_bits(struct ring_client *ring, cap_id notification, uint64_t bits)
{
	ring_submit(ring,
		    &(struct cap_sqe){
			    .op = CAP_OP_SIGNAL,
			    .flags = CAP_SQE_QUIET,
			    .target = notification.raw,
			    .interface_id = bits,
		    },
		    nullptr);
}

enum status ring_wait_bits(struct ring_client *ring, cap_id notification, uint64_t bits, uint64_t deadline_ns,
			   uint64_t *taken)
{
	struct cap_cqe cqe = ring_do_now(ring, &(struct cap_sqe){
						       .op = CAP_OP_WAIT,
						       .target = notification.raw,
						       .interface_id = bits,
						       .deadline_ns = deadline_ns,
					       });

	*taken = cqe.status == STATUS_OK ? cqe.token : 0;
	return (enum status)cqe.status;
}
