// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Private to the ring room: delivery, in line. A call is copied into its receiver's buffer, and the receiver's record opened.
 *
 * It happens under the endpoint's lock with the receiver's ring owned. Everything that it needs was set aside when the two
 * requests were admitted: the record has the table slots, and counts the endpoint.
 */
#pragma once

#include "complete.h"
#include "ops.h"

#include <arch/memory.h>
#include <ring/endpoint.h>
#include <ring/record.h>

/* Takes `call` (the spare) as waiting and hands it to a receiver, or queues it. `view`: of the facet called; `session`: as the
 * server sees it. */
void endpoint_queue_call(struct endpoint *endpoint, struct request *call, struct view *view,
			 uint64_t session);
/* What a call has beyond its header: a message that a server left which passed it on; capabilities go behind it, the record gets the
 * gate. Bytes of message. */
uint32_t deliver_extras(struct request *call, struct request *receive, uint64_t *header);
/* A taken RECV finds work at once, or joins the queue whatever it needs. */
void endpoint_queue_receive(struct endpoint *endpoint, struct request *receive);

/* Message bytes, a multiple of 8; no overlap. As mm/copy.c, in line. */
static inline void copy_message(void *to, const void *from, uint32_t bytes)
{
	uint64_t *out = to;
	const uint64_t *in = from;

	if (unlikely(bytes >= 256)) {
		arch_copy_words(to, from, bytes / 8);
		return;
	}
	for (; bytes >= 64; bytes -= 64) {
#pragma clang loop unroll(full)
		for (unsigned i = 0; i < 8; i++)
			out[i] = in[i];
		out += 8;
		in += 8;
	}
#pragma clang loop unroll(disable) vectorize(disable)
	for (; bytes != 0; bytes -= 8)
		*out++ = *in++;
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

/* A claimed call to a claimed receiver, whose ring the caller owns. What it returns is the receiver's completion. */
[[gnu::always_inline]] static inline struct completion deliver(struct endpoint *endpoint,
							       struct request *call, uint64_t key,
							       uint64_t session, struct request *receive)
	REQUIRES(endpoint->lock)
{
	struct ring *to = receive->ring;
	struct service_record *record = receive->record;
	uint64_t *header = (uint64_t *)(void *)(to->arena + receive->sqe.buf_off);
	uint64_t shape = call_shape(call), word = record_word_open(record);
	uint32_t bytes = call->sqe.msg_len;
	unsigned caps = call->sqe.caps_len;

	header[0] = call->sqe.interface_id;
	header[1] = key;
	header[2] = session;
	header[3] = call->sqe.deadline_ns;
	header[4] = shape;
	header[5] = bytes | (uint64_t)caps << 32;
	header[6] = 0;
	copy_message(header + 7, call->ring->arena + call->sqe.msg_off, bytes);
	if (unlikely(call->extras & (REQUEST_CARRIES | REQUEST_GATED | REQUEST_PASSED)))
		bytes = deliver_extras(call, receive, header);
	store_relaxed(&record->caller, call); /* against request_detach of an earlier caller */
	record->caller_sequence = call->sequence;
	record->shape = shape;
	record->receiver = ring_thread(to);
	record->interface_id = call->sqe.interface_id;
	record->object_id = endpoint->object.id;
	receive->extras &= (uint16_t)~REQUEST_RECORD;
	to->memory.served = record;
	uint64_t token = record_token(word, record->index);
	to->memory.served_token = token;
	call->record = record;
	call->served = word;
	/* Nothing of the call is touched after this: who aborts it and finds no lock to take may complete and reuse it. */
	store_release(&call->queue_lock, (struct spinlock *)NULL);
	/* Nor after this: a sibling of the server that guesses the token may return it at once (tests/models/deliver.pml). */
	store_release(&record->word, word);
	return (struct completion){.len = (uint32_t)sizeof(struct cap_call_header) + bytes,
				   .caps = (uint16_t)caps,
				   .token = token};
}

/* Not made through a gate, without capabilities that only some may receive, and not claimed by a late deadline (ring_take_timed). */
static inline bool may_go_to_anybody(const struct request *call)
{
	return (call->extras & REQUEST_GATED) == 0 &&
	       ((call->extras & REQUEST_TIMED) == 0 || !request_is_claimed(call)) &&
	       ((call->extras & REQUEST_CARRIES) == 0 || !call->scoped);
}

/* `call`, whose other fields are set, waits from now on. The case that a receiver waits whose ring can be owned, in line: it gets the
 * call, its cap_enter ends, and its thread may have this CPU next. */
[[gnu::always_inline]] static inline void endpoint_admit_call(struct endpoint *endpoint, struct request *call,
							      struct view *view, uint64_t session)
{
	struct ring *own = call->ring;

	ring_take_queued(own, call, &endpoint->lock);
	spin_lock(&endpoint->lock);
	struct list *first = endpoint->receivers.next;
	if (likely(!endpoint->backlog && first != &endpoint->receivers &&
		   (call->extras == 0 || may_go_to_anybody(call)))) {
		struct request *receive = container_of(first, struct request, link);
		struct ring *ring = receive->ring;
		if (likely(ring_claim_blocked(ring))) {
			list_remove(&receive->link);
			if (likely(request_claim(receive, receive->sequence))) {
				own->copied += call->sqe.msg_len;
				struct completion result = deliver(endpoint, call, view->key, session,
								   receive);
				spin_unlock(&endpoint->lock);
				ring_finish_with(ring, receive, result);
				ring_unclaim(ring);
				return;
			}
			spin_unlock(&endpoint->lock);
			ring_unclaim(ring); /* the receiver was being aborted */
			endpoint_queue_call(endpoint, call, view, session);
			return;
		}
	}
	spin_unlock(&endpoint->lock);
	endpoint_queue_call(endpoint, call, view, session);
}

/* RECV for a record that was reserved for it, or is the returned call's. */
[[gnu::always_inline]] static inline void endpoint_admit_receive(struct endpoint *endpoint,
								 struct request *receive,
								 struct service_record *record)
{
	struct ring *ring = receive->ring;

	receive->object = &endpoint->object;
	receive->extras |= REQUEST_RECORD;
	ring_take_queued(ring, receive, &endpoint->lock);
	receive->record = record;
	spin_lock(&endpoint->lock);
	if (unlikely(endpoint->backlog || receive->extras != REQUEST_RECORD)) {
		spin_unlock(&endpoint->lock);
		endpoint_queue_receive(endpoint, receive);
		return;
	}
	store_relaxed(&receive->queue_lock, &endpoint->lock);
	receive->extras = REQUEST_RECORD | REQUEST_POSTED;
	list_push_back(&ring->posted, &receive->posted);
	list_push_back(&endpoint->receivers, &receive->link);
	spin_unlock(&endpoint->lock);
}
