// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Requests: admitted submissions that could not complete at once.
 *
 * - A ring has a fixed number, prepaid at its creation, and one spare that holds the submission being dispatched: the
 *   SQE is copied once, into the request, and the shared bytes are dead afterwards.
 * - `claim` decides who completes it: {sequence, state}. RETURN, CANCEL, deadline and death each try one
 *   compare-and-swap that names the sequence number; the winner alone goes on. A reused request cannot be hit.
 * - While it waits it is linked at most once, under *queue_lock. Whoever delivers from a queue holds that lock; whoever
 *   won a claim takes it to unlink. So a request is never completed while it is being delivered.
 *
 * - A call that its server passes on (tail.c) is PASSING for a moment: then everybody waits for PENDING.
 *
 * Invariant R1: claim is PENDING exactly while the request waits; each PENDING -> CLAIMED leads to one completion.
 */
#pragma once

#include <abi/ring.h>
#include <abi/status.h>
#include <cap/table.h>
#include <core/atomic.h>
#include <core/list.h>
#include <core/lock.h>
#include <core/timer.h>

struct process;
struct request;
struct ring;
struct service_record;
struct thread;

enum request_state : uint64_t {
	REQUEST_FREE = 0,
	REQUEST_PENDING = 1,
	REQUEST_CLAIMED = 2,
	REQUEST_PASSING = 3
};

/* A capability that travels: references of its own, and, for MOVE, the locked slot that it leaves. */
struct carried {
	struct cap_ref ref; /* first */
	cap_id id;          /* the sender's, for descriptions */
	cap_id moved;       /* 0: a copy */
	bool minted;
};

/* Room for the capabilities of a CALL, in request->carried. False: no memory. */
bool carried_alloc(struct request *request);
void carried_free(struct request *request);
/* Delivered: the moved slots of `from` are free now. The references have been installed elsewhere. */
void carried_commit(struct process *from, const struct carried *carried, unsigned count);
/* The smallest scope among them; and whether `from` may give all of them to `to`. */
enum transfer_scope carried_scope(const struct carried *carried, unsigned count);
bool carried_may_go(const struct carried *carried, unsigned count, const struct process *from,
		    const struct process *to);
/* Given, and wanted by nobody: gone. */
void carried_drop(struct process *from, const struct carried *carried, unsigned count);
/* Not delivered: slots are as before, references dropped. */
void carried_abort(struct process *from, const struct carried *carried, unsigned count);

struct gate_spares {
	struct gate *gate[CAP_MESSAGE_MAX_CAPS];
};

/* What a completion will say: words 1 to 3 of a cap_cqe. */
struct completion {
	int32_t status;
	uint32_t len;
	uint16_t caps;
	uint16_t flags;
	uint32_t reserved;
	uint64_t token;
};
static_assert(sizeof(struct completion) == sizeof(struct cap_cqe) - sizeof(uint64_t));

/* What the end of a request has to undo. Most calls have nothing. */
enum request_extra : uint16_t {
	REQUEST_SLOTS = 1 << 0,    /* table slots are reserved */
	REQUEST_TIMED = 1 << 1,    /* the timer was armed */
	REQUEST_CARRIES = 1 << 2,  /* capabilities that were not delivered */
	REQUEST_GATED = 1 << 3,    /* made through a gate */
	REQUEST_COUNTED = 1 << 4,  /* `object` is counted */
	REQUEST_POSTED = 1 << 5,   /* in ring->posted, not in the chain ring->parked */
	REQUEST_KEPT = 1 << 6,     /* KEEP_ANSWER */
	REQUEST_RECORD = 1 << 7,   /* a RECV that has not received: its reserved record */
	REQUEST_HELD = 1 << 8,     /* waits for answers: `held` */
	REQUEST_CAPTURED = 1 << 9, /* its completion is to be captured */
	REQUEST_PASSED = 1 << 10,  /* by TAIL: `passed` */
	REQUEST_VIEW = 1 << 11,    /* CALL: was queued; `view` is counted */
};

/*
 * What a request's words resolved to when it was a CALL to an endpoint, or a RETURN_RECV, without a gate.
 * The next submission that the request takes in finds it still true if its words are the same (but for user_data, a message that
 * is checked each time, and a token) and nothing has left the process's table (cap_table_removals, of the slot). Whoever
 * writes `words` otherwise forgets it.
 */
struct request_memory {
	const uint64_t *count; /* the table's; never NULL */
	/* What it said, with REQUEST_MORE unless the request is plain; REQUEST_FORGOTTEN: nothing is remembered */
	uint64_t removals;
	struct endpoint *endpoint; /* called, or received from */
	struct view *view;         /* CALL: of the facet */
	uint64_t session;          /* CALL: the caller, as the server sees it */
	uint64_t shape;            /* CALL: word 4 of the header that the server gets */
};
#define REQUEST_FORGOTTEN UINT64_MAX
#define REQUEST_MORE (1ull << 63)

