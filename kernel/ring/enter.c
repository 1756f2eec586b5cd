// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * cap_enter, and the way back to user mode.
 *
 * enter_continue is the one continuation: whenever a thread that is inside cap_enter runs, it goes on here, until its
 * result is set or it blocks. kernel_next is the only way out of the kernel.
 */
#include "alone.h"
#include "batch.h"
#include "complete.h"
#include "ops.h"
#include "poll.h"
#include "promise.h"
#include "dispatch.h"

#include <arch/paging.h>
#include <core/clock.h>
#include <core/quiesce.h>
#include <mm/space.h>
#include <ring/lend.h>

/* From one piece of a chore to the next, on a CPU that has other things to do. */
#define CHORE_NS 100000ull

static void enter_deadline_fire(struct timer *timer)
{
	struct thread *thread = container_of(timer, struct thread, enter_timer);

	ring_signal(&thread->ring, RING_DEADLINE);
}

void enter_init(struct thread *thread)
{
	timer_init(&thread->enter_timer, enter_deadline_fire);
}

void enter_cancel_deadline(struct thread *thread)
{
	(void)timer_cancel(&thread->enter_timer);
	thread->enter_deadline = 0;
	(void)atomic_and(&thread->ring.signals, ~(uint32_t)RING_TIMED);
}

/* From now on the entry takes the general way. */
[[gnu::noinline, gnu::cold]] static void set_deadline(struct thread *thread, uint64_t deadline)
{
	thread->enter_deadline = deadline;
	(void)atomic_or(&thread->ring.signals, (uint32_t)RING_TIMED);
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
	if ((signals & RING_DEADLINE) && thread->enter_deadline != 0 &&
	    clock_now_ns() >= thread->enter_deadline)
		reasons |= CAP_ENTER_DEADLINE; /* a late one of an earlier entry means nothing */
	if (signals & RING_UPCALL)
		reasons |= CAP_ENTER_UPCALL;
	return reasons;
}

[[gnu::noinline, gnu::cold]] static void die_of_protocol(struct thread *thread)
{
	struct exit_record why = {.reason = EXIT_PROTOCOL, .code = STATUS_PROTOCOL};

	process_kill(thread->process, &why);
}

/* A handler that unmasked and found bits collected meanwhile polls for them. */
static inline bool upcall_is_due(const struct cap_region *control)
{
	return load_relaxed(&control->upcall_pending) != 0 && load_relaxed(&control->upcall_mask) == 0;
}

/* What others completed, and what was held for it. Reasons to return, as those of advance. */
static uint32_t left_by_others(struct thread *thread)
{
	struct ring *ring = &thread->ring;

	ring_work(ring);
	if (likely(!ring_is_holding(ring)))
		return 0;
	thread->sched.work |= RING_HOLD_MARK;
	return promise_work(thread);
}

static inline uint32_t refusal_reason(uint32_t refused)
{
	return refused == RING_FULL ? CAP_ENTER_CQ_FULL : CAP_ENTER_BOUND;
}

/* In ring->refused: submit is to come back. */
#define SUBMIT_RETURNS 1u

static ARCH_PRESERVES_NONE struct arch_context *submit(struct thread *thread, uint32_t count);

/* Admits what is submitted, then says why the thread returns now; 0: it blocks. UINT32_MAX: it dies. */
static uint32_t advance(struct thread *thread)
{
	struct ring *ring = &thread->ring;
	uint32_t reasons = 0, refused = 0;

	if (unlikely(load_relaxed(&ring->signals) != 0))
		reasons = left_by_others(thread);
	uint32_t tail = load_acquire(&ring->control->sq_tail); /* Q2 */
	if (tail != (uint32_t)ring->sq_head) {
		ring->refused = SUBMIT_RETURNS;
		(void)submit(thread, tail - (uint32_t)ring->sq_head);
		refused = ring->refused;
		ring->refused = 0;
		if (unlikely(refused != 0)) {
			if (refused == RING_PROTOCOL)
				goto dead;
			reasons |= refusal_reason(refused);
		}
	}
	if (unlikely(ring->min == 0) && unlikely(upcall_is_due(ring->control)))
		(void)atomic_or(&ring->signals, (uint32_t)RING_UPCALL);
	if (unlikely(load_relaxed(&ring->signals) != 0)) {
		if (thread_is_dying(thread))
			return UINT32_MAX;
		reasons |= promise_work(thread) | take_signals(thread);
	}
	uint32_t unreaped = ring_unreaped(ring);
	if (unlikely(unreaped == UINT32_MAX))
		goto dead;
	return unreaped >= ring->min ? reasons | CAP_ENTER_COMPLETIONS : reasons;
dead:
	die_of_protocol(thread);
	return UINT32_MAX;
}

