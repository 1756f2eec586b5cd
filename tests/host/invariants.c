// SPDX-License-Identifier: MIT OR Apache-2.0
/* Tables, references, ledgers, rings and epochs; see invariants.h. Endpoints, notifications and gates: invariants_queues.c. */
#include "invariants.h"

#include <archimpl/machine.h>
#include <cap/view.h>
#include <core/quiesce.h>
#include <ring/record.h>

/* ThreadSanitizer looks for races in the kernel, not in who looks at it while it rests. */
#pragma clang attribute push(__attribute__((no_sanitize("thread"))), apply_to = function)

#define FOLLOWED 512u
#define REFS 4096u

static struct {
	uint64_t looks, rests;
	unsigned every;
	int busy; /* programs that are in the kernel themselves */
	uint64_t quiet[FOLLOWED];
	bool follows[FOLLOWED], sponsors[FOLLOWED];
	bool spawns; /* processes may come and go between two looks */
} state;

/* ---- References: what was seen of each counted thing in this look ---- */

static struct ref {
	const void *what;
	const char *kind;
	uint64_t refs, seen, look;
} refs[REFS];

void refs_note(const void *what, uint64_t count, const char *kind)
{
	uint64_t at = (uint64_t)(uintptr_t)what * 0x9e3779b97f4a7c15ull >> 52;

	static_assert(REFS == 1u << (64 - 52));
	for (unsigned tries = 0; tries < REFS; tries++, at = (at + 1) % REFS) {
		struct ref *ref = &refs[at];
		if (ref->look == state.looks && ref->what != what)
			continue;
		if (ref->look != state.looks)
			*ref = (struct ref){what, kind, count, 0, state.looks};
		if (++ref->seen > count)
			host_die("invariant I3: %s %p has %llu references, and more can be seen", kind, what,
				 (unsigned long long)count);
		return;
	}
}

/* A view, once for each reference; what it refers to, once for each view. */
static void note_view(const struct view *view)
{
	uint64_t at = (uint64_t)(uintptr_t)view * 0x9e3779b97f4a7c15ull >> 52;

	for (unsigned tries = 0; tries < REFS && refs[at].look == state.looks;
	     tries++, at = (at + 1) % REFS) {
		if (refs[at].what == view) {
			refs_note(view, view->refs, "view");
			return;
		}
	}
	if (view->count > VIEW_MAX_INTERFACES || view->object == NULL || view->object->type == NULL)
		host_die("invariant I2: view %p is none", (const void *)view);
	refs_note(view, view->refs, "view");
	refs_note(view->object, view->object->refs, view->object->type->name);
	queues_look(view);
}

static void note_ref(struct cap_ref ref)
{
	note_view(ref.view);
	if (ref.gate == NULL)
		return;
	refs_note(&ref.gate->object, ref.gate->object.refs, "gate");
	gates_look(ref.gate);
}

/* ---- Tables ---- */

static uint32_t free_slots(const struct process *process, const struct cap_array *array)
{
	const struct cap_entry *entries = (const struct cap_entry *)(const void *)array;
	uint32_t count = 0;

	for (uint32_t slot = process->table.free; slot != 0; slot = entries[slot].next) {
		if (slot >= array->capacity || entries[slot].view != NULL ||
		    (entries[slot].generation & CAP_GENERATION_LOCKED) || ++count >= array->capacity)
			host_die("invariant I1: %s: slot %u is not free, but in the chain", process->name,
				 slot);
	}
	return count;
}

/* A child that came and went between two looks may still be charged to its sponsor. */
static bool nothing_is_retired(void)
{
	for (unsigned i = 0; i < cpu_count; i++)
		if (cpus[i].limbo_count != 0)
			return false;
	return true;
}

/* T3. A sponsor is charged for what its children may use, as long as anything of theirs is left. */
static void look_at_entries(const struct process *process)
{
	uint64_t least = process->table.used, charged = process->ledger.used[LEDGER_ENTRIES];

	for (const struct process *it = process_peek(NULL); it != NULL; it = process_peek(it)) {
		if (it->sponsor != process)
			continue;
		least += it->ledger.limit[LEDGER_ENTRIES];
		state.sponsors[process->pid % FOLLOWED] = true;
	}
	bool exact = !state.sponsors[process->pid % FOLLOWED] &&
		     (!state.spawns || (cpu_count == 1 && nothing_is_retired()));
	if (charged < least || (exact && charged != least))
		host_die("invariant I1: %s: %llu entries, %llu charged", process->name,
			 (unsigned long long)least, (unsigned long long)charged);
}

