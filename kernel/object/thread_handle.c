// SPDX-License-Identifier: MIT OR Apache-2.0
/* ThreadHandle: one thread. */
#include "object_types.h"

#include <ring/thread.h>
#include <schema/kernel/thread.capnp.h>

static struct thread *thread_of(void *self)
{
	return container_of((struct object *)self, struct thread, object);
}

static enum status wake(void *self, struct rpc_request *request)
{
	struct thread *thread = thread_of(self);

	if (thread == kcall_of(request)->thread)
		(void)atomic_or(&thread->ring.signals, (uint32_t)RING_WOKEN);
	else
		thread_poke(thread, RING_WOKEN);
	return STATUS_OK;
}

static enum status wait(void *self, struct rpc_request *request,
			struct thread_handle_wait_results_builder results)
{
	struct thread *thread = thread_of(self);

	spin_lock(&thread->lock);
	if (!thread->ended) {
		enum status status = kcall_defer(request, self, &thread->waiters, &thread->lock);
		spin_unlock(&thread->lock);
		return status;
	}
	spin_unlock(&thread->lock);
	thread_handle_wait_results_builder_set_code(results, thread->exit_code);
	return STATUS_OK;
}

static enum status interrupt(void *self, struct rpc_request *request,
			     struct thread_handle_interrupt_params_reader params)
{
	struct thread *thread = thread_of(self);
	uint64_t bits = thread_handle_interrupt_params_reader_bits(params);

	if (bits == 0 || bits >= CAP_UPCALL_COMPLETION)
		return object_raise_invalid(request, "not 0, and without bits 62 and 63", "bits");
	if (load_relaxed(&thread->ended))
		return rpc_raise(request, EXCEPTION_TYPE_DISCONNECTED, "the thread has ended", NULL);
	if (load_relaxed(&thread->ring.control->upcall_entry) == 0)
		return rpc_raise(request, EXCEPTION_TYPE_FAILED, "the thread has no upcall entry", NULL);
	if (thread == kcall_of(request)->thread) {
		(void)atomic_or(&thread->upcall_bits, bits);
		(void)atomic_or(&thread->ring.signals, (uint32_t)RING_UPCALL);
	} else {
		thread_interrupt(thread, bits);
	}
	return STATUS_OK;
}

static enum status info(void *self, struct rpc_request *request,
			struct thread_handle_info_results_builder results)
{
	struct thread *thread = thread_of(self);

	(void)request;
	thread_handle_info_results_builder_set_tid(results, thread->tid);
	thread_handle_info_results_builder_set_running(results, !load_relaxed(&thread->ended));
	thread_handle_info_results_builder_set_cpu_ns(results, sched_run_ns(&thread->sched));
	thread_handle_info_results_builder_set_submissions(results, load_relaxed(&thread->ring.sq_head));
	thread_handle_info_results_builder_set_completions(results, load_relaxed(&thread->ring.cq_tail));
	return STATUS_OK;
}

static const struct thread_handle_server_ops thread_handle_ops = {
	.wake = wake, .wait = wait, .interrupt = interrupt, .info = info};

OBJECT_TYPE(thread_handle, THREAD_HANDLE, thread_destroy);