/* The thread is blocked from now on, whatever the caller still does. */
[[gnu::always_inline]] static inline void publish_blocked(struct thread *thread)
{
	struct ring *ring = &thread->ring;

	ring->wanted = ring->cq_head + ring->min;
	enter_set_result(thread, CAP_ENTER_COMPLETIONS); /* unless something else ends it */
	thread->sched.passive = ring->parked != NULL;
	sched_block_begin(&thread->sched);
	store_fenced(&ring->state, (uint32_t)RING_BLOCKED);
}

/* Something came meanwhile: true if the thread can still see to it itself. */
[[gnu::noinline, gnu::cold]] static bool take_back(struct thread *thread)
{
	if (!ring_try_claim(&thread->ring))
		return false;
	sched_block_undo(&thread->sched);
	store_relaxed(&thread->ring.state, (uint32_t)RING_RUNNING);
	return true;
}

/* Until it has a result, waits, dies, or makes way. True: it waits. */
[[gnu::noinline]] static bool run_enter(struct thread *thread, uint32_t reasons)
{
	for (;;) {
		uint32_t more = advance(thread);
		if (unlikely(more == UINT32_MAX))
			return false;
		reasons |= more;
		if (unlikely(thread->poll_idle_ns != 0))
			reasons = poll_reasons(thread, reasons);
		if (reasons != 0) {
			enter_finish(thread, reasons);
			return false;
		}
		if (thread->enter_deadline != 0 && !thread->enter_timer.armed)
			timer_arm(&thread->enter_timer, thread->enter_deadline);
		if (unlikely(thread->poll_idle_ns != 0)) {
			enum poll_end end = poll_ring(thread);
			if (end == POLL_WORK)
				continue;
			if (end == POLL_AWAY)
				return false;
		}
		publish_blocked(thread);
		if (likely(!ring_has_work(&thread->ring)) || !take_back(thread)) {
			sched_block_current();
			return true;
		}
	}
}

void enter_continue(struct thread *thread)
{
	(void)atomic_and(&thread->ring.signals, ~(uint32_t)RING_UNFINISHED);
	(void)run_enter(thread, 0);
}

/* If nothing is submitted: nothing left by others, and enough completions already. An impossible index is no such case. */
static inline bool is_only_asking(const struct ring *ring, uint32_t unreaped)
{
	return unreaped <= ring->cq_count && load_relaxed(&ring->control->upcall_pending) == 0;
}

static void exit_call(struct thread *thread, uint64_t code, uint64_t scope)
{
	struct exit_record why = {.reason = EXIT_EXIT, .code = (int64_t)code};

	if (scope == CAP_EXIT_PROCESS)
		process_kill(thread->process, &why);
	else
		thread_exit(thread, (int64_t)code);
}

[[gnu::noinline, gnu::cold]] static void other_call(struct thread *thread, uint64_t number, uint64_t arg0,
						    uint64_t arg1)
{
	if (number == CAP_SYSCALL_EXIT)
		exit_call(thread, arg0, arg1);
	else
		arch_context_set_result(&thread->context, STATUS_BAD_OP, 0);
}

