// SPDX-License-Identifier: MIT OR Apache-2.0
/* Operations that complete within the entry: NOP, RELEASE, DUP, CANCEL, WAKE. */
#include "ops.h"

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

	if (status == STATUS_OK)
		status = cap_table_release(&thread->process->table, id);
	op_record(thread, request, RECORDER_OTHER, 0, status);
	return status;
}

enum status op_dup(struct thread *thread, struct request *request)
{
	struct provenance provenance = {thread->process->pid, PROVENANCE_DUPLICATE, {0}};
	struct cap_ref ref;
	uint64_t object_id = 0;
	cap_id id;
	enum status status = target_id(thread, request, &id);

	if (status == STATUS_OK)
		status = cap_table_get(&thread->process->table, id, &ref);
	if (status == STATUS_OK) {
		object_id = ref.view->object->id;
		status = cap_table_insert(&thread->process->table, ref, provenance, &id);
		if (status == STATUS_OK)
			request->result.token = id.raw;
		else
			cap_ref_put(ref);
	}
	op_record(thread, request, RECORDER_OTHER, object_id, status);
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

#define THREAD_HANDLE_METHOD_WAKE 0u

enum status op_wake(struct thread *thread, struct request *request)
{
	struct cap_ref ref;
	enum status status = cap_table_find(&thread->process->table, (cap_id){request->sqe.target}, &ref);
	struct view *view = ref.view;

	if (status != STATUS_OK)
		return status;
	if (view->object->type != thread_object_type)
		return STATUS_WRONG_TYPE;
	if (!view_allows(view, thread_object_type->interface_id, THREAD_HANDLE_METHOD_WAKE))
		return STATUS_DENIED;
	struct thread *target = container_of(view->object, struct thread, object);
	if (target == thread)
		(void)atomic_or(&thread->ring.signals, (uint32_t)RING_WOKEN);
	else
		thread_poke(target, RING_WOKEN);
	return STATUS_OK;
}
