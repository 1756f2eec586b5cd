// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Calls that are little more than their message: a copy of one capability goes along, or capabilities may come back. Whatever else one
 * has (gates, scopes, deadlines, moves) is call.c's.
 */
#include "again.h"
#include "deliver.h"
#include "ops.h"

#include <cap/table_line.h>
#include <core/recorder.h>
#include <mm/frame.h>

/* The only capability that a call sends, counted, if it is a copy that may go to anybody and hangs on no gate. */
[[gnu::always_inline]] static inline struct view *take_copy(struct thread *thread, const struct request *call)
{
	const struct ring *ring = &thread->ring;
	uint32_t at = call->sqe.caps_off;
	struct cap_ref ref;

	static_assert(CAP_DESC_COPY == 0 && offsetof(struct cap_desc, id) == 0);
	if (!ring_range_ok(ring, at, sizeof(struct cap_desc)))
		return NULL;
	const uint64_t *desc = (const uint64_t *)(const void *)(ring->arena +
								at); /* each word is read once */
	uint64_t id = load_shared_word(&desc[0]),
		 rest = load_shared_word(&desc[1]) | load_shared_word(&desc[2]);
	if (unlikely(rest != 0) ||
	    unlikely(cap_table_find(&thread->process->table, (cap_id){id}, &ref) != STATUS_OK) ||
	    unlikely(ref.gate != NULL) || unlikely(ref.view->scope != SCOPE_ANY) || !view_try_get(ref.view))
		return NULL;
	return ref.view;
}

/* May it be called, with no more than one capability along? */
[[gnu::always_inline]] static inline bool is_little(struct thread *thread, const struct request *call)
{
	const struct ring *ring = &thread->ring;

	return likely(call->little) && likely(ring_session_is_alive(ring)) &&
	       likely(ring->pending < ring->wait_max);
}

/* Room for what may come back. False: it does not get that. */
[[gnu::noinline]] static bool reserve_more(struct thread *thread, struct request *call, struct view *sent)
{
	if (cap_table_reserve(&thread->process->table, call->sqe.buf_caps, &call->slots) == STATUS_OK) {
		call->extras = REQUEST_SLOTS;
		return true;
	}
	if (sent != NULL)
		view_put(sent);
	return false;
}

[[gnu::always_inline]] static inline bool reserve_back(struct thread *thread, struct request *call,
						       struct view *sent)
{
	if (unlikely(call->sqe.buf_caps != 1) ||
	    unlikely(!cap_table_reserve_here(&thread->process->table, &call->slots)))
		return reserve_more(thread, call, sent);
	call->extras = REQUEST_SLOTS;
	return true;
}

/* Nobody waits for it, something else comes first, or nobody may call that any more. True: it waits. */
[[gnu::noinline]] static bool queue_little(struct thread *thread, struct request *call, struct view *sent)
{
	struct endpoint *endpoint = call->memory.endpoint;

	if (sent != NULL || facet_key_is_retired(call->memory.view->facet)) {
		if (sent != NULL)
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

ARCH_PRESERVES_NONE struct woken call_with_little(struct thread *thread, struct request *call,
						  bool *waits_alone)
{
	struct ring *ring = &thread->ring;
	struct endpoint *endpoint = call->memory.endpoint;
	struct request *receive = NULL;
	struct facet_key *released = NULL;
	cap_id given = CAP_ID_NULL;
	struct view *sent = NULL;

	*waits_alone = false;
	if (!is_little(thread, call) ||
	    (call->sqe.caps_len != 0 && (sent = take_copy(thread, call)) == NULL) ||
	    (call->sqe.buf_caps != 0 && !reserve_back(thread, call, sent))) {
		call_slowly(thread, call);
		return (struct woken){0};
	}
	spin_lock(&endpoint->lock);
	bool direct = true;
	if (unlikely(endpoint->attention != 0))
		direct = !facet_key_is_retired(call->memory.view->facet) &&
			 (!endpoint->backlog || (released = endpoint_notice_to_take(endpoint)) != NULL);
	bool alone = false, batch = this_cpu()->batch;
	if (likely(direct))
		receive = batch ? endpoint_take_parked(endpoint) : endpoint_take_receiver(endpoint, &alone);
	if (unlikely(receive == NULL)) {
		spin_unlock(&endpoint->lock);
		if (!queue_little(thread, call, sent))
			call_slowly(thread, call);
		return (struct woken){0};
	}
	*waits_alone = alone && call->extras == 0;
	if (!*waits_alone) {
		ring->free = call->next;
		ring->pending++;
	}
	thread->sched.work += call->sqe.msg_len;
	uint64_t now = recorder_write_now(
		call->sqe.interface_id, endpoint->object.id, thread->sched.ids, (uint32_t)call->sqe.target,
		recorder_pack(call->sqe.method, RECORDER_CALL, call->sqe.caps_len, call->sqe.msg_len));
	if (sent != NULL)
		given = cap_table_install_here(&ring_thread(receive->ring)->process->table,
					       &receive->record->slots, (struct cap_ref){sent, NULL},
					       (struct provenance){.giver = thread->process->pid,
								   .kind = PROVENANCE_CALL,
								   .method = call->sqe.method,
								   .detail = call->sqe.interface_id});
	struct completion result = deliver(call, call->memory.view->key, call->memory.session,
					   call->memory.shape, receive, true, given);
	if (released != NULL)
		result.flags |= endpoint_take_notice(endpoint, released, receive);
	spin_unlock(&endpoint->lock);
	if (alone)
		return (struct woken){ring_end_alone(receive->ring, receive, result), now};
	if (!batch)
		return (struct woken){endpoint_end_receive_woken(receive, result), now};
	endpoint_end_receive(receive, result);
	return (struct woken){0};
}
