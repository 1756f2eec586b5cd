// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * CALL: from a submission to the object that answers.
 *
 * Everything is resolved here, once: the target to a view, descriptors to counted views. A kernel object answers at
 * once (or defers); a facet's call goes to its endpoint.
 */
#include "ops.h"

#include <arch/platform.h>

#include <core/recorder.h>
#include <mm/frame.h>
#include <ring/endpoint.h>
#include <ring/kcall.h>

static struct kcall kcalls[MAX_CPUS];

enum status op_target(struct thread *thread, struct request *request, struct view **view)
{
	cap_id id = {request->sqe.target};

	if (request->sqe.flags & CAP_SQE_TARGET_IS_ANSWER) {
		enum status status = answer_resolve(thread, request, request->sqe.target, request->sqe.path, &id);
		if (status != STATUS_OK)
			return status;
	} else if (unlikely(request->sqe.path != 0)) {
		return STATUS_BAD_OP;
	}
	*view = cap_table_view(&thread->process->table, id);
	return likely(*view != NULL) ? STATUS_OK : STATUS_BAD_ID;
}

static enum status resolve_one(struct thread *thread, struct request *request, const struct cap_desc *desc,
			       struct view **out)
{
	cap_id id = {desc->id};
	enum status status;

	switch ((enum cap_desc_kind)desc->kind) {
	case CAP_DESC_COPY:
	case CAP_DESC_MINT:
		break;
	case CAP_DESC_ANSWER:
		status = answer_resolve(thread, request, desc->id, (uint32_t)desc->path_or_key, &id);
		if (status != STATUS_OK)
			return status;
		break;
	default: /* MOVE comes with the IPC issue */
		return STATUS_BAD_OP;
	}
	struct view *view = cap_table_view(&thread->process->table, id);
	if (view == NULL)
		return STATUS_BAD_ID;
	if (desc->kind != CAP_DESC_MINT) {
		*out = view;
		return view_try_get(view) ? STATUS_OK : STATUS_BAD_ID;
	}
	return view->kind == VIEW_TEMPLATE ? view_mint(view, desc->path_or_key, out) : STATUS_WRONG_TYPE;
}

enum status op_resolve_caps(struct thread *thread, struct request *request, struct view **views)
{
	const struct cap_sqe *sqe = &request->sqe;
	struct ring *ring = &thread->ring;
	enum status status = STATUS_OK;
	unsigned n = 0;

	if (sqe->caps_len > CAP_MESSAGE_MAX_CAPS)
		return STATUS_TOO_LARGE;
	if (!ring_range_ok(ring, sqe->caps_off, sqe->caps_len * sizeof(struct cap_desc)))
		return STATUS_BAD_RANGE;
	for (; n < sqe->caps_len && status == STATUS_OK; n++) {
		struct cap_desc desc;
		copy_words(&desc, ring->arena + sqe->caps_off + n * sizeof(desc), sizeof(desc) / 8);
		status = resolve_one(thread, request, &desc, &views[n]);
	}
	if (status == STATUS_OK)
		return STATUS_OK;
	for (n--; n-- > 0;)
		view_put(views[n]);
	return status;
}

/* An exception raised by the kernel itself, into the caller's buffer. */
static enum status raise(struct thread *thread, struct request *request, enum exception_type type, const char *reason)
{
	struct cpu *cpu = this_cpu();
	struct msg_builder builder;

	msg_builder_init(&builder, cpu->scratch_out, RPC_EXCEPTION_BYTES);
	rpc_exception_build(&builder, type, reason, NULL);
	size_t bytes = msg_builder_size(&builder);
	copy_words(thread->ring.arena + request->sqe.buf_off, cpu->scratch_out, bytes / 8);
	request->result.len = (uint32_t)bytes;
	return STATUS_EXCEPTION;
}

/* Installs what the object gave; takes over the views. Ids follow the message. */
static void install_results(struct thread *thread, struct request *request, struct kcall *kcall)
{
	uint64_t *ids = (uint64_t *)(void *)(thread->ring.arena + request->sqe.buf_off + request->result.len);
	struct provenance provenance = {0, PROVENANCE_ANSWER, {0}};

	for (unsigned i = 0; i < kcall->rpc.caps_out_len; i++) {
		struct view *view = (struct view *)(uintptr_t)kcall->caps_out[i].id;
		cap_id id = cap_table_install(&thread->process->table, &request->slots, view, provenance);
		ids[i] = id.raw;
		answer_set_cap(&thread->ring, request->sequence, i, id);
	}
	request->result.caps = kcall->rpc.caps_out_len;
}

static void drop_results(struct kcall *kcall)
{
	for (unsigned i = 0; i < kcall->rpc.caps_out_len; i++)
		view_put((struct view *)(uintptr_t)kcall->caps_out[i].id);
}

static enum status finish_kernel_call(struct thread *thread, struct request *request, struct kcall *kcall,
				      enum status status)
{
	if (status == STATUS_OK || status == STATUS_EXCEPTION) {
		size_t bytes = msg_builder_size(&kcall->rpc.results);
		if (unlikely(bytes + 8u * kcall->rpc.caps_out_len > request->sqe.buf_len)) {
			status = STATUS_TOO_LARGE;
		} else {
			copy_words(thread->ring.arena + request->sqe.buf_off, this_cpu()->scratch_out, bytes / 8);
			request->result.len = (uint32_t)bytes;
			if (unlikely(kcall->rpc.caps_out_len != 0) && status == STATUS_OK) {
				install_results(thread, request, kcall);
				return status;
			}
		}
	}
	if (unlikely(kcall->rpc.caps_out_len != 0))
		drop_results(kcall);
	return status;
}

