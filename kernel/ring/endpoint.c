// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Endpoints: queues of calls and of receivers, and delivery, where the two meet.
 *
 * Delivery happens under the endpoint's lock with the receiver's ring owned, and copies the message once, from the
 * caller's arena into the receiver's. Everything that it needs was set aside when the two requests were admitted.
 */
#include "complete.h"
#include "ops.h"
#include "promise.h"

#include <core/recorder.h>
#include <mm/frame.h>
#include <mm/slab.h>
#include <ring/endpoint.h>
#include <ring/kcall.h>
#include <ring/record.h>
#include <schema/kernel/endpoint.capnp.h>

static struct slab_cache endpoint_cache = SLAB_CACHE(endpoint);

enum status endpoint_create(struct process *owner, uint32_t max_message, uint16_t max_caps,
			    struct endpoint **out)
{
	if (max_message % 8 != 0 || max_message > CAP_MAX_MESSAGE || max_caps > CAP_MESSAGE_MAX_CAPS)
		return STATUS_INVALID;
	struct endpoint *endpoint = slab_alloc(&endpoint_cache);
	if (endpoint == NULL)
		return STATUS_NO_MEMORY;
	enum status status = object_init(&endpoint->object, &endpoint_type, owner);
	if (status != STATUS_OK) {
		slab_free(&endpoint_cache, endpoint);
		return status;
	}
	spin_init(&endpoint->lock, LOCK_RANK_ENDPOINT);
	list_init(&endpoint->calls);
	list_init(&endpoint->receivers);
	list_init(&endpoint->notices);
	endpoint->max_message = max_message;
	endpoint->max_caps = max_caps;
	endpoint->service = endpoint->object.id;
	*out = endpoint;
	return STATUS_OK;
}

void endpoint_destroy(struct object *object)
{
	struct endpoint *endpoint = container_of(object, struct endpoint, object);

	facet_table_fini(&endpoint->facets);
	object_fini(object);
	slab_free(&endpoint_cache, endpoint);
}

static bool may_receive(const struct view *view)
{
	return view->kind == VIEW_OBJECT && view_allows(view, ENDPOINT_INTERFACE_ID, ENDPOINT_RECEIVE);
}

enum status endpoint_view_created(struct view *view)
{
	struct endpoint *endpoint = container_of(view->object, struct endpoint, object);

	if (view->kind == VIEW_FACET)
		return facet_key_enter(endpoint, view);
	if (may_receive(view))
		(void)atomic_add(&endpoint->receive_rights, 1);
	return STATUS_OK;
}

void endpoint_view_minted(struct view *view)
{
	facet_key_minted(view);
}

/* The last receive right is gone: nobody will ever answer. */
static void end_endpoint(struct endpoint *endpoint)
{
	spin_lock(&endpoint->lock);
	store_relaxed(&endpoint->dead, true);
	while (list_pop_front(&endpoint->notices) != NULL)
		; /* keys without facets go with the endpoint */
	spin_unlock(&endpoint->lock);
	kcall_complete_all(&endpoint->calls, &endpoint->lock, STATUS_DISCONNECTED, NULL, NULL);
	kcall_complete_all(&endpoint->receivers, &endpoint->lock, STATUS_DISCONNECTED, NULL, NULL);
}

void endpoint_view_gone(struct view *view)
{
	struct endpoint *endpoint = container_of(view->object, struct endpoint, object);

	if (view->kind == VIEW_FACET)
		facet_key_leave(view);
	else if (may_receive(view) && atomic_sub(&endpoint->receive_rights, 1) == 1)
		end_endpoint(endpoint);
}

static void write_header(const struct request *call, struct cap_call_header *header)
{
	const struct cap_sqe *sqe = &call->sqe;

	header->interface_id = sqe->interface_id;
	header->key = call->key;
	header->session = call->session;
	header->deadline_ns = sqe->deadline_ns;
	header->buf_len = sqe->buf_len;
	header->method = sqe->method;
	header->buf_caps = sqe->buf_caps;
	header->msg_len = sqe->msg_len;
	header->caps = sqe->caps_len;
	header->zero = 0;
	header->mints = 0;
}

/* Moves capabilities into a table through reserved slots; the ids go to `ids`. */
static void install_caps(struct process *to, struct cap_slots *slots, const struct carried *carried,
			 unsigned count, struct provenance provenance, uint64_t *ids)
{
	for (unsigned i = 0; i < count; i++)
		ids[i] = cap_table_install(&to->table, slots, carried[i].ref, provenance).raw;
}

