// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The kernel's side of a ring.
 *
 * Ownership. A ring has one owner at a time; only the owner writes completions and touches the fields marked o:
 *   RUNNING  its thread, inside its own cap_enter (in user mode nobody);
 *   BLOCKED  nobody; the thread waits in cap_enter;
 *   ALONE    the same, and one completion ends its cap_enter; and the spare is not free, but a delivered CALL or a parked RECV. Nothing
 *            says so but this word (ring_settle writes the rest): who completes the spare there and then reads no more;
 *   CLAIMED  whoever swapped BLOCKED for it; gives it back as BLOCKED, or makes the thread runnable (RUNNING);
 *   DEAD     nobody any more.
 * Who cannot own the ring sets a bit in `signals` (RING_DONE after pushing the request on `done`), then tries the claim
 * once more (ring_poke). The owner, after publishing BLOCKED and a full fence, looks at `signals` again. So nothing is
 * lost: either the pusher sees BLOCKED, or the owner sees the bit.
 *
 * Invariants:
 *   Q1  cq_tail - cq_head + pending <= completions: there is a slot for every admitted submission;
 *   Q2  shared indexes are read once each and checked; private copies are never read back from shared memory;
 *   Q3  completions are written only by the owner.
 */
#pragma once

#include <abi/region.h>
#include <abi/ring.h>
#include <core/atomic.h>
#include <ring/request.h>
#include <ring/target.h>

struct answers;
struct endpoint;
struct gate;
struct held;
struct notification;
struct service_record;
struct thread;
struct view;

enum ring_state : uint32_t { RING_RUNNING, RING_BLOCKED, RING_CLAIMED, RING_DEAD, RING_ALONE };

/* Why the owner should look again. */
enum ring_signal : uint32_t {
	RING_WOKEN = 1 << 0,    /* the wake permit */
	RING_DEADLINE = 1 << 1, /* of this cap_enter */
	RING_UPCALL = 1 << 2,
	RING_KILL = 1 << 3,
	RING_RECHECK = 1 << 4,  /* a posted RECV or WAIT may have a match */
	RING_PROTOCOL = 1 << 5, /* its shared indexes were impossible */
	RING_READY = 1 << 6,    /* an answer came that held requests wait for */
	RING_HOLDING = 1 << 7,  /* requests are held: no reason to look, set as long as there are any */
	RING_TIMED = 1 << 8,    /* this cap_enter has a deadline: no reason to look, either */
	RING_DONE = 1 << 9,     /* something was pushed on `done` */
	/* Its thread has a budget (lend.h), and so takes the general way in and out: no reason to look, either. */
	RING_BUDGET = 1 << 10,
	/* Its thread polls instead of waiting (poll.h): no reason to look, either. */
	RING_POLLED = 1 << 11,
	RING_UNFINISHED = 1 << 12, /* its cap_enter goes on when it is picked; set and cleared by the owner */
	RING_NO_REASONS = RING_HOLDING | RING_TIMED | RING_BUDGET | RING_POLLED | RING_UNFINISHED,
};

/* What a SIGNAL, a WAIT or a WAKE found, not through a gate: as long as the target is the same and nothing has left the process's table. */
struct ring_thing {
	uint64_t id, removals;
	const uint64_t *count;
	union {
		struct notification *notification;
		struct thread *thread;
	};
	uint64_t mask;       /* of the notification's facet */
	uint64_t word, bits; /* of the last SIGNAL or WAIT: what its word 2 meant then (thing_bits) */
	struct gate *gate;   /* NULL: none; else nothing is remembered */
};
#define RING_THINGS (CAP_OP_WAIT - CAP_OP_WAKE + 1)
static_assert(CAP_OP_WAKE + 1 == CAP_OP_SIGNAL && CAP_OP_SIGNAL + 1 == CAP_OP_WAIT);

/* What the last operations found (and see request_memory). */
struct ring_memory {
	struct ring_thing things[RING_THINGS]; /* of each of these operations, the last */
	/* The last RECV at an endpoint without a gate: `buffer` is word 5 of the submission. It holds as long as nothing has left the
	 * process's table (cap_table_removals, of the slot) and the submission names the same. */
	struct {
		uint64_t id, removals, buffer;
		const uint64_t *count;
		struct endpoint *endpoint;
		uint16_t buf_caps;
	} source;
	struct call_target targets[RING_TARGETS];    /* kernel objects' methods */
	struct call_target *target;                  /* that of the last call; never NULL */
	uint32_t target_next;                        /* modulo RING_TARGETS: which is forgotten next */
	uint64_t session_service, session_reference; /* of the service called last */
};

