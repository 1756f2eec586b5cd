// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Where calls and receivers meet when deliver.h's straight line does not apply: queues, notices, gates, several receivers, receivers
 * that run. A call is delivered by whoever finds both, with the receiver's ring owned or claimed, under the endpoint's lock.
 */
#include "deliver.h"
#include "call_queue.h"
#include "tail.h"

#include <mm/slab.h>
#include <ring/lend.h>

uint32_t deliver_extras(struct request *call, struct request *receive, uint64_t *header)
{
	struct process *caller = ring_thread(call->ring)->process;
	struct process *server = ring_thread(receive->ring)->process;
	struct provenance provenance = {.giver = caller->pid,
					.kind = PROVENANCE_CALL,
					.method = call->sqe.method,
					.detail = call->sqe.interface_id};
	unsigned count = call->sqe.caps_len;
	uint32_t bytes = call->sqe.msg_len;

	if (call->extras & REQUEST_PASSED) { /* its message is what the server that passed it on left */
		bytes = call->passed->len;
		provenance.giver = call->passed->giver;
		store_shared_word(&header[5], bytes | (uint64_t)count << 32);
		copy_message(header + 7, call->passed->words, bytes);
		ring_thread(receive->ring)->sched.work += bytes;
	}
	uint64_t *ids = header + 7 + bytes / 8;
	if (call->extras & REQUEST_CARRIES) {
		for (unsigned i = 0; i < count; i++) {
			provenance.minted = call->carried[i].minted;
			cap_id id = cap_table_install(&server->table, &receive->record->slots,
						      call->carried[i].ref, provenance);
			receive->record->given[i] = id;
			store_shared_word(&ids[i], id.raw);
		}
		carried_commit(caller, call->carried, count);
		carried_free(call);
		call->extras &= (uint16_t)~REQUEST_CARRIES;
	}
	if (call->extras & REQUEST_GATED) {
		store_relaxed(&receive->record->gate, call->gate);
		gate_get(call->gate);
	}
	return bytes;
}

void endpoint_unpark(struct endpoint *endpoint)
{
	struct list *before = &endpoint->receivers, *after = before->next;
	struct request *receive = endpoint->parked, *last = endpoint->parked_last;

	if (receive == NULL)
		return;
	for (;; receive = load_relaxed(&receive->behind)) {
		list_insert_between(before, after, &receive->link);
		before = &receive->link;
		if (receive == last)
			break;
	}
	endpoint->parked = NULL;
	endpoint->more = true;
}

struct request *endpoint_park_first(struct endpoint *endpoint)
{
	struct list *receivers = &endpoint->receivers;
	struct list *first = list_pop_front(receivers);
	struct request *last = first != NULL ? container_of(first, struct request, link) : NULL;

	endpoint->parked = last;
	/* So are those that follow it in its ring's chain. While they are in the list that does not change. */
	while (!list_is_empty(receivers)) {
		struct request *next = list_first(receivers, struct request, link);
		if (load_relaxed(&last->behind) != next)
			break;
		list_remove(&next->link);
		last = next;
	}
	endpoint->parked_last = last;
	endpoint->more = !list_is_empty(receivers);
	return endpoint->parked;
}

/* The first of the chain leaves the queue. */
static void take_first_parked(struct endpoint *endpoint) REQUIRES(endpoint->lock)
{
	struct request *receive = endpoint->parked;

	endpoint->parked = receive == endpoint->parked_last ? NULL : load_relaxed(&receive->behind);
	list_init(&receive->link);
}

/* True if a capability in the call may not go to whoever might receive it: `receiver` (NULL: none in particular), or any of
 * those that have posted a RECV. */
static bool is_out_of_scope(struct endpoint *endpoint, const struct request *call,
			    const struct process *receiver) REQUIRES(endpoint->lock)
{
	if (likely(!(call->extras & REQUEST_CARRIES) || !call->scoped))
		return false;
	const struct session *session = call->extras & REQUEST_PASSED
						? call->passed->session
						: ring_thread(call->ring)->process->session;
	if (receiver != NULL && receiver->session != session)
		return true;
	endpoint_unpark(endpoint);
	list_for_each (it, &endpoint->receivers) {
		const struct request *receive = container_of(it, struct request, link);
		if (ring_thread(receive->ring)->process->session != session)
			return true;
	}
	return false;
}

