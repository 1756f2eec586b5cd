// SPDX-License-Identifier: MIT OR Apache-2.0
/* Operations that complete within the entry: NOP, RELEASE, DUP, CANCEL, WAKE. */
#include "promise.h"
#include "things.h"

#include <core/recorder.h>

enum status op_nop(struct thread *thread, struct request *request)
{
	(void)thread, (void)request;
	return STATUS_OK;
}

static enum status target_id(struct thread *thread, struct request *request, cap_id *id)
{
	*id = (cap_id){request->sqe.target};
	if (!(request->sqe.flags & CAP_SQE_TARGET_IS_ANSWER))
		return request->sqe.path == 0 ? STATUS_OK : STATUS_BAD_OP;
	return answer_resolve(thread, request, request->sqe.target, request->sqe.path, id);
}

enum status op_release(struct thread *thread, struct request *request)
{
	cap_id id;
	enum status status = target_id(thread, request, &id);

	if (status == OP_UNRESOLVED)
		return promise_hold(thread, request, false);
	if (status == STATUS_OK)
		status = cap_table_release(&thread->process->table, id);
	op_record(thread, request, RECORDER_OTHER, 0, status);
	return status;
}

enum status op_dup(struct thread *thread, struct request *request)
{
	struct cap_copy copy = {0};
	cap_id id;
	enum status status = target_id(thread, request, &id);

	if (status == OP_UNRESOLVED)
		return promise_hold(thread, request, false);
	if (status == STATUS_OK) {
		copy = cap_table_dup(&thread->process->table, id, thread->process->pid);
		if (copy.id > 0)
			request->result.token = (uint64_t)copy.id;
		else
			status = (enum status)copy.id;
	}
	op_record(thread, request, RECORDER_OTHER, copy.object_id, status);
	return status;
}

enum status op_cancel(struct thread *thread, struct request *request)
{
	struct ring *ring = &thread->ring;
	uint64_t sequence = request->sqe.target;

	if (sequence >= request->sequence)
		return STATUS_BAD_ID;
	for (uint32_t i = 0; i < ring->request_count; i++) {
		struct request *candidate = &ring->requests[i];
		if (candidate != request && candidate->sequence == sequence)
			return request_abort(candidate, sequence, STATUS_CANCELLED, ring) ? STATUS_OK
											  : STATUS_TOO_LATE;
	}
	return STATUS_TOO_LATE;
}

enum status op_wake(struct thread *thread, struct request *request)
{
	struct sched_entity *woken = NULL;
	enum status status = wake_thing(thread, request->sqe.target, &woken);

	if (woken != NULL)
		sched_wake_next(woken);
	return status;
}
