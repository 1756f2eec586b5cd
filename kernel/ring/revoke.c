// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Revocation. The promise: after it returned, no call through the gate is delivered, no RETURN to one is claimed, and
 * nothing obtained through it works.
 *
 *   1. every gate below is marked dead: from now on look-ups fail with REVOKED;
 *   2. one quiescence: whoever looked before has left the kernel, its request is in the gate's list (G2, G3);
 *   3. the requests in the lists are completed with REVOKED, mappings are removed.
 * Each list is worked off one element at a time, without holding the lock across the work. A lease that expires does the same
 * without waiting: steps 3 run behind the quiescence, some at a time.
 */
#include <arch/cpu.h>
#include <cap/gate_mapping.h>
#include <core/quiesce.h>
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

#define CHUNK 64u /* gates, calls and mappings in one step */

static uint64_t expiring; /* atomic: expiries that are not through; raised before a gate is marked */

/* One step of what hangs on the dead gates; true: nothing is left. */
static bool finish(struct list *dying, struct revoke_report *report)
{
	for (unsigned left = CHUNK; !list_is_empty(dying); left--) {
		struct gate *gate = list_first(dying, struct gate, dying);
		for (; left > 0 && abort_one(gate, &report->calls); left--)
			;
		for (; left > 0 && gate_mapping_revoke_one(gate); left--)
			report->mappings++;
		if (left == 0)
			return false;
		report->entries += load_relaxed(&gate->entries);
		list_remove(&gate->dying);
		gate_put(gate);
	}
	return true;
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
	struct list dying = LIST_INIT(dying);

	*report = (struct revoke_report){0};
	take_turn();
	if (gate->expires_ns != 0)
		(void)timer_cancel(&gate->expiry);
	gate_revoke_begin(gate, &dying);
	quiesce_wait();
	while (!finish(&dying, report))
		;
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
		quiesce_free(node, finish_some);
		return;
	}
	(void)atomic_sub(&expiring, 1);
	gate_put(gate);
}

/* Whoever looked before it was marked has left the kernel when finish_some runs, and its request is in the gate's list (G2, G3): in an
 * interrupt there is no waiting, but there is somebody to do the rest. */
void gate_expire(struct gate *gate)
{
	gate_get(gate);
	(void)atomic_add(&expiring, 1);
	gate_revoke_begin(gate, &gate->doomed);
	quiesce_free(&gate->ending, finish_some);
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