/* Copies the call into the receiver's buffer and opens its record. The receiver's completion is the caller's work. */
static void deliver(struct endpoint *endpoint, struct request *call, struct request *receive)
	REQUIRES(endpoint->lock)
{
	struct process *caller = ring_thread(call->ring)->process;
	struct thread *server = ring_thread(receive->ring);
	struct service_record *record = receive->record;
	const struct cap_sqe *sqe = &call->sqe;
	unsigned char *buffer = receive->ring->arena + receive->sqe.buf_off;
	uint32_t len = (uint32_t)sizeof(struct cap_call_header) + sqe->msg_len;

	write_header(call, (struct cap_call_header *)(void *)buffer);
	copy_words(buffer + sizeof(struct cap_call_header), call->ring->arena + sqe->msg_off,
		   sqe->msg_len / 8);
	if (unlikely(call->extras & REQUEST_CARRIES)) {
		struct provenance provenance = {caller->pid, PROVENANCE_CALL, {0}};
		install_caps(server->process, &receive->slots, call->carried, sqe->caps_len, provenance,
			     (uint64_t *)(void *)(buffer + len));
		carried_commit(caller, call->carried, sqe->caps_len);
		heap_free(call->carried, sqe->caps_len * sizeof(struct carried));
		call->carried = NULL;
		call->extras &= (uint16_t)~REQUEST_CARRIES;
	}
	store_relaxed(&record->caller, call); /* against request_detach of an earlier caller */
	record->caller_sequence = call->sequence;
	record->buf_len = sqe->buf_len;
	record->buf_caps = sqe->buf_caps;
	record->receiver = server;
	record->interface_id = sqe->interface_id;
	record->object_id = call->object->id;
	record->method = sqe->method;
	store_relaxed(&record->endpoint, endpoint);
	object_get(&endpoint->object);
	if (unlikely(call->extras & REQUEST_GATED)) {
		record->gate = call->gate;
		gate_get(call->gate);
	}
	call->record = record;
	call->result.flags = CAP_CQE_DELIVERED;
	/* Slots that were not needed stay with the record, for the RECV that reuses it. */
	record->slots = receive->slots;
	receive->extras &= (uint16_t)~(REQUEST_RECORD | REQUEST_SLOTS);
	receive->result = (struct completion){.status = STATUS_OK,
					      .len = len,
					      .caps = sqe->caps_len,
					      .token = record_token(record_word_open(record), record->index)};
	call->served = record_word_open(record);
	/* Nothing of the call is touched after this: who aborts it and finds no lock to take may complete and reuse it. */
	store_release(&call->queue_lock, (struct spinlock *)NULL);
	/* Nor after this: a sibling of the server that guesses the token may return it at once (tests/models/deliver.pml). */
	record_open(record);
}

/* True if a capability in the call may not go to whoever might receive it: `receiver` (NULL: none in particular), or any of
 * those that have posted a RECV. */
