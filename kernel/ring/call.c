// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * CALL: from a submission to the object that answers.
 *
 * Everything is resolved here, once: the target to a view, descriptors to counted views. A kernel object answers at
 * once (or defers); a facet's call goes to its endpoint.
 */
#include "again.h"
#include "answer.h"
#include "ops.h"
#include "promise.h"
#include "quick.h"

#include <arch/masked.h>
#include <arch/platform.h>

#include <core/recorder.h>
#include <mm/frame.h>
#include <mm/slab.h>
#include <ring/endpoint.h>
#include <ring/kcall.h>

/* The new facet is under the template's gate. Whoever mints it pays for it. */
static enum status mint(struct process *payer, const struct cap_desc *desc, struct cap_ref *out)
{
	struct cap_ref template;
	enum status status = cap_table_find(&payer->table, (cap_id){desc->id}, &template);

	if (status != STATUS_OK)
		return status;
	if (template.view->kind != VIEW_TEMPLATE)
		return STATUS_WRONG_TYPE;
	status = facet_mint(payer, template.view, desc->path_or_key, &out->view);
	out->gate = template.gate;
	if (status == STATUS_OK && out->gate != NULL && !object_try_get(&out->gate->object)) {
		view_put(out->view);
		status = STATUS_BAD_ID;
	}
	return status;
}

enum status op_resolve_cap(struct thread *thread, struct request *request, const struct cap_desc *desc,
			   struct carried *out)
{
	struct cap_table *table = &thread->process->table;
	cap_id id = {desc->id};
	enum status status;

	const uint64_t *words = (const uint64_t *)(const void *)desc;

	out->moved = CAP_ID_NULL;
	out->minted = false;
	out->id = id;
	if ((words[2] & ~0xffull) != 0 || (desc->kind <= CAP_DESC_MOVE && desc->path_or_key != 0))
		return STATUS_BAD_OP;
	switch ((enum cap_desc_kind)desc->kind) {
	case CAP_DESC_COPY:
		return cap_table_get(table, id, &out->ref);
	case CAP_DESC_MOVE:
		out->moved = id;
		return cap_table_lock(table, id, &out->ref);
	case CAP_DESC_ANSWER:
		status = answer_resolve(thread, request, desc->id, (uint32_t)desc->path_or_key, &id);
		out->id = id;
		return status == STATUS_OK ? cap_table_get(table, id, &out->ref) : status;
	case CAP_DESC_MINT:
		out->minted = true;
		return mint(thread->process, desc, &out->ref);
	}
	return STATUS_BAD_OP;
}

enum status op_resolve_caps(struct thread *thread, struct request *request, struct carried *carried)
{
	const struct cap_sqe *sqe = &request->sqe;
	struct ring *ring = &thread->ring;

	if (unlikely(request->held != NULL)) {
		promise_take_caps(request, carried);
		return STATUS_OK;
	}
	if (sqe->caps_len > CAP_MESSAGE_MAX_CAPS)
		return STATUS_TOO_LARGE;
	if (!ring_range_ok(ring, sqe->caps_off, sqe->caps_len * sizeof(struct cap_desc)))
		return STATUS_BAD_RANGE;
	for (unsigned n = 0; n < sqe->caps_len; n++) {
		struct cap_desc desc;
		copy_words(&desc, ring->arena + sqe->caps_off + n * sizeof(desc), sizeof(desc) / 8);
		enum status status = op_resolve_cap(thread, request, &desc, &carried[n]);
		if (status != STATUS_OK) {
			carried_abort(thread->process, carried, n);
			return status;
		}
	}
	return STATUS_OK;
}

/* An exception raised by the kernel itself, into the caller's buffer. */
static enum status raise(struct thread *thread, struct request *request, enum exception_type type,
			 const char *reason)
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
	struct provenance provenance = {.kind = PROVENANCE_ANSWER,
					.method = request->sqe.method,
					.detail = request->sqe.interface_id};

	for (unsigned i = 0; i < kcall->rpc.caps_out_len; i++) {
		struct cap_ref ref = kcall->given[i];
		if (unlikely(request->gate != NULL)) {
			struct gate *own = ref.gate;
			ref.gate = op_returned_gate(request, own, i);
			gate_put(own);
		}
		cap_id id = cap_table_install(&thread->process->table, &request->slots, ref, provenance);
		store_shared_word(&ids[i], id.raw);
		if (request->extras & REQUEST_KEPT)
			request->answer->ids[i] = id;
	}
	request->result.caps = kcall->rpc.caps_out_len;
}

