// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Private to the ring room: operations.
 *
 * An operation decodes its private SQE and either finishes (its status and request->result become the completion) or
 * returns OP_WAITING after it has taken the request.
 */
#pragma once

#include <cap/view.h>
#include <core/recorder.h>
#include <ring/request.h>
#include <ring/thread.h>

#define OP_WAITING ((enum status)1)
/* An answer that is named has not come: promise_hold, or, where nothing is held (RETURN), the status itself. */
#define OP_UNRESOLVED STATUS_AGAIN

typedef enum status op_fn(struct thread *thread, struct request *request);

op_fn op_nop, op_call, op_recv, op_return, op_return_recv, op_release, op_release_answer, op_dup, op_cancel,
	op_wake, op_signal, op_wait;

/* Their callers keep nothing in registers. A call of a batch that request->memory knows: to its end. `again`: it knows where it receives. */
ARCH_PRESERVES_NONE void op_call_again(struct thread *thread, struct request *request);
/* The same for the entry's only submission. */
ARCH_PRESERVES_NONE void call_as_batch(struct thread *thread, struct request *request);
ARCH_PRESERVES_NONE enum status op_return_recv_here(struct thread *thread, struct request *request,
						    bool again);
/* What a CALL's target turned out to be; the checks that do not depend on it have been made (op_check_call). */
/* Who calls, as the service sees it. */
uint64_t call_session(struct thread *thread, const struct endpoint *endpoint);
enum status op_call_view(struct thread *thread, struct request *request, struct cap_ref ref);
enum status op_check_call(const struct ring *ring, const struct cap_sqe *sqe);
/* One capability descriptor. OP_UNRESOLVED. */
enum status op_resolve_cap(struct thread *thread, struct request *request, const struct cap_desc *desc,
			   struct carried *out);
/* What a call by id without flags goes to, if the next such call needs to look only whether the id is valid and the caller's
 * session lives. false: it takes the general way. */
struct call_target;
bool call_resolve(const struct thread *thread, uint64_t word, uint64_t id, uint64_t interface_id,
		  struct call_target *out);
/* A call by id, without flags. */
enum status call_by_id(struct thread *thread, struct request *request);
/* The same to an endpoint's facet, as `ref` that was found when the table's `count` was `removals`. */
enum status call_facet(struct thread *thread, struct request *request, struct cap_ref ref,
		       const uint64_t *count, uint64_t removals);
/* The same to a kernel object that is remembered, by a living session's thread. */
enum status call_object(struct thread *thread, struct request *request, const struct call_target *target);
/* The CPU's kcall for one call that may carry capabilities; `message` is {offset, length}, in the thread's arena, at most
 * CAP_MAX_KERNEL_MESSAGE. request NULL: it has none. */
struct kcall;
struct kcall *kcall_open(struct thread *thread, struct request *request, struct view *view, uint64_t message);
/* Plain again, as quick calls expect it. */
void kcall_close(struct kcall *kcall, bool caps);
enum status kcall_run(struct kcall *kcall, struct object *object, unsigned method, uint32_t bytes);
/* Reads the SQE's capability descriptors and resolves them: into carried[0 .. caps_len). */
enum status op_resolve_caps(struct thread *thread, struct request *request, struct carried *carried);
/* The gate of something that came back with `own` through the request's gate; may use one of its spares. */
struct gate *op_returned_gate(struct request *call, struct gate *own, unsigned index);

void gate_spares_free(struct gate_spares *spares);

/* Makes the request wait for a deadline, if it has one. */
void request_arm_deadline(struct request *request);

/* What the flight recorder says of a submission. Of a call to a process it is read before that is made: a server that passes it on
 * writes it anew (tail.c). */
struct op_event {
	uint64_t interface_id, packed;
	uint32_t target;
};

static inline struct op_event op_event(const struct request *request, unsigned kind)
{
	const struct cap_sqe *sqe = &request->sqe;

	return (struct op_event){sqe->interface_id,
				 recorder_pack(kind == RECORDER_OTHER ? sqe->op : sqe->method, kind,
					       sqe->caps_len, sqe->msg_len),
				 (uint32_t)sqe->target};
}

static inline void op_record_event(const struct thread *thread, struct op_event event, uint64_t object_id,
				   enum status status)
{
	if (unlikely(status == OP_WAITING))
		status = STATUS_OK;
	recorder_write(event.interface_id, object_id, thread->sched.ids,
		       event.target | (uint64_t)(uint32_t)status << 32, event.packed);
}

static inline void op_record(const struct thread *thread, const struct request *request, unsigned kind,
			     uint64_t object_id, enum status status)
{
	op_record_event(thread, op_event(request, kind), object_id, status);
}

/* Faults (fault.c). Follows frame pointers through what is mapped: the pc, then return addresses; how many. */
unsigned thread_walk_stack(struct process *process, const struct arch_registers *registers, uint64_t *pcs,
			   unsigned max);

/* Answers (answer.c) */
struct answers;
/* The request's own, for KEEP_ANSWER. AGAIN: none is free; NO_MEMORY. */
enum status answer_begin(struct ring *ring, struct request *request);
void answer_finish(struct request *request);
/* The id at `path` of a finished answer; a failed answer's own failure otherwise (its exception is copied to *request's buffer). */
enum status answer_resolve(struct thread *thread, struct request *request, uint64_t sequence, uint32_t path,
			   cap_id *id);
void answers_free(struct ring *ring);
