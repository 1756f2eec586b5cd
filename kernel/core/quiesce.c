// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Epoch-based reclamation.
 *
 * - Invariant Q1: the epoch advances from e to e+1 only when every CPU that is inside announced e. So if a node is
 *   labelled e after it was made unreachable, nobody can still use it once the epoch is e+2: the CPUs that were inside
 *   then have announced something else since, or are outside.
 * - Each CPU keeps what it retired in three lists by label modulo 3; when a list is needed for a new label, its old
 *   content is at least three epochs old.
 * - Nodes are freed by the CPU that retired them, between two operations, a piece of work (core/work.h) each time.
 */
#include <core/quiesce.h>

#include <arch/cpu.h>
#include <core/log.h>
#include <core/work.h>

ARCH_HOT uint64_t quiesce_epoch = 1;

/* One attempt; false: a CPU is inside since an earlier epoch. The scan sees every announcement made before our fence; later ones are of
 * this epoch or newer. */
static bool try_advance(void)
{
	uint64_t epoch = load_acquire(&quiesce_epoch);
	unsigned count = load_relaxed(&cpu_count);

	full_fence();
	for (unsigned i = 0; i < count; i++) {
		uint64_t seen = load_acquire(&cpus[i].epoch);

		if (seen != 0 && seen != epoch)
			return false;
	}
	(void)atomic_cas(&quiesce_epoch, &epoch, epoch + 1);
	return true;
}

/* Moves the lists whose time has come to the ready list. */
static void gather(struct cpu *cpu)
{
	uint64_t epoch = load_acquire(&quiesce_epoch);

	for (unsigned i = 0; i < 3; i++) {
		struct quiesce_node *first = cpu->limbo[i], *last = first;

		if (!first || cpu->limbo_epoch[i] + 2 > epoch)
			continue;
		while (last->next)
			last = last->next;
		last->next = cpu->ready;
		cpu->ready = first;
		cpu->limbo[i] = NULL;
	}
}

/* Frees ready nodes until a piece of work is done. They may retire others, or themselves again. */
static void run_ready(struct cpu *cpu)
{
	uint64_t begin = work_begin();

	while (cpu->ready && !work_is_enough(begin)) {
		struct quiesce_node *node = cpu->ready;

		cpu->ready = node->next;
		store_relaxed(&cpu->limbo_count, cpu->limbo_count - 1);
		work_done(WORK_NODE);
		node->free(node);
	}
}

/* Outside while it advances, inside again while it frees. */
void quiesce_collect(void)
{
	struct cpu *cpu = this_cpu();
	bool inside = cpu->epoch != 0;

	store_release(&cpu->epoch, 0ull);
	if (load_relaxed(&cpu_count) == 1) /* nobody is inside */
		store_release(&quiesce_epoch, quiesce_epoch + 2);
	else if (try_advance())
		(void)try_advance();
	gather(cpu);
	quiesce_enter();
	run_ready(cpu);
	if (!inside)
		store_release(&cpu->epoch, 0ull);
}

void quiesce_free(struct quiesce_node *node, void (*free)(struct quiesce_node *))
{
	struct cpu *cpu = this_cpu();
	uint64_t epoch;
	unsigned list;

	node->free = free;
	full_fence(); /* what made it unreachable, before reading the label */
	epoch = load_relaxed(&quiesce_epoch);
	list = (unsigned)(epoch % 3);
	if (cpu->limbo[list] && cpu->limbo_epoch[list] != epoch)
		gather(cpu);
	node->next = cpu->limbo[list];
	cpu->limbo[list] = node;
	cpu->limbo_epoch[list] = epoch;
	store_relaxed(&cpu->limbo_count, cpu->limbo_count + 1);
}

void quiesce_again(struct quiesce_node *node, void (*free)(struct quiesce_node *))
{
	struct cpu *cpu = this_cpu();

	node->free = free;
	node->next = cpu->ready;
	cpu->ready = node;
	store_relaxed(&cpu->limbo_count, cpu->limbo_count + 1);
}

void quiesce_wait(void)
{
	struct cpu *cpu = this_cpu();
	bool inside = cpu->epoch != 0;
	uint64_t target;

	full_fence();
	target = load_acquire(&quiesce_epoch) + 2;
	store_release(&cpu->epoch, 0ull);
	for (;;) {
		(void)try_advance();
		if (load_acquire(&quiesce_epoch) >= target)
			break;
		arch_poll_ipi();
		arch_pause();
	}
	if (inside)
		quiesce_enter();
}

/* On each CPU in turn, wherever it was: in user mode, idle, or waiting with no lock held. */
static void free_here(void *unused)
{
	struct cpu *cpu = this_cpu();
	uint64_t before = cpu->epoch;

	(void)unused;
	/* It waits in a cpu_call of its own, which something freed here might need: the next round. */
	if (load_relaxed(&cpu->call_waiting) != 0)
		return;
	gather(cpu);
	if (before == 0)
		quiesce_enter();
	run_ready(cpu);
	if (before == 0)
		store_release(&cpu->epoch, 0ull);
}

static uint64_t waiting_nodes(void)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < load_relaxed(&cpu_count); i++)
		sum += load_relaxed(&cpus[i].limbo_count);
	return sum;
}

/* At least once: what another CPU is just taking apart has not been retired yet. */
void quiesce_drain(void)
{
	do {
		quiesce_wait();
		free_here(NULL);
		cpu_call(~(1ull << this_cpu()->id), free_here, NULL);
		arch_take_interrupts();
	} while (waiting_nodes() != 0);
}
