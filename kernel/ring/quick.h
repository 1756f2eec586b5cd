// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Private to the ring room: operations that end where they begin, as part of the submission loop.
 *
 * A NOP, a duplicate, a release, a signal, a wake, a WAIT whose bits are there already, and a call by id to a kernel object that moves
 * no capabilities: the words of the submission are read once, into registers, and the completion is written from registers.
 * The same operations with flags, answers, gates or waiting go the general way (submit.c, and each operation's own file).
 */
#pragma once

#include "complete.h"
#include "ops.h"

#include <core/recorder.h>
#include <mm/frame.h>
#include <ring/kcall.h>
#include <ring/notification.h>

/* A completion: status and length of the message in one word, and the token. */
static inline void quick_post(struct ring *ring, uint64_t user_data, uint64_t status_len, uint64_t token)
{
	ring_post_words(ring, user_data, status_len, 0, token);
}

/* ---- Operations on one thing ---- */

/* The words that such an operation may use, each read once; `rest` and, as the operation says, others must be zero. */
struct quick_sqe {
	uint64_t target, bits, user_data, deadline, rest;
};

static inline struct quick_sqe quick_read(const volatile uint64_t *from)
{
	return (struct quick_sqe){from[1], from[2], from[3], from[7], from[4] | from[5] | from[6]};
}

/* Makes it a request, to go on the general way. */
static inline void quick_to_request(struct request *request, uint64_t op, const struct quick_sqe *sqe)
{
	request->words[0] = op;
	request->words[1] = sqe->target;
	request->words[2] = sqe->bits;
	request->words[3] = sqe->user_data;
	request->words[4] = request->words[5] = request->words[6] = 0;
	store_relaxed(&request->words[7], sqe->deadline);
	request->result = (struct completion){0};
}

static inline void quick_record(const struct thread *thread, unsigned op, uint64_t target, uint64_t object_id,
				enum status status)
{
	recorder_write(0, object_id, thread->ids, (uint32_t)target | (uint64_t)(uint32_t)status << 32,
		       recorder_pack((uint16_t)op, RECORDER_OTHER, 0, 0));
}

static inline enum status quick_dup(struct thread *thread, uint64_t target, uint64_t *token)
{
	struct cap_copy copy = cap_table_dup(&thread->process->table, (cap_id){target}, thread->process->pid);
	enum status status = likely(copy.id > 0) ? STATUS_OK : (enum status)copy.id;

	*token = likely(copy.id > 0) ? (uint64_t)copy.id : 0;
	quick_record(thread, CAP_OP_DUP, target, copy.object_id, status);
	return status;
}

static inline enum status quick_release(struct thread *thread, uint64_t target)
{
	enum status status = cap_table_release(&thread->process->table, (cap_id){target});

	quick_record(thread, CAP_OP_RELEASE, target, 0, status);
	return status;
}

static inline enum status quick_signal(struct thread *thread, const struct quick_sqe *sqe)
{
	struct notification_target target;
	enum status status = notification_find(thread, sqe->target, sqe->bits, NOTIFICATION_METHOD_SIGNAL,
					       &target);

	if (likely(status == STATUS_OK))
		notification_set(target.notification, target.bits);
	quick_record(thread, CAP_OP_SIGNAL, sqe->target, 0, status);
	return status;
}

#define THREAD_HANDLE_METHOD_WAKE 0u

static inline enum status quick_wake(struct thread *thread, uint64_t target)
{
	struct cap_ref ref;
	enum status status = cap_table_find(&thread->process->table, (cap_id){target}, &ref);

	if (unlikely(status != STATUS_OK))
		return status;
	if (unlikely(!session_is_alive(thread->process->session)))
		return STATUS_REVOKED;
	if (unlikely(ref.view->object->type != thread_object_type))
		return STATUS_WRONG_TYPE;
	if (unlikely(!view_allows(ref.view, thread_object_type->interface_id, THREAD_HANDLE_METHOD_WAKE)))
		return STATUS_DENIED;
	struct thread *woken = container_of(ref.view->object, struct thread, object);
	if (unlikely(woken == thread))
		(void)atomic_or(&thread->ring.signals, (uint32_t)RING_WOKEN);
	else if (!ring_wake(&woken->ring))
		thread_poke(woken, RING_WOKEN);
	return STATUS_OK;
}

/* OP_WAITING: the bits are not there; the general way decides. */
static inline enum status quick_wait(struct thread *thread, const struct quick_sqe *sqe, uint64_t *token)
{
	struct notification_target target;
	enum status status = notification_find(thread, sqe->target, sqe->bits, NOTIFICATION_METHOD_WAIT,
					       &target);

	if (unlikely(status != STATUS_OK))
		return status;
	*token = notification_take(target.notification, target.bits);
	return *token != 0 ? STATUS_OK : OP_WAITING;
}

/* ---- A call by id ---- */

static inline bool quick_ranges_ok(const struct ring *ring, const struct cap_sqe *sqe)
{
	return ((sqe->msg_off | sqe->msg_len | sqe->buf_off | sqe->buf_len) & 7) == 0 &&
	       (uint64_t)sqe->msg_off + sqe->msg_len <= ring->arena_len &&
	       (uint64_t)sqe->buf_off + sqe->buf_len <= ring->arena_len && sqe->buf_len >= CAP_MIN_RESULT_BUF;
}

/* The kernel object's method that a call by that view means, if nothing about it is unusual; NULL otherwise. An object's view
 * allows methods of its own interface only. */
static inline rpc_method_fn *quick_method(const struct thread *thread, const struct request *request,
					  struct cap_ref ref)
{
	const struct cap_sqe *sqe = &request->sqe;
	const struct view *view = ref.view;
	const struct object_type *type = view->object->type;
	unsigned method = sqe->method;

	if (unlikely(view->kind != VIEW_OBJECT || ref.gate != NULL || (sqe->caps_len | sqe->buf_caps) != 0 ||
		     sqe->msg_len > CAP_MAX_KERNEL_MESSAGE ||
		     view->sets[0].interface_id != sqe->interface_id || method >= type->method_count ||
		     (view->sets[0].methods >> (method & 63) & 1) == 0 ||
		     !session_is_alive(thread->process->session)))
		return NULL;
	return type->methods[method];
}

/* Runs it; the first word of the completion, or OP_WAITING. */
static inline uint64_t quick_run(struct thread *thread, struct request *request, struct view *view,
				 rpc_method_fn *method)
{
	const struct cap_sqe *sqe = &request->sqe;
	struct cpu *cpu = this_cpu();
	struct kcall *kcall = &kcalls[cpu->id];
	const uint64_t *message = (const uint64_t *)(const void *)(thread->ring.arena + sqe->msg_off);
	uint32_t words = sqe->msg_len / 8;

	if (likely(words == 1))
		cpu->scratch_in[0] = message[0];
	else
		copy_words(cpu->scratch_in, message, words);
	kcall->rpc.interface_id = sqe->interface_id;
	kcall->rpc.method = sqe->method;
	kcall->rpc.params.words = words;
	kcall->rpc.params.budget = words * MSG_TRAVERSAL;
	kcall->rpc.params.malformed = words == 0;
	kcall->rpc.results.capacity = (sqe->buf_len < CPU_SCRATCH ? sqe->buf_len : CPU_SCRATCH) / 8;
	kcall->thread = thread;
	kcall->request = request;
	kcall->view = view;

	enum status status = method(view->object, &kcall->rpc);

	if (unlikely(status != STATUS_OK && status != STATUS_EXCEPTION))
		return (uint32_t)status;
	words = kcall->rpc.results.words;
	copy_words(thread->ring.arena + sqe->buf_off, cpu->scratch_out, words); /* fits: capacity */
	return (uint32_t)status | (uint64_t)words << 35;
}

static inline void quick_call(struct thread *thread, struct ring *ring, struct request *request)
{
	const struct cap_sqe *sqe = &request->sqe;
	uint64_t user_data = sqe->user_data, object_id = 0, word;
	struct cap_ref ref;
	enum status status = STATUS_BAD_RANGE;

	if (likely(quick_ranges_ok(ring, sqe)))
		status = cap_table_find(&thread->process->table, (cap_id){sqe->target}, &ref);
	if (unlikely(status != STATUS_OK)) {
		word = (uint32_t)status;
	} else {
		rpc_method_fn *method = quick_method(thread, request, ref);
		if (unlikely(method == NULL)) {
			call_found(thread, request, ref);
			return;
		}
		object_id = ref.view->object->id; /* read before: the object may be gone after */
		word = quick_run(thread, request, ref.view, method);
	}
	op_record(thread, request, RECORDER_CALL, object_id, (enum status)(uint32_t)word);
	if (likely(word != (uint32_t)OP_WAITING))
		quick_post(ring, user_data, word, 0);
}
