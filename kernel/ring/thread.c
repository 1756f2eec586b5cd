// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Threads: creation, ending, and the end of a process.
 *
 * A thread ends on the CPU that runs it, or on the CPU that claimed its ring while it was blocked. Ending takes it out
 * of everything at once (stop); its ring's memory goes when no CPU can be looking any more (ring_gone), and the last
 * ring to go takes the process's capabilities and memory with it.
 */
#include "complete.h"
#include "ops.h"

#include <arch/platform.h>

#include <core/clock.h>
#include <core/recorder.h>
#include <mm/frame.h>
#include <mm/slab.h>
#include <ring/kcall.h>
#include <ring/lend.h>
#include <ring/record.h>
#include <schema/kernel/process_handle.capnp.h>
#include <schema/kernel/thread.capnp.h>

static struct slab_cache thread_cache = SLAB_CACHE(thread);
static uint32_t next_tid = 1;

const struct object_type *thread_object_type;

/* --- creation ------------------------------------------------------------------------------------------------ */

static void init_thread(struct thread *thread, const struct thread_start *start)
{
	struct cap_region *control = thread->ring.control;

	control->start_message = start->start_message;
	control->start_message_len = start->start_message_len;
	control->thread_arg = start->argument;
	thread->ring.start_message = start->start_message;
	thread->ring.start_message_len = start->start_message_len;
	thread->tid = atomic_add(&next_tid, 1);
	thread->sched.ids = thread->process->pid | (uint64_t)thread->tid << 32;
	spin_init(&thread->lock, LOCK_RANK_THREAD);
	list_init(&thread->waiters);
	list_init(&thread->link);
	(void)object_init(&thread->object, thread_object_type, NULL);
	sched_entity_init(&thread->sched,
			  this_cpu()->id); /* passive: it begins here, or where somebody idles */
	enter_init(thread);
	arch_context_init(&thread->context, start->entry, start->stack, thread->ring.region_user,
			  thread->fpu_area);
	process_get(thread->process);
}

/* Joins the process, unless that is ending. */
static bool attach(struct process *process, struct thread *thread)
{
	spin_lock(&process->lock);
	bool alive = process->state <= PROCESS_RUNNING;
	if (alive) {
		store_relaxed(&process->state, (uint8_t)PROCESS_RUNNING);
		count_own(&process->thread_count, 1);
		(void)atomic_add(&process->rings, 1u); /* ring_gone counts down without the lock */
		list_push_back(&process->threads, &thread->link);
		if (unlikely(process->sched_policy != 0))
			thread->sched.policy = process->sched_policy;
	}
	spin_unlock(&process->lock);
	return alive;
}

void thread_set_policy_of_all(struct process *process, uint32_t weight, enum fair_class class)
{
	spin_lock(&process->lock);
	process->sched_policy = weight << 8 | class;
	list_for_each (it, &process->threads)
		sched_set_policy(&container_of(it, struct thread, link)->sched, weight, class);
	spin_unlock(&process->lock);
}

enum status thread_prepare(struct process *process, const struct thread_start *start, struct thread **out)
{
	enum status status = ledger_charge(&process->ledger, LEDGER_THREADS, 1);

	if (status != STATUS_OK)
		return status;
	struct thread *thread = slab_alloc(&thread_cache);
	if (thread == NULL) {
		status = STATUS_NO_MEMORY;
		goto credit;
	}
	thread->process = process;
	status = ring_create(thread, start->geometry);
	if (status != STATUS_OK)
		goto free_thread;
	init_thread(thread, start);
	if (!attach(process, thread)) {
		space_unmap_pinned(&process->space, VADDR(thread->ring.region_user));
		ring_destroy(thread);
		process_put(process);
		status = STATUS_BAD_STATE;
		goto free_thread;
	}
	*out = thread;
	return STATUS_OK;

free_thread:
	slab_free(&thread_cache, thread);
credit:
	ledger_credit(&process->ledger, LEDGER_THREADS, 1);
	return status;
}

void thread_begin(struct thread *thread)
{
	sched_wake(&thread->sched, true);
}

enum status thread_create(struct process *process, const struct thread_start *start, struct thread **out)
{
	struct thread *thread;
	enum status status = thread_prepare(process, start, &thread);

	if (status != STATUS_OK)
		return status;
	if (out != NULL) {
		object_get(&thread->object);
		*out = thread;
	}
	thread_begin(thread);
	return STATUS_OK;
}

void thread_destroy(struct object *object)
{
	struct thread *thread = container_of(object, struct thread, object);

	process_put(thread->process);
	slab_free(&thread_cache, thread);
}

/* --- the end of a process ------------------------------------------------------------------------------------ */

