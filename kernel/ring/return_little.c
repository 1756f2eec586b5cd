// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Answers that are little more than their message: a facet that is minted goes along, to a caller that has room for it. So things are
 * opened. Whatever else an answer has (gates, scopes, copies, moves, exceptions) is receive.c's.
 */
#include "again.h"
#include "answer.h"

#include <cap/process.h>
#include <mm/frame.h>

/* The facet that the answer's only descriptor asks for, if its template may go to anybody and hangs on no gate. */
static struct view *mint(struct thread *thread, const struct request *request)
{
	struct process *process = thread->process;
	struct cap_ref template;
	struct view *view;
	uint64_t desc[sizeof(struct cap_desc) / 8];

	static_assert(offsetof(struct cap_desc, id) == 0 && offsetof(struct cap_desc, path_or_key) == 8 &&
		      offsetof(struct cap_desc, kind) == 16);
	copy_words(desc, thread->ring.arena + request->sqe.caps_off, array_size(desc));
	if (unlikely(desc[2] != CAP_DESC_MINT) ||
	    unlikely(cap_table_find(&process->table, (cap_id){desc[0]}, &template) != STATUS_OK) ||
	    unlikely(template.gate != NULL) || unlikely(template.view->kind != VIEW_TEMPLATE) ||
	    unlikely(template.view->scope != SCOPE_ANY) ||
	    unlikely(facet_mint(process, template.view, desc[1], &view) != STATUS_OK))
		return NULL;
	return view;
}

/* The claimed caller, whose call went through no gate, and has a slot reserved. */
static struct sched_entity *answer(struct thread *thread, const struct request *request,
				   struct request *caller, struct view *view)
{
	struct ring *ring = caller->ring;
	uint32_t bytes = request->sqe.msg_len;
	uint64_t *to = (uint64_t *)(void *)(ring->arena + caller->sqe.buf_off);
	struct provenance provenance = {.giver = thread->process->pid,
					.kind = PROVENANCE_ANSWER,
					.minted = true,
					.method = caller->sqe.method,
					.detail = caller->sqe.interface_id};
	struct completion result = {.status = STATUS_OK, .len = bytes, .caps = 1, .flags = CAP_CQE_DELIVERED};

	thread->sched.work += bytes;
	copy_message(to, thread->ring.arena + request->sqe.msg_off, bytes);
	cap_id id = cap_table_install(&ring_thread(ring)->process->table, &caller->slots,
				      (struct cap_ref){view, NULL}, provenance);
	store_shared_word(&to[bytes / 8], id.raw);
	if (unlikely(caller->extras & REQUEST_KEPT))
		caller->answer->ids[0] = id;
	return complete_caller(thread, caller, result);
}

struct woken return_little(struct thread *thread, struct request *request)
{
	struct service_record *record = request->record; /* as return_recv_again */
	struct endpoint *endpoint = request->memory.endpoint;
	uint32_t bytes = request->sqe.msg_len;
	struct woken woken = {0};
	struct view *view;

	if (unlikely(load_acquire(&record->word) != record_word_of(request->sqe.target)) ||
	    unlikely(!is_zero_relaxed(&record->gate)) || unlikely(!is_relaxed(&record->endpoint, endpoint)) ||
	    unlikely(thread->ring.pending >= thread->ring.wait_max) ||
	    unlikely(bytes + 8 > load_relaxed(&record->buf_len)) ||
	    unlikely(load_relaxed(&record->buf_caps) == 0) ||
	    unlikely(load_relaxed(&record->slots.count) < request->sqe.buf_caps))
		return woken;
	/* While its word is that, the record names its caller, and quiescence keeps that one; what it is may still change. */
	struct request *caller = load_acquire(&record->caller);
	uint64_t sequence = load_relaxed(&record->caller_sequence);
	if (unlikely(caller == NULL) || (view = mint(thread, request)) == NULL)
		return woken;
	if (unlikely(!record_claim(record, record_word_of(request->sqe.target)))) {
		view_put(view); /* a sibling thread returned it first */
		return woken;
	}
	woken.at = recorder_write_now(record->interface_id, endpoint->object.id, thread->sched.ids,
				      (uint64_t)STATUS_OK << 32,
				      recorder_pack(record->method, RECORDER_RETURN, 1, bytes));
	if (likely(request_claim(caller, sequence))) {
		woken.entity = answer(thread, request, caller, view);
	} else {
		record_close(record, false);
		view_put(view); /* nobody waits for it any more */
	}
	endpoint_admit_receive(thread, endpoint, request, record);
	return woken;
}
