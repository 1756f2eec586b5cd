// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Private to the ring room: delivery, in line. A call is copied into its receiver's buffer, and the receiver's record opened.
 *
 * It happens under the endpoint's lock with the receiver's ring owned. Everything that it needs was set aside when the two
 * requests were admitted: the record has the table slots, and counts the endpoint.
 */
#pragma once

#include "batch.h"
#include "complete.h"
#include "ops.h"

#include <arch/memory.h>
#include <ring/endpoint.h>
#include <ring/record.h>

/* A call that waits already: into the queue, or to whoever came meanwhile. */
void endpoint_queue_call(struct endpoint *endpoint, struct request *call, struct view *view,
			 uint64_t session);
/* What a call has beyond its header: a message that a server left which passed it on; capabilities go behind it, the record gets the
 * gate. Bytes of message. */
uint32_t deliver_extras(struct request *call, struct request *receive, uint64_t *header);
/* A taken RECV finds work at once, or joins the queue whatever it needs. */
void endpoint_queue_receive(struct endpoint *endpoint, struct request *receive);
/* A RECV in the spare that need not wait: takes the next call, if it is nothing but its message, and there is no notice. What is to be
 * given to endpoint_receive_slowly; NULL: it took none. */
struct view *endpoint_receive_now(struct endpoint *endpoint, struct request *receive)
	REQUIRES(endpoint->lock);
/* The same RECV goes on, with its completion or to wait. */
void endpoint_receive_slowly(struct endpoint *endpoint, struct request *receive, struct view *view);
/* All that wait to receive are in one list, in their order. */
void endpoint_unpark(struct endpoint *endpoint) REQUIRES(endpoint->lock);
/* The first of that list is parked again, if it is an ordinary one; NULL: there is none. */
struct request *endpoint_park_first(struct endpoint *endpoint) REQUIRES(endpoint->lock);

/* Message bytes, a multiple of 8; no overlap. As mm/copy.c, in line. */
static inline void copy_message(void *to, const void *from, uint32_t bytes)
{
	uint64_t *out = to;
	const uint64_t *in = from;

	if (bytes == 8) { /* no fields: most results */
		copy_shared_word(out, in);
		return;
	}
	if (unlikely(bytes >= 256)) {
		arch_copy_words(to, from, bytes / 8);
		return;
	}
	for (; bytes >= 64; bytes -= 64) {
#pragma clang loop unroll(full)
		for (unsigned i = 0; i < 8; i++)
			copy_shared_word(&out[i], &in[i]);
		out += 8;
		in += 8;
	}
	if (bytes == 8) { /* the root and eight fields */
		copy_shared_word(out, in);
		return;
	}
#pragma clang loop unroll(disable) vectorize(disable)
	for (; bytes != 0; bytes -= 8, out++, in++)
		copy_shared_word(out, in);
}

/* The same, for a message of the thread whose system call this is (arch/memory.h). */
[[gnu::always_inline]] static inline void copy_own_message(void *to, const void *from, uint32_t bytes)
{
	if (bytes - 64 <= 64) {
		/* The rest ends where the message does, and may begin in what was copied already. */
		arch_copy_first_64(to, from);
		if (likely(bytes <= 80))
			arch_copy_last_16(to, from, bytes);
		else
			arch_copy_last_64(to, from, bytes);
		return;
	}
	copy_message(to, from, bytes);
}

/* Header word 4, and the same of a record: buf_len, method, buf_caps, from words 5, 0 and 6 of the submission. */
static inline uint64_t call_shape(const struct request *call)
{
	return call->words[5] >> 32 | (call->words[0] & 0xffff0000ull) << 16 |
	       (call->words[6] & 0xffff000000000000ull);
}

static_assert(offsetof(struct cap_call_header, buf_len) == 32 &&
	      offsetof(struct cap_call_header, method) == 36 &&
	      offsetof(struct cap_call_header, buf_caps) == 38);
static_assert(offsetof(struct cap_call_header, msg_len) == 40 &&
	      offsetof(struct cap_call_header, caps) == 44 && offsetof(struct cap_call_header, mints) == 48);
static_assert(offsetof(struct cap_sqe, buf_len) == 44 && offsetof(struct cap_sqe, method) == 2 &&
	      offsetof(struct cap_sqe, buf_caps) == 54 && offsetof(struct cap_sqe, caps_len) == 52);

/* A call to a receiver whose ring the caller owns, both claimed, or known to nobody else. What it returns is the receiver's
 * completion. `plain`: the call is nothing but its message, and one capability that its receiver has as `given` (0: none). */
