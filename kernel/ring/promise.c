// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Promise pipelining: submissions that name answers which have not come yet.
 *
 * - Such a submission is *held*: it has its request, its credit and its deadline, and lies in its ring's list `held`, in the
 *   order of submission. What can be resolved is resolved at once, and counted; the rest when its answer is there.
 * - Whoever finishes an answer (the ring's owner, on any CPU) sets RING_READY. The submitter's own entry dispatches: before
 *   it takes new submissions, and before it returns or blocks. Dispatch is admission: the request becomes the spare again,
 *   and the operation runs as if it had just been submitted, with what the hold had counted.
 * - E-order: a call that is held, for whatever reason, holds back later ones through the same reference: a capability id;
 *   or one path of one answer, and the id that this turns out to be.
 * - Calls to one method of one place in one answer that are nothing but their messages follow the first of them: they share its record,
 *   what it waits for and what that turns out to be.
 *
 * While anything is held, RING_HOLDING is set in ring->signals and RING_HOLD_MARK in the thread's sched.work, words that an entry
 * tests anyway: a ring that holds nothing pays nothing.
 *
 * Invariants (owner only):
 *   H1  REQUEST_HELD <=> request->held is in ring->held, and the request in its chain; it is then in no queue;
 *   H2  an answer that a held request waits for is not freed (answer.dependants).
 */
#include "again.h"
#include "batch_line.h"
#include "capture.h"
#include "promise.h"
#include "quick.h"
#include "answer.h"
#include "complete.h"
#include "ops.h"

#include <core/log.h>
#include <core/recorder.h>
#include <mm/frame.h>
#include <mm/slab.h>

/* Where a capability will come from; answer NULL: it is there. */
struct source {
	struct answer *answer;
	uint32_t path;
};

/* One capability that a held CALL sends. */
struct held_cap {
	struct source from;
	struct carried carried; /* valid once it is there */
};

struct held {
	struct list link; /* in ring->held */
	struct request *request,
		*last;         /* the first that waits, and those that follow it, chained by request.behind */
	struct source from;    /* of the target */
	cap_id target_id;      /* 0 until it is there */
	struct cap_ref target; /* of a CALL; counted; view NULL until it is there */
	struct held_cap *caps; /* of a CALL: `count` of them */
	uint32_t count;
	bool recorded;            /* in the flight recorder, as a call */
	uint32_t missing;         /* sources whose answers have not come */
	struct source *resolving; /* the one that was looked at last */
	struct held *next_spare;
};

/* What a source turned out to be, under no gate. It holds for others of the same answer and path, within one promise_work, as long as
 * nothing has left the table (cap_table_removals, of the slot). */
struct resolved {
	const struct answer *answer; /* NULL: nothing yet */
	uint32_t path;
	cap_id id;
	struct view *view;
	const uint64_t *count;
	uint64_t removals;
};

static struct slab_cache held_cache = SLAB_CACHE(held);

#define MAX_SPARES 8u /* that a ring keeps */

static struct held *alloc_held(struct ring *ring)
{
	struct held *held = ring->held_spare;

	if (held == NULL)
		return slab_alloc(&held_cache);
	ring->held_spare = held->next_spare;
	ring->held_spares--;
	return held;
}

static void give_back(struct ring *ring, struct held *held)
{
	if (unlikely(ring->held_spares == MAX_SPARES)) {
		slab_free(&held_cache, held);
		return;
	}
	held->next_spare = ring->held_spare;
	ring->held_spare = held;
	ring->held_spares++;
}

void promise_fini(struct ring *ring)
{
	struct held *held;

	while ((held = ring->held_spare) != NULL) {
		ring->held_spare = held->next_spare;
		slab_free(&held_cache, held);
	}
	ring->held_spares = 0;
}

/* --- holding -------------------------------------------------------------------------------------------------- */

/* Nothing is held any more, or something else may be next. */
static void settle(struct ring *ring)
{
	if (!list_is_empty(&ring->held)) {
		(void)atomic_or(&ring->signals, (uint32_t)RING_READY);
		return;
	}
	(void)atomic_and(&ring->signals, ~(uint32_t)(RING_HOLDING | RING_READY));
	ring_thread(ring)->sched.work &= ~RING_HOLD_MARK;
}

/* What the first request sends along. */
static void free_caps(struct ring *ring, struct held *held)
{
	struct process *process = ring_thread(ring)->process;

	if (likely(held->caps == NULL))
		return;
	for (uint32_t i = 0; i < held->count; i++) {
		struct held_cap *cap = &held->caps[i];
		if (cap->from.answer != NULL)
			answer_undepend(ring, cap->from.answer);
		else
			carried_abort(process, &cap->carried, 1);
	}
	heap_free(held->caps, held->request->sqe.caps_len * sizeof(struct held_cap));
	held->caps = NULL;
	held->count = 0;
	held->missing = held->from.answer != NULL;
}

static void free_held(struct ring *ring, struct held *held)
{
	free_caps(ring, held);
	if (held->from.answer != NULL)
		answer_undepend(ring, held->from.answer);
	if (held->target.view != NULL)
		cap_ref_put(held->target);
	give_back(ring, held);
}

/* The first of the chain is done with, and `next` is the first; or there is none, and nothing to hold. */
static void leave(struct ring *ring, struct held *held, struct request *next)
{
	free_caps(ring, held);
	if (next != NULL) {
		held->request = next;
		held->recorded = false;
		return;
	}
	list_remove(&held->link);
	free_held(ring, held);
	settle(ring);
}

void promise_drop(struct request *request)
{
	struct ring *ring = request->ring;
	struct held *held = request->held;
	struct request *before = held->request;

	request->held = NULL;
	ring->held_count--;
	if (before == request) {
		leave(ring, held, request->behind);
	} else {
		while (before->behind != request)
			before = before->behind;
		before->behind = request->behind;
		if (held->last == request)
			held->last = before;
	}
	if (ring->held_count != 0)
		settle(ring);
}

/* A source whose answer has not come. A submission cannot wait for itself. */
static enum status depend(struct held *held, struct source *from, struct answer *answer, uint32_t path)
{
	kassert(answer != NULL); /* op_resolve_cap has just found that it waits */
	if (answer->sequence >= held->request->sequence)
		return STATUS_BAD_ID;
	answer_depend(answer);
	*from = (struct source){answer, path};
	held->missing++;
	return STATUS_OK;
}

/* As cap_table_get, which leaves something in *out when it fails. */
static enum status get_cap(struct thread *thread, cap_id id, struct cap_ref *out)
{
	struct cap_ref ref;
	enum status status = cap_table_get(&thread->process->table, id, &ref);

	if (status == STATUS_OK)
		*out = ref;
	return status;
}

static enum status hold_target(struct thread *thread, struct held *held)
{
	struct request *request = held->request;
	const struct cap_sqe *sqe = &request->sqe;
	cap_id id = {sqe->target};

	if (sqe->flags & CAP_SQE_TARGET_IS_ANSWER) {
		struct answer *answer = answer_find(&thread->ring, sqe->target);
		kassert(answer != NULL); /* whoever holds it has just found it */
		if (likely(answer->state == ANSWER_WAITING))
			return depend(held, &held->from, answer, sqe->path);
		enum status status = answer_resolve(thread, request, sqe->target, sqe->path, &id);
		if (status != STATUS_OK)
			return status;
	}
	held->target_id = id;
	kassert(sqe->op == CAP_OP_CALL); /* the others are held for an answer alone */
	return get_cap(thread, id, &held->target);
}

static enum status hold_caps(struct thread *thread, struct held *held)
{
	struct request *request = held->request;
	const struct cap_sqe *sqe = &request->sqe;
	struct ring *ring = &thread->ring;

	if (sqe->caps_len == 0)
		return STATUS_OK;
	if (sqe->caps_len > CAP_MESSAGE_MAX_CAPS)
		return STATUS_TOO_LARGE;
	if (!ring_range_ok(ring, sqe->caps_off, sqe->caps_len * sizeof(struct cap_desc)))
		return STATUS_BAD_RANGE;
	held->caps = heap_alloc(sqe->caps_len * sizeof(struct held_cap));
	if (held->caps == NULL)
		return STATUS_NO_MEMORY;
	for (unsigned n = 0; n < sqe->caps_len; n++) {
		struct held_cap *cap = &held->caps[n];
		struct cap_desc desc;
		copy_words(&desc, ring->arena + sqe->caps_off + n * sizeof(desc), sizeof(desc) / 8);
		enum status status = op_resolve_cap(thread, request, &desc, &cap->carried);
		if (status == OP_UNRESOLVED)
			status = depend(held, &cap->from, answer_find(ring, desc.id),
					(uint32_t)desc.path_or_key);
		if (status != STATUS_OK)
			return status;
		held->count++;
	}
	return STATUS_OK;
}

enum status promise_hold(struct thread *thread, struct request *request, bool recorded)
{
	struct ring *ring = &thread->ring;
	unsigned kept = request->sqe.flags & CAP_SQE_KEEP_ANSWER ? REQUEST_KEPT : 0;

	if (ring->pending >= ring->wait_max || ring->held_count >= PROMISE_MAX_HELD)
		return STATUS_AGAIN;
	struct held *held = alloc_held(ring);
	if (held == NULL)
		return STATUS_NO_MEMORY;
	*held = (struct held){.request = request, .last = request, .recorded = recorded};
	request->behind = NULL;
	enum status status = hold_target(thread, held);
	if (status == STATUS_OK && request->sqe.op == CAP_OP_CALL)
		status = hold_caps(thread, held);
	if (status != STATUS_OK) {
		free_held(ring, held);
		return status;
	}
	ring_take(ring, request);
	request->held = held;
	request->extras = (uint16_t)(kept | capture_extra(ring, request) | REQUEST_HELD);
	list_push_back(&ring->held, &held->link);
	ring->held_count++;
	request_arm_deadline(request);
	thread->sched.work |= RING_HOLD_MARK;
	(void)atomic_or(&ring->signals, (uint32_t)(RING_HOLDING | (held->missing == 0 ? RING_READY : 0)));
	return OP_WAITING;
}

#define FOLLOWS (CAP_OP_CALL | CAP_SQE_TARGET_IS_ANSWER << 8) /* opcode and flags */

/* Each word of a submission is read once. */
static bool follow(struct ring *ring, struct held *held, const struct request *first)
{
	const volatile uint64_t *from = sq_entry(ring, ring->sq_head);
	struct request *request = ring->free;
	uint64_t message, buffer;

	if (from[0] != first->words[0] || from[1] != first->words[1] || from[2] != first->words[2] ||
	    (from[6] | from[7]) != 0 || ring->pending >= ring->wait_max ||
	    ring->held_count >= PROMISE_MAX_HELD)
		return false;
	message = from[4];
	buffer = from[5];
	if (!quick_ranges_ok(ring, quick_range_of(message), quick_range_of(buffer)))
		return false;
	request->sequence = ring->sq_head;
	count_own(&ring->sq_head, 1);
	request->memory.removals = REQUEST_FORGOTTEN;
	request->words[0] = first->words[0];
	request->words[1] = first->words[1];
	request->words[2] = first->words[2];
	request->words[3] = from[3];
	request->words[4] = message;
	request->words[5] = buffer;
	request->words[6] = 0;
	store_relaxed(&request->words[7], 0ull); /* a late deadline may look at it */
	request->held = held;
	request->extras = REQUEST_HELD;
	request->behind = NULL;
	held->last->behind = request;
	held->last = request;
	ring_take(ring, request);
	ring->held_count++;
	return true;
}

uint32_t promise_follow(struct thread *thread, uint32_t most)
{
	struct ring *ring = &thread->ring;
	uint32_t count = 0;

	if (list_is_empty(&ring->held))
		return 0;
	struct held *held = container_of(ring->held.prev, struct held, link);
	const struct request *first = held->request;
	const struct answer *answer = held->from.answer;
	if (answer == NULL || answer->released || (first->words[0] & 0xffff) != FOLLOWS)
		return 0;
	while (count < most && follow(ring, held, first))
		count++;
	return count;
}

/* --- order ---------------------------------------------------------------------------------------------------- */

/* The same answer and path, or the same id. */
static bool same_reference(const struct cap_sqe *a, cap_id a_id, const struct cap_sqe *b, cap_id b_id)
{
	if (a_id.raw != 0 && a_id.raw == b_id.raw)
		return true;
	return (a->flags & b->flags & CAP_SQE_TARGET_IS_ANSWER) && a->target == b->target &&
	       a->path == b->path;
}

/* A CALL held earlier than `before` (NULL: any) goes through the same reference. */
static bool is_behind(struct ring *ring, const struct held *before, const struct cap_sqe *sqe, cap_id id)
{
	list_for_each (it, &ring->held) {
		const struct held *held = container_of(it, struct held, link);
		if (held == before)
			return false;
		if (held->request->sqe.op == CAP_OP_CALL &&
		    same_reference(&held->request->sqe, held->target_id, sqe, id))
			return true;
	}
	return false;
}

/* As op_target: what the call goes to, if that is known and nothing holds the call back; otherwise OP_UNRESOLVED. */
static enum status find_target(struct thread *thread, struct request *request, struct cap_ref *ref)
{
	struct ring *ring = &thread->ring;
	const struct cap_sqe *sqe = &request->sqe;
	cap_id id = {sqe->target};

	if (sqe->flags & CAP_SQE_TARGET_IS_ANSWER) {
		enum status status = answer_resolve(thread, request, sqe->target, sqe->path, &id);
		if (status != STATUS_OK)
			return status;
	} else if (sqe->path != 0) {
		return STATUS_BAD_OP;
	}
	enum status status = cap_table_find(&thread->process->table, id, ref);
	return status == STATUS_OK && is_behind(ring, NULL, sqe, id) ? OP_UNRESOLVED : status;
}

/* A CALL that names an answer, keeps its own, or comes while something is held. */
enum status op_call(struct thread *thread, struct request *request)
{
	struct cap_ref ref;
	uint64_t object_id = 0;
	bool kept = request->sqe.flags & CAP_SQE_KEEP_ANSWER;
	struct op_event event = op_event(request, RECORDER_CALL);
	enum status status = op_check_call(&thread->ring, &request->sqe);

	if (status == STATUS_OK && kept)
		status = answer_begin(&thread->ring, request);
	if (status != STATUS_OK)
		return status;
	status = find_target(thread, request, &ref);
	if (status == STATUS_OK) {
		object_id = ref.view->object->id;
		status = op_call_view(thread, request, ref);
	} else if (status == OP_UNRESOLVED) {
		status = promise_hold(thread, request, false);
	}
	if (status != OP_WAITING || object_id != 0) /* what is held is recorded when it is dispatched */
		op_record_event(thread, event, object_id, status);
	if (kept && status != OP_WAITING) {
		request->extras = 0;
		request->result.status = status;
		answer_finish(request);
	}
	return status;
}

/* --- resolving ------------------------------------------------------------------------------------------------ */

/* The same as the last one, and still there? */
static bool is_resolved(const struct resolved *last, const struct source *from)
{
	return last->answer == from->answer && last->path == from->path &&
	       load_acquire(last->count) == last->removals && view_try_get(last->view);
}

/* An answer's capability, and a counted reference. */
static enum status get_answer_cap(struct thread *thread, const struct source *from, cap_id *id,
				  struct cap_ref *ref, struct resolved *last)
{
	if (is_resolved(last, from)) {
		*id = last->id;
		*ref = (struct cap_ref){last->view, NULL};
		return STATUS_OK;
	}
	enum status status = answer_at(&thread->ring, from->answer, from->path, id);
	if (status != STATUS_OK)
		return status;
	const uint64_t *count = cap_table_removals(&thread->process->table, cap_id_slot(*id));
	uint64_t removals = load_acquire(count); /* before what holds under it */
	status = get_cap(thread, *id, ref);
	if (status == STATUS_OK && ref->gate == NULL)
		*last = (struct resolved){from->answer, from->path, *id, ref->view, count, removals};
	return status;
}

/* What has come at a source: its id and, if `ref` is not NULL, a counted reference. That is taken first: with its last
 * dependant, an answer may drop its capabilities. On failure the source stays. */
static enum status resolve_source(struct thread *thread, struct held *held, struct source *from, cap_id *id,
				  struct cap_ref *ref, struct resolved *last)
{
	struct answer *answer = from->answer;

	if (answer == NULL || answer->state != ANSWER_DONE)
		return STATUS_OK;
	held->resolving = from;
	enum status status = ref != NULL ? get_answer_cap(thread, from, id, ref, last)
					 : answer_at(&thread->ring, answer, from->path, id);
	if (status != STATUS_OK)
		return status;
	*from = (struct source){0};
	held->missing--;
	answer_undepend(&thread->ring, answer);
	return STATUS_OK;
}

static enum status resolve(struct thread *thread, struct held *held, struct resolved *last)
{
	bool is_call = held->request->sqe.op == CAP_OP_CALL;
	enum status status = resolve_source(thread, held, &held->from, &held->target_id,
					    is_call ? &held->target : NULL, last);

	for (uint32_t i = 0; status == STATUS_OK && i < held->count; i++) {
		struct held_cap *cap = &held->caps[i];
		status = resolve_source(thread, held, &cap->from, &cap->carried.id, &cap->carried.ref, last);
	}
	return status;
}

/* The source that `resolve` stopped at gives nothing. False: something else ended the request. */
static bool fail(struct thread *thread, struct held *held, enum status status)
{
	struct request *request = held->request;
	const struct answer *answer = held->resolving->answer;

	if (!request_claim(request, request->sequence))
		return false;
	request->result = (struct completion){.status = status};
	if (answer->status != STATUS_OK)
		request->result.status = answer_inherit(&thread->ring, request, answer);
	op_record(thread, request, RECORDER_CALL, 0, (enum status)request->result.status);
	ring_finish(&thread->ring, request);
	return true;
}

/* --- dispatch ------------------------------------------------------------------------------------------------- */

void promise_take_caps(struct request *request, struct carried *carried)
{
	struct held *held = request->held;

	for (uint32_t i = 0; i < held->count; i++)
		carried[i] = held->caps[i].carried;
	held->count = 0;
}

static enum status run_call(struct thread *thread, struct request *request, struct cap_ref target)
{
	bool kept = request->sqe.flags & CAP_SQE_KEEP_ANSWER;
	uint64_t object_id = target.view->object->id;
	struct op_event event = op_event(request, RECORDER_CALL);
	enum status status = STATUS_REVOKED;

	request->extras = (uint16_t)((kept ? REQUEST_KEPT : 0) | capture_extra(&thread->ring, request));
	if (target.gate == NULL || gate_is_alive(target.gate))
		status = op_call_view(thread, request, target);
	if (!request->held->recorded)
		op_record_event(thread, event, object_id, status);
	if (kept && status != OP_WAITING) {
		request->extras = 0;
		request->result.status = status;
		answer_finish(request);
	}
	return status;
}

/* RELEASE and DUP of what the answer held: as if the id had been known. */
static enum status run_on_id(struct thread *thread, struct request *request, cap_id id)
{
	request->extras = 0;
	request->sqe.flags &= (uint8_t)~CAP_SQE_TARGET_IS_ANSWER;
	request->sqe.path = 0;
	request->sqe.target = id.raw;
	return request->sqe.op == CAP_OP_RELEASE ? op_release(thread, request) : op_dup(thread, request);
}

/* A process's facet, not through a gate, and the first call's method is allowed: those that follow go the same way. */
static bool is_facet(const struct held *held)
{
	const struct view *view = held->target.view;
	const struct cap_sqe *sqe = &held->request->sqe;

	return sqe->op == CAP_OP_CALL && held->target.gate == NULL && view->kind == VIEW_FACET &&
	       view->object->type->is_endpoint && view_allows(view, sqe->interface_id, sqe->method);
}

/* A call to such a facet that is nothing but its message becomes one that remembers what its words resolve to (again.h). */
static bool remember(struct thread *thread, struct request *request, struct view *view)
{
	struct endpoint *endpoint = container_of(view->object, struct endpoint, object);

	if (request->extras != REQUEST_HELD || request->sqe.flags != CAP_SQE_TARGET_IS_ANSWER ||
	    (request->words[6] | request->words[7]) != 0 || request->sqe.msg_len > endpoint->max_message)
		return false;
	request->memory.endpoint = endpoint;
	request->memory.view = view;
	request->memory.session = call_session(thread, endpoint);
	request->memory.shape = call_shape(request);
	request->plain = request->little = true;
	return true;
}

/* Everything is there: the claimed request becomes the spare, and is submitted once more. `facet`: is_facet. */
static void dispatch(struct thread *thread, struct held *held, bool facet)
{
	struct ring *ring = &thread->ring;
	struct request *request = held->request, *next = request->behind;
	bool again = facet && remember(thread, request, held->target.view);
	bool captured = request->extras & REQUEST_CAPTURED;
	enum status status = OP_WAITING;

	if (request->extras & REQUEST_TIMED)
		(void)timer_cancel(&request->deadline);
	ring->held_count--;
	request->next = ring->free;
	ring->free = request;
	ring->pending--;
	store_release(&request->claim, request_claim_word(request->sequence, REQUEST_FREE));
	if (likely(again)) {
		request->held = NULL;
		request->extras = 0;
		if (unlikely(!call_in_line(thread, request, request->sequence)))
			op_call_again(thread, request);
	} else {
		request->result = (struct completion){0};
		if (request->sqe.op == CAP_OP_CALL)
			status = run_call(thread, request, held->target);
		else
			status = run_on_id(thread, request, held->target_id);
		request->held = NULL;
	}
	if (likely(next != NULL) && likely(held->caps == NULL)) {
		held->request = next;
		held->recorded = false;
	} else {
		leave(ring, held, next);
	}
	if (unlikely(captured))
		capture_dispatched(ring, request, status);
	if (status == OP_WAITING || (status == STATUS_OK && (request->sqe.flags & CAP_SQE_QUIET)))
		return;
	request->result.status = status;
	ring_post(ring, request->sqe.user_data, &request->result);
}

/* Enough was done for one entry. */
static bool is_enough(const struct thread *thread)
{
	return (thread->sched.work & ~RING_HOLD_MARK) >= CAP_ENTER_MAX_COPY;
}

/* The first of a chain, and those that follow it, as far as they can go. */
static void advance_one(struct thread *thread, struct held *held, struct resolved *last)
{
	struct ring *ring = &thread->ring;
	bool more = true, ready = false, facet = false;

	while (more) {
		struct request *request = held->request;
		more = request->behind != NULL; /* else it is freed with it */
		if ((load_acquire(&request->claim) & 3) != REQUEST_PENDING)
			return; /* something else ended it: it is on its way through ring->done */
		enum status status = ready ? STATUS_OK : resolve(thread, held, last);
		if (status != STATUS_OK) {
			if (!fail(thread, held, status))
				return;
			continue;
		}
		if (!ready) {
			ready = held->missing == 0 && !is_behind(ring, held, &request->sqe, held->target_id);
			facet = ready && is_facet(held);
		}
		if (!ready || !request_claim(request, request->sequence))
			return;
		dispatch(thread, held, facet);
		more = more && !is_enough(thread);
	}
}

static uint32_t advance_all(struct thread *thread)
{
	struct ring *ring = &thread->ring;
	struct resolved last = {0};

	while (load_relaxed(&ring->signals) & RING_READY) {
		(void)atomic_and(&ring->signals, ~(uint32_t)RING_READY);
		list_for_each_safe (it, &ring->held) {
			advance_one(thread, container_of(it, struct held, link), &last);
			if (is_enough(thread) && ring_is_holding(ring)) {
				(void)atomic_or(&ring->signals, (uint32_t)RING_READY);
				return CAP_ENTER_BOUND;
			}
		}
	}
	return 0;
}

uint32_t promise_work(struct thread *thread)
{
	struct cpu *cpu = this_cpu();

	if ((load_relaxed(&thread->ring.signals) & RING_READY) == 0)
		return 0;
	if (cpu->batch)
		return advance_all(thread);
	batch_begin(cpu);
	uint32_t reasons = advance_all(thread);
	batch_end(cpu);
	return reasons;
}
