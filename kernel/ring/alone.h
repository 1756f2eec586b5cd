// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Private to the ring room: an entry that submits one thing, a call or a RETURN_RECV that repeats the last one, and then waits until
 * one completion came: what most entries are.
 *
 * - The ring is then RING_ALONE (ring/ring.h). The request stays the spare, counted and chained nowhere by its ring. A RECV is where callers
 *   look for it, endpoint->parked, and its object and record are the last time's.
 * - Who completes it finds by one compare-and-swap that the ring is that, and that nothing is signalled; then it knows that its completion
 *   ends the cap_enter. That it is the spare, it asks once it owns the ring: what was the spare before may be something else.
 * - Everybody else who claims such a ring makes an ordinary blocked one of it first (ring_settle).
 * - Whatever is not this case is asked before anything was done, and left to dispatch.h.
 *
 * Invariants (tests/models/alone.pml):
 *   A1  ALONE says that the spare waits, and nothing else says so: requests that are not free are `pending`, and that spare;
 *   A2  who claims such a ring ends its spare and no other, and asks for that once it owns the ring; or settles it first;
 *   A3  when it is claimed to be ended in line, nothing is signalled: what came before is seen by the same cap_enter;
 *   A4  a RECV that is ended in line is ended under its endpoint's lock, and a CALL once its claim was won: nobody else ends it.
 */
#pragma once

#include "dispatch.h"

/* The only submission of this entry is taken. */
static inline void take_alone(struct ring *ring, struct request *request, uint64_t sequence)
{
	uint64_t next = sequence + 1;

	request->sequence = sequence;
	ring->sq_head = next;
	store_release(&ring->control->sq_head, (uint32_t)next);
}

/* Of a claimed ring whose spare is something else: it has been blocked as others are, and may go on so. */
[[gnu::noinline, gnu::cold]] static void unclaim_settled(struct ring *ring)
{
	ring_settle(ring);
	ring_unclaim(ring);
}

/* A call to a server that waits for it. False: nothing was done. */
[[gnu::always_inline]] static inline bool call_alone(struct thread *thread, struct request *call,
						     uint64_t sequence, struct woken *woken)
{
	struct endpoint *endpoint = call->memory.endpoint;

	spin_lock(&endpoint->lock);
	struct request *receive = endpoint->parked;
	if (unlikely(endpoint->attention != 0) || unlikely(receive == NULL) ||
	    unlikely(!ring_claim_alone(receive->ring))) {
		spin_unlock(&endpoint->lock);
		return false;
	}
	struct ring *to = receive->ring;
	if (unlikely(to->free != receive)) { /* A2 */
		spin_unlock(&endpoint->lock);
		unclaim_settled(to);
		return false;
	}
	endpoint->parked = receive->behind;
	take_alone(&thread->ring, call, sequence);
	woken->at = recorder_write_now(call->sqe.interface_id, endpoint->object.id, thread->sched.ids,
				       (uint32_t)call->sqe.target,
				       recorder_pack(call->sqe.method, RECORDER_CALL, 0, call->sqe.msg_len));
	struct completion result = deliver(call, call->memory.view->key, call->memory.session,
					   call->memory.shape, receive, true, CAP_ID_NULL);
	spin_unlock(&endpoint->lock);
	woken->entity = ring_end_alone(to, receive, result);
	return true;
}

/* The claimed caller waits for more, or otherwise; its thread is woken as others are. (An ordinary function, as all that the line comes
 * back from: so it keeps things in registers.) */
[[gnu::noinline]] static void answer_otherwise(struct thread *thread, struct request *caller, uint32_t bytes,
					       bool claimed)
{
	struct completion result = {.len = bytes, .flags = CAP_CQE_DELIVERED};

	if (claimed)
		ring_settle(caller->ring);
	struct sched_entity *woken = claimed ? finish_caller(caller, result)
					     : complete_caller(thread, caller, result);
	if (woken != NULL)
		sched_wake_next(woken);
}

/* The claimed caller has its answer; its thread, if that is to be woken by handing over to it. */
[[gnu::always_inline]] static inline struct sched_entity *answer_alone(struct thread *thread,
								       struct request *caller, uint32_t bytes)
{
	struct ring *ring = caller->ring;

