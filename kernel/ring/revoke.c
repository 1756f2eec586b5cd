// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Revocation. The promise: after it returned, no call through the gate is delivered, no RETURN to one is claimed, and
 * nothing obtained through it works.
 *
 *   1. every gate below is marked dead: from then on look-ups fail with REVOKED;
 *   2. one quiescence: whoever looked before has left the kernel, its request is in the gate's list (G2, G3);
 *   3. the requests in the lists are completed with REVOKED, mappings are removed.
 * All of that a piece of work at a time, with interrupts let in between (core/work.h): nothing is held then but references. A lease
 * that expires does the same without waiting, as a chore.
 */
#include <arch/cpu.h>
#include <cap/gate_mapping.h>
#include <core/isolation.h>
#include <core/quiesce.h>
#include <core/work.h>
#include <ring/revoke.h>
#include <ring/request.h>

/* Takes one waiting request off the list and completes it; false: there is none left. */
static bool abort_one(struct gate *gate, uint64_t *calls)
{
	spin_lock(&gate_lock);
	struct list *node = list_pop_front(&gate->requests);
	struct request *request = node != NULL ? container_of(node, struct request, gate_link) : NULL;
	uint64_t sequence = request != NULL ? load_acquire(&request->claim) >> 2 : 0;
	spin_unlock(&gate_lock);
	if (request == NULL)
		return false;
	if (request_abort(request, sequence, STATUS_REVOKED, NULL))
		(*calls)++;
	return true;
}

/* One piece: so many gates, or calls and mappings, which are four times as much. */
#define FINISH_PIECE 128u
#define CALL_COST 4u
#define GATE_WORK 1024u

static uint64_t expiring; /* atomic: expiries that are not through; raised before a gate is marked */

/* Nothing is added to a dead gate's lists any more. */
static bool something_hangs_on(struct gate *gate)
{
	spin_lock(&gate_lock);
	bool something = !list_is_empty(&gate->requests) || !list_is_empty(&gate->mappings);
	spin_unlock(&gate_lock);
	return something;
}

/* Ends what hangs on one dead gate, and returns how much more may be done. */
static unsigned finish_one(struct gate *gate, struct revoke_report *report, unsigned left)
{
	if (unlikely(something_hangs_on(gate))) {
		for (; left >= CALL_COST && abort_one(gate, &report->calls); left -= CALL_COST)
			;
		for (; left >= CALL_COST && gate_mapping_revoke_one(gate); left -= CALL_COST)
			report->mappings++;
	}
	return left < CALL_COST ? 0 : left - 1;
}

/* A piece of what hangs on the dead gates, whose tree is marked; true: nothing is left. */
static bool finish(struct gate_tree *tree, struct revoke_report *report)
{
	unsigned left = FINISH_PIECE;

	while (!list_is_empty(&tree->dying)) {
		struct gate *gate = list_first(&tree->dying, struct gate, dying);

		left = finish_one(gate, report, left);
		if (left == 0)
			break;
		report->entries += load_relaxed(&gate->entries);
		list_remove(&gate->dying);
		gate_put(gate);
	}
	work_done((FINISH_PIECE - left) * GATE_WORK);
	return list_is_empty(&tree->dying);
}

/* One revocation after the other: one that finds a gate dead already must not return before whoever marked it has ended what hung
 * on it. Who waits for its turn counts as outside the kernel, as in quiesce_wait: the one before may wait for this CPU. */
static uint64_t next_turn, turn; /* atomic */

static void take_turn(void)
{
	uint64_t mine = atomic_add(&next_turn, 1ull);

	if (likely(load_acquire(&turn) == mine))
		return;
	store_release(&this_cpu()->epoch,
		      0ull); /* quiesce_exit would also run what is due, in the middle of an operation */
	while (load_acquire(&turn) != mine) {
		arch_poll_ipi();
		arch_pause();
	}
	quiesce_enter();
}

void gate_revoke(struct gate *gate, struct revoke_report *report)
{
	struct gate_tree tree;

	*report = (struct revoke_report){0};
	take_turn();
	if (gate->expires_ns != 0)
		(void)timer_cancel(&gate->expiry);
	gate_revoke_begin(gate, &tree);
	while (!gate_revoke_mark(&tree))
		arch_take_interrupts();
	isolation_look_again();
	quiesce_wait();
	while (!finish(&tree, report))
		arch_take_interrupts();
	(void)atomic_add(&turn, 1ull);
	/* An expiry may have marked some of them before us, and be at the rest of its work. */
	if (unlikely(load_acquire(&expiring) != 0))
		quiesce_drain();
}

static void finish_some(struct quiesce_node *node)
{
	struct gate *gate = container_of(node, struct gate, ending);
	struct revoke_report report = {0};

	if (!finish(&gate->doomed, &report)) {
		quiesce_again(node, finish_some);
		return;
	}
	(void)atomic_sub(&expiring, 1);
	gate_put(gate);
}

/* Whoever looked before all is marked has left the kernel when finish_some runs, and its request is in a gate's list (G2, G3). */
static void mark_some(struct quiesce_node *node)
{
	struct gate *gate = container_of(node, struct gate, ending);

	if (!gate_revoke_mark(&gate->doomed)) {
		quiesce_again(node, mark_some);
		return;
	}
	isolation_look_again();
	quiesce_free(node, finish_some);
}

/* In an interrupt there is no waiting, but there is somebody to do the rest. */
void gate_expire(struct gate *gate)
{
	gate_get(gate);
	(void)atomic_add(&expiring, 1);
	gate_revoke_begin(gate, &gate->doomed);
	mark_some(&gate->ending);
}

/* A lease has run out. */
static void expire(struct timer *timer)
{
	struct gate *gate = container_of(timer, struct gate, expiry);

	if (!object_try_get(&gate->object))
		return; /* its last reference is gone */
	gate_expire(gate);
	gate_put(gate);
}

void gate_expire_at(struct gate *gate, uint64_t deadline_ns)
{
	gate->expires_ns = deadline_ns;
	timer_init(&gate->expiry, expire);
	timer_arm(&gate->expiry, deadline_ns);
}
