// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Timers: one pairing heap for each CPU, nearest deadline at the root.
 *
 * Fredman, Sedgewick, Sleator, Tarjan, "The pairing heap" (1986): a node is the smallest of its subtree; its children
 * are a list (child, then next); prev leads back to the elder sibling, or to the parent. Arming and cancelling
 * the root's children is constant; removing costs O(log n) amortised, without recursion.
 */
#include <core/timer.h>

#include <arch/platform.h>
#include <core/clock.h>
#include <core/cpu.h>
#include <core/lock.h>
#include <core/log.h>
#include <core/sched.h>

/* Fired in one go, before other work gets its turn. */
#define TIMER_BATCH 64u

/* Makes the later of two roots the first child of the other. Either may be NULL. */
static struct timer *meld(struct timer *a, struct timer *b)
{
	if (!a || !b)
		return a ? a : b;
	if (b->deadline_ns < a->deadline_ns) {
		struct timer *t = a;

		a = b;
		b = t;
	}
	b->prev = a;
	b->next = a->child;
	if (a->child)
		a->child->prev = b;
	a->child = b;
	return a;
}

/* One heap out of a list of siblings: pairs from left to right, then all from right to left. */
static struct timer *meld_siblings(struct timer *first)
{
	struct timer *pairs = NULL, *heap = NULL;

	while (first) {
		struct timer *a = first, *b = a->next;

		first = b ? b->next : NULL;
		a->next = a->prev = NULL;
		if (b)
			b->next = b->prev = NULL;
		a = meld(a, b);
		a->next = pairs;
		pairs = a;
	}
	while (pairs) {
		struct timer *next = pairs->next;

		pairs->next = NULL;
		heap = meld(heap, pairs);
		pairs = next;
	}
	if (heap)
		heap->prev = NULL;
	return heap;
}

static void heap_remove(struct timer **root, struct timer *timer)
{
	struct timer *below = meld_siblings(timer->child);

	if (*root == timer) {
		*root = below;
	} else {
		if (timer->prev->child == timer)
			timer->prev->child = timer->next;
		else
			timer->prev->next = timer->next;
		if (timer->next)
			timer->next->prev = timer->prev;
		*root = meld(*root, below);
	}
	timer->child = timer->next = timer->prev = NULL;
}

static void arm_hardware(struct cpu *cpu, uint64_t deadline_ns)
{
	uint64_t now;

	cpu->timer_armed_ns = deadline_ns;
	if (deadline_ns == UINT64_MAX) {
		arch_timer_arm(UINT64_MAX);
		return;
	}
	now = clock_now_ns();
	arch_timer_arm(deadline_ns > now ? deadline_ns - now : 0);
}

void timer_init(struct timer *timer, void (*fire)(struct timer *))
{
	*timer = (struct timer){.deadline_ns = UINT64_MAX, .fire = fire};
}

void timer_need(uint64_t deadline_ns)
{
	struct cpu *cpu = this_cpu();

	if (deadline_ns < cpu->timer_armed_ns)
		arm_hardware(cpu, deadline_ns);
}

void timer_arm(struct timer *timer, uint64_t deadline_ns)
{
	struct cpu *cpu = this_cpu();

	kassert(!timer->armed);
	timer->deadline_ns = deadline_ns;
	if (deadline_ns == UINT64_MAX)
		return;
	spin_lock(&cpu->timer_lock);
	timer->cpu = (uint8_t)cpu->id;
	timer->child = timer->next = timer->prev = NULL;
	cpu->timers = meld(cpu->timers, timer);
	store_release(&timer->armed, true);
	spin_unlock(&cpu->timer_lock);
	timer_need(deadline_ns);
}

bool timer_cancel(struct timer *timer)
{
	struct cpu *cpu;
	bool armed;

	if (!load_acquire(&timer->armed))
		return false;
	cpu = &cpus[timer->cpu];
	spin_lock(&cpu->timer_lock);
	armed = timer->armed;
	if (armed) {
		heap_remove(&cpu->timers, timer);
		store_release(&timer->armed, false);
	}
	spin_unlock(&cpu->timer_lock);
	return armed;
}

/* The first timer that is due, removed, or NULL. From then on its owner may arm it again, so *fire is read here. */
static struct timer *take_expired(struct cpu *cpu, uint64_t now, void (**fire)(struct timer *))
{
	struct timer *timer;

	spin_lock(&cpu->timer_lock);
	timer = cpu->timers;
	if (timer && timer->deadline_ns <= now) {
		heap_remove(&cpu->timers, timer);
		*fire = timer->fire;
		store_release(&timer->armed, false);
	} else {
		timer = NULL;
	}
	spin_unlock(&cpu->timer_lock);
	return timer;
}

void timer_run_expired(void)
{
	struct cpu *cpu = this_cpu();
	uint64_t now = clock_now_ns();
	void (*fire)(struct timer *);
	struct timer *timer;

	/* The one-shot has fired; what is armed meanwhile may be earlier than anything else. */
	cpu->timer_armed_ns = UINT64_MAX;
	for (unsigned i = 0; i < TIMER_BATCH && (timer = take_expired(cpu, now, &fire)); i++)
		fire(timer);
	sched_on_timer(now);
	timer_rearm();
}

void timer_rearm(void)
{
	struct cpu *cpu = this_cpu();
	uint64_t first = UINT64_MAX;

	spin_lock(&cpu->timer_lock);
	if (cpu->timers)
		first = cpu->timers->deadline_ns;
	spin_unlock(&cpu->timer_lock);
	if (cpu->current && !load_relaxed(&cpu->need_resched) && cpu->slice_end_ns < first)
		first = cpu->slice_end_ns;
	arm_hardware(cpu, first);
}