static void drop_results(struct kcall *kcall)
{
	for (unsigned i = 0; i < kcall->given_len; i++)
		cap_ref_put(kcall->given[i]);
}

static enum status finish_kernel_call(struct thread *thread, struct request *request, struct kcall *kcall,
				      enum status status)
{
	if (status == STATUS_OK || status == STATUS_EXCEPTION) {
		size_t bytes = msg_builder_size(&kcall->rpc.results);
		if (unlikely(bytes + 8u * kcall->rpc.caps_out_len > request->sqe.buf_len)) {
			status = STATUS_TOO_LARGE;
		} else {
			copy_words(thread->ring.arena + request->sqe.buf_off, this_cpu()->scratch_out,
				   bytes / 8);
			request->result.len = (uint32_t)bytes;
			if (unlikely(kcall->rpc.caps_out_len != 0) && status == STATUS_OK) {
				install_results(thread, request, kcall);
				return status;
			}
		}
	}
	if (unlikely(kcall->given_len != 0))
		drop_results(kcall);
	return status;
}

/* Capabilities in and out of a kernel call: reserved slots, resolved descriptors, and gates for what comes back. */
static enum status prepare_caps(struct thread *thread, struct request *request, struct kcall *kcall,
				struct gate *gate)
{
	const struct cap_sqe *sqe = &request->sqe;
	uint16_t most = sqe->buf_caps < CAP_MESSAGE_MAX_CAPS ? sqe->buf_caps : CAP_MESSAGE_MAX_CAPS;
	enum status status = cap_table_reserve(&thread->process->table, most, &request->slots);

	request->extras |= REQUEST_SLOTS;
	if (status == STATUS_OK && gate != NULL)
		status = request_enter_gate(thread, request, gate);
	if (status == STATUS_OK && sqe->caps_len != 0)
		status = op_resolve_caps(thread, request, kcall->carried);
	if (status != STATUS_OK) {
		request_release(&thread->ring, request);
		return status == OP_UNRESOLVED ? promise_hold(thread, request, true) : status;
	}
	for (unsigned i = 0; i < sqe->caps_len; i++)
		kcall->caps_in[i] = (uint64_t)(uintptr_t)&kcall->carried[i].ref;
	rpc_request_set_caps(&kcall->rpc, kcall->caps_in, sqe->caps_len, kcall->caps_out, most);
	return STATUS_OK;
}

/* The object has seen what came: moved capabilities are gone if it accepted the call, and everything is put back. */
static void finish_caps(struct thread *thread, const struct request *request, struct kcall *kcall,
			enum status status)
{
	unsigned count = request->sqe.caps_len;

	if (status == STATUS_OK || status == OP_WAITING) {
		carried_commit(thread->process, kcall->carried, count);
		for (unsigned i = 0; i < count; i++)
			cap_ref_put(kcall->carried[i].ref);
	} else {
		carried_abort(thread->process, kcall->carried, count);
	}
}

struct kcall *kcall_open(struct thread *thread, struct request *request, struct view *view, uint64_t message)
{
	struct cpu *cpu = this_cpu();
	struct kcall *kcall = cpu->kcall;

	quick_take_message(&thread->ring, cpu, quick_range_of(message));
	kcall->thread = thread;
	kcall->request = request;
	kcall->other.view = view;
	kcall->target = &kcall->other;
	return kcall;
}

void kcall_close(struct kcall *kcall, bool caps)
{
	kcall->request = NULL;
	kcall->rpc.results.failed = false;
	if (!caps)
		return;
	kcall->rpc.caps_in_len = kcall->rpc.caps_out_len = kcall->rpc.caps_out_max = 0;
	kcall->given_len = 0;
	msg_reader_set_caps(&kcall->rpc.params, 0);
}

enum status kcall_run(struct kcall *kcall, struct object *object, unsigned method, uint32_t bytes)
{
	const struct object_type *type = object->type;

