// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Endpoints: queues of calls and of receivers, and delivery, where the two meet.
 *
 * Delivery happens under the endpoint's lock with the receiver's ring owned, and copies the message once, from the
 * caller's arena into the receiver's. Everything that it needs was set aside when the two requests were admitted.
 */
#include "ops.h"
#include "thread_private.h"

#include <core/recorder.h>
#include <mm/frame.h>
#include <mm/slab.h>
#include <ring/endpoint.h>
#include <ring/kcall.h>
#include <ring/record.h>
#include <schema/kernel/endpoint.capnp.h>

static struct slab_cache endpoint_cache = SLAB_CACHE(endpoint);

enum status endpoint_create(struct process *owner, uint32_t max_message, uint16_t max_caps, struct endpoint **out)
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
	endpoint->max_message = max_message;
	endpoint->max_caps = max_caps;
	*out = endpoint;
	return STATUS_OK;
}

void endpoint_destroy(struct object *object)
{
	object_fini(object);
	slab_free(&endpoint_cache, container_of(object, struct endpoint, object));
}

static bool may_receive(const struct view *view)
{
	return view->kind == VIEW_OBJECT && view_allows(view, ENDPOINT_INTERFACE_ID, ENDPOINT_RECEIVE);
}

void endpoint_view_created(struct view *view)
{
	if (may_receive(view))
		(void)atomic_add(&container_of(view->object, struct endpoint, object)->receive_rights, 1);
}

void endpoint_view_gone(struct view *view)
{
	struct endpoint *endpoint = container_of(view->object, struct endpoint, object);

	if (!may_receive(view) || atomic_sub(&endpoint->receive_rights, 1) != 1)
		return;
	spin_lock(&endpoint->lock);
	store_relaxed(&endpoint->dead, true);
	spin_unlock(&endpoint->lock);
	kcall_complete_all(&endpoint->calls, &endpoint->lock, STATUS_DISCONNECTED, NULL, NULL);
	kcall_complete_all(&endpoint->receivers, &endpoint->lock, STATUS_DISCONNECTED, NULL, NULL);
}

