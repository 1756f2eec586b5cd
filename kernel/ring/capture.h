// SPDX-License-Identifier: MIT OR Apache-2.0
/* Private to the ring room: the calls of a process whose messages are captured (cap/capture.h). */
#pragma once

#include <ring/request.h>
#include <ring/thread.h>

/* The ring's spare holds a CALL that was fetched and is valid: its record, before anything is done with it. */
void capture_submitted(struct thread *thread, const struct request *request);
/* It is over. */
void capture_completed(struct ring *ring, const struct request *request, enum status status);
/* It was dispatched: the record of its completion comes now, or, while it waits (OP_WAITING), once that has come. */
void capture_dispatched(struct ring *ring, struct request *request, enum status status);
