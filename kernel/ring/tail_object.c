// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * TAIL to an object of the kernel: it answers the call that a server has received, and the server is out of it.
 *
 * The object sees the server, as in a call that the server makes itself: the capability is the server's, and so is the choice of
 * method and arguments; so is what it costs, and who is meant where a method is about its caller (ThreadSpawner.current). Nothing
 * can be done in the name, or at the cost, of whoever happened to call. What the object gives goes to the caller: message and
 * capabilities, status or exception, under the caller's gate and that of the capability that was used.
 *
 * - The record is claimed first. The method then runs while the call still waits, so whoever cancels it meanwhile need not wait for the
 *   method: the record forgets the caller (request_detach), and the answer is dropped.
 * - A method that answers later takes the caller's own request, which then waits at the object as one of the caller's own calls
 *   would: with its deadline and its gates, cancelled and ended as those are.
 */
#include "again.h"
#include "complete.h"
#include "ops.h"
#include "tail.h"

#include <mm/frame.h>
#include <ring/kcall.h>
#include <ring/lend.h>
#include <ring/revoke.h>

/* The caller's request, if it still waits: then it is under the gate of the capability, too. */
static bool enter_gate(struct thread *thread, struct tail *tail)
{
	struct request *call = load_acquire(&tail->record->caller);
	uint64_t sequence = tail->record->caller_sequence;
	struct gate *gate = tail->gate;

	if (call == NULL)
		return false;
	struct sched_entity *caller = &ring_thread(call->ring)->sched;
	if (unlikely(load_relaxed(&caller->budget) != NULL))
		budget_take_back(caller);
	if (gate == NULL)
		return true;
	if (!tail_begin_passing(call, sequence))
		return false;
	gate_get(gate);
	tail_change_gate(call, tail);
	tail->gate = NULL; /* the call's */
	tail->spares = NULL;
	store_release(&call->claim, request_claim_word(sequence, REQUEST_PENDING));
	/* A revocation that had marked it before the call was under it does not look for it there. */
	bool alive = gate_is_alive(gate) || !request_abort(call, sequence, STATUS_REVOKED, &thread->ring);
	gate_put(gate);
	return alive;
}

enum status tail_defer(struct kcall *kcall, struct object *object, struct list *queue, struct spinlock *lock,
		       uint64_t until_ns)
{
	struct service_record *record = kcall->passed;
	struct request *call = load_acquire(&record->caller);
	uint64_t sequence = record->caller_sequence;

	if (call == NULL || !tail_begin_passing(call, sequence))
		return STATUS_AGAIN; /* nobody waits for it any more */
	call->memory.removals = REQUEST_FORGOTTEN;
	call->record = NULL;
	object_get(object);
	call->object = object;
	call->extras |= REQUEST_COUNTED;
	store_relaxed(&call->hops, (uint8_t)(call->hops + 1));
	call->result = (struct completion){.flags = CAP_CQE_DELIVERED};
	store_relaxed(&call->queue_lock, lock);
	if (queue != NULL)
		list_push_back(queue, &call->link);
	if (until_ns != 0) {
		if (call->extras & REQUEST_TIMED)
			(void)timer_cancel(&call->deadline);
		store_relaxed(&call->sleep_until, until_ns);
		request_arm_deadline(call);
	}
	store_release(&call->claim, request_claim_word(sequence, REQUEST_PENDING));
	return RPC_DEFERRED;
}

/* What the object gave, into `carried`; false: it may not go to that process. */
static bool take_given(const struct thread *thread, const struct kcall *kcall, const struct request *call,
		       struct carried *carried)
{
	unsigned count = kcall->rpc.caps_out_len;

	for (unsigned i = 0; i < count; i++)
		carried[i] = (struct carried){.ref = kcall->given[i]};
	return carried_may_go(carried, count, thread->process, ring_thread(call->ring)->process);
}

/* The claimed call completes with what the method came to. Takes over what it gave. */
static void answer(struct thread *thread, struct request *request, struct tail *tail, struct kcall *kcall,
		   struct request *call, enum status status)
{
	struct ring *ring = call->ring;
	uint32_t bytes = 0;
	unsigned caps = 0;

	call->record = NULL;
	if (status == STATUS_OK || status == STATUS_EXCEPTION) {
		bytes = (uint32_t)msg_builder_size(&kcall->rpc.results);
		caps = status == STATUS_OK ? kcall->rpc.caps_out_len : 0;
		if (bytes + 8 * caps > call->sqe.buf_len)
			status = STATUS_TOO_LARGE;
		else if (caps != 0 && !take_given(thread, kcall, call, tail->carried))
			status = STATUS_OUT_OF_SCOPE;
		if (status != STATUS_OK && status != STATUS_EXCEPTION)
			bytes = caps = 0;
	}
	copy_words(ring->arena + call->sqe.buf_off, this_cpu()->scratch_out, bytes / 8);
	request->sqe.msg_len = bytes;
	request->sqe.caps_len = (uint16_t)caps;
	if (caps != 0)
		answer_caps(thread, request, call, tail->carried);
	for (unsigned i = caps; i < kcall->given_len; i++)
		cap_ref_put(kcall->given[i]);
	call->result = (struct completion){
		.status = status, .len = bytes, .caps = (uint16_t)caps, .flags = CAP_CQE_DELIVERED};
	request_complete(call, &thread->ring);
}

/* The capabilities that went along: gone if the object accepted the call. */
static void end_carried(struct thread *thread, const struct tail *tail, enum status status)
{
	const struct carried *sent = tail->carried + 1;

	if (status == STATUS_OK || status == OP_WAITING)
		carried_drop(thread->process, sent, tail->count - 1);
	else
		carried_abort(thread->process, sent, tail->count - 1);
}

static void run(struct thread *thread, struct request *request, struct tail *tail)
{
	struct service_record *record = tail->record;
	struct cap_ref target = tail->carried[0].ref;
	struct kcall *kcall = kcall_open(thread, NULL, target.view, request->words[4]);

	kcall->passed = record;
	for (unsigned i = 1; i < tail->count; i++)
		kcall->caps_in[i - 1] = (uint64_t)(uintptr_t)&tail->carried[i].ref;
	rpc_request_set_caps(&kcall->rpc, kcall->caps_in, (uint16_t)(tail->count - 1), kcall->caps_out,
			     record->buf_caps);
	enum status status = kcall_run(kcall, tail->object, request->sqe.method, request->sqe.msg_len);
	kcall->passed = NULL;
	end_carried(thread, tail, status);
	struct request *call = status != OP_WAITING ? load_acquire(&record->caller) : NULL;
	bool answered = call != NULL && request_claim(call, record->caller_sequence);
	record_close(record, answered || status == OP_WAITING);
	if (answered)
		answer(thread, request, tail, kcall, call, status);
	else
		for (unsigned i = 0; i < kcall->given_len; i++)
			cap_ref_put(kcall->given[i]);
	kcall_close(kcall, true);
	cap_ref_put(target);
}

void tail_to_object(struct thread *thread, struct request *request, struct tail *tail)
{
	if (enter_gate(thread, tail)) {
		run(thread, request, tail);
	} else { /* nobody waits for it any more */
		record_close(tail->record, false);
		carried_drop(thread->process, tail->carried, tail->count);
	}
	record_release(thread->process, tail->record);
	gate_put(tail->gate);
	if (tail->spares != NULL)
		gate_spares_free(tail->spares);
}
