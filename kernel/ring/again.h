// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Private to the ring room: a call and its answer once more, in line: what most entries are. The words are those that the request
 * remembers (struct request_memory); whatever else they may be is behind one test each, in call.c and receive.c.
 *
 * Both may give a thread that they woke: it waited in cap_enter, has its result, and is to be made runnable by the caller, who may
 * hand over to it directly.
 */
#pragma once

#include "deliver.h"
#include "ops.h"

#include <core/recorder.h>

/* Whom an operation woke (NULL: nobody), and when it was recorded: as good as now, for accounts. */
struct woken {
	struct sched_entity *entity;
	uint64_t at;
};

/* call_little.c: what the words resolve to is known; but it may not be called now, or the call has more than a message: capabilities may
 * come back, and a copy of one goes along if somebody waits to receive it. Whatever is more than that is call.c's. */
/* *waits_alone: the call is still the spare, and its thread may wait as alone.h says; not in a batch. */
ARCH_PRESERVES_NONE struct woken call_with_little(struct thread *thread, struct request *call,
						  bool *waits_alone);
void call_slowly(struct thread *thread, struct request *request);
/* receive.c: a RETURN_RECV whatever its two halves are. */
enum status return_slowly(struct thread *thread, struct request *request, bool again);
/* return_little.c: one whose answer brings a facet that is minted for it, and which request->memory knows to be little. Its `at` is 0:
 * it is not such, and nothing was done. */
struct woken return_little(struct thread *thread, struct request *request);
/* receive.c: the returned call's capabilities are dropped; the RECV that comes now has its slots, or fails. */
ARCH_PRESERVES_NONE enum status drop_and_reserve(struct thread *thread, const struct request *request,
						 struct service_record *record);
/* receive.c: the claimed caller's capabilities, into its reserved slots, their ids behind the message. */
void answer_caps(struct thread *thread, struct request *request, struct request *caller,
		 const struct carried *carried);

/* A call that request->memory knows, in a batch: to its end. */
[[gnu::always_inline]] static inline void call_again(struct thread *thread, struct request *call)
{
	struct ring *ring = &thread->ring;
	struct view *view = call->memory.view;
	struct endpoint *endpoint = call->memory.endpoint;
	struct request *receive = NULL;
	bool waits_alone;

	if (unlikely(!call->plain) || unlikely(!ring_session_is_alive(ring)) ||
	    unlikely(ring->pending >= ring->wait_max)) {
		(void)call_with_little(thread, call, &waits_alone);
		return;
	}
	spin_lock(&endpoint->lock);
	if (unlikely(endpoint->attention != 0) && facet_key_is_retired(view->facet)) {
		spin_unlock(&endpoint->lock);
		(void)call_with_little(thread, call, &waits_alone);
		return;
	}
	if (likely(!endpoint->backlog))
		receive = endpoint_take_parked(endpoint);
	if (unlikely(receive == NULL)) {
		spin_unlock(&endpoint->lock);
		op_record(thread, call, RECORDER_CALL, endpoint->object.id, STATUS_OK);
		ring_take(ring, call);
		endpoint_queue_call(endpoint, call, view, call->memory.session);
		return;
	}
	ring->free = call->next;
	ring->pending++;
	ring_thread(ring)->sched.work += call->sqe.msg_len;
	recorder_write(call->sqe.interface_id, endpoint->object.id, thread->sched.ids,
		       (uint32_t)call->sqe.target,
		       recorder_pack(call->sqe.method, RECORDER_CALL, 0, call->sqe.msg_len));
	struct completion result = deliver(call, view->key, call->memory.session, call->memory.shape, receive,
					   true, CAP_ID_NULL);
	spin_unlock(&endpoint->lock);
	ring_unpost_operation(receive->ring, receive);
	receive->extras = 0;
	batch_finish(this_cpu(), receive->ring, receive, result);
}

/* The claimed caller, whose message and capabilities are there, and whose ring is claimed, is done. Its thread, if that is to be woken
 * (ring_unclaim_woken); in a batch it is at the end of that. */
[[gnu::always_inline]] static inline struct sched_entity *finish_caller(struct request *caller,
									struct completion result)
{
	struct ring *ring = caller->ring;
	struct cpu *cpu = this_cpu();

	if (unlikely(caller->extras == REQUEST_SLOTS) && caller->slots.count == 0)
		caller->extras = 0; /* all of them are filled */
	if (likely(caller->extras == 0)) {
		if (likely(cpu->batch)) {
			batch_finish(cpu, ring, caller, result);
			return NULL;
		}
		ring_finish_blocked(ring, caller, result);
		return ring_unclaim_woken(ring);
	}
	if (cpu->batch && cpu->held != ring)
		batch_hold(cpu, ring);
	ring_finish_with(ring, caller, result);
	return cpu->batch ? NULL : ring_unclaim_woken(ring);
}