static bool is_out_of_scope(const struct endpoint *endpoint, const struct request *call,
			    const struct process *receiver) REQUIRES(endpoint->lock)
{
	const struct session *session = ring_thread(call->ring)->process->session;

	if (likely(!(call->extras & REQUEST_CARRIES) || !call->scoped))
		return false;
	if (receiver != NULL && receiver->session != session)
		return true;
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
		list_remove(&call->link);
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

/* A receiver whose ring could be claimed; it has left the queue and is claimed as well, or is NULL with a ring set:
 * its operation was being aborted. All others have been told to look again. */
static struct ring *claim_receiver(struct endpoint *endpoint, struct request **receive)
	REQUIRES(endpoint->lock)
{
	list_for_each (it, &endpoint->receivers) {
		struct request *candidate = container_of(it, struct request, link);
		struct ring *ring = candidate->ring;
		if (!ring_try_claim(ring)) {
			(void)atomic_or(&ring->signals, (uint32_t)RING_RECHECK);
			if (!ring_try_claim(ring))
				continue;
		}
		list_remove(&candidate->link);
		*receive = request_claim(candidate, candidate->sequence) ? candidate : NULL;
		return ring;
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
	return work->call != NULL;
}

/* A notice into the receiver's buffer; the record that it reserved stays its own, and goes back. */
static void deliver_notice(struct notice *notice, struct request *receive)
{
	struct cap_call_header *header = (void *)(receive->ring->arena + receive->sqe.buf_off);
	struct completion result = {.len = sizeof(*header)};
	uint64_t key = 0, mints = 0;

	list_remove(&notice->link);
	if (notice->kind == NOTICE_RELEASED) {
		facet_key_take_notice(container_of(notice, struct facet_key, notice), &key, &mints);
		result.flags = CAP_CQE_KIND_RELEASED;
	} else {
		const struct service_record *record = container_of(notice, struct service_record, notice);
		result.flags = CAP_CQE_KIND_CANCELLED;
		result.token = record->notice_token;
	}
	*header = (struct cap_call_header){.key = key, .mints = mints};
	receive->result = result;
}

/* Into a receiver that was claimed for it. A call whose abort was claimed meanwhile is delivered all the same: whoever aborts it takes
 * the lock first. */
static void deliver_work(struct endpoint *endpoint, const struct work *work, struct request *receive)
	REQUIRES(endpoint->lock)
{
	if (unlikely(work->notice != NULL)) {
		deliver_notice(work->notice, receive);
		return;
	}
	list_remove(&work->call->link);
	receive->ring->copied += work->call->sqe.msg_len;
	deliver(endpoint, work->call, receive);
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

void endpoint_tell_cancelled(struct service_record *record, uint64_t word)
{
	struct endpoint *endpoint = load_relaxed(&record->endpoint);

	/* While the word is that of our call, so is everything else in the record: who returns the call changes the word first, and
	 * then takes the lock (record_close), because it could not claim our call. */
	spin_lock(&endpoint->lock);
	bool pushed = load_acquire(&record->word) == word && !endpoint->dead &&
		      list_is_empty(&record->notice.link);
	if (pushed) {
		record->notice_token = record_token(word, record->index);
		list_push_back(&endpoint->notices, &record->notice.link);
	}
	spin_unlock(&endpoint->lock);
	if (pushed)
		endpoint_pump(endpoint);
}

/* A queued call with that key that still waits. */
static struct request *queued_with_key(struct endpoint *endpoint, uint64_t key, uint64_t *sequence)
{
	struct request *found = NULL;

	spin_lock(&endpoint->lock);
	list_for_each (it, &endpoint->calls) {
		struct request *call = container_of(it, struct request, link);
		uint64_t word = load_acquire(&call->claim);
		if (call->key == key && (word & 3) == REQUEST_PENDING) {
			found = call;
			*sequence = word >> 2;
			break;
		}
	}
	spin_unlock(&endpoint->lock);
	return found;
}

bool endpoint_retire_key(struct endpoint *endpoint, uint64_t key, struct ring *own)
{
	struct request *call;
	uint64_t sequence;

	if (!facet_key_retire(endpoint, key))
		return false;
	while ((call = queued_with_key(endpoint, key, &sequence)) != NULL)
		(void)request_abort(call, sequence, STATUS_DISCONNECTED, own);
	return true;
}

/* Hands the call to a receiver that waits, or queues it. False: nobody will ever receive it. */
static bool match(struct endpoint *endpoint, struct request *call)
{
	struct request *receive;
	struct ring *ring;

	spin_lock(&endpoint->lock);
	if (unlikely(endpoint->dead)) {
		spin_unlock(&endpoint->lock);
		return false;
	}
	if (likely(list_is_empty(&endpoint->calls) && list_is_empty(&endpoint->notices)) &&
	    likely(!is_out_of_scope(endpoint, call, NULL)) &&
	    (ring = claim_receiver(endpoint, &receive)) != NULL) {
		if (likely(receive != NULL)) {
			call->ring->copied += call->sqe.msg_len;
			deliver(endpoint, call, receive);
			spin_unlock(&endpoint->lock);
			complete_receive(ring, receive);
			return true;
		}
		spin_unlock(&endpoint->lock);
		complete_receive(ring, NULL);
		return match(endpoint, call); /* one receiver fewer */
	}
	store_relaxed(&call->queue_lock, &endpoint->lock);
	list_push_back(&endpoint->calls, &call->link);
	spin_unlock(&endpoint->lock);
	endpoint_pump(endpoint);
	return true;
}

/* The capabilities that go with a call. Whether those of a session may go is known when somebody is there to receive it. */
static enum status resolve_carried(struct thread *thread, struct request *request)
{
	unsigned count = request->sqe.caps_len;
	enum status status = op_resolve_caps(thread, request, request->carried);

	if (status != STATUS_OK)
		return status;
	enum transfer_scope scope = carried_scope(request->carried, count);
	request->scoped = scope != SCOPE_ANY;
	if (scope != SCOPE_PROCESS)
		return STATUS_OK;
	carried_abort(thread->process, request->carried, count);
	return STATUS_OUT_OF_SCOPE;
}

/* What a call needs beyond its message. */
static enum status prepare_extras(struct thread *thread, struct request *request, struct gate *gate)
{
	const struct cap_sqe *sqe = &request->sqe;
	enum status status = STATUS_OK;

	if (sqe->buf_caps != 0) {
		status = cap_table_reserve(&thread->process->table, sqe->buf_caps, &request->slots);
		request->extras |= REQUEST_SLOTS;
	}
	if (status == STATUS_OK && gate != NULL)
		status = request_enter_gate(thread, request, gate);
	if (status == STATUS_OK && sqe->caps_len != 0) {
		request->carried = heap_alloc(sqe->caps_len * sizeof(struct carried));
		status = request->carried != NULL ? resolve_carried(thread, request) : STATUS_NO_MEMORY;
		if (status == STATUS_OK)
			request->extras |= REQUEST_CARRIES;
		else if (request->carried != NULL)
			heap_free(request->carried, sqe->caps_len * sizeof(struct carried));
	}
	if (status == STATUS_OK)
		return STATUS_OK;
	request_release(&thread->ring, request);
	return status == OP_UNRESOLVED ? promise_hold(thread, request, true) : status;
}

enum status endpoint_call(struct thread *thread, struct request *request, struct cap_ref ref)
{
	struct endpoint *endpoint = container_of(ref.view->object, struct endpoint, object);
	struct ring *ring = &thread->ring;
	const struct cap_sqe *sqe = &request->sqe;

	if (unlikely(sqe->msg_len > endpoint->max_message || sqe->caps_len > endpoint->max_caps ||
		     sqe->buf_caps > CAP_MESSAGE_MAX_CAPS))
		return STATUS_TOO_LARGE;
	if (unlikely(facet_key_is_retired(ref.view->facet)))
		return STATUS_DISCONNECTED;
	if (unlikely(ring->pending >= ring->cq_count / 2))
		return STATUS_AGAIN;
	if (unlikely((sqe->buf_caps | sqe->caps_len) != 0 || ref.gate != NULL)) {
		enum status status = prepare_extras(thread, request, ref.gate);
		if (status != STATUS_OK)
			return status;
	}
	if (unlikely(ring->session_service != endpoint->service)) {
		ring->session_service = endpoint->service;
		ring->session_reference = session_reference(thread->process->session, endpoint->service);
	}
	request->session = ring->session_reference;
	request->object = &endpoint->object;
	request->key = ref.view->key;
	ring_take(ring, request);
	if (unlikely(request->extras & REQUEST_GATED)) {
		list_init(&request->link);
		request->queue_lock = &endpoint->lock;
		request_link_gate(request);
	}
	request_arm_deadline(request);
	uint64_t sequence = request->sequence;
	if (unlikely(!match(endpoint, request)))
		(void)request_abort(request, sequence, STATUS_DISCONNECTED, ring);
	return OP_WAITING;
}

enum status endpoint_post_receive(struct thread *thread, struct request *request, struct endpoint *endpoint,
				  struct service_record *record)
{
	struct ring *ring = &thread->ring;

	request->object = &endpoint->object;
	ring_take(ring, request);
	request->record = record;
	request->extras |= REQUEST_RECORD | REQUEST_SLOTS;
	request_arm_deadline(request);
	struct work work;
	spin_lock(&endpoint->lock);
	bool found = find_work(endpoint, thread->process, &work), dead = endpoint->dead;
	bool won = found && request_claim(request, request->sequence); /* or our own deadline came first */
	if (won) {
		deliver_work(endpoint, &work, request);
	} else if (!found && !dead) {
		request->queue_lock = &endpoint->lock;
		request->extras |= REQUEST_POSTED;
		list_push_back(&ring->posted, &request->posted);
		list_push_back(&endpoint->receivers, &request->link);
		if (unlikely(request->extras & REQUEST_GATED))
			request_link_gate(request);
	}
	spin_unlock(&endpoint->lock);
	complete_refused(work.refused, ring);
	if (won)
		ring_finish(ring, request);
	else if (unlikely(dead))
		(void)request_abort(request, request->sequence, STATUS_DISCONNECTED, ring);
	return OP_WAITING;
}

void endpoint_recheck(struct request *receive)
{
	struct endpoint *endpoint = container_of(receive->object, struct endpoint, object);
	const struct process *receiver = ring_thread(receive->ring)->process;
	struct work work = {0};
	bool won = false;

	spin_lock(&endpoint->lock);
	if (!list_is_empty(&receive->link) && find_work(endpoint, receiver, &work) &&
	    request_claim(receive, receive->sequence)) {
		won = true;
		list_remove(&receive->link);
		deliver_work(endpoint, &work, receive);
	}
	spin_unlock(&endpoint->lock);
	complete_refused(work.refused, receive->ring);
	if (won)
		ring_finish(receive->ring, receive);
}
