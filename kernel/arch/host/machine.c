// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The simulated CPUs: which one runs, and simulated time.
 *
 * - A CPU is a coroutine, and another one for each user thread that it runs. Where CPUs may interleave, the machine
 *   asks the policy (policy.c) which of them goes on.
 * - Time is a counter that each switch point advances. When every CPU idles it jumps to the next armed timer; when
 *   there is none, the run is over.
 */
#include <stdio.h>
#include <stdlib.h>

#include <arch/platform.h>
#include <archimpl/test.h>

#include "host.h"

/* A timer beyond this (36 years) is never waited for: simulated time must not wrap. */
#define TIME_END (1ull << 60)

bool host_exploring;
struct cpu *host_this_cpu;
struct host_cpu host_cpus[MAX_CPUS];
struct host_cpu *host_cpu = host_cpus;
unsigned host_cpu_total = 1;
struct host_hooks host_hooks;
uint64_t host_step_limit = 5000000;
uint64_t host_step_ns = 20;

static uint64_t steps, now_ns, trace_hash, next_timer_ns, seed;
static enum host_outcome outcome;

void host_machine_reset(unsigned cpu_total)
{
	for (unsigned i = 0; i < MAX_CPUS; i++) {
		if (host_cpus[i].kernel_fiber)
			host_fiber_free(host_cpus[i].kernel_fiber);
		host_cpus[i] = (struct host_cpu){.id = i, .cpu = &cpus[i], .timer_ns = UINT64_MAX};
	}
	host_cpu_total = cpu_total;
	host_cpu = &host_cpus[0];
	host_this_cpu = &cpus[0];
	host_exploring = false;
	steps = now_ns = trace_hash = 0;
	next_timer_ns = UINT64_MAX;
	host_policy_begin(seed);
	host_exhaust_reset();
}

void host_trace(uint64_t what)
{
	trace_hash = (trace_hash ^ what ^ (uint64_t)host_cpu->id << 56) * 0x9e3779b97f4a7c15ull;
	trace_hash ^= trace_hash >> 29;
}

uint64_t host_trace_hash(void)
{
	return trace_hash ^ now_ns;
}

uint64_t host_steps(void)
{
	return steps;
}

void host_seed(uint64_t value)
{
	seed = value;
	host_policy_begin(value);
}

void host_test_seed(uint64_t value)
{
	host_seed(value);
}

/* --- time ------------------------------------------------------------------------------------------------- */

uint64_t host_now_ns(void)
{
	return now_ns;
}

/* Wakes CPUs whose timer is due, and finds the next. */
static void timers_pass(void)
{
	next_timer_ns = UINT64_MAX;
	for (unsigned i = 0; i < host_cpu_total; i++) {
		if (host_cpus[i].timer_ns <= now_ns)
			host_kick(&host_cpus[i]);
		else if (host_cpus[i].timer_ns < next_timer_ns)
			next_timer_ns = host_cpus[i].timer_ns;
	}
}

static void time_passes(uint64_t ns)
{
	now_ns += ns;
	if (unlikely(now_ns >= next_timer_ns))
		timers_pass();
}

void host_test_advance(uint64_t ns)
{
	time_passes(ns);
}

uint64_t arch_ticks(void)
{
	time_passes(host_step_ns);
	return now_ns;
}

const char *arch_timer_name(void)
{
	return "simulated";
}

void arch_timer_arm(uint64_t ns_from_now)
{
	uint64_t at;

	if (__builtin_add_overflow(now_ns, ns_from_now, &at))
		at = UINT64_MAX;
	host_cpu->timer_ns = at;
	if (at < next_timer_ns)
		next_timer_ns = at;
}

uint64_t host_test_timer(unsigned id)
{
	return host_cpus[id].timer_ns;
}

bool host_test_take_timer(unsigned id)
{
	if (host_cpus[id].timer_ns > now_ns)
		return false;
	host_cpus[id].timer_ns = UINT64_MAX;
	return true;
}

/* --- which CPU goes on ---------------------------------------------------------------------------------------- */

static uint64_t runnable_cpus(void)
{
	uint64_t mask = 0;

	for (unsigned i = 0; i < host_cpu_total; i++) {
		if (host_cpus[i].state == HOST_CPU_RUNS)
			mask |= 1ull << i;
	}
	return mask;
}

static void go_on_with(struct host_cpu *to)
{
	if (to == host_cpu)
		return;
	host_cpu->fiber = host_fiber_current();
	host_cpu->points = 0;
	host_trace(steps << 8 | to->id);
	host_cpu = to;
	host_this_cpu = to->cpu;
	host_fiber_switch(to->fiber, false);
}

void host_kick(struct host_cpu *c)
{
	if (c->state == HOST_CPU_IDLE)
		c->state = HOST_CPU_RUNS;
}

/* Nothing can happen any more: back to main, which may go on (host_continue). */
static void quiet(void)
{
	struct host_cpu *self = host_cpu;

	self->fiber = host_fiber_current();
	outcome = HOST_QUIET;
	host_fiber_switch(host_fiber_main(), true);
	host_cpu = self;
	host_this_cpu = self->cpu;
}

