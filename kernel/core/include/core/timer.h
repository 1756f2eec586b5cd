// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * One-shot timers on absolute deadlines, per CPU.
 *
 * - A timer belongs to the CPU that armed it and fires there, in kernel_on_timer, with no lock held. timer_cancel from
 *   any CPU: true if it will not fire (any more), false if it has fired or is firing; the element that holds it is
 *   then freed only through quiescence.
 * - Clock source and clock event are apart: what time it is comes from a counter (core/clock.h), and nothing ticks; the one-shot
 *   of a CPU (arch_timer_arm) is set for the nearest deadline, and for nothing when there is none.
 * - Timers form a heap for each CPU (lib/heap): arming and cancelling take at most log2(n) steps, with a thousand sleepers ten.
 */
#pragma once

#include <core/types.h>
#include <heap/heap.h>

struct timer {
	void (*fire)(struct timer *);
	/* t: timer_lock of cpu; the key is the deadline in ns, at most INT64_MAX: keys are compared by difference */
	struct heap_node node;
	uint8_t cpu;
	bool armed; /* t */
};

void timer_init(struct timer *timer, void (*fire)(struct timer *));
/* Not armed now. UINT64_MAX: never. */
void timer_arm(struct timer *timer, uint64_t deadline_ns);
bool timer_cancel(struct timer *timer);
bool timer_is_any_armed(unsigned cpu_id);
void timer_run_expired(
	void);          /* on this CPU, then arms the hardware for the next; called by kernel_on_timer */
void timer_rearm(void); /* arms the hardware for the nearest of: first timer, end of slice */
/* As timer_rearm, if the hardware would fire later than this. */
void timer_need(uint64_t deadline_ns);