/* The oldest call that still waits; stays in the queue. Those that were withdrawn leave it. An abort that comes after
 * this look finds a delivered call: it takes the lock before it completes it. One that is out of scope is claimed, and becomes
 * `refused`: it is to be completed without the lock. */
static struct request *first_call(struct endpoint *endpoint, const struct process *receiver,
				  struct request **refused) REQUIRES(endpoint->lock)
{
	while (!list_is_empty(&endpoint->calls)) {
		struct request *call = list_first(&endpoint->calls, struct request, link);
		bool pending = (load_acquire(&call->claim) & 3) == REQUEST_PENDING;
		if (likely(pending && !is_out_of_scope(endpoint, call, receiver)))
			return call;
		call_queue_remove(endpoint, call);
		if (pending && request_claim(call, call->sequence)) {
			call->next = *refused;
			*refused = call;
		}
	}
	return NULL;
}

/* Whole and untransferred: ending a request that was not delivered puts back what it carries. */
static void complete_refused(struct request *refused, struct ring *own)
{
	while (refused != NULL) {
		struct request *call = refused;
		refused = call->next;
		call->result.status = STATUS_OUT_OF_SCOPE;
		request_complete(call, own);
	}
}

/* Claims a ring; or tells it to look again. */
static bool claim_or_tell(struct ring *ring)
{
	if (ring_try_claim(ring))
		return true;
	(void)atomic_or(&ring->signals, (uint32_t)RING_RECHECK);
	return ring_try_claim(ring);
}

/* A receiver whose ring could be claimed; it has left the queue and is claimed as well, or is NULL with a ring set:
 * its operation was being aborted. All others have been told to look again. */
static struct ring *claim_receiver(struct endpoint *endpoint, struct request **receive)
	REQUIRES(endpoint->lock)
{
	struct request *candidate = endpoint->parked;

	if (candidate != NULL && claim_or_tell(candidate->ring)) {
		take_first_parked(endpoint);
		*receive = request_claim(candidate, candidate->sequence) ? candidate : NULL;
		return candidate->ring;
	}
	list_for_each (it, &endpoint->receivers) {
		candidate = container_of(it, struct request, link);
		if (!claim_or_tell(candidate->ring))
			continue;
		list_remove(&candidate->link);
		*receive = request_claim(candidate, candidate->sequence) ? candidate : NULL;
		return candidate->ring;
	}
	return NULL;
}

/* The receiver, claimed together with its ring, has the call: its completion, and perhaps its thread's turn. */
static void complete_receive(struct ring *ring, struct request *receive)
{
	if (receive !=
	    NULL) /* otherwise its operation was being aborted; its ring looks at what else there is */
		ring_finish(ring, receive);
	ring_unclaim(ring);
}

/* What is to be received next. */
struct work {
	struct notice *notice; /* or: */
	struct request *call;
	struct request *refused; /* calls that left the queue, for complete_refused */
};

static bool notice_holds(struct notice *notice)
{
	if (notice->kind == NOTICE_RELEASED)
		return container_of(notice, struct facet_key, notice)->live == 0;
	return (load_relaxed(&container_of(notice, struct service_record, notice)->word) & 3) == RECORD_OPEN;
}

/* Notices before calls; those that were withdrawn leave the queue. */
static bool find_work(struct endpoint *endpoint, const struct process *receiver, struct work *work)
	REQUIRES(endpoint->lock)
{
	work->call = work->refused = NULL;
	while (unlikely(!list_is_empty(&endpoint->notices))) {
		work->notice = list_first(&endpoint->notices, struct notice, link);
		if (notice_holds(work->notice))
			return true;
		list_remove(&work->notice->link);
	}
	work->notice = NULL;
	work->call = first_call(endpoint, receiver, &work->refused);
	if (work->call == NULL)
		store_relaxed(&endpoint->backlog, endpoint->dead);
	return work->call != NULL;
}