	if (unlikely(method >= type->method_count))
		return rpc_unimplemented(&kcall->rpc, type->name);
	method = (unsigned)ARCH_INDEX_MASKED("method", method, type->method_count);
	return type->methods[method](object, &kcall->rpc, kcall->rpc.params.base, bytes);
}

static enum status kernel_call(struct thread *thread, struct request *request, struct cap_ref ref)
{
	const struct cap_sqe *sqe = &request->sqe;

	if (unlikely(sqe->msg_len > CAP_MAX_KERNEL_MESSAGE))
		return STATUS_TOO_LARGE;
	struct kcall *kcall = kcall_open(thread, request, ref.view, request->words[4]);
	bool caps = (sqe->caps_len | sqe->buf_caps) != 0 || ref.gate != NULL;
	enum status status = STATUS_OK;
	if (caps)
		status = prepare_caps(thread, request, kcall, ref.gate);
	if (status != STATUS_OK) {
		kcall_close(kcall, caps);
		return status;
	}
	status = kcall_run(kcall, ref.view->object, sqe->method, sqe->msg_len);
	if (sqe->caps_len != 0)
		finish_caps(thread, request, kcall, status);
	if (status == OP_WAITING) {
		if (request->gate != NULL)
			request_link_gate(request);
	} else {
		status = finish_kernel_call(thread, request, kcall, status);
		if (caps)
			request_release(&thread->ring, request);
	}
	kcall_close(kcall, caps);
	return status;
}

enum status op_check_call(const struct ring *ring, const struct cap_sqe *sqe)
{
	if (unlikely(((sqe->msg_off | sqe->msg_len | sqe->buf_off | sqe->buf_len) & 7) != 0 ||
		     (uint64_t)sqe->msg_off + sqe->msg_len > ring->arena_len ||
		     (uint64_t)sqe->buf_off + sqe->buf_len > ring->arena_len ||
		     sqe->buf_len < CAP_MIN_RESULT_BUF))
		return STATUS_BAD_RANGE;
	return STATUS_OK;
}

/* The capabilities that go with a call. Whether those of a session may go is known when somebody is there to receive it. */
static enum status resolve_carried(struct thread *thread, struct request *request)
{
	unsigned count = request->sqe.caps_len;
	enum status status = op_resolve_caps(thread, request, request->carried);

	if (status != STATUS_OK)
		return status;
	enum transfer_scope scope = carried_scope(request->carried, count);
	request->scoped = scope != SCOPE_ANY;
	if (scope != SCOPE_PROCESS)
		return STATUS_OK;
	carried_abort(thread->process, request->carried, count);
	return STATUS_OUT_OF_SCOPE;
}

/* What a call to a process needs beyond its message. */
[[gnu::noinline]] static enum status prepare_extras(struct thread *thread, struct request *request,
						    const struct endpoint *endpoint, struct gate *gate)
{
	const struct cap_sqe *sqe = &request->sqe;
	enum status status = STATUS_OK;

	if (sqe->caps_len > endpoint->max_caps || sqe->buf_caps > CAP_MESSAGE_MAX_CAPS)
		return STATUS_TOO_LARGE;
	if (sqe->buf_caps != 0) {
		status = cap_table_reserve(&thread->process->table, sqe->buf_caps, &request->slots);
		request->extras |= REQUEST_SLOTS;
	}
	if (status == STATUS_OK && gate != NULL)
		status = request_enter_gate(thread, request, gate);
	if (status == STATUS_OK && sqe->caps_len != 0) {
		status = carried_alloc(request) ? resolve_carried(thread, request) : STATUS_NO_MEMORY;
		if (status == STATUS_OK)
			request->extras |= REQUEST_CARRIES;
		else if (request->carried != NULL)
			carried_free(request);
	}
	if (status == STATUS_OK)
		return STATUS_OK;
	request_release(&thread->ring, request);
	return status == OP_UNRESOLVED ? promise_hold(thread, request, true) : status;
}

