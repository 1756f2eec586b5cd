// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * TAIL: a server passes a call that it has received on to another object, which then answers its caller. To an object of the kernel:
 * tail_object.c.
 *
 * The request of the caller stays what it is (buffer, reserved slots, deadline, kept answer, session); target, method and message
 * are new. The message is copied out of the server's arena at once, since the server is done with it; capabilities that go along
 * have left the server, too.
 *
 * - Everything is checked, and set aside, before the call is taken from the record: a refused TAIL leaves it open.
 * - While it is being rewritten its claim is PASSING: who wants to complete it (CANCEL, a deadline, revocation, death) waits
 *   that long, a few hundred instructions on another CPU, and then finds it in its new queue.
 * - It is then under the gate through which the caller called and under that through which the server passes it on.
 * - A call is passed on at most TAIL_MAX_HOPS times, so that servers which pass to each other do not keep one for ever.
 */
#include "tail.h"
#include "call_queue.h"
#include "complete.h"
#include "ops.h"

#include <core/log.h>
#include <core/recorder.h>
#include <mm/frame.h>
#include <mm/slab.h>
#include <ring/endpoint.h>
#include <ring/lend.h>
#include <ring/record.h>

void passed_free(struct passed *passed)
{
	object_put(&passed->session->object);
	heap_free(passed, sizeof(*passed) + passed->len);
}

/* --- checks ----------------------------------------------------------------------------------------------------- */

/* The capability called: one that allows the method, of an object that takes the message. */
static enum status check_target(struct thread *thread, struct request *request, struct tail *tail)
{
	const struct cap_sqe *sqe = &request->sqe;
	const struct cap_ref *ref = &tail->carried[0].ref;
	const struct view *view = ref->view;

	if (tail->carried[0].moved.raw != 0)
		return STATUS_BAD_OP;
	if (!session_is_alive(thread->process->session) || (ref->gate != NULL && !gate_is_alive(ref->gate)))
		return STATUS_REVOKED;
	if (view->kind == VIEW_TEMPLATE || !view_has(view, sqe->interface_id))
		return STATUS_WRONG_TYPE;
	if (!view_allows(view, sqe->interface_id, sqe->method))
		return STATUS_DENIED;
	if (view->kind != VIEW_FACET || !view->object->type->is_endpoint) {
		tail->object = view->object;
		return sqe->msg_len <= CAP_MAX_KERNEL_MESSAGE ? STATUS_OK : STATUS_TOO_LARGE;
	}
	tail->endpoint = container_of(view->object, struct endpoint, object);
	if (sqe->msg_len > tail->endpoint->max_message || sqe->caps_len - 1u > tail->endpoint->max_caps)
		return STATUS_TOO_LARGE;
	if (facet_key_is_retired(view->facet) || load_relaxed(&tail->endpoint->dead))
		return STATUS_DISCONNECTED;
	return carried_scope(tail->carried + 1, tail->count - 1) == SCOPE_PROCESS ? STATUS_OUT_OF_SCOPE
										  : STATUS_OK;
}

/* --- setting aside ------------------------------------------------------------------------------------------------ */

static enum status copy_message(struct thread *thread, const struct request *request, struct tail *tail)
{
	const struct cap_sqe *sqe = &request->sqe;
	size_t bytes = (tail->count - 1) * sizeof(struct carried);

	tail->passed = heap_alloc(sizeof(struct passed) + sqe->msg_len);
	if (tail->passed == NULL)
		return STATUS_NO_MEMORY;
	*tail->passed = (struct passed){
		.giver = thread->process->pid, .session = thread->process->session, .len = sqe->msg_len};
	object_get(&thread->process->session->object);
	copy_words(tail->passed->words, thread->ring.arena + sqe->msg_off, sqe->msg_len / 8);
	thread->sched.work += sqe->msg_len;
	if (bytes == 0)
		return STATUS_OK;
	tail->sent = heap_alloc(bytes);
	return tail->sent != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

/* Gates for what will come back under another one: a call that was under none has none set aside. */
static enum status prepare_spares(struct thread *thread, struct tail *tail)
{
	unsigned count = load_relaxed(&tail->record->buf_caps);
	enum status status = STATUS_OK;