void host_point(enum host_point point)
{
	uint64_t runnable;

	if (++steps > host_step_limit)
		host_die("livelock: %llu switch points and no end", (unsigned long long)steps);
	time_passes(host_step_ns);
	/* A policy by priorities may starve the others for ever: nobody loops this long without waiting. */
	if (++host_cpu->points > 20000 && point != HOST_POINT_BLOCK) {
		host_cpu->points = 0;
		point = HOST_POINT_PAUSE;
	}
	runnable = runnable_cpus();
	while (!runnable) {
		if (next_timer_ns > TIME_END) {
			quiet();
		} else {
			now_ns = next_timer_ns;
			timers_pass();
		}
		runnable = runnable_cpus();
	}
	go_on_with(&host_cpus[host_policy_choose(host_cpu->id, runnable, point)]);
}

void host_switch_point(void)
{
	host_point(HOST_POINT_ATOMIC);
}

void arch_pause(void)
{
	static unsigned alone;

	if (host_fiber_current() != host_fiber_main()) {
		alone = 0;
		host_point(HOST_POINT_PAUSE);
		return;
	}
	time_passes(host_step_ns);
	if (++alone > 10000000)
		host_die("CPU %u waits for another one, but it is the only one that runs", host_cpu->id);
}

void arch_idle(void)
{
	if (host_fiber_current() == host_fiber_main()) {
		if (!host_interrupt_pending(host_cpu) && next_timer_ns != UINT64_MAX) {
			now_ns = next_timer_ns;
			timers_pass();
		}
		if (!host_interrupt_deliver())
			host_die("CPU %u idles and nothing can ever wake it", host_cpu->id);
		return;
	}
	while (!host_interrupt_deliver()) {
		host_cpu->state = HOST_CPU_IDLE;
		host_point(HOST_POINT_BLOCK);
	}
}

/* A pending one may also come only later. */
void arch_take_interrupts(void)
{
	if (host_fiber_current() != host_fiber_main())
		host_point(HOST_POINT_ATOMIC);
	(void)host_interrupt_deliver();
}

/* --- runs ------------------------------------------------------------------------------------------------------ */

void host_cpu_start(unsigned id, void (*fn)(void *), void *arg)
{
	struct host_cpu *c = &host_cpus[id];

	if (c->kernel_fiber)
		host_fiber_free(c->kernel_fiber);
	c->kernel_fiber = c->fiber = host_fiber_new(fn, arg, NULL);
	c->state = HOST_CPU_RUNS;
	c->points = 0;
}

[[noreturn]] void host_cpu_stop(void)
{
	host_cpu->state = HOST_CPU_OFF;
	host_point(HOST_POINT_BLOCK);
	abort();
}

void host_go(void)
{
	struct host_cpu *before = host_cpu;
	unsigned first;

	host_policy_begin(seed);
	host_exhaust_go();
	first = host_policy_choose(0, runnable_cpus(), HOST_POINT_ATOMIC);
	host_exploring = seed != 0 || host_exhaust_active();
	host_cpu = &host_cpus[first];
	host_this_cpu = host_cpu->cpu;
	host_fiber_switch(host_cpu->fiber, true);
	host_exploring = false;
	host_cpu = before;
	host_this_cpu = before->cpu;
}

[[noreturn]] void host_end(enum host_outcome how)
{
	outcome = how;
	if (host_fiber_current() == host_fiber_main())
		host_die("the machine ended outside a run (%d)", (int)how);
	host_fiber_switch(host_fiber_main(), true);
	abort();
}

[[noreturn]] void host_finish(void)
{
	host_end(HOST_FINISHED);
}

enum host_outcome host_run(void (*boot)(void *), void *arg)
{
	host_cpu_start(0, boot, arg);
	host_go();
	return outcome;
}

enum host_outcome host_continue(void (*fn)(void *), void *arg)
{
	host_interrupt_inject(fn, arg);
	host_go();
	return outcome;
}

static struct {
	void (*fn)(void *);
	void *arg;
} body;

static void run_body([[maybe_unused]] void *unused)
{
	body.fn(body.arg);
	host_cpu_stop();
}

void host_test_run_cpus(unsigned count, void (*fn)(void *), void *arg, void (*on_ipi_call)(void))
{
	body.fn = fn;
	body.arg = arg;
	host_hooks.on_ipi_call = on_ipi_call;
	if (count > host_cpu_total)
		host_die("%u CPUs wanted, but %u booted", count, host_cpu_total);
	for (unsigned i = 0; i < count; i++)
		host_cpu_start(i, run_body, NULL);
	host_go();
	for (unsigned i = 0; i < count; i++) {
		if (host_cpus[i].state != HOST_CPU_OFF)
			host_die("deadlock: CPU %u idles and nothing can ever wake it", i);
	}
}

static void cpu_main(void *arg)
{
	host_hooks.cpu_main((unsigned)(uintptr_t)arg);
}

unsigned arch_start_cpus(void)
{
	for (unsigned i = 1; i < host_cpu_total; i++)
		host_cpu_start(i, cpu_main, (void *)(uintptr_t)i);
	return host_cpu_total;
}

void arch_cpu_install(struct cpu *cpu)
{
	host_cpu->cpu = cpu;
	host_this_cpu = cpu;
}

void host_test_as_cpu(unsigned id)
{
	host_cpu = &host_cpus[id];
	host_this_cpu = host_cpu->cpu;
}

#pragma clang attribute pop