/* The same, whosever ring it is. */
[[gnu::always_inline]] static inline struct sched_entity *complete_caller(struct thread *thread,
									  struct request *caller,
									  struct completion result)
{
	if (likely(batch_claim(this_cpu(), caller->ring)))
		return finish_caller(caller, result);
	caller->record = NULL;
	caller->result = result;
	request_complete(caller, &thread->ring);
	return NULL;
}

/* The claimed caller gets its answer: message, capabilities, completion. Its thread, if that is to be woken (ring_unclaim_woken). */
[[gnu::always_inline]] static inline struct sched_entity *answer_caller(struct thread *thread,
									struct request *request,
									struct request *caller,
									const struct carried *carried,
									unsigned caps, enum status outcome)
{
	struct ring *ring = caller->ring;
	uint32_t bytes = request->sqe.msg_len;
	struct completion result = {
		.status = outcome, .len = bytes, .caps = (uint16_t)caps, .flags = CAP_CQE_DELIVERED};

	thread->sched.work += bytes;
	copy_own_message(ring->arena + caller->sqe.buf_off, thread->ring.arena + request->sqe.msg_off, bytes);
	if (caps != 0)
		answer_caps(thread, request, caller, carried);
	return complete_caller(thread, caller, result);
}

/* Claims the checked call and answers it. On success the record is RESERVED again, and the caller of this function owns it. */
[[gnu::always_inline]] static inline enum status return_claimed(struct thread *thread,
								struct request *request,
								struct service_record *record,
								const struct carried *carried, unsigned caps,
								enum status outcome, struct woken *woken)
{
	if (unlikely(!record_claim(
		    record, record_word_of(request->sqe.target)))) { /* a sibling thread returned it first */
		if (caps != 0)
			carried_abort(thread->process, carried, caps);
		return STATUS_BAD_ID;
	}
	struct request *caller = load_acquire(&record->caller);
	uint64_t sequence = record->caller_sequence;

	woken->at = recorder_write_now(
		record->interface_id, record->endpoint->object.id, thread->sched.ids,
		(uint64_t)(uint32_t)outcome << 32,
		recorder_pack(record->method, RECORDER_RETURN, caps, request->sqe.msg_len));
	bool answered = caller != NULL && request_claim(caller, sequence);
	if (unlikely(!answered || record->gate != NULL))
		record_close(record, answered);
	if (likely(answered))
		woken->entity = answer_caller(thread, request, caller, carried, caps, outcome);
	else if (caps != 0)
		carried_drop(thread->process, carried, caps); /* nobody waits for it any more */
	return STATUS_OK;
}

/* Capabilities that the submission gives back with the call that brought them, if their receiver still has them. */
static inline unsigned given_back(const struct request *request, const struct service_record *record)
{
	return request->sqe.flags & CAP_SQE_RELEASE_CAPS ? load_relaxed(&record->given_count) : 0;
}

/* For the RECV half. Before the claim, as all that is looked at then: a sibling thread may be returning the call. */
static inline bool record_has_slots(const struct request *request, const struct service_record *record)
{
	unsigned count = load_relaxed(&record->slots.count);

	return likely(count >= request->sqe.buf_caps) ||
	       count + given_back(request, record) >= request->sqe.buf_caps;
}

/* What is not plain. */
[[gnu::always_inline]] static inline enum status return_otherwise(struct thread *thread,
								  struct request *request, bool again,
								  struct woken *woken)
{
	struct woken little = {0};

	if (again && request->little)
		little = return_little(thread, request);
	if (little.at == 0)
		return return_slowly(thread, request, again);
	*woken = little;
	return OP_WAITING;
}

/* RETURN_RECV. `again`: request->memory knows where it receives. */
[[gnu::always_inline]] static inline enum status return_recv_again(struct thread *thread,
								   struct request *request, bool again,
								   struct woken *woken)
{
	/* Most often that of the call that this request received last, whatever it is by now: a claim that names the token finds out.
	 * What is remembered of a RETURN_RECV includes a record of this process (return_slowly). */
	struct service_record *record = request->record;
	struct endpoint *endpoint = request->memory.endpoint;

	if (unlikely(!again) || unlikely(!request->plain) ||
	    unlikely(load_acquire(&record->word) != record_word_of(request->sqe.target)) ||
	    unlikely(thread->ring.pending >= thread->ring.wait_max) ||
	    unlikely(request->sqe.msg_len > load_relaxed(&record->buf_len)) ||
	    unlikely(!record_has_slots(request, record)))
		return return_otherwise(thread, request, again, woken);
	if (unlikely(return_claimed(thread, request, record, NULL, 0, STATUS_OK, woken) != STATUS_OK))
		return STATUS_BAD_ID;
	if (unlikely(request->sqe.flags & CAP_SQE_RELEASE_CAPS)) {
		enum status status = drop_and_reserve(thread, request, record);
		if (unlikely(status != STATUS_OK))
			return status;
	}
	if (unlikely(record->endpoint != endpoint))
		record_move(record, endpoint);
	endpoint_admit_receive_as(thread, endpoint, request, record, true);
	return OP_WAITING;
}
