// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * RECV, RETURN and RETURN_RECV: the server's side of a call.
 *
 * A RETURN checks everything before it claims: a refused one leaves the call open, a claimed one always completes.
 * RETURN_RECV checks the RECV half first, so that it is refused as a whole before it acts; from the claim on it is that
 * RECV, in the returned call's record. The common case (no capabilities, the endpoint of the last time, a caller that waits)
 * is straight-line code; everything else is behind one test each.
 */
#include "again.h"
#include "answer.h"
#include "ops.h"
#include "tail.h"

#include <core/recorder.h>
#include <mm/frame.h>
#include <schema/kernel/endpoint.capnp.h>

/* --- RECV ---------------------------------------------------------------------------------------------------------- */

/* Finds what `id` names, and remembers it; what goes through a gate, for this once only. */
[[gnu::noinline, gnu::cold]] static enum status look_up_source(struct thread *thread, struct request *request,
							       uint64_t id)
{
	struct ring *ring = &thread->ring;
	struct cap_table *table = &thread->process->table;
	const struct cap_sqe *sqe = &request->sqe;
	const uint64_t *count = cap_table_removals(table, cap_id_slot((cap_id){id}));
	uint64_t removals = load_acquire(count); /* before what is remembered under it */
	struct cap_ref ref;
	enum status status = cap_table_find(table, (cap_id){id}, &ref);
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
	if (unlikely(ring->pending >= ring->wait_max))
		return STATUS_AGAIN;
	ring->memory.source.id = id;
	ring->memory.source.count = count;
	ring->memory.source.removals = ref.gate == NULL ? removals : REQUEST_FORGOTTEN;
	ring->memory.source.buffer = request->words[5];
	ring->memory.source.endpoint = found;
	ring->memory.source.buf_caps = sqe->buf_caps;
	return ref.gate == NULL ? STATUS_OK : request_enter_gate(thread, request, ref.gate);
}

/* Checks a RECV at the endpoint `id` into the submission's buffer: request->memory.endpoint is where, for the next RETURN_RECV with
 * these words as well. A gate that it goes through has been entered. */
[[gnu::noinline]] static enum status find_source(struct thread *thread, struct request *request, uint64_t id)
{
	const struct ring *ring = &thread->ring;

	if (unlikely(ring->memory.source.id != id || ring->memory.source.buffer != request->words[5] ||
		     ring->memory.source.removals != load_acquire(ring->memory.source.count) ||
		     ring->memory.source.buf_caps != request->sqe.buf_caps ||
		     ring->pending >= ring->wait_max)) {
		enum status status = look_up_source(thread, request, id);
		if (status != STATUS_OK)
			return status;
	}
	request->memory.count = ring->memory.source.count;
	request->memory.endpoint = ring->memory.source.endpoint;
	request->object =
		&request->memory.endpoint->object; /* also if it is refused yet: next time that is known */
	bool plain = (request->sqe.flags & ~(CAP_SQE_NOTICES | CAP_SQE_RELEASE_CAPS)) == 0 &&
		     request->words[7] == 0 && request->extras == 0 &&
		     ring_range_ok(ring, request->sqe.msg_off, request->sqe.msg_len);
	request->plain = plain && request->sqe.caps_len == 0;
	request->memory.removals = ring->memory.source.removals | (request->plain ? 0 : REQUEST_MORE);
	request->little = plain && request->sqe.caps_len == 1 &&
			  (request->sqe.flags & CAP_SQE_RELEASE_CAPS) == 0 &&
			  ring_range_ok(ring, request->sqe.caps_off, sizeof(struct cap_desc));
	return STATUS_OK;
}

enum status op_recv(struct thread *thread, struct request *request)
{
	struct cap_slots slots;
	struct service_record *record;
	enum status status = find_source(thread, request, request->sqe.target);
	struct endpoint *endpoint = request->memory.endpoint;

	if (unlikely(status != STATUS_OK))
		return status;
	status = cap_table_reserve(&thread->process->table, request->sqe.buf_caps, &slots);
	if (unlikely(status != STATUS_OK))
		goto drop_gate;
	status = record_reserve(thread->process, endpoint, &record);
	if (unlikely(status != STATUS_OK))
		goto unreserve;
	record->slots.first = slots.first;
	store_relaxed(&record->slots.count, slots.count);
	endpoint_admit_receive(thread, endpoint, request, record);
	return OP_WAITING;

unreserve:
	cap_table_unreserve(&thread->process->table, &slots);
drop_gate:
	request_drop_gate(request);
	return status;
}

/* --- RETURN -------------------------------------------------------------------------------------------------------- */

