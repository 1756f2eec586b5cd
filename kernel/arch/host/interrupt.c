// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Inter-processor requests and interrupt lines. They stay pending until the CPU takes them: at a step of user code, in
 * arch_idle, or (calls and halts only) in arch_poll_ipi. The kernel runs with interrupts off everywhere else.
 */
#include <arch/cpu.h>
#include <arch/platform.h>
#include <archimpl/test.h>

#include "host.h"

static struct line {
	bool bound, masked, pending;
	uint8_t cpu;
} lines[HOST_IRQ_LINES];
/* Of those that are pending, one bit each: this is asked at every step. */
static uint64_t pending_lines[(HOST_IRQ_LINES + 63) / 64];

static struct {
	void (*fn)(void *);
	void *arg;
} injected; /* for CPU 0 */

void host_interrupt_inject(void (*fn)(void *), void *arg)
{
	injected.fn = fn;
	injected.arg = arg;
	host_kick(&host_cpus[0]);
}

static void take_injected(void)
{
	void (*fn)(void *) = injected.fn;

	if (host_cpu->id != 0 || !fn)
		return;
	injected.fn = NULL;
	fn(injected.arg);
}

void host_interrupt_reset(void)
{
	injected.fn = NULL;
	for (unsigned i = 0; i < HOST_IRQ_LINES; i++)
		lines[i] = (struct line){};
	__builtin_memset(pending_lines, 0, sizeof(pending_lines));
}

static void set_pending(unsigned line, bool pending)
{
	uint64_t bit = 1ull << line % 64;

	lines[line].pending = pending;
	if (pending)
		pending_lines[line / 64] |= bit;
	else
		pending_lines[line / 64] &= ~bit;
}

static bool no_line_is_pending(void)
{
	for (unsigned i = 0; i < array_size(pending_lines); i++) {
		if (pending_lines[i] != 0)
			return false;
	}
	return true;
}

static bool line_pending(const struct line *line, const struct host_cpu *c)
{
	return line->bound && line->pending && !line->masked && line->cpu == c->id;
}

bool host_interrupt_pending(const struct host_cpu *c)
{
	if (c->ipis || c->timer_ns <= host_now_ns() || (c->id == 0 && injected.fn))
		return true;
	for (unsigned i = 0; i < HOST_IRQ_LINES && !no_line_is_pending(); i++) {
		if (line_pending(&lines[i], c))
			return true;
	}
	return false;
}

/* --- between CPUs ------------------------------------------------------------------------------------------- */

void arch_ipi_send(unsigned cpu_id, enum arch_ipi kind)
{
	struct host_cpu *target;

	if (cpu_id >= host_cpu_total)
		host_die("request %d to CPU %u, which does not exist", (int)kind, cpu_id);
	target = &host_cpus[cpu_id];
	host_trace(0x100u + (unsigned)kind + cpu_id * 16u);
	target->ipis |= 1u << kind;
	/* A halt gets through even where interrupts are off. */
	if (kind == ARCH_IPI_HALT && target != host_cpu)
		target->state = HOST_CPU_OFF;
	host_kick(target);
}

static bool take_ipi(enum arch_ipi kind)
{
	bool was = host_cpu->ipis & 1u << kind;

	host_cpu->ipis &= ~(1u << kind);
	return was;
}

void arch_poll_ipi(void)
{
	if (take_ipi(ARCH_IPI_HALT))
		host_cpu_stop();
	if (take_ipi(ARCH_IPI_CALL) && host_hooks.on_ipi_call)
		host_hooks.on_ipi_call();
}

unsigned host_test_take_ipis(unsigned id)
{
	unsigned was = host_cpus[id].ipis;

	host_cpus[id].ipis = 0;
	return was;
}

/* Before a step of user code: whether an interrupt comes now. A request is on its way for a while, and the timer may
 * go off after any instruction; both by the seed. */
bool host_interrupt_due(void)
{
	if (!host_interrupt_pending(host_cpu)) {
		uint64_t deadline = host_cpu->timer_ns;

		if (deadline == UINT64_MAX || deadline - host_now_ns() > HOST_JUMP_NS ||
		    !host_policy_chance(HOST_CHANCE_JUMP))
			return false;
		host_test_advance(deadline - host_now_ns());
		return true;
	}
	return !host_policy_chance(HOST_CHANCE_LATE);
}

/* Takes everything that is pending for this CPU; false if nothing was. */
bool host_interrupt_deliver(void)
{
	bool any = host_interrupt_pending(host_cpu);

	arch_poll_ipi();
	take_ipi(ARCH_IPI_RESCHEDULE);
	take_injected();
	if (host_test_take_timer(host_cpu->id) && host_hooks.on_timer) {
		host_trace(0x200);
		host_hooks.on_timer();
	}
	for (unsigned i = 0; i < HOST_IRQ_LINES && !no_line_is_pending(); i++) {
		if (!line_pending(&lines[i], host_cpu))
			continue;
		set_pending(i, false);
		lines[i].masked = true;
		host_trace(0x300 + i);
		host_hooks.on_interrupt(i);
	}
	return any;
}

/* --- lines -------------------------------------------------------------------------------------------------- */

bool arch_irq_bind(unsigned line, unsigned cpu_id)
{
	if (line >= HOST_IRQ_LINES || cpu_id >= host_cpu_total)
		return false;
	lines[line] = (struct line){
		.bound = true, .masked = true, .pending = lines[line].pending, .cpu = (uint8_t)cpu_id};
	return true;
}

void arch_irq_unbind(unsigned line)
{
	if (line < HOST_IRQ_LINES)
		lines[line].bound = false;
}

void arch_irq_unmask(unsigned line)
{
	if (line >= HOST_IRQ_LINES || !lines[line].bound)
		return;
	lines[line].masked = false;
	if (lines[line].pending)
		host_kick(&host_cpus[lines[line].cpu]);
}

unsigned arch_irq_of_isa(unsigned isa)
{
	return isa == 0 ? 2 : isa;
}

void host_raise_irq(unsigned line)
{
	set_pending(line, true);
	if (lines[line].bound && !lines[line].masked)
		host_kick(&host_cpus[lines[line].cpu]);
}

#pragma clang attribute pop