static void look_at_table(const struct process *process)
{
	const struct cap_array *array = process->table.array;
	const struct cap_entry *entries = (const struct cap_entry *)(const void *)array;
	const uint64_t *details = (const uint64_t *)(const void *)(entries + (array ? array->capacity : 0));
	uint32_t in_use = 0, retired = 0, free = 0;

	if (array == NULL) /* it has ended, or is about to */
		return;
	for (uint32_t slot = 1; slot < array->capacity; slot++) {
		const struct cap_entry *entry = &entries[slot];
		struct provenance provenance = {.detail = details[slot]};
		retired += entry->view == NULL && entry->generation == CAP_GENERATION_LOCKED;
		if (entry->view == NULL)
			continue;
		in_use++;
		note_ref((struct cap_ref){entry->view, entry->gate});
		__builtin_memcpy(&provenance, &entry->provenance, sizeof(entry->provenance));
		authority_note(process, entry->view, &provenance);
	}
	free = free_slots(process, array);
	if (in_use > process->table.used || free + process->table.used + retired != array->capacity - 1)
		host_die("invariant I1: %s: %u free + %u used (%u filled) + %u retired of %u slots",
			 process->name, free, process->table.used, in_use, retired, array->capacity - 1);
	look_at_entries(process);
}

static void look_at_ledger(const struct process *process, uint64_t records, uint64_t threads)
{
	const struct ledger *ledger = &process->ledger;
	const uint64_t least[LEDGER_COUNT] = {[LEDGER_CALLS] = records, [LEDGER_THREADS] = threads};

	for (unsigned i = 0; i < LEDGER_COUNT; i++)
		if (ledger->used[i] > ledger->limit[i] || ledger->used[i] < least[i])
			host_die("invariant I4: %s uses %llu of resource %u; at most %llu, at least %llu",
				 process->name, (unsigned long long)ledger->used[i], i,
				 (unsigned long long)ledger->limit[i], (unsigned long long)least[i]);
}

/* ---- Rings ---- */

static unsigned state_of(const struct request *request)
{
	return request->claim & 3;
}

static void bad_request(const struct request *request, const char *why)
{
	host_die("invariant I5: request %llu (op %u, claim %u, extras %#x): %s",
		 (unsigned long long)request->sequence, request->sqe.op, state_of(request), request->extras,
		 why);
}

/* The parts of one that waits; the references that it has. */
static void look_at_request(const struct ring *ring, const struct request *request)
{
	if (request->sequence >= ring->sq_head)
		bad_request(request, "has not been submitted");
	if (((request->extras & REQUEST_HELD) != 0) != (request->held != NULL))
		bad_request(request, "is held, and is not");
	if (request->extras & REQUEST_VIEW)
		note_view(request->view);
	if (request->extras & REQUEST_CARRIES)
		for (unsigned i = 0; i < request->sqe.caps_len; i++)
			note_ref(request->carried[i].ref);
	if (request->extras & REQUEST_COUNTED)
		refs_note(request->object, request->object->refs, request->object->type->name);
	if (request->extras & REQUEST_GATED)
		gates_request(request);
	if ((request->extras & REQUEST_RECORD) && (request->record->word & 3) != RECORD_RESERVED)
		bad_request(request, "waits to receive, but its record is not reserved");
	if (request->sqe.op == CAP_OP_CALL && request->record != NULL &&
	    state_of(request) == REQUEST_PENDING && request->record->word == request->served &&
	    request->record->caller != request)
		bad_request(request, "was delivered, but its record names another");
}

static uint32_t chained(const struct ring *ring, const struct request *first, bool done)
{
	uint32_t count = 0;

	for (const struct request *it = first; it != NULL; it = done ? it->done : it->next) {
		if (it->ring != ring || ++count > ring->request_count)
			bad_request(it, "is in a chain of another ring, or the chain is none");
		if (state_of(it) != (done ? REQUEST_CLAIMED : REQUEST_FREE))
			bad_request(it, done ? "is done, but not claimed" : "is in the free list");
	}
	return count;
}

static uint32_t listed(const struct list *head)
{
	uint32_t count = 0;

	for (const struct list *it = head->next; it != head; it = it->next, count++)
		if (it->next->prev != it || it->prev->next != it || count > 4096)
			host_die("invariant I5: a list of a ring is none");
	return count;
}

static void look_at_completions(const struct thread *thread)
{
	const struct ring *ring = &thread->ring;
	int32_t quiet = (int32_t)((uint32_t)ring->sq_head - ring->cq_tail - ring->pending -
				  (ring->state == RING_ALONE));
	uint32_t at = thread->tid;

	if (quiet < 0 || (at < FOLLOWED && state.follows[at] && (uint64_t)quiet > state.quiet[at]))
		host_die(
			"invariant I6: thread %u: %llu accepted, %u completed, %u pending, at most %llu quiet",
			thread->tid, (unsigned long long)ring->sq_head, ring->cq_tail, ring->pending,
			at < FOLLOWED ? (unsigned long long)state.quiet[at] : 0ull);
}