/* The claimed caller's capabilities: into its reserved slots, their ids behind the message. */
void answer_caps(struct thread *thread, struct request *request, struct request *caller,
		 const struct carried *carried)
{
	const struct cap_sqe *sqe = &request->sqe;
	struct process *process = ring_thread(caller->ring)->process;
	uint64_t *ids = (uint64_t *)(void *)(caller->ring->arena + caller->sqe.buf_off + sqe->msg_len);
	struct provenance provenance = {.giver = thread->process->pid,
					.kind = PROVENANCE_ANSWER,
					.method = caller->sqe.method,
					.detail = caller->sqe.interface_id};

	for (unsigned i = 0; i < sqe->caps_len; i++) {
		struct cap_ref ref = {carried[i].ref.view, op_returned_gate(caller, carried[i].ref.gate, i)};
		gate_put(carried[i].ref.gate);
		provenance.minted = carried[i].minted;
		cap_id id = cap_table_install(&process->table, &caller->slots, ref, provenance);
		store_shared_word(&ids[i], id.raw);
		if (caller->extras & REQUEST_KEPT)
			caller->answer->ids[i] = id;
	}
	carried_commit(thread->process, carried, sqe->caps_len);
}

/* As return_claimed; who waits for the answer is woken. */
static enum status finish_return(struct thread *thread, struct request *request,
				 struct service_record *record, const struct carried *carried, unsigned caps,
				 enum status outcome)
{
	struct woken woken = {0};
	enum status status = return_claimed(thread, request, record, carried, caps, outcome, &woken);

	if (woken.entity != NULL)
		sched_wake_next(woken.entity);
	return status;
}

/* The gates of what goes back must not become too deep together with the call's. */
static enum status check_gates(const struct service_record *record, const struct carried *carried,
			       unsigned caps)
{
	/* Once: a sibling thread may be returning the call. */
	const struct gate *gate = load_relaxed(&record->gate);

	for (unsigned i = 0; gate != NULL && i < caps; i++) {
		struct gate *own = carried[i].ref.gate;
		if (own != NULL && !gate_contains(own, gate) && !gate_contains(gate, own) &&
		    gate_joint_depth(own, gate) > GATE_MAX_DEPTH)
			return STATUS_GATE_DEPTH;
	}
	return STATUS_OK;
}

static enum status return_with_caps(struct thread *thread, struct request *request,
				    struct service_record *record)
{
	struct carried carried[CAP_MESSAGE_MAX_CAPS]
		__attribute__((uninitialized)); /* only caps_len are used */
	enum status status = op_resolve_caps(thread, request, carried);

	if (unlikely(status != STATUS_OK))
		return status;
	const struct request *caller = load_acquire(&record->caller);
	if (caller != NULL && !carried_may_go(carried, request->sqe.caps_len, thread->process,
					      ring_thread(caller->ring)->process))
		status = STATUS_OUT_OF_SCOPE;
	else
		status = check_gates(record, carried, request->sqe.caps_len);
	if (unlikely(status != STATUS_OK)) {
		carried_abort(thread->process, carried, request->sqe.caps_len);
		return status;
	}
	return finish_return(thread, request, record, carried, request->sqe.caps_len, STATUS_OK);
}

/* With capabilities, or an exception, which has none. */
[[gnu::noinline]] static enum status return_unusual(struct thread *thread, struct request *request,
						    struct service_record *record)
{
	const struct cap_sqe *sqe = &request->sqe;

	if (unlikely(sqe->msg_len + 8ull * sqe->caps_len > load_relaxed(&record->buf_len) ||
		     sqe->caps_len > load_relaxed(&record->buf_caps)))
		return STATUS_TOO_LARGE;
	if ((sqe->flags & CAP_SQE_IS_EXCEPTION) == 0)
		return return_with_caps(thread, request, record);
	if (sqe->msg_len > CAP_MIN_RESULT_BUF || sqe->caps_len != 0)
		return STATUS_TOO_LARGE;
	return finish_return(thread, request, record, NULL, 0, STATUS_EXCEPTION);
}

[[gnu::noinline]] static enum status do_return(struct thread *thread, struct request *request,
					       struct service_record *record)
{
	const struct cap_sqe *sqe = &request->sqe;

	if (unlikely(!ring_range_ok(&thread->ring, sqe->msg_off, sqe->msg_len)))
		return STATUS_BAD_RANGE;
	if (unlikely(sqe->caps_len != 0 || (sqe->flags & CAP_SQE_IS_EXCEPTION)))
		return return_unusual(thread, request, record);
	if (unlikely(sqe->msg_len > load_relaxed(&record->buf_len)))
		return STATUS_TOO_LARGE;
	return finish_return(thread, request, record, NULL, 0, STATUS_OK);
}

/* Of a call that was returned: their slots are the record's again. */
static inline void drop_given(struct thread *thread, struct service_record *record)
{
	struct cap_ref ref;

	for (uint32_t i = 0; i < record->given_count; i++)
		if (cap_table_vacate(&thread->process->table, record->given[i], &record->slots, &ref))
			cap_ref_put(ref);
}