static void write_header(struct request *call, const struct process *caller, struct cap_call_header *header)
{
	const struct cap_sqe *sqe = &call->sqe;

	header->interface_id = sqe->interface_id;
	header->key = call->key;
	header->session = caller->session;
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
static void install_caps(struct process *to, struct cap_slots *slots, const struct carried *carried, unsigned count,
			 struct provenance provenance, uint64_t *ids)
{
	for (unsigned i = 0; i < count; i++)
		ids[i] = cap_table_install(&to->table, slots, carried[i].ref, provenance).raw;
}

/* Copies the call into the receiver's buffer and opens its record. The receiver's completion is the caller's work. */
static void deliver(struct endpoint *endpoint, struct request *call, struct request *receive) REQUIRES(endpoint->lock)
{
	struct process *caller = ring_thread(call->ring)->process;
	struct thread *server = ring_thread(receive->ring);
	struct service_record *record = receive->record;
	const struct cap_sqe *sqe = &call->sqe;
	unsigned char *buffer = receive->ring->arena + receive->sqe.buf_off;
	uint32_t len = (uint32_t)sizeof(struct cap_call_header) + sqe->msg_len;

	(void)endpoint;
	write_header(call, caller, (struct cap_call_header *)(void *)buffer);
	copy_words(buffer + sizeof(struct cap_call_header), call->ring->arena + sqe->msg_off, sqe->msg_len / 8);
	if (unlikely(call->extras & REQUEST_CARRIES)) {
		struct provenance provenance = {caller->pid, PROVENANCE_CALL, {0}};
		install_caps(server->process, &receive->slots, call->carried, sqe->caps_len, provenance,
			     (uint64_t *)(void *)(buffer + len));
		carried_commit(caller, call->carried, sqe->caps_len);
		heap_free(call->carried, sqe->caps_len * sizeof(struct carried));
		call->carried = NULL;
		call->extras &= (uint8_t)~REQUEST_CARRIES;
	}
	store_relaxed(&record->caller, call); /* against request_detach of an earlier caller */
	record->caller_sequence = call->sequence;
	record->buf_len = sqe->buf_len;
	record->buf_caps = sqe->buf_caps;
	record->receiver = server;
	record->interface_id = sqe->interface_id;
	record->object_id = call->object->id;
	record->method = sqe->method;
	if (unlikely(call->extras & REQUEST_GATED)) {
		record->gate = call->gate;
		gate_get(call->gate);
	}
	call->record = record;
	call->result.flags = CAP_CQE_DELIVERED;
	/* Slots that were not needed stay with the record, for the RECV that reuses it. */
	record->slots = receive->slots;
	receive->extras &= (uint8_t)~(REQUEST_RECORD | REQUEST_SLOTS);
	receive->result = (struct completion){.status = STATUS_OK, .len = len, .caps = sqe->caps_len,
					      .token = record_open(record)};
	/* Last: who aborts the call waits for the lock as long as this is set, and may then complete and reuse it. */
	store_release(&call->queue_lock, (struct spinlock *)NULL);
}

/* The oldest call that still waits; stays in the queue. Those that were withdrawn leave it. An abort that comes after
 * this look finds a delivered call: it takes the lock before it completes it. */
static struct request *first_call(struct endpoint *endpoint) REQUIRES(endpoint->lock)
{
	while (!list_is_empty(&endpoint->calls)) {
		struct request *call = list_first(&endpoint->calls, struct request, link);
		if ((load_acquire(&call->claim) & 3) == REQUEST_PENDING)
			return call;
		list_remove(&call->link);
	}
	return NULL;
}

/* A receiver whose ring could be claimed; it has left the queue and is claimed as well, or is NULL with a ring set:
 * its operation was being aborted. All others have been told to look again. */
static struct ring *claim_receiver(struct endpoint *endpoint, struct request **receive) REQUIRES(endpoint->lock)
{
	list_for_each(it, &endpoint->receivers) {
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
	if (receive != NULL) /* otherwise its operation was being aborted; its ring looks at what else there is */
		ring_finish(ring, receive);
	ring_unclaim(ring);
}

/* A lease may run out on another CPU while its call is being admitted; who claimed the call then completes it, after taking
 * the endpoint's lock (queue_lock is set before the gate knows the call). */
static bool is_claimed_by_lease(const struct request *call)
{
	return (call->extras & REQUEST_GATED) && (load_acquire(&call->claim) & 3) != REQUEST_PENDING;
}

/* Queues the call, and hands queued calls to receivers that wait while there are both. */
static bool queue_and_match(struct endpoint *endpoint, struct request *call) RELEASES(endpoint->lock)
{
	struct request *receive, *next;
	struct ring *ring, *own = call->ring;

	if (unlikely(endpoint->dead)) {
		spin_unlock(&endpoint->lock);
		return false;
	}
	if (unlikely(is_claimed_by_lease(call))) {
		spin_unlock(&endpoint->lock);
		return true;
	}
	store_relaxed(&call->queue_lock, &endpoint->lock);
	list_push_back(&endpoint->calls, &call->link);
	while ((next = first_call(endpoint)) != NULL && (ring = claim_receiver(endpoint, &receive)) != NULL) {
		if (receive != NULL) {
			list_remove(&next->link);
			own->copied += next->sqe.msg_len;
			deliver(endpoint, next, receive);
		}
		spin_unlock(&endpoint->lock);
		complete_receive(ring, receive);
		if (receive != NULL && next == call)
			return true; /* `call` may have been answered and reused by now */
		spin_lock(&endpoint->lock);
	}
	spin_unlock(&endpoint->lock);
	return true;
}

/* Hands the call to a receiver that waits, or queues it. False: nobody will ever receive it. */
static bool match(struct endpoint *endpoint, struct request *call)
{
	struct request *receive;
	struct ring *ring;

	spin_lock(&endpoint->lock);
	if (likely(list_is_empty(&endpoint->calls) && !endpoint->dead && !is_claimed_by_lease(call)) &&
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
		spin_lock(&endpoint->lock);
	}
	return queue_and_match(endpoint, call);
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
		status = request->carried != NULL ? op_resolve_caps(thread, request, request->carried) : STATUS_NO_MEMORY;
		if (status == STATUS_OK)
			request->extras |= REQUEST_CARRIES;
		else if (request->carried != NULL)
			heap_free(request->carried, sqe->caps_len * sizeof(struct carried));
	}
	if (status != STATUS_OK)
		request_release(&thread->ring, request);
	return status;
}

enum status endpoint_call(struct thread *thread, struct request *request, struct cap_ref ref)
{
	struct endpoint *endpoint = container_of(ref.view->object, struct endpoint, object);
	struct ring *ring = &thread->ring;
	const struct cap_sqe *sqe = &request->sqe;

	if (unlikely(sqe->msg_len > endpoint->max_message || sqe->caps_len > endpoint->max_caps ||
		     sqe->buf_caps > CAP_MESSAGE_MAX_CAPS))
		return STATUS_TOO_LARGE;
	if (unlikely(ring->pending >= ring->cq_count / 2))
		return STATUS_AGAIN;
	if (unlikely((sqe->buf_caps | sqe->caps_len) != 0 || ref.gate != NULL)) {
		enum status status = prepare_extras(thread, request, ref.gate);
		if (status != STATUS_OK)
			return status;
	}
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
	spin_lock(&endpoint->lock);
	struct request *call = first_call(endpoint);
	bool won = call != NULL && request_claim(request, request->sequence); /* or our own deadline came first */
	bool dead = endpoint->dead;
	if (won) {
		list_remove(&call->link);
		ring->copied += call->sqe.msg_len;
		deliver(endpoint, call, request);
	} else if (call == NULL && !dead) {
		request->queue_lock = &endpoint->lock;
		request->extras |= REQUEST_POSTED;
		list_push_back(&ring->posted, &request->posted);
		list_push_back(&endpoint->receivers, &request->link);
	}
	spin_unlock(&endpoint->lock);
	if (won)
		ring_finish(ring, request);
	else if (unlikely(dead))
		(void)request_abort(request, request->sequence, STATUS_DISCONNECTED, ring);
	return OP_WAITING;
}

void endpoint_recheck(struct request *receive)
{
	struct endpoint *endpoint = container_of(receive->object, struct endpoint, object);
	struct request *call = NULL;

	spin_lock(&endpoint->lock);
	if (!list_is_empty(&receive->link) && (call = first_call(endpoint)) != NULL) {
		if (request_claim(receive, receive->sequence)) {
			list_remove(&receive->link);
			list_remove(&call->link);
			deliver(endpoint, call, receive);
		} else {
			call = NULL;
		}
	}
	spin_unlock(&endpoint->lock);
	if (call != NULL)
		ring_finish(receive->ring, receive);
}
