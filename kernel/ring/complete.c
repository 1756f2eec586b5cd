// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Completions: from a claimed request to an entry in its owner's completion queue.
 *
 * See ring/ring.h for who owns a ring. The pairs of publish and look that keep anything from being lost:
 *   pusher: push on done, set signals, full fence, look at state   (request_complete, ring_signal, ring_poke)
 *   owner:  publish BLOCKED, full fence, look at signals           (ring_unclaim, enter.c)
 */
#include "batch.h"
#include "call_queue.h"
#include "capture.h"
#include "complete.h"
#include "deliver.h"
#include "promise.h"
#include "tail.h"

#include <mm/frame.h>
#include <mm/slab.h>
#include <core/clock.h>
#include <core/log.h>
#include <ring/endpoint.h>
#include <ring/kcall.h>
#include <ring/notification.h>
#include <ring/record.h>

uint32_t ring_unreaped(struct ring *ring)
{
	uint32_t head = load_acquire(&ring->control->cq_head); /* Q2 */

	if (unlikely(ring->cq_tail - head > ring->cq_count))
		return UINT32_MAX;
	ring->cq_head = head;
	return ring->cq_tail - head;
}

void ring_settle(struct ring *ring)
{
	struct thread *thread = ring_thread(ring);
	struct request *request = ring->free;

	ring->free = request->next;
	ring->pending++;
	ring->wanted = ring->cq_tail + 1;
	ring->cq_head = ring->wanted - ring->min;
	ring->entered = (uint32_t)ring->sq_head - 1;
	thread->sched.work = 0;
	if (request->sqe.op == CAP_OP_RETURN_RECV) {
		store_relaxed(&request->extras, (uint16_t)REQUEST_RECORD);
		ring->parked = request; /* before those behind it, as at the endpoint */
		if (request->behind == NULL)
			ring->parked_last = request;
	}
}

bool ring_claim_alone_settled(struct ring *ring)
{
	uint32_t expected = RING_ALONE;

	if (!atomic_cas(&ring->state, &expected, RING_CLAIMED))
		return false;
	ring_settle(ring);
	return true;
}

/* A delivered call that is answered otherwise (cancelled, timed out, its thread gone): its record forgets it. Whoever won the claim
 * does this, in the same entry: a server that returns the call has then either read the request before, and is inside quiescence with
 * it, or finds nothing. The record may have been returned and reused; then it names another request, and the swap fails. */
void request_detach(struct request *request)
{
	struct request *expected = request;

	if (request->sqe.op != CAP_OP_CALL || request->record == NULL)
		return;
	struct service_record *record = request->record;
	store_relaxed(&request->record, (struct service_record *)NULL);
	request->result.flags = CAP_CQE_DELIVERED;
	if (atomic_cas(&record->caller, &expected, (struct request *)NULL))
		endpoint_tell_cancelled(record, request->served);
}

void request_release(struct ring *ring, struct request *request)
{
	struct process *process = ring_thread(ring)->process;
	unsigned extras = request->extras;

	request->extras = 0;
	if (extras & REQUEST_SLOTS)
		cap_table_unreserve(&process->table, &request->slots);
	if (extras & REQUEST_TIMED) {
		(void)timer_cancel(&request->deadline);
		store_relaxed(&request->sleep_until, 0ull);
	}
	if (extras & REQUEST_CARRIES) {
		carried_abort(process, request->carried, request->sqe.caps_len);
		carried_free(request);
	}
	if (extras & REQUEST_GATED)
		request_drop_gate(request);
	if (extras & REQUEST_PASSED)
		passed_free(request->passed);
	store_relaxed(&request->hops, (uint8_t)0); /* of who was passed on: that has extras */
	if (extras & REQUEST_HELD)
		promise_drop(request);
	if (extras & REQUEST_RECORD)
		record_release(process, request->record);
	if (extras & REQUEST_COUNTED)
		object_put(request->object);
	if (extras & REQUEST_VIEW)
		view_put(request->view);
}

void ring_finish_extras(struct ring *ring, struct request *request)
{
	if (request->extras & REQUEST_CAPTURED)
		capture_completed(ring, request, (enum status)request->result.status);
	ring_unpost_operation(ring, request);
	if (request->extras & REQUEST_KEPT)
		answer_finish(request);
	request_release(ring, request);
}

void ring_take_timed(struct ring *ring, struct request *request, struct spinlock *lock)
{
	ring->free = request->next;
	ring->pending++;
	list_init(&request->link);
	store_relaxed(&request->queue_lock, lock);
	store_relaxed(&request->sleep_until, 0ull);
	request->record = NULL;
	store_release(&request->claim, request_claim_word(request->sequence, REQUEST_PENDING));
	request_arm_deadline(request);
}

