// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Single operations of the ring that are not calls: release, duplicate, signal, wait for bits.
 */
#include <runtime/ring.h>

struct waited_op {
	struct ring_op op; /* first */
	struct cap_cqe cqe;
	bool done;
};

static void record_completion(struct ring_op *op, const struct cap_cqe *cqe)
{
	struct waited_op *waited = (struct waited_op *)(void *)op;

	waited->cqe = *cqe;
	waited->done = true;
}

struct cap_cqe ring_do(struct ring_client *ring, const struct cap_sqe *sqe)
{
	struct waited_op waited = {.op.complete = record_completion};

	ring_submit(ring, sqe, &waited.op);
	while (!waited.done)
		ring_wait(ring, 0);
	return waited.cqe;
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
	struct cap_cqe cqe = ring_do(ring, &(struct cap_sqe){.op = CAP_OP_DUP, .target = id.raw});

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
	struct cap_cqe cqe = ring_do(ring, &(struct cap_sqe){
						   .op = CAP_OP_WAIT,
						   .target = notification.raw,
						   .interface_id = bits,
						   .deadline_ns = deadline_ns,
					   });

	*taken = cqe.status == STATUS_OK ? cqe.token : 0;
	return (enum status)cqe.status;
}