static size_t build_exit(void *context, uint64_t *words, size_t bytes)
{
	const struct exit_record *why = context;
	struct msg_builder builder;

	msg_builder_init(&builder, words, bytes);
	struct process_handle_wait_results_builder results = process_handle_wait_results_builder_root(
		&builder);
	struct process_handle_exit_builder exit = process_handle_wait_results_builder_init_exit(results);
	process_handle_exit_builder_set_reason(exit, (enum process_handle_exit_reason)why->reason);
	process_handle_exit_builder_set_code(exit, why->code);
	process_handle_exit_builder_set_address(exit, why->address);
	process_handle_exit_builder_set_instruction(exit, why->instruction);
	return msg_builder_size(&builder);
}

void (*process_without_creator_ended)(const struct process *process);

/* Nobody runs it, and whoever looked at it while it ran has left the kernel. */
static void end_process(struct quiesce_node *node)
{
	struct process *process = container_of(node, struct process, quiesce);

	if (!process_end(process)) {
		quiesce_again(node, end_process);
		return;
	}
	kcall_complete_all(&process->waiters, &process->lock, STATUS_OK, build_exit, &process->exit);
	object_put(&process->object);
	object_put(&process->space_object);
}

/* What it made and nobody has started: capabilities to those may be in their own tables alone, where nobody can use them. */
static void abandon_unstarted(const struct process *creator)
{
	struct process *child;

	for (uint32_t from = 0; (child = process_next_unstarted(from, creator)) != NULL; process_put(child)) {
		from = child->pid + 1;
		process_abandon(child, &(struct exit_record){.reason = EXIT_KILLED});
	}
}

static void begin_end(struct process *process)
{
	if (load_relaxed(&process->ledger.used[LEDGER_PROCESSES]) != 0)
		abandon_unstarted(process);
	if (process->creator == NULL && process_without_creator_ended != NULL)
		process_without_creator_ended(process);
	records_fini(process);
	ring_destroy_spare(process);
	end_process(&process->quiesce); /* free until process_put, and our two objects hold it */
}

/* Of one that never ran: somebody may be filling it. */
static void abandoned(struct quiesce_node *node)
{
	begin_end(container_of(node, struct process, quiesce));
}

void process_abandon(struct process *process, const struct exit_record *why)
{
	spin_lock(&process->lock);
	bool mine = process->state == PROCESS_CREATED;
	if (mine)
		store_relaxed(&process->state, (uint8_t)PROCESS_DYING);
	spin_unlock(&process->lock);
	if (mine) {
		process->exit = *why;
		quiesce_free(&process->quiesce, abandoned);
	}
}

/* Of an ended thread. Most have nothing pending: then all its requests are free. */
static uint32_t requests_to_look_at(const struct ring *ring)
{
	return ring->pending != 0 ? ring->request_count : 0;
}

/* No CPU can reach the ring any more. */
static void ring_gone(struct quiesce_node *node)
{
	struct thread *thread = container_of(node, struct thread, quiesce);
	struct process *process = thread->process;

	for (uint32_t i = 0; i < requests_to_look_at(&thread->ring); i++)
		if ((thread->ring.requests[i].claim & 3) != REQUEST_FREE)
			request_release(&thread->ring, &thread->ring.requests[i]);
	ring_destroy(thread);
	gate_put(thread->bound_through);
	ledger_credit(&process->ledger, LEDGER_THREADS, 1);
	process_get(process);
	object_put(&thread->object);
	if (atomic_sub(&process->rings, 1) == 1)
		begin_end(process);
	process_put(process);
}

/* --- ending a thread ------------------------------------------------------------------------------------------ */

/* Nobody completes its requests from now on; what it had received and not seen goes back as DISCONNECTED. */
static void stop_ring(struct thread *thread)
{
	struct ring *ring = &thread->ring;

	store_release(&ring->state, (uint32_t)RING_DEAD);
	for (uint32_t i = 0; i < requests_to_look_at(ring); i++) {
		struct request *request = &ring->requests[i];
		if (request_claim(request, request->sequence)) {
			request_unlink(request);
			request_detach(request);
		}
		request_leave_gate(request); /* nobody reaches it through its gate any more */
		/* Also of those that others have claimed. One that is firing now is over when the CPUs have left the kernel. */
		if (request->extras & REQUEST_TIMED)
			(void)timer_cancel(&request->deadline);
	}
	uint32_t unreaped = ring_unreaped(ring);
	for (uint32_t i = 0; unreaped != UINT32_MAX && i < unreaped; i++)
		record_disconnect(thread->process, ring->cq[(ring->cq_head + i) & (ring->cq_count - 1)].token,
				  thread);
	if (thread->enter_deadline != 0)
		(void)timer_cancel(&thread->enter_timer);
}

static size_t build_code(void *context, uint64_t *words, size_t bytes)
{
	struct msg_builder builder;

	msg_builder_init(&builder, words, bytes);
	thread_handle_wait_results_builder_set_code(thread_handle_wait_results_builder_root(&builder),
						    *(const int64_t *)context);
	return msg_builder_size(&builder);
}