	if (count == 0)
		return STATUS_OK;
	tail->spares = heap_alloc(sizeof(struct gate_spares));
	if (tail->spares == NULL)
		return STATUS_NO_MEMORY;
	kassert(count <= CAP_MESSAGE_MAX_CAPS); /* or the call would not have been admitted */
	for (unsigned i = 0; i < count && status == STATUS_OK; i++)
		status = gate_prepare(thread->process, &tail->spares->gate[i]);
	return status;
}

/* The gate that the call is under from now on: the inner one of the caller's and the server's, or a new one below both. */
static enum status prepare_gate(struct thread *thread, struct tail *tail)
{
	struct gate *own = tail->carried[0].ref.gate, *callers = load_relaxed(&tail->record->gate);

	if (own == NULL || (callers != NULL && gate_contains(own, callers)))
		return STATUS_OK;
	if (callers != NULL && !gate_contains(callers, own)) {
		/* A sibling thread may be returning the call, and put it. */
		if (!object_try_get(&callers->object))
			return STATUS_BAD_ID;
		enum status status = gate_create(thread->process, callers, own, &tail->gate);
		gate_put(callers);
		return status;
	}
	gate_get(own);
	tail->gate = own;
	return callers == NULL ? prepare_spares(thread, tail) : STATUS_OK;
}

/* Gives back what was set aside. */
static void drop(struct thread *thread, struct tail *tail)
{
	carried_abort(thread->process, tail->carried, tail->count);
	if (tail->passed != NULL)
		passed_free(tail->passed);
	if (tail->sent != NULL)
		heap_free(tail->sent, (tail->count - 1) * sizeof(struct carried));
	gate_put(tail->gate);
	if (tail->spares != NULL)
		gate_spares_free(tail->spares);
}

static enum status prepare(struct thread *thread, struct request *request, struct tail *tail,
			   const struct request *caller)
{
	const struct cap_sqe *sqe = &request->sqe;

	if ((sqe->flags & CAP_SQE_IS_EXCEPTION) || sqe->caps_len == 0)
		return STATUS_BAD_OP;
	if (!ring_range_ok(&thread->ring, sqe->msg_off, sqe->msg_len))
		return STATUS_BAD_RANGE;
	if (caller != NULL && load_relaxed(&caller->hops) >= TAIL_MAX_HOPS)
		return STATUS_BAD_STATE;
	enum status status = op_resolve_caps(thread, request, tail->carried);
	if (status != STATUS_OK)
		return status;
	tail->count = sqe->caps_len;
	status = check_target(thread, request, tail);
	if (status == STATUS_OK && tail->object == NULL)
		status = copy_message(thread, request, tail);
	if (status == STATUS_OK)
		status = prepare_gate(thread, tail);
	if (status != STATUS_OK)
		drop(thread, tail);
	return status;
}

/* --- passing on ----------------------------------------------------------------------------------------------------- */

bool tail_begin_passing(struct request *call, uint64_t sequence)
{
	uint64_t expected = request_claim_word(sequence, REQUEST_PENDING);

	return atomic_cas(&call->claim, &expected, request_claim_word(sequence, REQUEST_PASSING));
}

void tail_change_gate(struct request *call, struct tail *tail)
{
	struct gate *old = call->extras & REQUEST_GATED ? call->gate : NULL;

	if (tail->gate == NULL)
		return;
	spin_lock(&gate_lock);
	if (old != NULL)
		list_remove(&call->gate_link);
	call->gate = tail->gate;
	list_init(&call->gate_link);
	list_push_back(&tail->gate->requests, &call->gate_link);
	spin_unlock(&gate_lock);
	call->extras |= REQUEST_GATED;
	if (tail->spares != NULL)
		call->spares = tail->spares;
	gate_put(old);
}

/* The request becomes the new call. What travels leaves the server now. */
static void rewrite(struct thread *thread, const struct request *request, struct request *call,
		    struct tail *tail)
{
	unsigned count = tail->count - 1;

