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

struct ring;
struct service_record;

enum request_state : uint64_t { REQUEST_FREE = 0, REQUEST_PENDING = 1, REQUEST_CLAIMED = 2 };

/* What a completion will say. */
struct completion {
	int32_t status;
	uint32_t len;
	uint16_t caps;
	uint16_t flags;
	uint64_t token;
};

struct request {
	union {
		struct cap_sqe sqe; /* the private copy */
		uint64_t words[8];
	};
	struct ring *ring;      /* fixed */
	uint64_t sequence;
	uint64_t claim;         /* atomic: sequence << 2 | state */
	struct request *next;   /* free list of the ring, or its done list */
	struct list link;       /* in a queue, under *queue_lock */
	struct list posted;     /* RECV, WAIT: in ring->posted; owner only */
	struct spinlock *queue_lock; /* NULL: in no queue */
	struct object *object;  /* counted: what it waits at */
	struct cap_slots slots; /* reserved for capabilities that come back */
	struct service_record *record; /* RECV: reserved for the call that will come; CALL: where it was delivered */
	uint64_t key;           /* CALL: of the facet; WAIT: bits that the facet may take */
	struct view **views;    /* CALL: capabilities that go with it, each counted; heap, sqe.caps_len of them */
	struct timer deadline;
	bool timed;             /* owner: the timer was armed */
	uint64_t sleep_until;   /* Timer.sleep: when it completes; 0 = it is no sleep */
	struct completion result;
};

static inline uint64_t request_claim_word(uint64_t sequence, enum request_state state)
{
	return sequence << 2 | state;
}

/* Wins the right to complete the request if it still is submission `sequence` and waits. */
static inline bool request_claim(struct request *request, uint64_t sequence)
{
	uint64_t expected = request_claim_word(sequence, REQUEST_PENDING);

	return atomic_cas(&request->claim, &expected, request_claim_word(sequence, REQUEST_CLAIMED));
}

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
