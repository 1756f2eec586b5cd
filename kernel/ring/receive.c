// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * RECV, RETURN and RETURN_RECV: the server's side of a call.
 *
 * A RETURN checks everything before it claims: a refused one leaves the call open, a claimed one always completes.
 * RETURN_RECV checks the RECV half first, so that it is refused as a whole before it acts; from the claim on it is that
 * RECV, in the returned call's record.
 */
#include "answer.h"
#include "ops.h"

#include <arch/platform.h>

#include <core/recorder.h>
#include <mm/frame.h>
#include <ring/endpoint.h>
#include <ring/record.h>
#include <schema/kernel/endpoint.capnp.h>

/* Checks the RECV half and reserves its table slots, unless `have` (of the record that it will reuse) are just as many. */
static enum status prepare_receive(struct thread *thread, struct request *request, uint64_t id, uint32_t have,
				   struct endpoint **endpoint)
{
	struct ring *ring = &thread->ring;
	const struct cap_sqe *sqe = &request->sqe;
	struct cap_ref ref;
	enum status status = cap_table_find(&thread->process->table, (cap_id){id}, &ref);
	struct view *view = ref.view;

	if (unlikely(status != STATUS_OK))
		return status;
	if (unlikely(view->kind != VIEW_OBJECT || !view->object->type->is_endpoint))
		return STATUS_WRONG_TYPE;
	if (unlikely(!view_allows(view, ENDPOINT_INTERFACE_ID, ENDPOINT_RECEIVE)))
		return STATUS_DENIED;
	struct endpoint *found = container_of(view->object, struct endpoint, object);
	if (unlikely(!ring_range_ok(ring, sqe->buf_off, sqe->buf_len)))
		return STATUS_BAD_RANGE;
	if (unlikely(sqe->buf_len <
			     sizeof(struct cap_call_header) + found->max_message + 8u * found->max_caps ||
		     sqe->buf_caps < found->max_caps || sqe->buf_caps > CAP_MESSAGE_MAX_CAPS))
		return STATUS_TOO_LARGE;
	if (unlikely(ring->pending >= ring->cq_count / 2))
		return STATUS_AGAIN;
	*endpoint = found;
	if (unlikely(ref.gate != NULL)) {
		status = request_enter_gate(thread, request, ref.gate);
		if (status != STATUS_OK)
			return status;
	}
	if (likely(have == sqe->buf_caps)) {
		request->slots = (struct cap_slots){0};
		return STATUS_OK;
	}
	status = cap_table_reserve(&thread->process->table, sqe->buf_caps, &request->slots);
	if (status != STATUS_OK && ref.gate != NULL)
		request_drop_gate(request);
	return status;
}

enum status op_recv(struct thread *thread, struct request *request)
{
	struct endpoint *endpoint;
	struct service_record *record;
	enum status status = prepare_receive(thread, request, request->sqe.target, 0, &endpoint);

	if (unlikely(status != STATUS_OK))
		return status;
	status = record_reserve(thread->process, &record);
	if (unlikely(status != STATUS_OK)) {
		cap_table_unreserve(&thread->process->table, &request->slots);
		request_drop_gate(request);
		return status;
	}
	return endpoint_post_receive(thread, request, endpoint, record);
}

static enum status check_return(struct thread *thread, struct request *request,
				const struct service_record *record, struct carried *carried)
{
	const struct cap_sqe *sqe = &request->sqe;

	if (unlikely(!ring_range_ok(&thread->ring, sqe->msg_off, sqe->msg_len)))
		return STATUS_BAD_RANGE;
	if (unlikely(sqe->msg_len + 8ull * sqe->caps_len > record->buf_len ||
		     sqe->caps_len > record->buf_caps))
		return STATUS_TOO_LARGE;
	if (unlikely((sqe->flags & CAP_SQE_IS_EXCEPTION) &&
		     (sqe->msg_len > CAP_MIN_RESULT_BUF || sqe->caps_len != 0)))
		return STATUS_TOO_LARGE;
	if (likely(sqe->caps_len == 0))
		return STATUS_OK;
	enum status status = op_resolve_caps(thread, request, carried);
	const struct request *caller = load_acquire(&record->caller);
	if (status == STATUS_OK && caller != NULL &&
	    !carried_may_go(carried, sqe->caps_len, thread->process, ring_thread(caller->ring)->process)) {
		carried_abort(thread->process, carried, sqe->caps_len);
		status = STATUS_OUT_OF_SCOPE;
	}
	for (unsigned i = 0; status == STATUS_OK && record->gate != NULL && i < sqe->caps_len; i++) {
		struct gate *own = carried[i].ref.gate;
		if (own != NULL && !gate_contains(own, record->gate) && !gate_contains(record->gate, own) &&
		    gate_joint_depth(own, record->gate) > GATE_MAX_DEPTH) {
			carried_abort(thread->process, carried, sqe->caps_len);
			status = STATUS_GATE_DEPTH;
		}
	}
	return status;
}