void ring_drain(struct ring *ring)
{
	if (likely((load_relaxed(&ring->signals) & RING_DONE) == 0))
		return;
	(void)atomic_and(&ring->signals, ~(uint32_t)RING_DONE);
	struct request *stack = atomic_swap(&ring->done, (struct request *)NULL);
	struct request *in_order = NULL;

	while (stack != NULL) {
		struct request *next = stack->done;
		store_relaxed(&stack->done, in_order);
		in_order = stack;
		stack = next;
	}
	while (in_order != NULL) {
		struct request *next = in_order->done;
		ring_finish(ring, in_order);
		in_order = next;
	}
}

static void recheck(struct request *request)
{
	if (request->sqe.op == CAP_OP_WAIT)
		notification_recheck(request);
	else
		endpoint_recheck(request);
}

/* Those of a chain that were submitted before `sequence`; the first of the others. */
static struct request *recheck_parked(struct request *parked, uint64_t sequence)
{
	while (parked != NULL && parked->sequence < sequence) {
		struct request *behind = parked->behind;
		recheck(parked);
		parked = behind;
	}
	return parked;
}

/* Posted RECVs and WAITs look for a match, the oldest first. */
static void recheck_posted(struct ring *ring)
{
	struct request *parked = ring->parked;

	list_for_each_safe (it, &ring->posted) {
		struct request *request = container_of(it, struct request, posted);
		parked = recheck_parked(parked, request->sequence);
		recheck(request);
	}
	(void)recheck_parked(parked, UINT64_MAX);
}

/* Of a chain, only those that were withdrawn, or found no straight way, leave it from the middle. */
[[gnu::noinline]] void ring_unpost_other(struct ring *ring, struct request *request)
{
	if (request->extras & REQUEST_POSTED) {
		list_remove(&request->posted);
		request->extras &= (uint16_t)~REQUEST_POSTED;
		return;
	}
	for (struct request *it = ring->parked; it != NULL; it = it->behind) {
		if (it->behind == request) {
			store_relaxed(&it->behind, request->behind); /* endpoint_park_first looks */
			if (ring->parked_last == request)
				ring->parked_last = it;
			return;
		}
	}
}

/* What an owner does with what others left. */
void ring_work(struct ring *ring)
{
	ring_drain(ring);
	if (unlikely(load_relaxed(&ring->signals) & RING_RECHECK)) {
		(void)atomic_and(&ring->signals, ~(uint32_t)RING_RECHECK);
		recheck_posted(ring);
		ring_drain(ring);
	}
}

void ring_unclaim_slow(struct ring *ring)
{
	struct thread *thread = ring_thread(ring);

	/* Only more to come. */
	if (ring_is_quiet(ring) && (int32_t)(ring->cq_tail - ring->wanted) < 0) {
		store_fenced(&ring->state, (uint32_t)RING_BLOCKED);
		if (!ring_has_work(ring) || !ring_try_claim(ring))
			return;
	}
	for (;;) {
		ring_work(ring);
		uint32_t unreaped = ring_unreaped(ring);
		bool signalled = ring_signals(ring) != 0;
		if (signalled || unreaped >= ring->min) {
			/* Before it blocked it had submitted everything: enough completions end the cap_enter. An impossible
			 * index counts as enough, and is found by the thread itself. */
			if (unlikely(signalled || unreaped == UINT32_MAX))
				(void)atomic_or(&ring->signals, (uint32_t)RING_UNFINISHED);
			else
				enter_finish(thread, CAP_ENTER_COMPLETIONS);
			store_release(&ring->state, (uint32_t)RING_RUNNING);
			sched_wake(&thread->sched, true);
			return;
		}
		ring->wanted = ring->cq_head + ring->min;
		store_fenced(&ring->state, (uint32_t)RING_BLOCKED);
		if (!ring_has_work(ring) || !ring_try_claim(ring))
			return;
	}
}

void batch_release(struct cpu *cpu)
{
	struct ring *ring = cpu->held;

	cpu->held = NULL;
	store_release(&ring->control->cq_tail, ring->cq_tail);
	ring_unclaim(ring);
}

[[gnu::noinline]] void batch_hold(struct cpu *cpu, struct ring *ring)
{
	if (cpu->held != NULL)
		batch_release(cpu);
	cpu->held = ring;
	cpu->held_at = &ring->free;
	cpu->batch = BATCH_LEFT;
}

