// SPDX-License-Identifier: MIT OR Apache-2.0
/* Capabilities that travel with a message, and calls that are made through a gate. */
#include "ops.h"

#include <core/log.h>
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
	if (call->gate == NULL) {
		gate_get(own);
		return own;
	}
	kassert(call->spares != NULL); /* one for each capability that may come back */
	return gate_combine(own, call->gate, &call->spares->gate[index]);
}
