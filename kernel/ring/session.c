// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The end of a session: as revocation, for all calls of its processes. Marked, one quiescence, then what had been admitted before
 * is completed with REVOKED, a handful at a time.
 */
#include "ops.h"

#include <core/quiesce.h>
#include <ring/session.h>

#define BATCH 16u

struct waiting {
	struct request *request;
	uint64_t sequence;
};

/* Up to BATCH calls of one process that wait. They stay valid after the lock: this CPU is inside quiescence. */
static unsigned collect(struct process *process, struct waiting out[BATCH])
{
	unsigned n = 0;

	spin_lock(&process->lock);
	list_for_each (it, &process->threads) {
		struct ring *ring = &container_of(it, struct thread, link)->ring;
		for (uint32_t i = 0; i < ring->request_count && n < BATCH; i++) {
			struct request *request = &ring->requests[i];
			uint64_t word = load_acquire(&request->claim);
			if ((word & 3) == REQUEST_PENDING && request->sqe.op == CAP_OP_CALL)
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

uint64_t session_end(struct session *session)
{
	struct process *process;
	uint64_t calls = 0;

	if (atomic_swap(&session->ended, true))
		return 0;
	quiesce_wait();
	for (uint32_t from = 0; (process = process_next(from)) != NULL;) {
		if (process->session == session)
			calls += abort_calls(process);
		from = process->pid + 1;
		process_put(process);
	}
	return calls;
}
