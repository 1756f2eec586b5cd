// SPDX-License-Identifier: MIT OR Apache-2.0
/* Lending a budget along calls: see ring/lend.h. */
#include <ring/lend.h>

#include <ring/record.h>

static void mark(struct thread *thread)
{
	(void)atomic_or(&thread->ring.signals, (uint32_t)RING_BUDGET);
}

void lend_forget(struct thread *thread)
{
	(void)atomic_and(&thread->ring.signals, ~(uint32_t)RING_BUDGET);
	full_fence(); /* against who gives it one, and then marks it */
	if (load_relaxed(&thread->sched.budget) != NULL)
		mark(thread);
}

bool lend_bind(struct budget *budget, struct thread *thread, const bool *dead)
{
	if (!budget_bind(budget, &thread->sched, &thread->process->session->ended, dead))
		return false;
	mark(thread);
	return true;
}

/* The call is open as long as its claim word says that it waits. */
static bool lend(struct thread *from, struct thread *to, const struct request *call, uint64_t word)
{
	struct budget_ticket ticket = {.word = &call->claim, .open = word};

	if (!budget_lend(&from->sched, &to->sched, ticket, &to->process->session->ended))
		return false;
	mark(to);
	return true;
}

/* Who received this call, if it waits and that has not been answered. A thread that ends is no receiver any more, and what it was can be
 * looked at as long as this CPU is in the kernel; the record, since the call waits. */
static struct thread *receiver_of(const struct request *call, uint64_t word)
{
	if (load_acquire(&call->queue_lock) != NULL)
		return NULL;
	const struct service_record *record = load_relaxed(&call->record);
	if (record == NULL || load_acquire(&call->claim) != word ||
	    load_acquire(&record->word) != load_relaxed(&call->served))
		return NULL;
	return load_relaxed(&record->receiver);
}

struct open_call {
	const struct request *call;
	struct thread *server; /* NULL: none has it */
	uint64_t word;
	bool waits; /* for any call, also of the kernel */
};

/* The youngest call that somebody serves. */
static struct open_call find_open_call(const struct thread *thread)
{
	const struct ring *ring = &thread->ring;
	struct open_call found = {0};

	for (uint32_t i = 0; i < ring->request_count; i++) {
		const struct request *call = &ring->requests[i];
		uint64_t word = load_acquire(&call->claim);

		if ((word & 3) != REQUEST_PENDING || call->sqe.op != CAP_OP_CALL)
			continue;
		found.waits = true;
		struct thread *server = word > found.word ? receiver_of(call, word) : NULL;
		if (server != NULL)
			found = (struct open_call){call, server, word, true};
	}
	return found;
}

void lend_as_it_waits(struct thread *thread)
{
	struct open_call open = find_open_call(thread);

	if (open.server == NULL || !lend(thread, open.server, open.call, open.word))
		budget_rest(&thread->sched, !open.waits);
}

void lend_received_slowly(const struct request *call, uint64_t sequence, struct thread *receiver)
{
	struct thread *caller = ring_thread(call->ring);

	budget_give_back(&receiver->sched);
	full_fence(); /* delivered, before looking whether the caller waits; against lend_as_it_waits, which blocked before it looks */
	if (load_relaxed(&caller->ring.state) != RING_RUNNING)
		(void)lend(caller, receiver, call, request_claim_word(sequence, REQUEST_PENDING));
}