	if (call->extras & REQUEST_PASSED)
		passed_free(call->passed);
	call->passed = tail->passed;
	store_relaxed(&call->hops, (uint8_t)(call->hops + 1));
	call->extras |= REQUEST_PASSED;
	carried_commit(thread->process, tail->carried + 1, count);
	for (unsigned i = 0; i < count; i++) {
		tail->sent[i] = tail->carried[i + 1];
		tail->sent[i].moved = CAP_ID_NULL;
	}
	if (count != 0) {
		call->carried = tail->sent;
		call->scoped = carried_scope(tail->sent, count) != SCOPE_ANY;
		call->extras |= REQUEST_CARRIES;
	}
	call->memory.removals = REQUEST_FORGOTTEN;
	call->sqe.interface_id = request->sqe.interface_id;
	call->sqe.method = request->sqe.method;
	call->sqe.msg_off = call->sqe.msg_len = 0; /* it is in `passed` */
	call->sqe.caps_len = (uint16_t)count;
	call->object = &tail->endpoint->object;
	call->key = tail->carried[0].ref.view->key;
	call->session = tail->session;
	store_relaxed(&call->record, (struct service_record *)NULL);
	call->result = (struct completion){.flags = CAP_CQE_DELIVERED};
	tail_change_gate(call, tail);
}

/* Into the new queue. False: nobody will ever receive it; the claim is ours. */
static bool queue(struct request *call, uint64_t sequence, struct endpoint *endpoint)
{
	spin_lock(&endpoint->lock);
	bool alive = !endpoint->dead;
	if (alive) {
		store_relaxed(&call->queue_lock, &endpoint->lock);
		call_queue_push(endpoint, call, false);
	}
	store_release(&call->claim, request_claim_word(sequence, alive ? REQUEST_PENDING : REQUEST_CLAIMED));
	spin_unlock(&endpoint->lock);
	return alive;
}

static void pass_on(struct thread *thread, struct request *request, struct request *call, uint64_t sequence,
		    struct tail *tail)
{
	struct cap_ref target = tail->carried[0].ref;
	struct gate *gate = tail->gate;

	struct sched_entity *caller = &ring_thread(call->ring)->sched;

	if (unlikely(load_relaxed(&caller->budget) != NULL))
		budget_take_back(caller); /* and whoever gets it now, has that, too */
	rewrite(thread, request, call, tail);
	gate_get(gate);
	if (!queue(call, sequence, tail->endpoint)) {
		call->result.status = STATUS_DISCONNECTED;
		request_complete(call, &thread->ring);
	} else {
		endpoint_pump(tail->endpoint);
		/* A revocation that had marked the new gate before the call was under it does not look for it there. */
		if (gate != NULL && !gate_is_alive(gate))
			(void)request_abort(call, sequence, STATUS_REVOKED, &thread->ring);
	}
	gate_put(gate);
	cap_ref_put(target);
}

enum status tail_call(struct thread *thread, struct request *request)
{
	struct tail tail = {0};

	tail.record = record_find(thread->process, request->sqe.target);
	if (tail.record == NULL)
		return STATUS_BAD_ID;
	struct request *caller = load_acquire(&tail.record->caller);
	uint64_t sequence = load_relaxed(&tail.record->caller_sequence);
	enum status status = prepare(thread, request, &tail, caller);
	if (status != STATUS_OK)
		return status;
	if (caller != NULL && tail.object == NULL)
		tail.session = session_reference(ring_thread(caller->ring)->process->session,
						 tail.endpoint->service);
	op_record(thread, request, RECORDER_CALL,
		  (tail.object != NULL ? tail.object : &tail.endpoint->object)->id, STATUS_OK);
	if (!record_claim(tail.record,
			  record_word_of(request->sqe.target))) { /* a sibling thread returned it first */
		drop(thread, &tail);
		return STATUS_BAD_ID;
	}
	if (tail.object != NULL) {
		tail_to_object(thread, request, &tail);
		return STATUS_OK;
	}
	bool passing = caller != NULL && tail_begin_passing(caller, sequence);
	record_close(tail.record, passing);
	record_release(thread->process, tail.record);
	if (passing) {
		pass_on(thread, request, caller, sequence, &tail);
	} else { /* nobody waits for it any more */
		carried_commit(thread->process, tail.carried, tail.count);
		for (unsigned i = 0; i < tail.count; i++)
			tail.carried[i].moved = CAP_ID_NULL;
		drop(thread, &tail);
	}
	return STATUS_OK;
}