/* A notice into the receiver's buffer; the record that it reserved stays its own, and goes back. */
static void deliver_notice(struct endpoint *endpoint, struct notice *notice, struct request *receive)
	REQUIRES(endpoint->lock)
{
	struct cap_call_header *header = (void *)(receive->ring->arena + receive->sqe.buf_off);
	struct completion result = {.len = sizeof(*header)};
	uint64_t key = 0, mints = 0;

	list_remove(&notice->link);
	if (notice->kind == NOTICE_RELEASED) {
		facet_key_take_notice(endpoint, container_of(notice, struct facet_key, notice), &key, &mints);
		result.flags = CAP_CQE_KIND_RELEASED;
	} else {
		const struct service_record *record = container_of(notice, struct service_record, notice);
		result.flags = CAP_CQE_KIND_CANCELLED;
		result.token = record->notice_token;
	}
	copy_message(header, &(struct cap_call_header){.key = key, .mints = mints}, sizeof(*header));
	receive->result = result;
}

/* Into a receiver that was claimed for it. A call whose abort was claimed meanwhile is delivered all the same: whoever aborts it takes
 * the lock first. */
static void deliver_work(struct endpoint *endpoint, const struct work *work, struct request *receive)
	REQUIRES(endpoint->lock)
{
	if (unlikely(work->notice != NULL)) {
		deliver_notice(endpoint, work->notice, receive);
		return;
	}
	call_queue_remove(endpoint, work->call);
	ring_thread(receive->ring)->sched.work += work->call->sqe.msg_len;
	ring_unpost_operation(receive->ring, receive);
	receive->extras &= (uint16_t)~REQUEST_RECORD;
	uint64_t sequence = work->call->sequence;
	receive->result = deliver(work->call, work->call->key, work->call->session, call_shape(work->call),
				  receive, false, CAP_ID_NULL);
	lend_received(work->call, sequence, ring_thread(receive->ring));
}

void endpoint_pump(struct endpoint *endpoint)
{
	struct request *receive;
	struct ring *ring;
	struct work work;

	do {
		receive = NULL;
		ring = NULL;
		spin_lock(&endpoint->lock);
		if (find_work(endpoint, NULL, &work) && (ring = claim_receiver(endpoint, &receive)) != NULL &&
		    receive != NULL)
			deliver_work(endpoint, &work, receive);
		spin_unlock(&endpoint->lock);
		complete_refused(work.refused, NULL);
		if (ring != NULL)
			complete_receive(ring, receive);
	} while (ring != NULL);
}

/* To a receiver that is nothing but that and wants it so: one message says what was released, and calls. */
static bool deliver_with_notice(struct endpoint *endpoint, struct request *call, const struct view *view,
				uint64_t session)
{
	struct request *receive = NULL;
	struct facet_key *facet;

	spin_lock(&endpoint->lock);
	if ((facet = endpoint_notice_to_take(endpoint)) != NULL && may_go_to_anybody(call))
		receive = endpoint_take_parked(endpoint);
	if (receive == NULL) {
		spin_unlock(&endpoint->lock);
		return false;
	}
	ring_thread(call->ring)->sched.work += call->sqe.msg_len;
	struct completion result = deliver(call, view->key, session, call_shape(call), receive, false,
					   CAP_ID_NULL);
	result.flags |= endpoint_take_notice(endpoint, facet, receive);
	spin_unlock(&endpoint->lock);
	endpoint_end_receive(receive, result);
	return true;
}

uint16_t endpoint_take_notice(struct endpoint *endpoint, struct facet_key *facet,
			      const struct request *receive)
{
	struct cap_call_header *header = (void *)(receive->ring->arena + receive->sqe.buf_off);
	uint64_t key, mints;

	facet_key_take_notice(endpoint, facet, &key, &mints);
	store_shared_word(&header->mints, key);
	store_shared_word(&header->released, (uint16_t)mints);
	store_relaxed(&endpoint->backlog, false);
	return CAP_CQE_RELEASED_TOO;
}

void endpoint_queue_call(struct endpoint *endpoint, struct request *call, struct view *view, uint64_t session)
{
	if (load_relaxed(&endpoint->backlog) && deliver_with_notice(endpoint, call, view, session))
		return;
	uint64_t sequence = call->sequence;
	struct ring *ring = call->ring;
	struct process *process = ring_thread(ring)->process;

	call->object = &endpoint->object;
	call->key = view->key;
	call->session = session;
	/* A call that is still to come keeps its object reachable: no notice says before it that the last facet is gone. */
	if (view_try_get(view)) {
		call->view = view;
		call->extras |= REQUEST_VIEW;
	}
	list_init(&call->link);
	if (call->extras & REQUEST_GATED) {
		store_relaxed(&call->queue_lock, &endpoint->lock);
		request_link_gate(call);
	}
	spin_lock(&endpoint->lock);
	bool dead = endpoint->dead, pump = false;
	/* A late deadline may have claimed it, and completes it (ring_take_timed). */
	if (!dead && likely(!(call->extras & REQUEST_TIMED) || !request_is_claimed(call))) {
		store_relaxed(&call->queue_lock, &endpoint->lock);
		call_queue_push(endpoint, call,
				ring_pending(ring) == 1 && load_relaxed(&process->thread_count) == 1);
		pump = endpoint->parked != NULL || endpoint->more;
	}
	spin_unlock(&endpoint->lock);
	if (dead)
		(void)request_abort(call, sequence, STATUS_DISCONNECTED, ring);
	else if (pump)
		endpoint_pump(endpoint);
}

