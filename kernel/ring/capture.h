// SPDX-License-Identifier: MIT OR Apache-2.0
/* Private to the ring room: the calls of a process whose messages are captured (cap/capture.h). */
#pragma once

#include <ring/request.h>
#include <ring/thread.h>

/* The ring's spare holds a CALL that was fetched and is valid: its record, before anything is done with it. */
void capture_submitted(struct thread *thread, const struct request *request);
/* It is over. */
void capture_completed(struct ring *ring, const struct request *request, enum status status);
/* What a CALL has from before it is dispatched until it is over: once it waits its extras are not only its own ring's to change. */
static inline unsigned capture_extra(const struct ring *ring, const struct request *request)
{
	return ring->sq_quick == 0 && request->sqe.op == CAP_OP_CALL ? REQUEST_CAPTURED : 0;
}

/* It was dispatched: the record of its completion comes now, or, if it waits (OP_WAITING), has come or will. */
void capture_dispatched(struct ring *ring, struct request *request, enum status status);