/* Makes the picked thread the one whose registers and address space this CPU has. */
static void switch_to(struct cpu *cpu, struct thread *thread)
{
	struct sched_entity *loaded = cpu->loaded;

	if (loaded != &thread->sched) {
		arch_context_switch(loaded != NULL ? &sched_thread(loaded)->context : NULL, &thread->context);
		sched_switched(&thread->sched);
		count_own(&cpu->stats.switches, 1);
	}
	space_activate(&thread->process->space);
	cpu->current_context = &thread->context;
}

/* What must happen before a picked thread may run user code; false: it does not run now. */
static bool ready_for_user(struct thread *thread)
{
	if (unlikely(thread_is_dying(thread))) {
		thread_exit(thread, 0);
		arch_take_interrupts(); /* there may be many in a row */
		return false;
	}
	if (load_relaxed(&thread->ring.signals) & RING_UNFINISHED) {
		enter_continue(thread);
		/* In this order: a thread that blocked is no longer ours to look at. */
		if (this_cpu()->current != &thread->sched ||
		    (load_relaxed(&thread->ring.signals) & RING_UNFINISHED) || thread_is_dying(thread))
			return false;
	}
	uint32_t signals = load_relaxed(&thread->ring.signals);
	if (unlikely(signals & RING_BUDGET) && load_relaxed(&thread->sched.budget) == NULL)
		lend_forget(thread);
	if (unlikely(signals & RING_UPCALL))
		(void)thread_deliver_upcall(thread);
	return true;
}

static struct arch_context *next_slow(struct cpu *cpu)
{
	if (unlikely(!quiesce_is_inside()))
		quiesce_enter();
	quiesce_poll();
	if (unlikely(quiesce_has_chores())) /* they go on while somebody computes */
		timer_need(clock_now_ns() + CHORE_NS);
	for (;;) {
		struct sched_entity *entity = sched_pick();
		if (unlikely(entity == NULL)) {
			cpu->current_context = NULL;
			if (unlikely(cpu->budget != NULL))
				budget_idle(cpu);
			if (cpu->loaded != NULL) /* another CPU may pick it while this one sleeps */
				arch_context_switch(&sched_thread(cpu->loaded)->context, NULL);
			sched_idle();
			continue;
		}
		if (unlikely(budget_concerns(cpu, entity)) && !budget_admit(cpu, entity))
			continue;
		struct thread *thread = sched_thread(entity);
		if (&thread->context != cpu->current_context)
			switch_to(cpu, thread);
		if (unlikely(load_relaxed(&thread->ring.signals) != 0) && !ready_for_user(thread))
			continue;
		quiesce_exit();
		return &thread->context;
	}
}

/* The thread that entered, for which nothing is signalled, goes on, unless something else wants the CPU. */
[[gnu::always_inline]] static inline struct arch_context *go_on_quietly(struct cpu *cpu,
									struct thread *thread)
{
	if (unlikely(cpu->handover != NULL) || unlikely(!is_zero_relaxed(&cpu->attention)))
		return next_slow(cpu);
	quiesce_exit_here(cpu);
	return &thread->context;
}

static struct arch_context *go_on(struct cpu *cpu, struct thread *thread)
{
	if (unlikely(cpu->current != &thread->sched || load_relaxed(&thread->ring.signals) != 0))
		return next_slow(cpu);
	return go_on_quietly(cpu, thread);
}

struct arch_context *kernel_next(void)
{
	struct cpu *cpu = this_cpu();
	struct sched_entity *current = cpu->current;

	/* After a fault or an interrupt most threads go on. */
	if (likely(current != NULL && quiesce_is_inside() &&
		   cpu->current_context == &sched_thread(current)->context &&
		   (load_relaxed(&sched_thread(current)->ring.signals) & RING_UNFINISHED) == 0))
		return go_on(cpu, sched_thread(current));
	return next_slow(cpu);
}

/* The general way: whoever is next. */
[[gnu::noinline]] static struct arch_context *block_slowly(struct cpu *cpu, struct sched_entity *woken)
{
	sched_block_current();
	if (woken != NULL)
		sched_wake_next(woken);
	return next_slow(cpu);
}

