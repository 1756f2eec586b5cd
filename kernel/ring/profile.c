// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The profiler: a timer on each CPU that writes down whom it interrupted.
 *
 * The kernel runs with interrupts off, so a moment that comes while it works is seen when it returns: at the instruction behind the
 * system call. There the sample counts for the kernel, under the operation that the CPU dispatched last. A sample falls
 * exactly there for another reason about as often as for any other instruction.
 *
 * Each CPU writes its own samples; a slot is taken by one atomic addition. The last timer to end gives the memory back.
 */
#include "ops.h"

#include <abi/profile.h>
#include <arch/memory.h>
#include <core/clock.h>
#include <core/recorder.h>
#include <mm/memory.h>
#include <mm/space.h>
#include <ring/profile.h>

#define SLOTS_PER_PAGE (PAGE_SIZE / PROFILE_SLOT)

enum { PROFILE_OFF, PROFILE_CHANGING, PROFILE_ON };

static struct {
	uint32_t state;   /* atomic */
	uint32_t running; /* timers that will fire again; atomic */
	struct memory *memory;
	uint64_t slots;
	uint64_t period_ns, ends_ns;
	struct profile_header *header; /* the first slot */
	unsigned char *page[PROFILE_MAX_PAGES];
	struct timer timers[MAX_CPUS];
} profile;

static struct profile_sample *slot_at(uint64_t index)
{
	return (struct profile_sample *)(void *)(profile.page[index / SLOTS_PER_PAGE] +
						 index % SLOTS_PER_PAGE * PROFILE_SLOT);
}

/* The user's instruction before `pc` entered the kernel. */
static bool is_behind_syscall(struct thread *thread, uint64_t pc)
{
	uint8_t bytes[sizeof(arch_syscall_bytes)];

	if (pc < sizeof(bytes) || space_peek(&thread->process->space, VADDR(pc - sizeof(bytes)), bytes,
					     sizeof(bytes)) != sizeof(bytes))
		return false;
	for (unsigned i = 0; i < sizeof(bytes); i++)
		if (bytes[i] != arch_syscall_bytes[i])
			return false;
	return true;
}

/* What this CPU dispatched last, if it was for this thread. */
static void last_dispatch(const struct cpu *cpu, uint32_t tid, struct profile_sample *sample)
{
	const struct recorder_event *event = recorder_last(cpu);

	if (event->thread != tid)
		return;
	sample->interface_id = event->interface_id;
	sample->method = event->method;
}

static void describe(const struct cpu *cpu, struct thread *thread, struct profile_sample *sample)
{
	struct arch_registers registers;

	arch_context_registers(&thread->context, &registers);
	sample->process = thread->process->pid;
	sample->thread = thread->tid;
	for (unsigned i = 0; i < sizeof(sample->name) - 1; i++)
		sample->name[i] = thread->process->name[i];
	sample->depth = (uint8_t)thread_walk_stack(thread->process, &registers, sample->pcs, PROFILE_DEPTH);
	sample->kind = PROFILE_USER;
	if (is_behind_syscall(thread, registers.pc)) {
		sample->kind = PROFILE_KERNEL;
		last_dispatch(cpu, thread->tid, sample);
	}
}

static void take_sample(void)
{
	const struct cpu *cpu = this_cpu();
	uint64_t sequence = atomic_add(&profile.header->taken, 1ull) + 1;
	struct profile_sample sample = {
		.time_ns = clock_now_ns(), .cpu = (uint16_t)cpu->id, .kind = PROFILE_IDLE};

	if (sequence >= profile.slots)
		return;
	if (cpu->current != NULL && cpu->current_context != NULL)
		describe(cpu, sched_thread(cpu->current), &sample);

	struct profile_sample *slot = slot_at(sequence);
	const uint64_t *from = (const uint64_t *)(const void *)&sample;
	uint64_t *to = (uint64_t *)(void *)slot;

	for (unsigned i = 1; i < PROFILE_SLOT / 8; i++)
		store_relaxed(&to[i], from[i]);
	store_release(&slot->sequence, sequence);
}

static void fire(struct timer *timer)
{
	uint64_t now = clock_now_ns(), next = timer->node.key + profile.period_ns;

	if (now < profile.ends_ns) {
		take_sample();
		timer_arm(timer, next > now ? next : now + profile.period_ns);
		return;
	}
	if (atomic_sub(&profile.running, 1u) == 1) {
		memory_put(profile.memory);
		store_release(&profile.state, (uint32_t)PROFILE_OFF);
	}
}

static void arm_here(void *unused)
{
	struct timer *timer = &profile.timers[this_cpu()->id];

	(void)unused;
	timer_init(timer, fire);
	timer_arm(timer, clock_now_ns() + profile.period_ns);
}

static enum status commit(struct memory *memory)
{
	for (uint64_t i = 0; i < memory->pages; i++) {
		paddr_t frame;
		enum status status = memory_page(memory, i, &frame);

		if (status != STATUS_OK)
			return status;
		profile.page[i] = phys_to_virt(frame);
	}
	return STATUS_OK;
}

enum status profile_start(struct memory *memory, uint64_t period_ns, uint64_t duration_ns, uint64_t *ends_ns)
{
	if (memory->pages > PROFILE_MAX_PAGES || memory->physical || memory->read_only)
		return STATUS_INVALID;
	uint32_t off = PROFILE_OFF;
	if (!atomic_cas(&profile.state, &off, (uint32_t)PROFILE_CHANGING))
		return STATUS_AGAIN;
	enum status status = commit(memory);
	if (status != STATUS_OK) {
		store_release(&profile.state, (uint32_t)PROFILE_OFF);
		return status;
	}
	memory_get(memory);
	profile.memory = memory;
	profile.slots = memory->pages * SLOTS_PER_PAGE;
	profile.header = (struct profile_header *)(void *)profile.page[0];
	profile.period_ns = period_ns;
	profile.ends_ns = clock_now_ns() + duration_ns;
	profile.running = cpu_count;
	store_relaxed(&profile.header->taken, 0ull);
	store_relaxed(&profile.header->period_ns, period_ns);
	store_relaxed(&profile.header->ends_ns, profile.ends_ns);
	*ends_ns = profile.ends_ns;
	store_release(&profile.state, (uint32_t)PROFILE_ON);
	cpu_call(~0ull >> (64 - cpu_count), arm_here, NULL);
	return STATUS_OK;
}
