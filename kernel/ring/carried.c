// SPDX-License-Identifier: MIT OR Apache-2.0
/* Capabilities that travel with a message, and calls that are made through a gate. */
#include "deliver.h"
#include "ops.h"

#include <core/recorder.h>
#include <mm/frame.h>
#include <mm/slab.h>

bool carried_alloc(struct request *request)
{
	unsigned count = request->sqe.caps_len;

	request->carried = count == 1 ? &request->one : heap_alloc(count * sizeof(struct carried));
	return request->carried != NULL;
}

void carried_free(struct request *request)
{
	if (request->carried != &request->one)
		heap_free(request->carried, request->sqe.caps_len * sizeof(struct carried));
	request->carried = NULL;
}

void carried_commit(struct process *from, const struct carried *carried, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (carried[i].moved.raw != 0)
			cap_table_remove_locked(&from->table, carried[i].moved);
}

void carried_drop(struct process *from, const struct carried *carried, unsigned count)
{
	carried_commit(from, carried, count);
	for (unsigned i = 0; i < count; i++)
		cap_ref_put(carried[i].ref);
}

void carried_abort(struct process *from, const struct carried *carried, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (carried[i].moved.raw != 0)
			cap_table_unlock(&from->table, carried[i].moved);
		cap_ref_put(carried[i].ref);
	}
}

enum transfer_scope carried_scope(const struct carried *carried, unsigned count)
{
	enum transfer_scope scope = SCOPE_ANY;

	for (unsigned i = 0; i < count; i++)
		if (carried[i].ref.view->scope > scope)
			scope = carried[i].ref.view->scope;
	return scope;
}

bool carried_may_go(const struct carried *carried, unsigned count, const struct process *from,
		    const struct process *to)
{
	return scope_allows(carried_scope(carried, count), from, to);
}

void gate_spares_free(struct gate_spares *spares)
{
	for (unsigned i = 0; i < CAP_MESSAGE_MAX_CAPS; i++)
		if (spares->gate[i] != NULL)
			gate_put(spares->gate[i]);
	heap_free(spares, sizeof(struct gate_spares));
}

enum status request_enter_gate(struct thread *thread, struct request *request, struct gate *gate)
{
	unsigned count = request->sqe.op == CAP_OP_CALL ? request->sqe.buf_caps : 0;
	enum status status = STATUS_OK;

	if (!object_try_get(&gate->object))
		return STATUS_BAD_ID;
	list_init(&request->gate_link);
	request->gate = gate;
	request->extras |= REQUEST_GATED;
	if (count == 0)
		return STATUS_OK;
	request->spares = heap_alloc(sizeof(struct gate_spares));
	if (request->spares == NULL)
		status = STATUS_NO_MEMORY;
	for (unsigned i = 0; i < count && i < CAP_MESSAGE_MAX_CAPS && status == STATUS_OK; i++)
		status = gate_prepare(thread->process, &request->spares->gate[i]);
	if (status != STATUS_OK)
		request_drop_gate(request);
	return status;
}

void request_link_gate(struct request *request)
{
	/* The look-up that found the gate alive and this lie in one kernel entry: whoever kills it waits for this CPU (G3)
	 * before it walks the list. */
	spin_lock(&gate_lock);
	list_push_back(&request->gate->requests, &request->gate_link);
	spin_unlock(&gate_lock);
}

void request_leave_gate(struct request *request)
{
	if (!(request->extras & REQUEST_GATED))
		return;
	spin_lock(&gate_lock);
	list_remove(&request->gate_link);
	spin_unlock(&gate_lock);
}

void request_drop_gate(struct request *request)
{
	struct gate *gate = request->gate;

	request->extras &= (uint16_t)~REQUEST_GATED;
	if (gate == NULL)
		return;
	spin_lock(&gate_lock);
	list_remove(&request->gate_link);
	request->gate = NULL;
	spin_unlock(&gate_lock);
	if (request->spares != NULL)
		gate_spares_free(request->spares);
	request->spares = NULL;
	gate_put(gate);
}

struct gate *op_returned_gate(struct request *call, struct gate *own, unsigned index)
{
	struct gate *none = NULL;
	struct gate **spare = call->spares != NULL ? &call->spares->gate[index] : &none;