[[gnu::always_inline]] static inline struct completion deliver(struct request *call, uint64_t key,
							       uint64_t session, uint64_t shape,
							       struct request *receive, bool plain,
							       cap_id given)
{
	struct ring *to = receive->ring;
	struct service_record *record = receive->record;
	uint64_t *header = (uint64_t *)(void *)(to->arena + receive->sqe.buf_off);
	uint64_t word = record_word_open(record);
	uint32_t bytes = call->sqe.msg_len;
	unsigned caps = plain ? given.raw != 0 : call->sqe.caps_len;

	store_relaxed(&record->caller, call); /* against request_detach of an earlier caller */
	/* What a RETURN looks at before it claims, perhaps an earlier call (ring/record.h). */
	store_relaxed(&record->caller_sequence, call->sequence);
	store_relaxed(&record->shape, shape);
	record->interface_id = call->sqe.interface_id;
	store_shared_word(&header[4], shape);
	store_shared_word(&header[0], call->sqe.interface_id);
	store_shared_word(&header[1], key);
	store_shared_word(&header[2], session);
	store_shared_word(&header[3], plain ? 0 : call->sqe.deadline_ns);
	store_shared_word(&header[5], bytes | (uint64_t)caps << 32);
	store_shared_word(&header[6], 0ull);
	const unsigned char *message = call->ring->arena + call->sqe.msg_off;
	if (plain) /* by its own thread */
		copy_own_message(header + 7, message, bytes);
	else
		copy_message(header + 7, message, bytes);
	store_relaxed(&record->given_count, caps);
	if (plain && caps != 0)
		store_shared_word(&header[7 + bytes / 8], (record->given[0] = given).raw);
	if (!plain && unlikely(call->extras & (REQUEST_CARRIES | REQUEST_GATED | REQUEST_PASSED)))
		bytes = deliver_extras(call, receive, header);
	store_relaxed(&call->record, record); /* lend.c looks from other CPUs */
	store_relaxed(&call->served, word);
	/* Nothing of the call is touched after this: who aborts it and finds no lock to take may complete and reuse it. */
	store_release(&call->queue_lock, (struct spinlock *)NULL);
	if (plain) /* nobody could find it before */
		store_release(&call->claim, request_claim_word(call->sequence, REQUEST_PENDING));
	/* Nor after this: a sibling of the server that guesses the token may return it at once (tests/models/deliver.pml). */
	store_release(&record->word, word);
	return (struct completion){.len = (uint32_t)sizeof(struct cap_call_header) + bytes,
				   .caps = (uint16_t)caps,
				   .token = word};
}

/* A receiver that is nothing but that, and whose ring the caller owns now: it has left the queue. Under the lock, and with its ring,
 * nobody else can end it. */
[[gnu::always_inline]] static inline struct request *endpoint_take_parked(struct endpoint *endpoint)
	REQUIRES(endpoint->lock)
{
	struct request *receive = endpoint->parked;

	if (unlikely(receive == NULL)) {
		if (likely(!endpoint->more) || (receive = endpoint_park_first(endpoint)) == NULL)
			return NULL;
	}
	uint16_t extras = load_relaxed(&receive->extras);
	if (unlikely((extras & ~REQUEST_POSTED) != REQUEST_RECORD) && extras != 0) /* 0: its ring is ALONE */
		return NULL;
	if (unlikely(!batch_claim(this_cpu(), receive->ring)))
		return NULL;
	endpoint->parked = receive == endpoint->parked_last ? NULL : load_relaxed(&receive->behind);
	return receive;
}

/* The same, outside of a batch. *alone: the ring was ALONE, and its spare is that receiver (ring_end_alone). */
[[gnu::always_inline]] static inline struct request *endpoint_take_receiver(struct endpoint *endpoint,
									    bool *alone)
	REQUIRES(endpoint->lock)
{
	struct request *receive = endpoint->parked;

	*alone = false;
	if (receive == NULL || load_relaxed(&receive->extras) != 0 || !ring_claim_alone(receive->ring))
		return endpoint_take_parked(endpoint);
	*alone = receive->ring->free == receive;
	if (unlikely(!*alone)) /* it has been settled meanwhile, and another is the spare */
		ring_settle(receive->ring);
	endpoint->parked = receive == endpoint->parked_last ? NULL : load_relaxed(&receive->behind);
	return receive;
}

/* What is queued, if it is only a notice that a call to who is parked can take along; or NULL. */
static inline struct facet_key *endpoint_notice_to_take(const struct endpoint *endpoint)
	REQUIRES(endpoint->lock)
{
	const struct list *first = endpoint->notices.next;

	if (unlikely(first == &endpoint->notices) || unlikely(first->next != &endpoint->notices) ||
	    unlikely(!list_is_empty(&endpoint->calls)) || unlikely(endpoint->dead) ||
	    unlikely(endpoint->parked == NULL) || unlikely(!(endpoint->parked->sqe.flags & CAP_SQE_NOTICES)))
		return NULL;
	struct notice *notice = container_of(first, struct notice, link);
	if (unlikely(notice->kind != NOTICE_RELEASED))
		return NULL;
	struct facet_key *facet = container_of(notice, struct facet_key, notice);
	return likely(facet->live == 0 && facet->mints <= UINT16_MAX) ? facet : NULL;
}