uint64_t call_session(struct thread *thread, const struct endpoint *endpoint)
{
	struct ring_memory *memory = &thread->ring.memory;

	if (unlikely(memory->session_service != endpoint->service)) {
		memory->session_service = endpoint->service;
		memory->session_reference = session_reference(thread->process->session, endpoint->service);
	}
	return memory->session_reference;
}

/* A call to a process, which its view allows. */
static enum status endpoint_call(struct thread *thread, struct request *request, struct cap_ref ref)
{
	struct endpoint *endpoint = container_of(ref.view->object, struct endpoint, object);
	struct ring *ring = &thread->ring;

	if (unlikely(request->sqe.msg_len > endpoint->max_message))
		return STATUS_TOO_LARGE;
	if (unlikely(facet_key_is_retired(ref.view->facet)))
		return STATUS_DISCONNECTED;
	if (unlikely(ring->pending >= ring->wait_max))
		return STATUS_AGAIN;
	if (unlikely((request->words[6] >> 32) != 0 || ref.gate != NULL)) { /* capabilities, there or back */
		enum status status = prepare_extras(thread, request, endpoint, ref.gate);
		if (status != STATUS_OK)
			return status;
	}
	endpoint_admit_call(endpoint, request, ref.view, call_session(thread, endpoint));
	return OP_WAITING;
}

enum status op_call_view(struct thread *thread, struct request *request, struct cap_ref ref)
{
	const struct view *view = ref.view;

	if (unlikely(!session_is_alive(thread->process->session)))
		return STATUS_REVOKED;
	if (unlikely(!view_allows(view, request->sqe.interface_id, request->sqe.method))) {
		if (!view_has(view, request->sqe.interface_id))
			return raise(thread, request, EXCEPTION_TYPE_UNIMPLEMENTED,
				     "the capability does not have this interface");
		return STATUS_DENIED;
	}
	if (view->kind == VIEW_FACET && view->object->type->is_endpoint)
		return endpoint_call(thread, request, ref);
	if (unlikely(view->kind == VIEW_TEMPLATE))
		return STATUS_WRONG_TYPE;
	return kernel_call(thread, request, ref);
}

bool call_resolve(const struct thread *thread, uint64_t word, uint64_t id, uint64_t interface_id,
		  struct call_target *out)
{
	struct process *process = thread->process;
	unsigned method = (uint16_t)(word >> 16);
	struct cap_ref ref;

	if (cap_table_find(&process->table, (cap_id){id}, &ref) != STATUS_OK || ref.gate != NULL)
		return false;
	struct object *object = ref.view->object;
	if ((ref.view->kind == VIEW_FACET && object->type->is_endpoint) || ref.view->kind == VIEW_TEMPLATE ||
	    method >= object->type->method_count || !view_allows(ref.view, interface_id, method))
		return false;
	out->word = word;
	out->id = id;
	out->interface_id = interface_id;
	out->event = (uint32_t)recorder_pack((uint16_t)method, RECORDER_CALL, 0, 0);
	out->object_id = object->id;
	out->view = ref.view;
	method = (unsigned)ARCH_INDEX_MASKED("method", method, object->type->method_count);
	out->method = object->type->methods[method];
	out->self = object;
	return true;
}

/* The next call with these words, if it gets this request, finds what they resolve to. */
static void remember(struct thread *thread, struct request *request, struct cap_ref ref,
		     const uint64_t *count, uint64_t removals)
{
	struct endpoint *endpoint = container_of(ref.view->object, struct endpoint, object);

	if (ref.gate != NULL || request->sqe.msg_len > endpoint->max_message)
		return;
	request->memory.count = count;
	request->memory.endpoint = endpoint;
	request->memory.view = ref.view;
	request->memory.session = call_session(thread, endpoint);
	request->memory.shape = call_shape(request);
	request->plain = request->words[6] >> 32 == 0 && request->words[7] == 0;
	request->memory.removals = request->plain ? removals : removals | REQUEST_MORE;
	request->little = request->words[7] == 0 && request->sqe.caps_len <= 1 &&
			  request->sqe.caps_len <= endpoint->max_caps &&
			  request->sqe.buf_caps <= CAP_MESSAGE_MAX_CAPS;
}