	bool claimed = ring_claim_alone(ring);
	if (likely(claimed) && likely(ring->free == caller) &&
	    likely(caller->extras == 0)) /* nor was it passed on */
		return ring_end_alone(ring, caller,
				      (struct completion){.len = bytes, .flags = CAP_CQE_DELIVERED});
	answer_otherwise(thread, caller, bytes, claimed);
	return NULL;
}

enum returned : uint8_t {
	RETURNED_NOT,   /* nothing was done */
	RETURNED_ALONE, /* and the RECV is the spare */
	RETURNED,       /* and the RECV is what it may be */
};

/* The RECV half, in the returned call's record: before those of the same ring that wait there, so that what was used last is used
 * next. False: it is more than that. */
[[gnu::always_inline]] static inline bool receive_alone(struct thread *thread, struct endpoint *endpoint,
							struct request *receive,
							struct service_record *record)
{
	struct request *first = thread->ring.parked;

	store_relaxed(&record->receiver, thread);
	spin_lock(&endpoint->lock);
	if (unlikely(endpoint->backlog | endpoint->more) || unlikely(endpoint->parked != first)) {
		spin_unlock(&endpoint->lock);
		endpoint_admit_receive(thread, endpoint, receive, record);
		return false;
	}
	receive->behind = first;
	store_relaxed(&receive->queue_lock, &endpoint->lock);
	store_release(&receive->claim, request_claim_word(receive->sequence, REQUEST_PENDING));
	endpoint->parked = receive;
	if (first == NULL)
		endpoint->parked_last = receive;
	spin_unlock(&endpoint->lock);
	return true;
}

/* What the call brought is dropped. False: then the RECV half has been done, or has failed. */
[[gnu::noinline]] static bool drop_alone(struct thread *thread, struct endpoint *endpoint,
					 struct request *request, struct service_record *record,
					 const struct sched_entity *woken)
{
	enum status status = drop_and_reserve(thread, request, record);

	if (unlikely(status != STATUS_OK)) {
		request->result = (struct completion){0};
		submit_complete(&thread->ring, request, status);
		return false;
	}
	if (woken == NULL || likely(this_cpu()->handover == NULL))
		return true;
	endpoint_admit_receive(thread, endpoint, request, record); /* that woke somebody, too */
	return false;
}

/* A RETURN_RECV that is remembered, and plain. */
[[gnu::always_inline]] static inline enum returned return_alone(struct thread *thread,
								struct request *request, uint64_t sequence,
								struct woken *woken)
{
	struct ring *ring = &thread->ring;
	struct service_record *record = request->record; /* as return_recv_again */
	struct endpoint *endpoint = request->memory.endpoint;
	uint32_t bytes = request->sqe.msg_len;
	uint64_t word = record_word_of(request->sqe.target);

	if (unlikely(load_acquire(&record->word) != word) ||
	    unlikely(bytes > load_relaxed(&record->buf_len)) || unlikely(!is_zero_relaxed(&record->gate)) ||
	    unlikely(!is_relaxed(&record->endpoint, endpoint)) ||
	    unlikely(!record_has_slots(request, record)) || unlikely(!record_claim(record, word)))
		return RETURNED_NOT;
	struct request *caller = load_acquire(&record->caller);
	take_alone(ring, request, sequence);
	woken->at = recorder_write_now(record->interface_id, endpoint->object.id, thread->sched.ids, 0,
				       recorder_pack(record->method, RECORDER_RETURN, 0, bytes));
	if (likely(caller != NULL) && likely(request_claim(caller, record->caller_sequence))) {
		copy_own_message(caller->ring->arena + caller->sqe.buf_off,
				 ring->arena + request->sqe.msg_off, bytes);
		woken->entity = answer_alone(thread, caller, bytes);
	} else {
		record_close(record, false);
	}
	if (unlikely(request->sqe.flags & CAP_SQE_RELEASE_CAPS) &&
	    !drop_alone(thread, endpoint, request, record, woken->entity))
		return RETURNED;
	return likely(receive_alone(thread, endpoint, request, record)) ? RETURNED_ALONE : RETURNED;
}
