// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Private to the ring room: completions, in line.
 *
 * Every call and every answer ends here, so these are straight-line code; what is rare is behind one test each, and in
 * complete.c. See ring/ring.h for who may call them (an owner).
 */
#pragma once

#include "thread_private.h"

/* Words 1 to 3 of a cap_cqe. */
static inline void ring_post_words(struct ring *ring, uint64_t user_data, uint64_t status_len,
				   uint64_t caps_flags, uint64_t token)
{
	uint32_t tail = ring->cq_tail;
	uint64_t *cqe = (uint64_t *)(void *)&ring->cq[tail & ring->cq_mask];

	cqe[0] = user_data;
	cqe[1] = status_len;
	cqe[2] = caps_flags;
	cqe[3] = token;
	count_own(&ring->cq_tail, 1);
	store_release(&ring->control->cq_tail, tail + 1);
}

static inline void ring_post(struct ring *ring, uint64_t user_data, const struct completion *result)
{
	const uint64_t *words = (const uint64_t *)(const void *)result;

	ring_post_words(ring, user_data, words[0], words[1], words[2]);
}

/* The request is free again, behind the spare, which may be the submission that is being dispatched. */
static inline void ring_give_back(struct ring *ring, struct request *request)
{
	ring->pending--;
	store_relaxed(&request->claim, request_claim_word(request->sequence, REQUEST_FREE));
	request->next = ring->free->next;
	ring->free->next = request;
}

/* The rare parts of finishing; looks at request->result. */
void ring_finish_extras(struct ring *ring, struct request *request);

/* The claimed request's completion, and the request is free again. */
[[gnu::always_inline]] static inline void ring_finish_with(struct ring *ring, struct request *request,
							   struct completion result)
{
	if (unlikely(request->extras != 0)) {
		request->result = result;
		ring_finish_extras(ring, request);
	}
	ring_post_words(ring, request->sqe.user_data, (uint32_t)result.status | (uint64_t)result.len << 32,
			result.caps | (uint64_t)result.flags << 16, result.token);
	ring_give_back(ring, request);
}

static inline void ring_finish(struct ring *ring, struct request *request)
{
	ring_finish_with(ring, request, request->result);
}

/* The same for a request without extras and a thread that waits: then there is no submission in the spare, and the request is the
 * next one. */
[[gnu::always_inline]] static inline void ring_finish_blocked(struct ring *ring, struct request *request,
							      struct completion result)
{
	ring_post_words(ring, request->sqe.user_data, (uint32_t)result.status | (uint64_t)result.len << 32,
			result.caps | (uint64_t)result.flags << 16, result.token);
	ring->pending--;
	store_relaxed(&request->claim, load_relaxed(&request->claim) & ~3ull); /* REQUEST_FREE */
	request->next = ring->free;
	ring->free = request;
}

/* The claimed ring was ALONE, and `request` is its spare: its completion, and its thread, which is to be woken. */
[[gnu::always_inline]] static inline struct sched_entity *ring_end_alone(struct ring *ring,
									 struct request *request,
									 struct completion result)
{
	ring_post_words(ring, request->sqe.user_data, (uint32_t)result.status | (uint64_t)result.len << 32,
			result.caps | (uint64_t)result.flags << 16, result.token);
	store_relaxed(&request->claim, load_relaxed(&request->claim) & ~3ull); /* REQUEST_FREE */
	store_release(&ring->state, (uint32_t)RING_RUNNING);
	return &ring_thread(ring)->sched;
}

/* A RECV or WAIT is looked at again when the ring is told to. */
static inline void ring_post_operation(struct ring *ring, struct request *request)
{
	request->behind = NULL;
	if (ring->parked == NULL) {
		ring->parked = ring->parked_last = request;
	} else if (ring->parked->object == request->object && request->sqe.op != CAP_OP_WAIT) {
		ring->parked_last->behind = request;
		ring->parked_last = request;
	} else {
		request->extras |= REQUEST_POSTED;
		list_push_back(&ring->posted, &request->posted);
	}
}

