// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The whole simulated machine: CPUs that enter the kernel from user programs (archimpl/user.h), interrupts, time.
 *
 *   host_test_boot(cpus, bytes);          memory, per-CPU state
 *   host_hooks = host_kernel_hooks();     the real kernel above (or a test's own)
 *   outcome = host_run(boot, arg);        boot runs on CPU 0 as kernel_main would: makes processes, then
 *                                         arch_start_cpus() and arch_resume_loop()
 *
 * host_run returns when the machine is quiet for good: every CPU idles and no timer is armed. Which user programs got
 * to their end is for the caller to check: if one did not, that was a deadlock or a lost wake-up.
 */
#pragma once

#include <arch/entry.h>
#include <core/types.h>

enum host_outcome { HOST_QUIET, HOST_POWEROFF, HOST_REBOOT, HOST_FINISHED };

/* How the machine calls the kernel above; the contracts are arch/entry.h's. */
struct host_hooks {
	struct arch_context *(*on_syscall)(uint64_t number, uint64_t arg0, uint64_t arg1);
	void (*on_fault)(const struct arch_fault *fault);
	void (*on_interrupt)(unsigned line);
	void (*on_timer)(void);
	void (*on_ipi_call)(void);
	struct arch_context *(*next)(void);
	void (*cpu_main)(unsigned cpu_id);
	/* May be NULL. False if `frame` is free: then no translation cache may know it (checked at each use). */
	bool (*frame_in_use)(paddr_t frame);
};
extern struct host_hooks host_hooks;
struct host_hooks host_kernel_hooks(void);

/* Called when a CPU goes back to user code while no other is in the kernel: what the kernel's structures say then is whole. Not to pass
 * a switch point. NULL (after each boot): nobody looks. */
extern void (*host_at_rest)(void);

enum host_outcome host_run(void (*boot)(void *), void *arg);
/* After host_run ended with HOST_QUIET: goes on, with fn(arg) called on CPU 0 as an interrupt would be. */
enum host_outcome host_continue(void (*fn)(void *), void *arg);
/* Ends host_run now; from any coroutine. */
[[noreturn]] void host_finish(void);

/* --- schedule ------------------------------------------------------------------------------------------------ */
enum host_point {
	HOST_POINT_ATOMIC, /* before an atomic operation of the kernel */
	HOST_POINT_USER,   /* before a step of a user program */
	HOST_POINT_PAUSE,  /* it spins: whoever else can should run */
	HOST_POINT_BLOCK,  /* it cannot go on */
};

/* Seed of the schedule and of arch_entropy for the next host_run or host_test_run_cpus. 0: CPUs switch only where
 * they wait, and now and then in user mode. */
void host_seed(uint64_t seed);
/* A measuring program's own schedule: which of `runnable` goes on, instead of the policy; nothing else is random then. NULL: none. */
extern unsigned (*host_choose)(unsigned current, uint64_t runnable, enum host_point point);
/* By how much time passes at each switch point. */
extern uint64_t host_step_ns;
/* A hash of all that the machine did since boot: equal for equal seeds. */
uint64_t host_trace_hash(void);
uint64_t host_steps(void);
/* After this many switch points a run is ended as a livelock; default 5 million. */
extern uint64_t host_step_limit;
/* Random numbers for the test, from the seed, independent of the schedule's. */
uint64_t host_random(void);

/* --- time, interrupts, ports --------------------------------------------------------------------------------- */
uint64_t host_now_ns(void);
#define HOST_IRQ_LINES 64u
void host_raise_irq(unsigned line);
/* A port that reads what was last written to it, `value` first. At most 32. */
void host_io_add(uint16_t port, uint32_t value);

/* --- failure --------------------------------------------------------------------------------------------------- */
/* Prints why, the seed and the kernel's log, and ends the process with 1. */
[[noreturn, gnu::format(printf, 1, 2)]] void host_die(const char *format, ...);
/* Printed with each failure: how to get it again. */
extern const char *host_run_name;
/* Instead of ending the process with 1, once everything is said: a fuzzer saves its input. */
extern void (*host_at_abort)(void);
extern const char *(*host_run_choices)(void); /* more of it, asked for when it is printed; or NULL */

/* From now on runs are those with at most so many preemptions, in order; of `choices` (NULL: all) only that one. */
void host_exhaust_begin(unsigned preemptions, const char *choices);
/* After each run: is there another one? */
bool host_exhaust_next(void);
void host_exhaust_end(void);
/* What a scenario does while it has paused it happens in one order: what leads up to the race that it is about. */
void host_exhaust_pause(bool pause);
/* What leads to this run. */
const char *host_exhaust_name(void);

/* No translation cache names a free frame, no CPU has a freed root; dies otherwise. */
void host_tlb_audit(void);
