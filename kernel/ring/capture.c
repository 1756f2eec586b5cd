// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Message capture, the ring's side: two records for each call, of what was asked and of what came back.
 *
 * Nothing of it is on the way of other processes: the ring of a captured one has sq_quick = 0, which sends it to a
 * submission loop of its own (submit.c), and a call of its that waits has an extra (REQUEST_CAPTURED) at its end.
 */
#include "capture.h"
#include "ops.h"

#include <abi/ring.h>
#include <cap/capture.h>
#include <ring/ring.h>

static struct capture_record record_of(struct ring *ring, const struct request *request,
				       enum capture_kind kind)
{
	return (struct capture_record){
		.interface_id = request->sqe.interface_id,
		.target = request->sqe.target,
		.call = request->sequence,
		.thread = ring_thread(ring)->tid,
		.method = request->sqe.method,
		.kind = (uint8_t)kind,
		.flags = request->sqe.flags,
	};
}

void capture_submitted(struct thread *thread, const struct request *request)
{
	struct ring *ring = &thread->ring;
	const struct cap_sqe *sqe = &request->sqe;
	struct capture_record record = record_of(ring, request, CAPTURE_CALL);

	/* Not admitted yet: where its message is said to be may be anywhere. */
	if (ring_range_ok(ring, sqe->msg_off, sqe->msg_len)) {
		record.length = sqe->msg_len;
		record.caps = (uint8_t)sqe->caps_len;
	}
	capture_write(thread->process->capture, &record, ring->arena + (record.length ? sqe->msg_off : 0));
}

void capture_completed(struct ring *ring, const struct request *request, enum status status)
{
	struct capture_record record = record_of(ring, request, CAPTURE_ANSWER);
	bool answered = status == STATUS_OK || status == STATUS_EXCEPTION; /* so its buffer is one */

	record.status = status;
	if (answered) {
		record.length = request->result.len;
		record.caps = (uint8_t)request->result.caps;
	}
	capture_write(ring_thread(ring)->process->capture, &record,
		      ring->arena + (answered ? request->sqe.buf_off : 0));
}

void capture_dispatched(struct ring *ring, struct request *request, enum status status)
{
	if (status == OP_WAITING)
		return;
	request->extras = 0;
	capture_completed(ring, request, status);
}
