// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * cap_enter, and the way back to user mode.
 *
 * enter_continue is the one continuation: whenever a thread that is inside cap_enter runs, it goes on here, until its
 * result is set or it blocks. kernel_next is the only way out of the kernel.
 */
#include "ops.h"
#include "submit.h"
#include "thread_private.h"

#include <arch/paging.h>
#include <core/clock.h>
#include <core/quiesce.h>
#include <mm/space.h>

static void enter_deadline_fire(struct timer *timer)
{
	struct thread *thread = container_of(timer, struct thread, enter_timer);

	ring_signal(&thread->ring, RING_DEADLINE);
}

void enter_init(struct thread *thread)
{
	timer_init(&thread->enter_timer, enter_deadline_fire);
}

static void finish(struct thread *thread, uint32_t reasons)
{
	if (unlikely(thread->enter_deadline != 0))
		(void)timer_cancel(&thread->enter_timer);
	thread->in_enter = false;
	arch_context_set_result(&thread->context, thread->ring.consumed, reasons);
}

/* Takes the signals that end a cap_enter, and says which. */
static uint32_t take_signals(struct thread *thread)
{
	struct ring *ring = &thread->ring;
	uint32_t signals = load_relaxed(&ring->signals);
	uint32_t reasons = 0;

	if (likely((signals & (RING_WOKEN | RING_DEADLINE | RING_UPCALL)) == 0))
		return 0;
	(void)atomic_and(&ring->signals, ~(uint32_t)(RING_WOKEN | RING_DEADLINE));
	if (signals & RING_WOKEN)
		reasons |= CAP_ENTER_WOKEN;
	if ((signals & RING_DEADLINE) && thread->enter_deadline != 0 && clock_now_ns() >= thread->enter_deadline)
		reasons |= CAP_ENTER_DEADLINE; /* a late one of an earlier entry means nothing */
	if (signals & RING_UPCALL)
		reasons |= CAP_ENTER_UPCALL;
	return reasons;
}

static void die_of_protocol(struct thread *thread)
{
	struct exit_record why = {.reason = EXIT_PROTOCOL, .code = STATUS_PROTOCOL};

	process_kill(thread->process, &why);
}

/* Why the thread returns now; 0: it blocks. UINT32_MAX: it dies. */
static uint32_t reasons_to_return(struct thread *thread)
{
	struct ring *ring = &thread->ring;

	ring_work(ring);
	uint32_t refused = submit(thread);
	if (unlikely(refused == RING_PROTOCOL || (refused == 0 && thread_is_dying(thread))))
		goto dead;
	uint32_t reasons = take_signals(thread);
	uint32_t unreaped = ring_unreaped(ring);
	if (unlikely(unreaped == UINT32_MAX))
		goto dead;
	if (unreaped >= ring->min)
		reasons |= CAP_ENTER_COMPLETIONS;
	if (unlikely(refused == RING_FULL))
		reasons |= CAP_ENTER_CQ_FULL;
	if (unlikely(refused == RING_BOUND))
		reasons |= CAP_ENTER_BOUND;
	return reasons;
dead:
	if (!thread_is_dying(thread))
		die_of_protocol(thread);
	return UINT32_MAX;
}

void enter_continue(struct thread *thread)
{
	struct ring *ring = &thread->ring;

	for (;;) {
		uint32_t reasons = reasons_to_return(thread);
		if (unlikely(reasons == UINT32_MAX))
			return;
		if (reasons != 0) {
			finish(thread, reasons);
			return;
		}
		if (unlikely(thread->enter_deadline != 0 && !thread->enter_timer.armed))
			timer_arm(&thread->enter_timer, thread->enter_deadline);
		thread->sched.passive = !list_is_empty(&ring->posted);
		store_release(&ring->state, (uint32_t)RING_BLOCKED);
		full_fence();
		if (likely(load_relaxed(&ring->done) == NULL && load_relaxed(&ring->signals) == 0) ||
		    !ring_try_claim(ring)) {
			sched_block_current();
			return;
		}
		store_relaxed(&ring->state, (uint32_t)RING_RUNNING);
	}
}

void kernel_on_syscall(uint64_t number, uint64_t arg0, uint64_t arg1)
{
	quiesce_enter();
	struct thread *thread = thread_current();

	this_cpu()->stats.entries++;
	if (likely(number == CAP_SYSCALL_ENTER)) {
		struct ring *ring = &thread->ring;
		ring->min = arg0 < ring->cq_count ? (uint32_t)arg0 : ring->cq_count;
		ring->consumed = 0;
		ring->copied = 0;
		thread->enter_deadline = arg1;
		thread->in_enter = true;
		enter_continue(thread);
	} else if (number == CAP_SYSCALL_EXIT) {
		if (arg1 == CAP_EXIT_PROCESS) {
			struct exit_record why = {.reason = EXIT_EXIT, .code = (int64_t)arg0};
			process_kill(thread->process, &why);
		} else {
			thread_exit(thread, (int64_t)arg0);
		}
	} else {
		arch_context_set_result(&thread->context, STATUS_BAD_OP, 0);
	}
}

/* Makes the picked thread the one whose registers and address space this CPU has. */
static void switch_to(struct cpu *cpu, struct thread *thread)
{
	struct sched_entity *loaded = cpu->loaded;

	if (loaded != &thread->sched) {
		arch_context_switch(loaded != NULL ? &sched_thread(loaded)->context : NULL, &thread->context);
		sched_switched(&thread->sched);
		cpu->stats.switches++;
	}
	space_activate(&thread->process->space);
	cpu->current_context = &thread->context;
}

/* What must happen before a picked thread may run user code; false: it does not run now. */
static bool ready_for_user(struct thread *thread)
{
	if (unlikely(thread_is_dying(thread))) {
		thread_exit(thread, 0);
		return false;
	}
	if (thread->in_enter) {
		enter_continue(thread);
		if (thread->in_enter || this_cpu()->current != &thread->sched)
			return false;
	}
	if (unlikely(load_relaxed(&thread->ring.signals) & RING_UPCALL))
		(void)thread_deliver_upcall(thread);
	return true;
}

struct arch_context *kernel_next(void)
{
	struct cpu *cpu = this_cpu();

	if (unlikely(!quiesce_is_inside()))
		quiesce_enter();
	quiesce_poll();
	for (;;) {
		struct sched_entity *entity = sched_pick();
		if (unlikely(entity == NULL)) {
			cpu->current_context = NULL;
			if (cpu->loaded != NULL) /* another CPU may pick it while this one sleeps */
				arch_context_switch(&sched_thread(cpu->loaded)->context, NULL);
			sched_idle();
			continue;
		}
		struct thread *thread = sched_thread(entity);
		if (&thread->context != cpu->current_context)
			switch_to(cpu, thread);
		if (unlikely(thread->in_enter || load_relaxed(&thread->ring.signals) != 0) && !ready_for_user(thread))
			continue;
		quiesce_exit();
		return &thread->context;
	}
}

void kernel_on_timer(void)
{
	bool outside = !quiesce_is_inside();

	if (outside)
		quiesce_enter();
	this_cpu()->stats.interrupts++;
	timer_run_expired();
	if (outside && this_cpu()->current_context == NULL)
		quiesce_exit();
}