/* One that is not the first of ring->parked. */
void ring_unpost_other(struct ring *ring, struct request *request);

static inline void ring_unpost_operation(struct ring *ring, struct request *request)
{
	if (likely(ring->parked == request))
		ring->parked = request->behind;
	else if ((request->extras & (REQUEST_POSTED | REQUEST_RECORD)) != 0)
		ring_unpost_other(ring, request);
}

void ring_take_timed(struct ring *ring, struct request *request, struct spinlock *lock);

/* Takes the spare out of the free list: the request waits from now on. */
static inline void ring_take(struct ring *ring, struct request *request)
{
	ring->free = request->next;
	ring->pending++;
	store_relaxed(&request->queue_lock, (struct spinlock *)NULL);
	request->record = NULL;
	store_release(&request->claim, request_claim_word(request->sequence, REQUEST_PENDING));
}

/* The same for a request that goes into a queue under `lock`, with its deadline. A timer of the request's last use may still be
 * firing on another CPU, and abort this one as soon as it waits: then it must know what to take before it completes it, and
 * who queues it must look, under the lock, whether it still waits. */
static inline void ring_take_queued(struct ring *ring, struct request *request, struct spinlock *lock)
{
	if (likely(request->sqe.deadline_ns == 0))
		ring_take(ring, request);
	else
		ring_take_timed(ring, request, lock);
}

static inline bool ring_has_work(const struct ring *ring)
{
	return ring_signals(ring) != 0;
}

/* Nothing is signalled, the cap_enter has no deadline, and the thread no budget. */
static inline bool ring_is_quiet(const struct ring *ring)
{
	return likely((load_relaxed(&ring->signals) & ~(uint32_t)RING_HOLDING) == 0);
}

/* The result of a cap_enter that had no deadline. */
static inline void enter_set_result(struct thread *thread, uint32_t reasons)
{
	arch_context_set_result(&thread->context, (uint32_t)thread->ring.sq_head - thread->ring.entered,
				reasons);
}

/* Ends the cap_enter of a thread that waits in it, or is about to return: its result is set. */
static inline void enter_finish(struct thread *thread, uint32_t reasons)
{
	if (unlikely(thread->enter_deadline != 0))
		enter_cancel_deadline(thread);
	enter_set_result(thread, reasons);
}

/* The wake permit of a thread that waits, if nothing else is waiting for it: its cap_enter ends here, and the caller is to make it
 * runnable (*woken, unless that is NULL). False: it does not wait. */
static inline bool ring_wake(struct ring *ring, struct sched_entity **woken)
{
	if (!ring_claim_blocked(ring))
		return false;
	if (unlikely(!ring_is_quiet(ring))) {
		(void)atomic_or(&ring->signals, (uint32_t)RING_WOKEN);
		ring_unclaim_slow(ring);
		return true;
	}
	arch_context_set_reason(&ring_thread(ring)->context,
				CAP_ENTER_WOKEN); /* the rest it set when it blocked */
	store_release(&ring->state, (uint32_t)RING_RUNNING);
	*woken = &ring_thread(ring)->sched;
	return true;
}

/* Ends a claim. A thread that blocked had submitted everything: enough completions end its cap_enter here, with the result that it set
 * itself when it blocked (publish_blocked). Then it is to be woken by the
 * caller (sched_wake_next, or by handing over to it), in the same entry. */
[[gnu::always_inline]] static inline struct sched_entity *ring_unclaim_woken(struct ring *ring)
{
	struct thread *thread = ring_thread(ring);

	if (unlikely((int32_t)(ring->cq_tail - ring->wanted) < 0) || !ring_is_quiet(ring)) {
		ring_unclaim_slow(ring);
		return NULL;
	}
	store_release(&ring->state, (uint32_t)RING_RUNNING);
	return &thread->sched;
}

[[gnu::always_inline]] static inline void ring_unclaim(struct ring *ring)
{
	struct sched_entity *woken = ring_unclaim_woken(ring);

	if (likely(woken != NULL))
		sched_wake_next(woken);
}
