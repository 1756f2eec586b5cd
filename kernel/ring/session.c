// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The end of a session: as revocation, for all calls of its processes. Marked, one quiescence, then what had been admitted before
 * is completed with REVOKED, a handful at a time. Whoever ends it waits for that; an expiry, which is an interrupt, has it done
 * behind it (quiesce_free), one process in each step.
 */
#include "ops.h"

#include <core/quiesce.h>
#include <core/work.h>
#include <ring/revoke.h>
#include <ring/session.h>

#define BATCH 16u

struct waiting {
	struct request *request;
	uint64_t sequence;
};

static bool is_use(const struct request *request)
{
	return request->sqe.op == CAP_OP_CALL || request->sqe.op == CAP_OP_WAIT;
}

/* Up to BATCH calls of one process that wait, and WAITs. They stay valid after the lock: this CPU is inside quiescence. */
static unsigned collect(struct process *process, struct waiting out[BATCH])
{
	unsigned n = 0;

	spin_lock(&process->lock);
	list_for_each (it, &process->threads) {
		struct ring *ring = &container_of(it, struct thread, link)->ring;
		for (uint32_t i = 0; i < ring->request_count && n < BATCH; i++) {
			struct request *request = &ring->requests[i];
			uint64_t word = request_claim_settled(request);
			if ((word & 3) == REQUEST_PENDING && is_use(request))
				out[n++] = (struct waiting){request, word >> 2};
		}
	}
	spin_unlock(&process->lock);
	return n;
}

static uint64_t abort_calls(struct process *process)
{
	struct waiting waiting[BATCH];
	uint64_t calls = 0;
	unsigned n;

	while ((n = collect(process, waiting)) != 0)
		for (unsigned i = 0; i < n; i++)
			calls += request_abort(waiting[i].request, waiting[i].sequence, STATUS_REVOKED, NULL);
	return calls;
}

/* Of the session's process with the smallest number from `*from` on; false: there is none. */
static bool abort_next(struct session *session, uint32_t *from, uint64_t *calls)
{
	struct process *process;

	while ((process = process_next(*from)) != NULL) {
		bool member = process->session == session;
		*from = process->pid + 1;
		if (member)
			*calls += abort_calls(process);
		process_put(process);
		if (member)
			return true;
	}
	return false;
}

uint64_t session_end(struct session *session)
{
	struct revoke_report report;
	uint32_t from = 0;

	if (session == &session_of_boot)
		return 0;
	store_relaxed(&session->ended, true);
	if (session->expires_ns != 0)
		(void)timer_cancel(&session->expiry);
	/* Waits for a quiescence, also if the gate is dead because the session has just expired. */
	gate_revoke(session->gate, &report);
	while (abort_next(session, &from, &report.calls))
		arch_take_interrupts();
	return report.calls;
}

static void abort_some(struct quiesce_node *node)
{
	struct session *session = container_of(node, struct session, ending);
	uint64_t calls = 0;

	work_done(WORK_PIECE / 4); /* as many calls as it has */
	if (abort_next(session, &session->aborted, &calls))
		quiesce_again(node, abort_some);
	else
		object_put(&session->object);
}

static void expire(struct timer *timer)
{
	struct session *session = container_of(timer, struct session, expiry);

	if (!object_try_get(&session->object))
		return; /* nobody is in it any more: session_gone has its way */
	store_relaxed(&session->ended, true);
	gate_expire(session->gate);
	quiesce_free(&session->ending, abort_some); /* which has the reference */
}

void session_expire_at(struct session *session, uint64_t deadline_ns)
{
	session->expires_ns = deadline_ns;
	timer_init(&session->expiry, expire);
	timer_arm(&session->expiry, deadline_ns);
}

void session_gone(struct object *object)
{
	struct session *session = container_of(object, struct session, object);

	if (session == &session_of_boot) {
		object->refs = 1;
		return;
	}
	if (!load_relaxed(&session->ended)) {
		store_relaxed(&session->ended, true);
		gate_expire(session->gate);
	}
	session_destroy(session);
}