struct request {
	union {
		struct cap_sqe sqe; /* the private copy */
		uint64_t words[8];
	};
	struct ring *ring; /* fixed */
	uint64_t sequence;
	uint64_t claim; /* atomic: sequence << 2 | state */
	struct request
		*next;    /* free list of the ring; also of the spare of one that is ALONE, or about to be */
	struct list link; /* in a queue, under *queue_lock */
	struct list
		followers; /* CALL: the next ones of its ring at an endpoint, see call_queue.h; else empty */
	union {
		struct list posted; /* RECV, WAIT: in ring->posted; owner only */
		struct list
			siblings; /* CALL that has its process's turn: those of the process's other rings (call_queue.h) */
	};
	struct request *
		behind; /* in ring->parked: the next one (see endpoint->parked); held: that follows it; owner only */
	struct spinlock *queue_lock; /* NULL: in no queue */
	struct object *
		object; /* what it waits at; an endpoint completes its queues before it goes, others are counted */
	struct cap_slots slots; /* reserved for capabilities that come back */
	struct service_record *
		record; /* RECV: reserved for the call that will come; CALL: where it was delivered, or NULL */
	struct view *view; /* CALL: of the facet, while REQUEST_VIEW */
	uint64_t session;  /* CALL: the reference that the server sees */
	union {
		uint64_t served;      /* CALL: the record's word when it was opened for it */
		struct request *done; /* completed: done list of the ring */
	};
	uint64_t key; /* CALL: of the facet; WAIT: bits that the facet may take */
	struct carried *
		carried; /* CALL: capabilities that go with it, sqe.caps_len of them: `one`, or on the heap */
	struct carried one;
	struct gate *gate;     /* CALL: through which it was made, counted; NULL = none */
	struct list gate_link; /* in gate->requests, under gate_lock (G2) */
	/* CALL through a gate: gates for what comes back under another (gate_combine) */
	struct gate_spares *spares;
	struct answer *answer; /* KEEP_ANSWER: its record */
	struct held *held;     /* what it waits for, and what it has of that; NULL: nothing (promise.c) */
	struct passed *passed; /* what the server that passed it on gave along (tail.c) */
	uint8_t hops;          /* how often it was passed on */
	uint16_t extras;       /* owner: enum request_extra; 0 in the spare */
	bool has_turn;         /* CALL: it is in endpoint->calls itself; under queue_lock */
	bool scoped;           /* of REQUEST_CARRIES: only a process of the caller's session may receive it */
	/* As remembered. CALL: its message is all of it; RETURN_RECV: so is its answer's, which lay in the arena, and nothing times it */
	bool plain;
	/* RETURN_RECV: one capability goes along, and otherwise it is plain; CALL: at most one, and nothing times it */
	bool little;
	struct request_memory memory; /* owner */
	struct timer deadline;
	uint64_t sleep_until; /* Timer.sleep: when it completes; 0 = it is no sleep */
	struct completion result;
};

static inline uint64_t request_claim_word(uint64_t sequence, enum request_state state)
{
	return sequence << 2 | state;
}

bool request_claim_passing(struct request *request, uint64_t sequence);

/* Wins the right to complete the request if it still is submission `sequence` and waits. */
static inline bool request_claim(struct request *request, uint64_t sequence)
{
	uint64_t expected = request_claim_word(sequence, REQUEST_PENDING);

	if (atomic_cas(&request->claim, &expected, request_claim_word(sequence, REQUEST_CLAIMED)))
		return true;
	return expected == request_claim_word(sequence, REQUEST_PASSING) &&
	       request_claim_passing(request, sequence);
}

/* The claim word. One that is being passed on is waited for: another CPU is at it, and needs nothing from this one. */
uint64_t request_claim_settled(const struct request *request);

static inline bool request_is_claimed(const struct request *request)
{
	return (load_acquire(&request->claim) & 3) != REQUEST_PENDING;
}

/* A call through a gate: counts it, and prepares a gate for each capability that may come back. REVOKED, NO_QUOTA, NO_MEMORY. */
enum status request_enter_gate(struct thread *thread, struct request *request, struct gate *gate);
/* Once it waits: revoking finds it (G2). If the gate died meanwhile, the request is told by whoever killed it or here. */
void request_link_gate(struct request *request);
/* Undoes the linking: revoking no longer finds it. */
void request_leave_gate(struct request *request);
/* Undoes both; nothing to do without a gate. */
void request_drop_gate(struct request *request);

/* The claimed request leaves its queue, if it is in one. Waits for a delivery in progress. */
void request_unlink(struct request *request);
/* Claim, unlink and complete with a status: CANCEL, deadline, death of the object. `own`: the ring that the caller owns, or
 * NULL. false: somebody else had claimed it. */
bool request_abort(struct request *request, uint64_t sequence, enum status status, struct ring *own);
/* Completes a claimed, unlinked request whose result is filled in: at once if its ring can be owned, else through its done
 * list. */
void request_complete(struct request *request, struct ring *own);
/* Writes a result message (whole words) into the buffer of a claimed CALL and sets its length. */
void request_write_result(struct request *request, const void *words, size_t bytes);