	if (call->gate == NULL || (own != NULL && *spare == NULL)) {
		gate_get(own);
		return own;
	}
	return gate_combine(own, call->gate, spare);
}

/* The only capability that a call sends, counted, if it is a copy that may go to anybody and hangs on no gate. */
static struct view *take_copy(struct thread *thread, const struct request *call)
{
	const struct ring *ring = &thread->ring;
	struct cap_ref ref;
	uint64_t desc[sizeof(struct cap_desc) / 8];

	static_assert(CAP_DESC_COPY == 0 && offsetof(struct cap_desc, id) == 0);
	if (!ring_range_ok(ring, call->sqe.caps_off, sizeof(desc)))
		return NULL;
	copy_words(desc, ring->arena + call->sqe.caps_off, array_size(desc));
	if (unlikely((desc[1] | desc[2]) != 0) ||
	    unlikely(cap_table_find(&thread->process->table, (cap_id){desc[0]}, &ref) != STATUS_OK) ||
	    unlikely(ref.gate != NULL) || unlikely(ref.view->scope != SCOPE_ANY) || !view_try_get(ref.view))
		return NULL;
	return ref.view;
}

/* What such a call needs. False: it is not one, or does not get it. */
static bool prepare_little(struct thread *thread, struct request *call, struct view **sent)
{
	const struct endpoint *endpoint = call->memory.endpoint;
	const struct ring *ring = &thread->ring;
	unsigned caps = call->sqe.caps_len, back = call->sqe.buf_caps;

	*sent = NULL;
	if (caps > 1 || caps > endpoint->max_caps || back > CAP_MESSAGE_MAX_CAPS || call->words[7] != 0 ||
	    !session_is_alive(thread->process->session) || facet_key_is_retired(call->memory.view->facet) ||
	    ring->pending >= ring->wait_max || (caps != 0 && (*sent = take_copy(thread, call)) == NULL))
		return false;
	if (back == 0)
		return true;
	if (cap_table_reserve(&thread->process->table, back, &call->slots) != STATUS_OK) {
		if (*sent != NULL)
			view_put(*sent);
		return false;
	}
	call->extras = REQUEST_SLOTS;
	return true;
}

/* Nobody waits for it, or something else comes first. True: it waits. */
[[gnu::noinline]] static bool queue_little(struct thread *thread, struct request *call, struct view *sent)
{
	struct endpoint *endpoint = call->memory.endpoint;

	if (sent != NULL) {
		view_put(sent);
		request_release(&thread->ring, call);
		return false;
	}
	op_record(thread, call, RECORDER_CALL, endpoint->object.id, STATUS_OK);
	call->result = (struct completion){0};
	ring_take(&thread->ring, call);
	endpoint_queue_call(endpoint, call, call->memory.view, call->memory.session);
	return true;
}

bool call_with_little(struct thread *thread, struct request *call)
{
	struct ring *ring = &thread->ring;
	struct endpoint *endpoint = call->memory.endpoint;
	struct request *receive = NULL;
	cap_id given = CAP_ID_NULL;
	struct view *sent;

	if (!prepare_little(thread, call, &sent))
		return false;
	spin_lock(&endpoint->lock);
	if (likely(!endpoint->backlog))
		receive = endpoint_take_parked(endpoint);
	if (unlikely(receive == NULL)) {
		spin_unlock(&endpoint->lock);
		return queue_little(thread, call, sent);
	}
	ring->free = call->next;
	ring->pending++;
	thread->sched.work += call->sqe.msg_len;
	recorder_write(call->sqe.interface_id, endpoint->object.id, thread->sched.ids,
		       (uint32_t)call->sqe.target,
		       recorder_pack(call->sqe.method, RECORDER_CALL, call->sqe.caps_len, call->sqe.msg_len));
	if (sent != NULL)
		given = cap_table_install(&ring_thread(receive->ring)->process->table,
					  &receive->record->slots, (struct cap_ref){sent, NULL},
					  (struct provenance){.giver = thread->process->pid,
							      .kind = PROVENANCE_CALL,
							      .method = call->sqe.method,
							      .detail = call->sqe.interface_id});
	struct completion result = deliver(call, call->memory.view->key, call->memory.session,
					   call->memory.shape, receive, true, given);
	spin_unlock(&endpoint->lock);
	endpoint_end_receive(receive, result);
	return true;
}