/* What it counts of records that its process pays for. */
static uint64_t look_at_ring(const struct thread *thread)
{
	const struct ring *ring = &thread->ring;
	/* The spare waits, and is not counted (ring/ring.h). */
	bool alone = ring->state == RING_ALONE;
	uint32_t waiting = 0, posted = 0, held = 0, pending = ring->pending + alone;
	uint64_t records = 0;

	for (uint32_t i = 0; i < ring->request_count; i++) {
		const struct request *request = &ring->requests[i];
		if (state_of(request) == REQUEST_FREE)
			continue;
		waiting++;
		look_at_request(ring, request);
		posted += (request->extras & REQUEST_POSTED) != 0;
		held += (request->extras & REQUEST_HELD) != 0;
		records += (request->extras & REQUEST_RECORD) != 0;
	}
	if (alone && (state_of(ring->free) == REQUEST_FREE || (ring->free->extras & ~REQUEST_PASSED) != 0))
		bad_request(ring->free, "is what its ring waits for alone, and is not");
	uint32_t done = chained(ring, ring->done, true);
	uint32_t spare = chained(ring, alone ? ring->free->next : ring->free, false);
	if (waiting != pending || spare + waiting != ring->request_count || spare == 0)
		host_die("invariant I5: thread %u: %u requests, %u free, %u wait, %u pending", thread->tid,
			 ring->request_count, spare, waiting, pending);
	if (!alone && ring->cq_tail - ring->cq_head + pending > ring->cq_count)
		host_die("invariant I5: thread %u: no room for all completions (Q1)", thread->tid);
	if (done != 0 && !(ring->signals & RING_DONE))
		host_die("invariant I5: thread %u: %u are done, and nobody was told", thread->tid, done);
	if (listed(&ring->posted) != posted || listed(&ring->held) > held || held != ring->held_count ||
	    list_is_empty(&ring->held) != (held == 0) || (held != 0) != ((ring->signals & RING_HOLDING) != 0))
		host_die("invariant I5: thread %u: %u posted, %u held, %u counted", thread->tid, posted, held,
			 ring->held_count);
	if (ring->parked != NULL &&
	    (state_of(ring->parked) == REQUEST_FREE || (ring->parked->extras & REQUEST_POSTED)))
		bad_request(ring->parked, "is parked, but does not wait");
	look_at_completions(thread);
	return records;
}

static void look_at_process(const struct process *process)
{
	uint64_t records = 0, threads = 0;

	if (process->state == PROCESS_ENDED)
		return;
	look_at_table(process);
	list_for_each (it, &process->threads) {
		const struct thread *thread = container_of(it, struct thread, link);
		if (thread->ended || thread->ring.state == RING_DEAD)
			continue;
		records += look_at_ring(thread);
		threads++;
	}
	look_at_ledger(process, records, threads);
}

/* ---- Epochs ---- */

static uint64_t nodes(const struct quiesce_node *node)
{
	uint64_t count = 0;

	for (; node != NULL; node = node->next)
		count++;
	return count;
}

static void look_at_cpu(const struct cpu *cpu)
{
	uint64_t waiting = nodes(cpu->ready);

	for (unsigned i = 0; i < array_size(cpu->limbo); i++) {
		waiting += nodes(cpu->limbo[i]);
		if (cpu->limbo[i] != NULL && cpu->limbo_epoch[i] > quiesce_epoch)
			host_die("invariant I9: CPU %u retired in an epoch that has not come", cpu->id);
	}
	if (waiting != cpu->limbo_count)
		host_die("invariant I9: CPU %u retired %llu nodes, and counts %llu", cpu->id,
			 (unsigned long long)waiting, (unsigned long long)cpu->limbo_count);
}

/* ---- All of it ---- */

/* A program of a scenario may itself be in the middle of something: then the kernel does not rest. */
static bool somebody_is_at_it(void)
{
	bool inside = this_cpu()->epoch != 0;

	if (inside)
		host_die("invariant I9: CPU %u goes to user code, but announces epoch %llu", this_cpu()->id,
			 (unsigned long long)this_cpu()->epoch);
	for (unsigned i = 0; i < cpu_count; i++)
		inside |= cpus[i].epoch != 0;
	for (const struct process *it = process_peek(NULL); it != NULL; it = process_peek(it))
		inside |= it->lock.word != 0 || it->table.lock.word != 0;
	return inside || gate_lock.word != 0;
}

static void look(void)
{
	if (state.every == 0 || state.busy != 0 || ++state.rests % state.every != 0 || somebody_is_at_it())
		return;
	state.looks++;
	for (const struct process *it = process_peek(NULL); it != NULL; it = process_peek(it))
		look_at_process(it);
	authority_settle();
	for (unsigned i = 0; i < cpu_count; i++)
		look_at_cpu(&cpus[i]);
}

void invariants_begin(void)
{
	uint64_t looks = state.looks; /* what was noted in an earlier look is never this one's */

	__builtin_memset(&state, 0, sizeof(state));
	state.looks = looks;
	state.every = 1;
	authority_begin();
	host_at_rest = look;
}

void invariants_spawns(void)
{
	state.spawns = true;
}

uint64_t invariants_looks(void)
{
	return state.looks;
}

void invariants_every(unsigned n)
{
	state.every = n;
}

void invariants_busy(bool busy)
{
	state.busy += busy ? 1 : -1;
}

void invariants_follow(void)
{
	uint32_t at = thread_current()->tid;

	if (at < FOLLOWED)
		state.follows[at] = true;
}

void invariants_quiet(void)
{
	uint32_t at = thread_current()->tid;

	if (at < FOLLOWED)
		state.quiet[at]++;
}

#pragma clang attribute pop