/* Something else wants the CPU, or memory to be freed. */
static bool is_wanted(struct cpu *cpu)
{
	return load_relaxed(&cpu->need_resched) || (cpu->limbo_count != 0 && quiesce_is_due(cpu));
}

/* It waits. If this entry made another one runnable, that one goes on directly: `woken`, or else who was woken last. `alone`:
 * it is the only one, and of another process. */
[[gnu::always_inline]] static inline struct arch_context *hand_over(struct cpu *cpu, struct thread *from,
								    struct woken woken, bool alone)
{
	struct sched_entity *next = woken.entity;

	if (unlikely(!is_zero_relaxed(&cpu->attention)) && is_wanted(cpu))
		return block_slowly(cpu, next);
	if (next == NULL) {
		next = cpu->handover;
		woken.at = arch_ticks();
		if (unlikely(next == NULL))
			return block_slowly(cpu, NULL);
		cpu->handover = NULL;
	} else if (unlikely(next->home != cpu->id) || (!alone && unlikely(cpu->handover != NULL))) {
		return block_slowly(cpu, next);
	}
	struct thread *to = sched_thread(next);
	sched_hand_over(cpu, &from->sched, next, woken.at);
	arch_context_hand_over(&from->context, &to->context);
	sched_handed_over(cpu, &from->sched, next);
	count_own(&cpu->stats.switches, 1);
	if (alone)
		space_activate_other(cpu, &to->process->space);
	else
		space_activate_here(cpu, &to->process->space);
	cpu->current_context = &to->context;
	if (unlikely(!is_zero_relaxed(&to->ring.signals)))
		return next_slow(cpu);
	quiesce_exit_here(cpu);
	return &to->context;
}

/* cap_enter with all that may come between; what it has found so far. */
[[gnu::noinline]] static struct arch_context *enter_any(struct cpu *cpu, struct thread *thread,
							uint32_t reasons)
{
	if (!run_enter(thread, reasons))
		return go_on(cpu, thread);
	if (likely(!budget_concerns(cpu, &thread->sched)))
		return hand_over(cpu, thread, (struct woken){0}, false);
	lend_as_it_waits(thread);
	return block_slowly(cpu, NULL);
}

/* Its waker does not wait. */
[[gnu::noinline]] static void wake_after_all(struct sched_entity *woken)
{
	sched_wake_next(woken);
}

/* The thread waits for one thing, which was submitted. False: something came meanwhile, and it sees to that. */
[[gnu::always_inline]] static inline bool wait_alone(struct thread *thread, bool passive)
{
	struct ring *ring = &thread->ring;

	arch_context_set_result(&thread->context, 1,
				CAP_ENTER_COMPLETIONS); /* unless something else ends it */
	thread->sched.passive = passive;
	sched_block_begin(&thread->sched);
	store_fenced(&ring->state, (uint32_t)RING_ALONE);
	return likely(is_zero_relaxed(&ring->signals)) || !ring_has_work(ring) || !take_back(thread);
}

/* What the general way of an entry begins with. */
static inline void begin_enter(struct thread *thread, uint64_t sequence)
{
	thread->sched.work = 0;
	thread->ring.entered = (uint32_t)sequence;
}

/* The only submission is taken, whatever it is. */
static inline void begin_one(struct thread *thread, uint64_t sequence)
{
	begin_enter(thread, sequence);
	thread->ring.sq_head = sequence + 1;
}