enum status kernel_call(struct thread *thread, struct request *request, struct view *view)
{
	const struct cap_sqe *sqe = &request->sqe;
	struct cpu *cpu = this_cpu();
	struct kcall *kcall = &kcalls[cpu->id];
	enum status status;

	if (unlikely(sqe->msg_len > CAP_MAX_KERNEL_MESSAGE))
		return STATUS_TOO_LARGE;
	copy_words(cpu->scratch_in, thread->ring.arena + sqe->msg_off, sqe->msg_len / 8);
	size_t capacity = sqe->buf_len < CPU_SCRATCH ? sqe->buf_len : CPU_SCRATCH;
	rpc_request_init(&kcall->rpc, sqe->interface_id, sqe->method, cpu->scratch_in, sqe->msg_len, cpu->scratch_out,
			 capacity);
	kcall->thread = thread;
	kcall->request = request;
	kcall->view = view;
	if (unlikely((sqe->caps_len | sqe->buf_caps) != 0)) {
		uint16_t most = sqe->buf_caps < CAP_MESSAGE_MAX_CAPS ? sqe->buf_caps : CAP_MESSAGE_MAX_CAPS;
		status = cap_table_reserve(&thread->process->table, most, &request->slots);
		if (status != STATUS_OK)
			return status;
		status = op_resolve_caps(thread, request, (struct view **)(void *)kcall->caps_in);
		if (status != STATUS_OK)
			goto unreserve;
		rpc_request_set_caps(&kcall->rpc, kcall->caps_in, sqe->caps_len, kcall->caps_out, most);
	}
	status = view->object->type->call(view->object, &kcall->rpc);
	if (unlikely(sqe->caps_len != 0))
		for (unsigned i = 0; i < sqe->caps_len; i++)
			view_put((struct view *)(uintptr_t)kcall->caps_in[i]);
	if (status == OP_WAITING)
		return status;
	status = finish_kernel_call(thread, request, kcall, status);
unreserve:
	if (unlikely(request->slots.count != 0))
		cap_table_unreserve(&thread->process->table, &request->slots);
	return status;
}

static enum status check_ranges(const struct ring *ring, const struct cap_sqe *sqe)
{
	if (unlikely(!ring_range_ok(ring, sqe->msg_off, sqe->msg_len) || !ring_range_ok(ring, sqe->buf_off, sqe->buf_len) ||
		     sqe->buf_len < CAP_MIN_RESULT_BUF))
		return STATUS_BAD_RANGE;
	return STATUS_OK;
}

static enum status call_view(struct thread *thread, struct request *request, struct view *view)
{
	uint64_t methods = view_methods(view, request->sqe.interface_id);
	unsigned method = request->sqe.method;

	if (unlikely(!(method < 64 ? methods >> (method & 63) & 1 : methods == METHODS_ALL))) {
		if (methods == 0)
			return raise(thread, request, EXCEPTION_TYPE_UNIMPLEMENTED,
				     "the capability does not have this interface");
		return STATUS_DENIED;
	}
	if (view->kind == VIEW_FACET && view->object->type->is_endpoint)
		return endpoint_call(thread, request, view);
	if (unlikely(view->kind == VIEW_TEMPLATE))
		return STATUS_WRONG_TYPE;
	return kernel_call(thread, request, view);
}

enum status op_call(struct thread *thread, struct request *request)
{
	struct view *view = NULL;
	bool kept = request->sqe.flags & CAP_SQE_KEEP_ANSWER;
	enum status status = check_ranges(&thread->ring, &request->sqe);

	if (unlikely(status != STATUS_OK))
		return status;
	if (unlikely(kept)) {
		status = answer_begin(&thread->ring, request->sequence);
		if (status != STATUS_OK)
			return status;
	}
	status = op_target(thread, request, &view);
	if (likely(status == STATUS_OK))
		status = call_view(thread, request, view);
	op_record(thread, request, RECORDER_CALL, view, status);
	if (unlikely(kept) && status != OP_WAITING) {
		request->result.status = status;
		answer_finish(request);
	}
	return status;
}

void op_record(struct thread *thread, const struct request *request, unsigned kind, const struct view *view,
	       enum status status)
{
	struct cpu *cpu = this_cpu();
	struct recorder_event *event = recorder_begin(cpu);

	event->time_ticks = arch_ticks();
	event->interface_id = request->sqe.interface_id;
	event->object = view != NULL ? view->object->id : 0;
	event->process = thread->process->pid;
	event->thread = thread->tid;
	event->cap_slot = (uint32_t)request->sqe.target;
	event->status = status == OP_WAITING ? STATUS_OK : status;
	event->method = request->sqe.method;
	event->kind = (uint8_t)kind;
	event->caps = (uint8_t)request->sqe.caps_len;
	event->msg_len = request->sqe.msg_len;
	event->detail = 0;
	recorder_commit(cpu, event);
}