/* The claimed caller gets its answer: message, capabilities, completion. */
static void answer_caller(struct thread *thread, struct request *request, struct request *caller,
			  const struct carried *carried)
{
	const struct cap_sqe *sqe = &request->sqe;
	struct process *process = ring_thread(caller->ring)->process;
	unsigned char *buffer = caller->ring->arena + caller->sqe.buf_off;
	struct provenance provenance = {thread->process->pid, PROVENANCE_ANSWER, {0}};

	thread->ring.copied += sqe->msg_len;
	copy_words(buffer, thread->ring.arena + sqe->msg_off, sqe->msg_len / 8);
	for (unsigned i = 0; i < sqe->caps_len; i++) {
		struct cap_ref ref = {carried[i].ref.view, op_returned_gate(caller, carried[i].ref.gate, i)};
		gate_put(carried[i].ref.gate);
		cap_id id = cap_table_install(&process->table, &caller->slots, ref, provenance);
		((uint64_t *)(void *)(buffer + sqe->msg_len))[i] = id.raw;
		if (caller->extras & REQUEST_KEPT)
			caller->answer->ids[i] = id;
	}
	if (unlikely(sqe->caps_len != 0))
		carried_commit(thread->process, carried, sqe->caps_len);
	caller->record = NULL;
	caller->result.len = sqe->msg_len;
	caller->result.caps = sqe->caps_len;
	caller->result.status = sqe->flags & CAP_SQE_IS_EXCEPTION ? STATUS_EXCEPTION : STATUS_OK;
	request_complete(caller, &thread->ring);
}

/* On success the record is RESERVED again, and the caller of this function owns it. */
static enum status do_return(struct thread *thread, struct request *request, struct service_record **out)
{
	uint64_t word;
	struct carried carried[CAP_MESSAGE_MAX_CAPS]
		__attribute__((uninitialized)); /* hot: only caps_len are used */
	struct service_record *record = record_find(thread->process, request->sqe.target, &word);

	if (unlikely(record == NULL))
		return STATUS_BAD_ID;
	enum status status = check_return(thread, request, record, carried);
	if (unlikely(status != STATUS_OK))
		return status;
	struct request *caller = load_acquire(&record->caller);
	uint64_t sequence = record->caller_sequence;
	recorder_write(
		record->interface_id, record->object_id, thread->ids,
		(uint64_t)(uint32_t)(request->sqe.flags & CAP_SQE_IS_EXCEPTION ? STATUS_EXCEPTION : STATUS_OK)
			<< 32,
		recorder_pack(record->method, RECORDER_RETURN, request->sqe.caps_len, request->sqe.msg_len));
	if (unlikely(!record_claim(record, word))) { /* a sibling thread returned it first */
		carried_abort(thread->process, carried, request->sqe.caps_len);
		return STATUS_BAD_ID;
	}
	*out = record;
	bool answered = caller != NULL && request_claim(caller, sequence);
	record_close(record, answered);
	if (likely(answered))
		answer_caller(thread, request, caller, carried);
	else
		carried_drop(thread->process, carried,
			     request->sqe.caps_len); /* nobody waits for it any more */
	return STATUS_OK;
}

enum status op_return(struct thread *thread, struct request *request)
{
	struct service_record *record;
	enum status status = do_return(thread, request, &record);

	if (status == STATUS_OK)
		record_release(thread->process, record);
	return status;
}

enum status op_return_recv(struct thread *thread, struct request *request)
{
	struct cap_table *table = &thread->process->table;
	struct endpoint *endpoint;
	uint64_t word;
	struct service_record *record = record_find(thread->process, request->sqe.target, &word);

	if (unlikely(record == NULL))
		return STATUS_BAD_ID;
	enum status status = prepare_receive(thread, request, request->sqe.interface_id, record->slots.count,
					     &endpoint);
	if (unlikely(status != STATUS_OK))
		return status;
	status = do_return(thread, request, &record);
	if (unlikely(status != STATUS_OK)) {
		cap_table_unreserve(table, &request->slots);
		request_drop_gate(request);
		return status;
	}
	if (likely(request->slots.count == 0))
		request->slots = record->slots;
	else
		cap_table_unreserve(table, &record->slots);
	record->slots = (struct cap_slots){0};
	return endpoint_post_receive(thread, request, endpoint, record);
}