/* The running thread, which has submitted everything, returns, or waits and hands over. */
[[gnu::always_inline]] static inline struct arch_context *after_submission_on(struct cpu *cpu,
									      struct thread *thread,
									      struct woken woken)
{
	struct ring *ring = &thread->ring;
	struct cap_region *control = ring->control;
	uint32_t sq_head = (uint32_t)ring->sq_head, cq_tail = ring->cq_tail;
	store_release(&control->sq_head, sq_head);
	store_release(&control->cq_tail, cq_tail);
	uint32_t head = load_acquire(&control->cq_head); /* Q2 */
	uint32_t unreaped = cq_tail - head;
	if (unreaped >= ring->min) {
		if (unlikely(woken.entity != NULL))
			wake_after_all(woken.entity);
		if (unlikely(unreaped > ring->cq_count || ring->min == 0) ||
		    unlikely(!is_zero_relaxed(&ring->signals)))
			return enter_any(cpu, thread, 0);
		ring->cq_head = head;
		arch_context_set_result(&thread->context, sq_head - ring->entered, CAP_ENTER_COMPLETIONS);
		return go_on_quietly(cpu, thread);
	}
	ring->cq_head = head;
	publish_blocked(thread);
	if (likely(!ring_has_work(ring)) || !take_back(thread))
		return hand_over(cpu, thread, woken, false);
	if (woken.entity != NULL)
		wake_after_all(woken.entity);
	return enter_any(cpu, thread, 0);
}

/* The same, of who kept nothing in registers meanwhile. */
[[gnu::always_inline]] static inline struct arch_context *after_submission(struct woken woken)
{
	struct cpu *cpu = arch_this_cpu_again();

	return after_submission_on(cpu, sched_thread(cpu->current), woken);
}

/* A call that repeats the last one, but finds nobody who waits for it alone, or is more than its message. */
[[gnu::noinline]] static ARCH_PRESERVES_NONE struct arch_context *call_otherwise(struct thread *thread,
										 struct request *call)
{
	struct woken woken = {0};
	bool waits_alone = false;

	if (unlikely(call->plain))
		call_as_batch(thread, call);
	else
		woken = call_with_little(thread, call, &waits_alone);
	if (unlikely(!waits_alone))
		return after_submission(woken);
	struct cpu *cpu = arch_this_cpu_again();
	thread = sched_thread(cpu->current);
	store_release(&thread->ring.control->sq_head, (uint32_t)thread->ring.sq_head);
	if (likely(wait_alone(thread, false)))
		return hand_over(cpu, thread, woken, true);
	wake_after_all(woken.entity);
	return enter_any(cpu, thread, 0);
}

/* The only submission, WAKE without a completion: who wakes another one often waits itself now. */
[[gnu::noinline]] static ARCH_PRESERVES_NONE struct arch_context *wake_alone(struct thread *thread,
									     const volatile uint64_t *from)
{
	struct sched_entity *woken = NULL;
	uint64_t target = from[1];
	enum status status = STATUS_BAD_OP;

	if (quick_is_plain(from, from[2] | from[7]))
		status = wake_thing(thread, target, &woken);
	if (unlikely(status != STATUS_OK))
		quick_post(&thread->ring, from[3], (uint32_t)status, 0);
	return after_submission((struct woken){woken, arch_ticks()});
}

/* Of the argument: it may be more than the queue holds. */
static inline uint32_t min_of(const struct ring *ring, uint64_t arg)
{
	return likely(arg <= 2 * CAP_SQ_MIN) || arg <= ring->cq_count ? (uint32_t)arg : ring->cq_count;
}

/* Something is signalled, or it has a deadline, or is no cap_enter. */
[[gnu::noinline]] static ARCH_PRESERVES_NONE struct arch_context *enter_unusually(
	uint64_t number, uint64_t arg0, uint64_t arg1, struct cpu *cpu, struct thread *thread, uint32_t tail)
{
	struct ring *ring = &thread->ring;

	if (unlikely(number != CAP_SYSCALL_ENTER)) {
		other_call(thread, number, arg0, arg1);
		return next_slow(cpu);
	}
	ring->min = min_of(ring, arg0);
	uint32_t unreaped = ring->cq_tail - load_acquire(&ring->control->cq_head); /* Q2 */
	if (tail == (uint32_t)ring->sq_head && unreaped >= ring->min && load_relaxed(&ring->signals) == 0 &&
	    is_only_asking(ring, unreaped)) {
		arch_context_set_result(&thread->context, 0, CAP_ENTER_COMPLETIONS);
		return go_on_quietly(cpu, thread);
	}
	begin_enter(thread, ring->sq_head);
	if (arg1 != 0)
		set_deadline(thread, arg1);
	return enter_any(cpu, thread, 0);
}