void batch_end_left(struct cpu *cpu)
{
	cpu->batch = BATCH_NONE;
	if (cpu->held != NULL)
		batch_release(cpu);
	if (unlikely(cpu->told_later != NULL))
		facet_tell_now(cpu);
}

void ring_poke(struct ring *ring)
{
	full_fence();
	if (ring_try_claim(ring))
		ring_unclaim(ring);
}

void ring_signal(struct ring *ring, uint32_t signals)
{
	(void)atomic_or(&ring->signals, signals);
	ring_poke(ring);
}

static void push_done(struct ring *ring, struct request *request)
{
	/* Pushed, it is its owner's. */
	bool interrupts = (request->sqe.flags & CAP_SQE_INTERRUPT) != 0;
	struct request *head = load_relaxed(&ring->done);

	/* Not `next`: it may be the spare of a thread that is about to wait ALONE, which only its state will say. */
	do
		store_relaxed(&request->done, head);
	while (!atomic_cas(&ring->done, &head, request));
	(void)atomic_or(&ring->signals, (uint32_t)RING_DONE);
	ring_poke(ring);
	if (unlikely(interrupts))
		thread_interrupt(ring_thread(ring), CAP_UPCALL_COMPLETION);
}

void request_complete(struct request *request, struct ring *own)
{
	struct ring *ring = request->ring;

	if (ring == own) {
		ring_finish(ring, request);
	} else if (ring_try_claim(ring)) {
		ring_finish(ring, request);
		ring_unclaim(ring);
	} else {
		push_done(ring, request);
	}
}

uint64_t request_claim_settled(const struct request *request)
{
	uint64_t word;

	while (((word = load_acquire(&request->claim)) & 3) == REQUEST_PASSING)
		arch_pause();
	return word;
}

bool request_claim_passing(struct request *request, uint64_t sequence)
{
	(void)request_claim_settled(request);
	return request_claim(request, sequence);
}

/* The lock is that of its queue: for the analysis, of nothing. */
NO_LOCK_ANALYSIS void request_unlink(struct request *request)
{
	struct spinlock *lock = load_acquire(&request->queue_lock);

	if (lock == NULL)
		return;
	spin_lock(lock);
	if (request->sqe.op == CAP_OP_RECV || request->sqe.op == CAP_OP_RETURN_RECV)
		endpoint_unpark(container_of(request->object, struct endpoint, object));
	if (request->sqe.op == CAP_OP_WAIT)
		notification_remove(request);
	else if (unlikely(request->has_turn || !list_is_empty(&request->followers)))
		call_queue_remove(container_of(request->object, struct endpoint, object), request);
	else
		list_remove(&request->link);
	spin_unlock(lock);
}

bool request_abort(struct request *request, uint64_t sequence, enum status status, struct ring *own)
{
	if (!request_claim(request, sequence))
		return false;
	request_unlink(request);
	/* All of it: a request that is used for the same thing again keeps the last one's. */
	request->result = (struct completion){.status = status,
					      .flags = request->hops != 0 ? CAP_CQE_DELIVERED : 0};
	request_detach(request);
	request_complete(request, own);
	return true;
}

void request_write_result(struct request *request, const void *words, size_t bytes)
{
	struct ring *ring = request->ring;

	kassert(bytes <= request->sqe.buf_len);
	copy_words(ring->arena + request->sqe.buf_off, words, bytes / 8);
	request->result.len = (uint32_t)bytes;
}

/* A deadline passed, or a sleep is over. The claim word is read first: a timer that fires late, for a request that has been
 * reused, finds a time that has not come, or another sequence number at the claim, and does nothing. */
static void deadline_fire(struct timer *timer)
{
	struct request *request = container_of(timer, struct request, deadline);
	uint64_t word = request_claim_settled(request);
	uint64_t until = load_relaxed(&request->sleep_until);
	uint64_t deadline = load_relaxed(&request->sqe.deadline_ns);
	uint64_t now = clock_now_ns();

	if ((word & 3) != REQUEST_PENDING)
		return;
	if (until != 0 && until <= now)
		kcall_complete(request, word >> 2);
	else if (deadline != 0 && deadline <= now)
		(void)request_abort(request, word >> 2, STATUS_TIMED_OUT, NULL);
}

void request_arm_deadline(struct request *request)
{
	uint64_t at = request->sqe.deadline_ns;

	if (request->sleep_until != 0 && (at == 0 || request->sleep_until < at))
		at = request->sleep_until;
	if (likely(at == 0))
		return;
	timer_init(&request->deadline, deadline_fire);
	request->extras |= REQUEST_TIMED;
	timer_arm(&request->deadline, at);
}