struct ring {
	struct cap_region *control;
	struct cap_sqe *sq;
	struct cap_cqe *cq;
	unsigned char *arena;
	uint32_t sq_mask, cq_mask, cq_count, arena_len;
	uint32_t wait_max; /* so many may wait at the same time */
	uint32_t
		sq_quick; /* most submissions that submit() takes by itself: all, or, of a captured process, none */
	/* An entry's only submission takes the straight line while fewer completions than this are unreaped or to come: wait_max, so that
	 * it may wait, too; or, of a captured process, 0 */
	uint32_t room_alone;
	const bool *session_ended; /* of its process's session */
	uint32_t cq_tail;          /* o */
	uint32_t cq_head;          /* o: as last read and checked */
	uint32_t pending;          /* o: admitted, not completed */
	uint64_t sq_head;          /* o: sequence number of the next submission */
	uint32_t min;              /* o: of the cap_enter that waits */
	uint32_t wanted;           /* o: of a thread that blocked: the cq_tail that ends its cap_enter */
	uint32_t entered;          /* o: sq_head at the begin of this cap_enter */
	uint32_t refused;          /* o: of a submit that was to come back, what it did not admit (enter.c) */
	struct request *free;      /* o: never empty: the first is the spare */
	/* o: waiting RECVs and WAITs: a WAIT or the RECVs at one endpoint, chained by request.behind in their order; and those with
	 * REQUEST_POSTED, linked by request.posted */
	struct request *parked, *parked_last;
	struct list posted;
	struct answers *answers;   /* o */
	struct list held;          /* o: requests that wait for answers, in their order (promise.c) */
	uint32_t held_count;       /* o */
	uint32_t held_spares;      /* o: how many are in held_spare */
	struct held *held_spare;   /* o: for the next ones that wait (promise.c) */
	struct ring_memory memory; /* o */
	struct request *requests;  /* all of them: request_count */
	uint32_t request_count;
	uint32_t region_order;
	bool is_default;                           /* geometry */
	bool is_promised;                          /* its parts are for the next thread */
	uint64_t region_user;                      /* where the process sees it */
	uint64_t start_message, start_message_len; /* as given: later threads get the same */

	union {
		struct {
			alignas(CACHE_LINE) uint32_t state; /* enum ring_state */
			uint32_t signals;                   /* enum ring_signal */
		};
		uint64_t state_signals; /* both: claimed only if nothing is signalled */
	};
	struct request *done; /* completed by others; a stack */
};

struct ring_geometry {
	uint32_t submissions; /* 0 = CAP_SQ_DEFAULT; a power of two in CAP_SQ_MIN .. CAP_SQ_MAX */
	uint32_t arena;       /* at least; 0 = CAP_ARENA_DEFAULT; in 4096s, region <= CAP_REGION_MAX */
};

/* The ring and the thread's save area. INVALID, NO_QUOTA, NO_MEMORY. */
enum status ring_create(struct thread *thread, struct ring_geometry geometry);
/* For a thread that ends, under the process's lock: whether the next one gets its region, which then stays mapped. */
bool ring_promise(struct thread *thread);
/* Nobody can reach the ring any more: frees its memory, or leaves it to the process as promised. */
void ring_destroy(struct thread *thread);
/* The process ends. */
void ring_destroy_spare(struct process *process);

static inline struct thread *ring_thread(struct ring *ring);

/* session_is_alive, of the session that its process has for good. */
static inline bool ring_session_is_alive(const struct ring *ring)
{
	return is_zero_relaxed(ring->session_ended);
}

/* What the owner should look at. */
static inline uint32_t ring_signals(const struct ring *ring)
{
	return load_relaxed(&ring->signals) & ~(uint32_t)RING_NO_REASONS;
}

/* Counted as pending, or the spare of one that is ALONE. */
static inline uint32_t ring_pending(const struct ring *ring)
{
	return ring->pending + (load_relaxed(&ring->state) == RING_ALONE);
}

/* complete.c: the same for one that is not BLOCKED, but perhaps ALONE: then it is as if it had been BLOCKED. */
bool ring_claim_alone_settled(struct ring *ring);
/* Of a claimed ring that was ALONE: what only its state said is written down. */
void ring_settle(struct ring *ring);

/* For a ring that is probably blocked. */
static inline bool ring_claim_blocked(struct ring *ring)
{
	uint32_t expected = RING_BLOCKED;

	return likely(atomic_cas(&ring->state, &expected, RING_CLAIMED)) || ring_claim_alone_settled(ring);
}

static inline bool ring_try_claim(struct ring *ring)
{
	uint32_t state = load_relaxed(&ring->state);

	return (state == RING_BLOCKED || state == RING_ALONE) && ring_claim_blocked(ring);
}

/* For one that is ALONE, and nothing is signalled. Who claims it completes the spare (ring_end_alone), or settles it. */
static inline bool ring_claim_alone(struct ring *ring)
{
	uint64_t expected = RING_ALONE;

	return atomic_cas(&ring->state_signals, &expected, (uint64_t)RING_CLAIMED);
}

/* For an owner: finishes requests that others completed. */
void ring_drain(struct ring *ring);
/* Somebody pushed or signalled: if nobody owns the ring, does the owner's work now. */
void ring_poke(struct ring *ring);
void ring_signal(struct ring *ring, uint32_t signals);
/* For an owner: finishes what others completed, and looks for matches of posted operations. */
void ring_work(struct ring *ring);
/* Completions that were not reaped, reading the user's index; UINT32_MAX: impossible index. */
uint32_t ring_unreaped(struct ring *ring);

/* Offset and length of something in the arena: multiples of 8, inside. */
static inline bool ring_range_ok(const struct ring *ring, uint32_t offset, uint64_t length)
{
	return ((offset | length) & 7) == 0 && (uint64_t)offset + length <= ring->arena_len;
}