/* Neither a call, a RETURN_RECV nor a WAKE that is alone. */
[[gnu::always_inline]] static inline void dispatch_one(struct thread *thread, struct ring *ring,
						       const volatile uint64_t *from, uint64_t word)
{
	if (word == CAP_OP_NOP)
		(void)dispatch_usual(thread, ring, from, word);
	else
		dispatch_other(thread, from, word);
}

/* A RETURN_RECV with the words of the last one. *again: they still mean the same. */
[[gnu::always_inline]] static inline enum returned return_again(struct thread *thread, struct request *spare,
								uint64_t sequence, struct woken *woken,
								bool *again)
{
	if (is_remembered_plain(spare)) {
		enum returned returned = return_alone(thread, spare, sequence, woken);
		if (returned != RETURNED_NOT)
			return returned;
	}
	*again = is_remembered(spare);
	return RETURNED_NOT;
}

/* Of submit, which has published. Not all was admitted (an impossible index is found there, too), or it was to come back. */
[[gnu::noinline]] static struct arch_context *end_submit(void)
{
	struct cpu *cpu = this_cpu();
	struct thread *thread = sched_thread(cpu->current);
	uint32_t refused = thread->ring.refused;

	thread->ring.refused = refused & ~SUBMIT_RETURNS;
	if (refused & SUBMIT_RETURNS)
		return NULL;
	thread->ring.refused = 0;
	return enter_any(cpu, thread, refused == RING_PROTOCOL ? 0 : refusal_reason(refused));
}

/* Of `count` submissions, how many have a completion slot; what is refused is noted. */
[[gnu::noinline, gnu::cold]] static uint32_t count_with_room(struct ring *ring, uint32_t count)
{
	uint32_t allowed = room(ring, count);

	if (allowed == UINT32_MAX) {
		ring->refused |= RING_PROTOCOL;
		return 0;
	}
	if (allowed < count)
		ring->refused |= RING_FULL;
	return allowed;
}

/* Admits `count` submissions, at least one, which may be anything. Then the thread goes on, or waits and hands over. But if something is
 * in ring->refused: SUBMIT_RETURNS, or what comes to it: RING_FULL, RING_BOUND, or RING_PROTOCOL, if the shared indexes are impossible. */
[[gnu::noinline]] static ARCH_PRESERVES_NONE struct arch_context *submit(struct thread *thread,
									 uint32_t count)
{
	struct cpu *cpu;

	if (unlikely(count > thread->ring.sq_quick)) {
		thread->ring.refused |= submit_captured(thread, count);
		goto over;
	}
	if (unlikely(!has_room(&thread->ring, count))) {
		count = count_with_room(&thread->ring, count);
		if (count == 0)
			return end_submit();
	}
	batch_begin(this_cpu());
	/* Each takes at most one slot, so that there is room for all of them (Q1). */
	do {
		if (likely(thread->sched.work < CAP_ENTER_MAX_COPY)) {
			not_ahead(thread);
			while (dispatch(thread)) {
				if (--count == 0)
					goto done;
				not_ahead(thread);
			}
			count--;
		} else {
			uint32_t marked = dispatch_marked(thread, &thread->ring, count);
			if (marked == 0) {
				thread->ring.refused |= RING_BOUND;
				break;
			}
			count -= marked;
		}
	} while (count != 0);
done:
	batch_end(arch_this_cpu_again());
over:
	cpu = arch_this_cpu_again();
	thread = sched_thread(cpu->current);
	if (likely(thread->ring.refused == 0))
		return after_submission_on(cpu, thread, (struct woken){0});
	publish(&thread->ring);
	return end_submit();
}

/* Something came while it was about to wait. */
[[gnu::always_inline]] static inline struct arch_context *enter_after_all(struct cpu *cpu,
									  struct thread *thread,
									  struct woken woken)
{
	if (woken.entity != NULL)
		wake_after_all(woken.entity);
	return enter_any(cpu, thread, 0);
}