enum status call_facet(struct thread *thread, struct request *request, struct cap_ref ref,
		       const uint64_t *count, uint64_t removals)
{
	uint64_t object_id = ref.view->object->id; /* read before: the object may be gone after */
	struct op_event event = op_event(request, RECORDER_CALL);
	enum status status = op_check_call(&thread->ring, &request->sqe);

	if (status != STATUS_OK)
		return status;
	/* Anything but an allowed method of a session that lives is op_call_view's to refuse. */
	if (likely(session_is_alive(thread->process->session)) &&
	    likely(view_allows(ref.view, request->sqe.interface_id, request->sqe.method))) {
		remember(thread, request, ref, count, removals);
		status = endpoint_call(thread, request, ref);
	} else {
		status = op_call_view(thread, request, ref);
	}
	op_record_event(thread, event, object_id, status);
	return status;
}

enum status call_by_id(struct thread *thread, struct request *request)
{
	struct cap_ref ref;
	uint64_t object_id = 0;
	struct op_event event = op_event(request, RECORDER_CALL);
	enum status status = op_check_call(&thread->ring, &request->sqe);

	if (status != STATUS_OK)
		return status;
	status = cap_table_find(&thread->process->table, (cap_id){request->sqe.target}, &ref);
	if (status == STATUS_OK) {
		object_id = ref.view->object->id; /* read before: the object may be gone after */
		status = op_call_view(thread, request, ref);
	}
	op_record_event(thread, event, object_id, status);
	return status;
}

enum status call_object(struct thread *thread, struct request *request, const struct call_target *target)
{
	uint64_t object_id = target->object_id;
	enum status status = op_check_call(&thread->ring, &request->sqe);

	if (status == STATUS_OK)
		status = kernel_call(thread, request, (struct cap_ref){target->view, NULL});
	op_record(thread, request, RECORDER_CALL, object_id, status);
	return status;
}

void quick_take_words(const struct ring *ring, struct cpu *cpu, struct quick_range message)
{
	copy_words(cpu->scratch_in, ring->arena + message.offset, message.len / 8);
}

bool quick_give_words(const struct ring *ring, const struct cpu *cpu, struct quick_range buffer,
		      uint32_t words)
{
	if (words > buffer.len / 8)
		return false;
	copy_words(ring->arena + buffer.offset, cpu->scratch_out, words);
	return true;
}

void quick_call_failed(struct thread *thread, const struct call_target *target, enum status status)
{
	struct kcall *kcall = this_cpu()->kcall;
	uint64_t words = 0;

	kcall->rpc.results.failed = false;
	if (status == OP_WAITING) {
		quick_record_call(thread, target, 0, STATUS_OK);
		return;
	}
	if (status == STATUS_OK) {
		status = STATUS_TOO_LARGE;
	} else if (status == STATUS_EXCEPTION) { /* fits into any buffer */
		words = kcall->rpc.results.words;
		copy_words(thread->ring.arena + kcall->buffer.offset, this_cpu()->scratch_out, words);
	}
	quick_record_call(thread, target, kcall->message.len, status);
	quick_post(&thread->ring, kcall->from[3], (uint32_t)status | words << 35, 0);
}

/* What the words resolve to is known; but it may not be called now, or the call has more than a little. */
[[gnu::noinline]] void call_slowly(struct thread *thread, struct request *request)
{
	struct cap_ref ref = {request->memory.view, NULL};
	uint64_t object_id = ref.view->object->id; /* read before: the object may be gone after */
	struct op_event event = op_event(request, RECORDER_CALL);

	request->result = (struct completion){0};
	enum status status = session_is_alive(thread->process->session) ? endpoint_call(thread, request, ref)
									: STATUS_REVOKED;
	op_record_event(thread, event, object_id, status);
	if (status == OP_WAITING)
		return;
	request->result.status = status;
	ring_post(&thread->ring, request->sqe.user_data, &request->result);
}

ARCH_PRESERVES_NONE void op_call_again(struct thread *thread, struct request *call)
{
	call_again(thread, call);
}

[[gnu::noinline]] ARCH_PRESERVES_NONE void call_as_batch(struct thread *thread, struct request *call)
{
	struct cpu *cpu = this_cpu();

	batch_begin(cpu);
	call_again(thread, call);
	batch_end(cpu);
}
