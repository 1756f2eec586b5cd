// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Revocation. The promise: after it returned, no call through the gate is delivered, no RETURN to one is claimed, and
 * nothing obtained through it works.
 *
 *   1. every gate below is marked dead: from now on look-ups fail with REVOKED;
 *   2. one quiescence: whoever looked before has left the kernel, its request is in the gate's list (G2, G3);
 *   3. the requests in the lists are completed with REVOKED, mappings are removed.
 * Each list is worked off one element at a time, without holding the lock across the work.
 */
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

static void finish(struct list *dying, struct revoke_report *report)
{
	struct list *node;

	while ((node = list_pop_front(dying)) != NULL) {
		struct gate *gate = container_of(node, struct gate, dying);
		report->entries += load_relaxed(&gate->entries);
		while (abort_one(gate, &report->calls))
			;
		while (gate_mapping_revoke_one(gate))
			report->mappings++;
		gate_put(gate);
	}
}

void gate_revoke(struct gate *gate, struct revoke_report *report)
{
	struct list dying = LIST_INIT(dying);

	*report = (struct revoke_report){0};
	if (gate->expires_ns != 0 && timer_cancel(&gate->expiry))
		gate_put(gate);
	gate_revoke_begin(gate, &dying);
	quiesce_wait();
	finish(&dying, report);
}

/* A lease has run out. In the timer's interrupt there is no waiting: a call that is just being admitted on another CPU may
 * still be delivered, and is completed by its server. */
static void expire(struct timer *timer)
{
	struct gate *gate = container_of(timer, struct gate, expiry);
	struct list dying = LIST_INIT(dying);
	struct revoke_report report = {0};

	gate_revoke_begin(gate, &dying);
	finish(&dying, &report);
	gate_put(gate);
}

void gate_expire_at(struct gate *gate, uint64_t deadline_ns)
{
	gate->expires_ns = deadline_ns;
	gate_get(gate); /* the timer's, until it fires or revoking cancels it */
	timer_init(&gate->expiry, expire);
	timer_arm(&gate->expiry, deadline_ns);
}