struct view *endpoint_receive_now(struct endpoint *endpoint, struct request *receive)
{
	struct ring *ring = receive->ring;

	if (receive->extras != 0 || receive->words[7] != 0 || !list_is_empty(&endpoint->notices) ||
	    list_is_empty(&endpoint->calls))
		return NULL;
	struct request *call = list_first(&endpoint->calls, struct request, link);
	if (call->extras != REQUEST_VIEW || request_is_claimed(call))
		return NULL;
	struct view *view = call->view;
	call->extras = 0;
	call_queue_remove(endpoint, call);
	store_relaxed(&endpoint->backlog, endpoint->dead || !list_is_empty(&endpoint->calls));
	ring_thread(ring)->sched.work += call->sqe.msg_len;
	uint64_t sequence = call->sequence;
	receive->result = deliver(call, call->key, call->session, call_shape(call), receive, false,
				  CAP_ID_NULL);
	lend_received(call, sequence, ring_thread(ring));
	return view;
}

void endpoint_receive_slowly(struct endpoint *endpoint, struct request *receive, struct view *view)
{
	struct service_record *record = receive->record;
	struct ring *ring = receive->ring;

	if (likely(view != NULL)) {
		ring_post_words(ring, receive->sqe.user_data, (uint64_t)receive->result.len << 32, 0,
				receive->result.token);
		view_put(view);
		return;
	}
	receive->extras |= REQUEST_RECORD;
	ring_take_queued(ring, receive, &endpoint->lock);
	receive->record = record;
	endpoint_queue_receive(endpoint, receive);
}

void endpoint_queue_receive(struct endpoint *endpoint, struct request *receive)
{
	struct ring *ring = receive->ring;
	struct work work;

	spin_lock(&endpoint->lock);
	bool found = find_work(endpoint, ring_thread(ring)->process, &work), dead = endpoint->dead;
	bool won = found && request_claim(receive, receive->sequence); /* or our own deadline came first */
	if (won) {
		deliver_work(endpoint, &work, receive);
	} else if (!found && !dead &&
		   likely(!(receive->extras & REQUEST_TIMED) || !request_is_claimed(receive))) {
		store_relaxed(&receive->queue_lock, &endpoint->lock);
		ring_post_operation(ring, receive);
		endpoint_unpark(endpoint);
		list_push_back(&endpoint->receivers, &receive->link);
		(void)endpoint_park_first(endpoint);
		if (receive->extras & REQUEST_GATED)
			request_link_gate(receive);
	}
	spin_unlock(&endpoint->lock);
	complete_refused(work.refused, ring);
	if (won)
		ring_finish(ring, receive);
	else if (unlikely(dead))
		(void)request_abort(receive, receive->sequence, STATUS_DISCONNECTED, ring);
}

void endpoint_recheck(struct request *receive)
{
	struct endpoint *endpoint = container_of(receive->object, struct endpoint, object);
	const struct process *receiver = ring_thread(receive->ring)->process;
	struct work work = {0};
	bool won = false;

	spin_lock(&endpoint->lock);
	if (find_work(endpoint, receiver, &work)) {
		if (receive == endpoint->parked) {
			take_first_parked(endpoint);
			won = request_claim(receive, receive->sequence);
		} else {
			endpoint_unpark(endpoint);
			won = !list_is_empty(&receive->link) && request_claim(receive, receive->sequence);
			if (won)
				list_remove(&receive->link);
		}
		if (won)
			deliver_work(endpoint, &work, receive);
	}
	spin_unlock(&endpoint->lock);
	complete_refused(work.refused, receive->ring);
	if (won)
		ring_finish(receive->ring, receive);
}
