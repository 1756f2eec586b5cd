// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Calls that are little more than their message: a copy of one capability goes along, or capabilities may come back. Whatever else one
 * has (gates, scopes, deadlines, moves) is call.c's.
 */
#include "deliver.h"
#include "ops.h"

#include <core/recorder.h>
#include <mm/frame.h>

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
	struct facet_key *released = NULL;
	cap_id given = CAP_ID_NULL;
	struct view *sent;

	if (!prepare_little(thread, call, &sent))
		return false;
	spin_lock(&endpoint->lock);
	if (!endpoint->backlog || (released = endpoint_notice_to_take(endpoint)) != NULL)
		receive = endpoint_take_parked(endpoint, false);
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
	if (released != NULL)
		endpoint_take_notice(endpoint, released, receive, &result);
	spin_unlock(&endpoint->lock);
	endpoint_end_receive(receive, result);
	return true;
}
