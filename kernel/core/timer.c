// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Timers: one heap for each CPU (lib/heap), nearest deadline first.
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

static struct timer *first_timer(const struct cpu *cpu)
{
	return cpu->timers.first ? container_of(cpu->timers.first, struct timer, node) : NULL;
}

bool timer_is_any_armed(unsigned cpu_id)
{
	struct cpu *cpu = &cpus[cpu_id];

	spin_lock(&cpu->timer_lock);
	bool any = cpu->timers.first != NULL;
	spin_unlock(&cpu->timer_lock);
	return any;
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
	*timer = (struct timer){.fire = fire};
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
	if (deadline_ns == UINT64_MAX)
		return;
	spin_lock(&cpu->timer_lock);
	timer->cpu = (uint8_t)cpu->id;
	timer->node.key = deadline_ns < INT64_MAX ? deadline_ns : INT64_MAX;
	heap_insert(&cpu->timers, &timer->node);
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
		heap_remove(&cpu->timers, &timer->node);
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
	timer = first_timer(cpu);
	if (timer && timer->node.key <= now) {
		heap_remove(&cpu->timers, &timer->node);
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
	const struct timer *timer;
	uint64_t first;

	spin_lock(&cpu->timer_lock);
	timer = first_timer(cpu);
	first = timer ? timer->node.key : UINT64_MAX;
	spin_unlock(&cpu->timer_lock);
	if (cpu->current && !load_relaxed(&cpu->need_resched)) {
		if (cpu->slice_end_ns < first)
			first = cpu->slice_end_ns;
		if (cpu->budget_end_ns < first)
			first = cpu->budget_end_ns;
	}
	arm_hardware(cpu, first);
}