/* The thread does not run on any CPU but this one, and nobody else can claim its ring. */
static void stop(struct thread *thread, int64_t code)
{
	struct process *process = thread->process;

	stop_ring(thread);
	budget_leave(&thread->sched);
	record_forget_receiver(process, thread);
	spin_lock(&thread->lock);
	thread->ended = true;
	thread->exit_code = code;
	spin_unlock(&thread->lock);
	kcall_complete_all(&thread->waiters, &thread->lock, STATUS_OK, build_code, &thread->exit_code);

	spin_lock(&process->lock);
	list_remove(&thread->link);
	count_own(&process->thread_count, -1u);
	bool last = process->thread_count == 0;
	if (last && process->state == PROCESS_RUNNING) { /* the last thread left by itself */
		store_relaxed(&process->state, (uint8_t)PROCESS_DYING);
		process->exit = (struct exit_record){.reason = EXIT_EXIT, .code = code};
	}
	bool keeps_region = last || ring_promise(thread);
	spin_unlock(&process->lock);
	if (last)
		records_disconnect(process);
	/* Also in a process that is dying: siblings run user code until they are told, and the region's memory goes back first. */
	if (!keeps_region)
		space_unmap_pinned(&process->space, VADDR(thread->ring.region_user));
	quiesce_free(&thread->quiesce, ring_gone);
}

void thread_exit(struct thread *thread, int64_t code)
{
	if (this_cpu()->current == &thread->sched)
		sched_kill_current();
	stop(thread, code);
}

/* --- from outside ---------------------------------------------------------------------------------------------- */

void thread_poke(struct thread *thread, uint32_t signals)
{
	(void)atomic_or(&thread->ring.signals, signals);
	if (signals & RING_KILL)
		budget_leave(&thread->sched); /* it does not wait for a period to die in */
	ring_poke(&thread->ring);             /* blocked: runnable now */
	unsigned home = load_relaxed(&thread->sched.home);
	if (home != this_cpu()->id && load_relaxed(&cpus[home].current) == &thread->sched)
		sched_poke(home);
}

void thread_interrupt(struct thread *thread, uint64_t bits)
{
	(void)atomic_or(&thread->upcall_bits, bits);
	thread_poke(thread, RING_UPCALL);
}

bool process_interrupt(struct process *process, uint64_t bits)
{
	struct thread *first = NULL;

	spin_lock(&process->lock);
	if (process->state == PROCESS_RUNNING) /* then it has one */
		first = container_of(process->threads.next, struct thread, link);
	spin_unlock(&process->lock);
	/* It cannot go away meanwhile: its memory lives until this CPU has left the kernel. */
	if (first == NULL || load_relaxed(&first->ring.control->upcall_entry) == 0)
		return false;
	if (first == sched_thread(this_cpu()->current)) {
		(void)atomic_or(&first->upcall_bits, bits);
		(void)atomic_or(&first->ring.signals, (uint32_t)RING_UPCALL);
	} else {
		thread_interrupt(first, bits);
	}
	return true;
}

static void report(const struct process *process, const struct exit_record *why)
{
	struct cpu *cpu = this_cpu();
	struct recorder_event *event = recorder_begin(cpu);

	event->time_ticks = arch_ticks();
	event->interface_id = event->object = 0;
	event->process = process->pid;
	event->thread = event->cap_slot = 0;
	event->status = (int32_t)why->code;
	event->method = why->reason;
	event->kind = why->reason <= EXIT_KILLED ? RECORDER_EXIT : RECORDER_FAULT;
	event->caps = 0;
	event->msg_len = 0;
	event->detail = why->address;
	recorder_commit(cpu);
}

/* The next thread that has not been told yet; each is told once. */
static struct thread *next_to_stop(struct process *process)
{
	struct thread *found = NULL;

	spin_lock(&process->lock);
	list_for_each (it, &process->threads) {
		struct thread *thread = container_of(it, struct thread, link);
		if (!(load_relaxed(&thread->ring.signals) & RING_KILL)) {
			found = thread;
			(void)atomic_or(&thread->ring.signals, (uint32_t)RING_KILL);
			break;
		}
	}
	spin_unlock(&process->lock);
	return found;
}

void process_kill(struct process *process, const struct exit_record *why)
{
	struct thread *thread;

	spin_lock(&process->lock);
	bool first = process->state == PROCESS_RUNNING;
	bool created = process->state == PROCESS_CREATED;
	if (first) {
		store_relaxed(&process->state, (uint8_t)PROCESS_DYING);
		process->exit = *why;
	}
	spin_unlock(&process->lock);
	if (created)
		process_abandon(process, why);
	if (!first)
		return;
	report(process, why);
	/* A thread cannot go away meanwhile: its memory lives until this CPU has left the kernel. */
	while ((thread = next_to_stop(process)) != NULL)
		thread_poke(thread, RING_KILL);
}