static_assert(CAP_SYSCALL_ENTER == 0); /* kernel_on_syscall tests it together with what else is unusual */

/* Submits, then returns or waits and hands over: in line as long as nothing else is to be done. Whatever is left to enter_any can be
 * looked at again. */
ARCH_SYSCALL_ENTRY struct arch_context *kernel_on_syscall(ARCH_SYSCALL_PARAMETERS(number, arg0, arg1))
{
	quiesce_enter();
	struct cpu *cpu = this_cpu();
	struct thread *thread = sched_thread(cpu->current);
	struct ring *ring = &thread->ring;
	struct woken woken = {0};
	const struct cap_region *shared = ring->control;
	uint64_t sequence = ring->sq_head, next = sequence + 1;
	uint32_t tail = load_acquire(&shared->sq_tail); /* Q2 */
	uint32_t unreaped;

	count_own(&cpu->stats.entries, 1);
	if (unlikely((number | arg1 | load_relaxed(&ring->signals)) != 0))
		return enter_unusually(number, arg0, arg1, cpu, thread, tail); /* as they came */
	if (tail == (uint32_t)next) {
		unreaped = ring->cq_tail - load_acquire(&shared->cq_head); /* Q2 */
		if (unlikely(unreaped + 1 != arg0) || !may_submit_one(ring, unreaped))
			goto several;
		const volatile uint64_t *from = sq_entry(ring, sequence);
		uint64_t word = from[0];
		struct request *spare = ring->free;
		ring->min = (uint32_t)arg0;
		if ((uint8_t)word == CAP_OP_CALL) {
			uint64_t id = from[1];
			if (is_same_call(spare, from, word, id)) {
				if (is_remembered_plain(spare) && likely(ring_session_is_alive(ring)) &&
				    likely(call_alone(thread, spare, sequence, &woken))) {
					if (likely(wait_alone(thread, false)))
						return hand_over(cpu, thread, woken, true);
					goto came;
				}
				if (is_remembered(spare)) {
					begin_one(thread, sequence);
					spare->sequence = sequence;
					return call_otherwise(thread, spare);
				}
			}
			begin_one(thread, sequence);
			dispatch_new_call(thread, from, word, id);
		} else if (is_return_recv(word)) {
			bool again = is_same_return(spare, from, word);
			enum returned returned = likely(again) ? return_again(thread, spare, sequence, &woken,
									      &again)
							       : RETURNED_NOT;
			if (likely(returned == RETURNED_ALONE)) {
				if (likely(wait_alone(thread, true)))
					return hand_over(cpu, thread, woken, true);
				goto came;
			}
			begin_one(thread, sequence);
			if (returned == RETURNED_NOT)
				dispatch_return_recv(thread, from, word, sequence, again);
		} else {
			begin_one(thread, sequence);
			if (word == (CAP_OP_WAKE | QUIET_WORD))
				return wake_alone(thread, from);
			dispatch_one(thread, ring, from, word);
		}
		goto submitted;
	}
	if (tail != (uint32_t)sequence) {
	several:
		ring->min = min_of(ring, arg0);
		begin_enter(thread, sequence);
		return submit(thread, tail - (uint32_t)sequence);
	}
	/* A poll, or completions that were not reaped. */
	unreaped = ring->cq_tail - load_acquire(&shared->cq_head); /* Q2 */
	if (likely(unreaped >= arg0) && is_only_asking(ring, unreaped)) {
		arch_context_set_result(&thread->context, 0, CAP_ENTER_COMPLETIONS);
		return go_on_quietly(cpu, thread);
	}
	ring->min = min_of(ring, arg0);
	begin_enter(thread, sequence);
submitted:
	return after_submission(woken);
came:
	return enter_after_all(cpu, thread, woken);
}

void kernel_on_timer(void)
{
	bool outside = !quiesce_is_inside();

	if (outside)
		quiesce_enter();
	count_own(&this_cpu()->stats.interrupts, 1);
	timer_run_expired();
	if (outside && this_cpu()->current_context == NULL)
		quiesce_exit();
}