enum status op_return(struct thread *thread, struct request *request)
{
	if (request->sqe.flags & CAP_SQE_TAIL)
		return request->sqe.flags & CAP_SQE_RELEASE_CAPS ? STATUS_BAD_OP : tail_call(thread, request);
	if (request->sqe.interface_id != 0 || request->sqe.method != 0)
		return STATUS_BAD_OP;
	struct service_record *record = record_find(thread->process, request->sqe.target);
	if (unlikely(record == NULL))
		return STATUS_BAD_ID;
	enum status status = do_return(thread, request, record);
	if (status != STATUS_OK)
		return status;
	if (request->sqe.flags & CAP_SQE_RELEASE_CAPS)
		drop_given(thread, record);
	record_release(thread->process, record);
	return STATUS_OK;
}

/* The slots that the returned call did not need are still the record's; the others are the request's until it is returned. */
[[gnu::noinline, gnu::cold]] static enum status reserve_more(struct thread *thread, struct request *request,
							     unsigned count)
{
	request->extras |= REQUEST_SLOTS;
	return cap_table_reserve(&thread->process->table, count, &request->slots);
}

[[gnu::noinline, gnu::cold]] static void join_slots(struct thread *thread, struct request *request,
						    struct service_record *record)
{
	cap_table_join_slots(&thread->process->table, &record->slots, request->slots);
	request->extras &= (uint16_t)~REQUEST_SLOTS;
}

/* Some of what the call brought was gone already: the RECV that comes now still needs as many slots; without, it fails. */
[[gnu::noinline, gnu::cold]] static enum status reserve_rest(struct thread *thread,
							     const struct request *request,
							     struct service_record *record)
{
	struct cap_table *table = &thread->process->table;
	struct cap_slots more;
	enum status status = cap_table_reserve(table, request->sqe.buf_caps - record->slots.count, &more);

	if (status == STATUS_OK)
		cap_table_join_slots(table, &record->slots, more);
	else
		record_release(thread->process, record);
	return status;
}

/* The call has been returned, and what it brought is dropped. */
[[gnu::noinline]] ARCH_PRESERVES_NONE enum status drop_and_reserve(struct thread *thread,
								   const struct request *request,
								   struct service_record *record)
{
	drop_given(thread, record);
	return likely(record->slots.count >= request->sqe.buf_caps) ? STATUS_OK
								    : reserve_rest(thread, request, record);
}

/* RETURN_RECV was refused: nothing of its RECV half stays. */
[[gnu::noinline, gnu::cold]] static enum status refuse(struct thread *thread, struct request *request,
						       enum status status)
{
	request_release(&thread->ring, request);
	return status;
}

/* Until the RETURN half is done, request->extras is about the RECV half alone. */
[[gnu::noinline]] enum status return_slowly(struct thread *thread, struct request *request, bool again)
{
	struct service_record *record = record_find(thread->process, request->sqe.target);
	enum status status = STATUS_OK;

	if (unlikely(record == NULL))
		return STATUS_BAD_ID;
	request->record = record; /* before find_source remembers */
	if (!again || thread->ring.pending >= thread->ring.wait_max)
		status = find_source(thread, request, request->sqe.interface_id);
	if (unlikely(status != STATUS_OK))
		return status;
	/* A sibling thread may be returning the call; then it is not ours to claim, and nothing of this counts. */
	unsigned has = load_relaxed(&record->slots.count) + given_back(request, record);
	if (unlikely(has < request->sqe.buf_caps)) {
		status = reserve_more(thread, request, request->sqe.buf_caps - has);
		if (status != STATUS_OK)
			return refuse(thread, request, status);
	}
	status = do_return(thread, request, record);
	if (unlikely(status != STATUS_OK))
		return refuse(thread, request, status);
	if (unlikely(request->extras & REQUEST_SLOTS))
		join_slots(thread, request, record);
	if (request->sqe.flags & CAP_SQE_RELEASE_CAPS)
		status = drop_and_reserve(thread, request, record);
	if (unlikely(status != STATUS_OK))
		return refuse(thread, request, status);
	if (unlikely(record->endpoint != request->memory.endpoint))
		record_move(record, request->memory.endpoint);
	endpoint_admit_receive(thread, request->memory.endpoint, request, record);
	return OP_WAITING;
}

ARCH_PRESERVES_NONE enum status op_return_recv_here(struct thread *thread, struct request *request,
						    bool again)
{
	struct woken woken = {0};
	enum status status = return_recv_again(thread, request, again, &woken);

	if (likely(woken.entity != NULL))
		sched_wake_next(woken.entity);
	return status;
}

enum status op_return_recv(struct thread *thread, struct request *request)
{
	return op_return_recv_here(thread, request, false);
}
