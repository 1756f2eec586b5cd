// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Private to the ring room: a call or a RETURN_RECV of a batch that repeats the last one and is plain, as the ones before it in the
 * batch were: who receives it, or called, is of the ring that the batch holds (batch.h). That is so for all but the first of eight
 * calls to a server that has so many RECVs, and of its eight answers.
 *
 * Whatever is not this case is asked before anything was done, and left to again.h; but what becomes of the caller of a call that was
 * claimed, which only the claim tells.
 */
#pragma once

#include "again.h"

/* False: nothing was done. */
[[gnu::always_inline]] static inline bool call_in_line(struct thread *thread, struct request *call,
						       uint64_t sequence)
{
	struct ring *ring = &thread->ring;
	struct cpu *cpu = this_cpu();
	struct endpoint *endpoint = call->memory.endpoint;

	if (unlikely(!ring_session_is_alive(ring)) || unlikely(ring->pending >= ring->wait_max))
		return false;
	spin_lock(&endpoint->lock);
	struct request *receive = endpoint->parked;
	struct ring *to = cpu->held;
	if (unlikely(endpoint->attention != 0) || unlikely(receive == NULL) ||
	    unlikely(receive->ring != to) || unlikely(load_relaxed(&receive->extras) != REQUEST_RECORD)) {
		spin_unlock(&endpoint->lock);
		return false;
	}
	endpoint->parked = receive == endpoint->parked_last ? NULL : load_relaxed(&receive->behind);
	call->sequence = sequence;
	ring->free = call->next;
	ring->pending++;
	thread->sched.work += call->sqe.msg_len;
	recorder_write(call->sqe.interface_id, endpoint->object.id, thread->sched.ids,
		       (uint32_t)call->sqe.target,
		       recorder_pack(call->sqe.method, RECORDER_CALL, 0, call->sqe.msg_len));
	struct completion result = deliver(call, call->memory.view->key, call->memory.session,
					   call->memory.shape, receive, true, CAP_ID_NULL);
	spin_unlock(&endpoint->lock);
	ring_unpost_operation(to, receive);
	receive->extras = 0;
	batch_finish_held(cpu, to, receive, result);
	return true;
}

/* The claimed caller is of another ring, or not plain. */
[[gnu::noinline]] static void answer_elsewhere(struct thread *thread, struct request *caller, uint32_t bytes)
{
	struct sched_entity *woken = complete_caller(
		thread, caller, (struct completion){.len = bytes, .flags = CAP_CQE_DELIVERED});

	if (woken != NULL)
		sched_wake_next(woken);
}

/* False: nothing was done. */
[[gnu::always_inline]] static inline bool return_in_line(struct thread *thread, struct request *request,
							 uint64_t sequence)
{
	struct ring *ring = &thread->ring;
	struct cpu *cpu = this_cpu();
	struct service_record *record = request->record; /* as return_recv_again */
	struct endpoint *endpoint = request->memory.endpoint;
	uint32_t bytes = request->sqe.msg_len;
	uint64_t word = record_word_of(request->sqe.target);

	if (unlikely(load_acquire(&record->word) != word) ||
	    unlikely(bytes > load_relaxed(&record->buf_len)) || unlikely(!is_zero_relaxed(&record->gate)) ||
	    unlikely(!is_relaxed(&record->endpoint, endpoint)) ||
	    unlikely(!record_has_slots(request, record)) || unlikely(ring->pending >= ring->wait_max) ||
	    unlikely(request->sqe.flags & CAP_SQE_RELEASE_CAPS) || unlikely(!record_claim(record, word)))
		return false;
	struct request *caller = load_acquire(&record->caller);
	request->sequence = sequence;
	recorder_write(record->interface_id, endpoint->object.id, thread->sched.ids, 0,
		       recorder_pack(record->method, RECORDER_RETURN, 0, bytes));
	if (likely(caller != NULL) && likely(request_claim(caller, record->caller_sequence))) {
		thread->sched.work += bytes;
		copy_own_message(caller->ring->arena + caller->sqe.buf_off,
				 ring->arena + request->sqe.msg_off, bytes);
		if (likely(caller->ring == cpu->held) && likely(caller->extras == 0))
			batch_finish_held(cpu, cpu->held, caller,
					  (struct completion){.len = bytes, .flags = CAP_CQE_DELIVERED});
		else
			answer_elsewhere(thread, caller, bytes);
	} else {
		record_close(record, false);
	}
	endpoint_admit_receive_as(thread, endpoint, request, record, true);
	return true;
}