/* The call that was delivered to `receive` takes it along. */
uint16_t endpoint_take_notice(struct endpoint *endpoint, struct facet_key *facet,
			      const struct request *receive) REQUIRES(endpoint->lock);

/* It has received: its completion. Its thread, if that is to be woken (ring_unclaim_woken). */
[[gnu::always_inline]] static inline struct sched_entity *endpoint_end_receive_woken(struct request *receive,
										     struct completion result)
{
	struct ring *ring = receive->ring;

	ring_unpost_operation(ring, receive);
	receive->extras = 0;
	ring_finish_blocked(ring, receive, result);
	return ring_unclaim_woken(ring);
}

static inline void endpoint_end_receive(struct request *receive, struct completion result)
{
	struct cpu *cpu = this_cpu();

	if (cpu->batch) {
		ring_unpost_operation(receive->ring, receive);
		receive->extras = 0;
		batch_finish(cpu, receive->ring, receive, result);
		return;
	}
	struct sched_entity *woken = endpoint_end_receive_woken(receive, result);
	if (likely(woken != NULL))
		sched_wake_next(woken);
}

/* Not made through a gate, without capabilities that only some may receive, and not claimed by a late deadline (ring_take_timed). */
static inline bool may_go_to_anybody(const struct request *call)
{
	return (call->extras & REQUEST_GATED) == 0 &&
	       ((call->extras & REQUEST_TIMED) == 0 || !request_is_claimed(call)) &&
	       ((call->extras & REQUEST_CARRIES) == 0 || !call->scoped);
}

/* Takes `call` (the spare) as waiting and hands it to a receiver, or queues it. `view`: of the facet called; `session`: as the
 * server sees it. */
static inline void endpoint_admit_call(struct endpoint *endpoint, struct request *call, struct view *view,
				       uint64_t session)
{
	struct request *receive = NULL;

	ring_take_queued(call->ring, call, &endpoint->lock);
	spin_lock(&endpoint->lock);
	if (likely(!endpoint->backlog) && may_go_to_anybody(call))
		receive = endpoint_take_parked(endpoint);
	if (receive == NULL) {
		spin_unlock(&endpoint->lock);
		endpoint_queue_call(endpoint, call, view, session);
		return;
	}
	ring_thread(call->ring)->sched.work += call->sqe.msg_len;
	struct completion result = deliver(call, view->key, session, call_shape(call), receive, false,
					   CAP_ID_NULL);
	spin_unlock(&endpoint->lock);
	endpoint_end_receive(receive, result);
}

/* RECV for a record that was reserved for it, or is the returned call's. `again`: of a plain RETURN_RECV that is remembered; then
 * object and record are the last time's. */
[[gnu::always_inline]] static inline void endpoint_admit_receive_as(struct thread *thread,
								    struct endpoint *endpoint,
								    struct request *receive,
								    struct service_record *record, bool again)
{
	struct ring *ring = &thread->ring;

	store_relaxed(&record->receiver, thread);
	if (!again) {
		receive->object = &endpoint->object;
		receive->record = record;
	}
	spin_lock(&endpoint->lock);
	struct request *first = ring->parked;
	if (unlikely((endpoint->backlog | endpoint->more) || endpoint->parked != first) ||
	    (!again && unlikely((receive->extras | receive->words[7]) != 0)) ||
	    (first != NULL && unlikely(ring->parked_last != endpoint->parked_last))) {
		struct view *view = endpoint_receive_now(endpoint, receive);
		spin_unlock(&endpoint->lock);
		endpoint_receive_slowly(endpoint, receive, view);
		return;
	}
	ring->free = receive->next;
	ring->pending++;
	receive->extras = REQUEST_RECORD;
	store_relaxed(&receive->queue_lock, &endpoint->lock);
	store_release(&receive->claim, request_claim_word(receive->sequence, REQUEST_PENDING));
	receive->behind = NULL;
	if (first == NULL)
		ring->parked = endpoint->parked = receive;
	else
		ring->parked_last->behind = receive;
	ring->parked_last = endpoint->parked_last = receive;
	spin_unlock(&endpoint->lock);
}

static inline void endpoint_admit_receive(struct thread *thread, struct endpoint *endpoint,
					  struct request *receive, struct service_record *record)
{
	endpoint_admit_receive_as(thread, endpoint, receive, record, false);
}
