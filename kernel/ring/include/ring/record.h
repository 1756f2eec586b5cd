// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Service records: calls that a process has received and not yet returned.
 *
 * - A RECV reserves one at admission, so that delivery cannot fail for want of it. The token of a delivered call is the record's word
 *   while the call is open, and valid for every thread of the process; it is claimed once.
 * - `word` is {generation, index, state}; OPEN -> RESERVED by one compare-and-swap decides between threads that return, and the
 *   process's death.
 * - Tokens are guessed: before a call is delivered, and by a sibling of whoever receives it. Who looks at the record to decide about a
 *   RETURN looks at its word first (load_acquire), and claims from that very word: then all between was of that call.
 */
#pragma once

#include <abi/status.h>
#include <cap/process.h>
#include <core/types.h>
#include <ring/facet.h>

struct request;
struct thread;

enum record_state : uint64_t { RECORD_FREE = 0, RECORD_RESERVED = 1, RECORD_OPEN = 2 };

struct service_record {
	uint64_t word;        /* atomic: generation << 32 | index << 2 | state */
	uint32_t given_count; /* capabilities that the open call brought: `given` */
	union {
		uint64_t shape; /* as word 4 of a struct cap_call_header */
		struct {
			uint32_t buf_len; /* what the caller can take back */
			uint16_t method;
			uint16_t buf_caps;
		};
	};
	struct request *caller; /* valid while its claim word says caller_sequence */
	uint64_t caller_sequence;
	struct thread *
		receiver; /* whose RECV it was reserved for; NULL: it has ended. Compared, and see ring/lend.c */
	struct gate *gate;         /* through which the call was made, counted; NULL = none */
	uint64_t interface_id;     /* for the recorder */
	struct endpoint *endpoint; /* where it receives, or received; counted while the record is not free */
	uint64_t notice_token;     /* of the call that the notice is about; under the endpoint's lock */
	struct notice notice;      /* under the endpoint's lock: the caller no longer waits */
	struct cap_slots slots;    /* table slots set aside for the capabilities of the next call */
	cap_id given[CAP_MESSAGE_MAX_CAPS];
	struct service_record *next; /* free list */
};

void records_fini(struct process *process);

/* Reserves a record for a RECV there, charged LEDGER_CALLS. NO_QUOTA, NO_MEMORY. */
enum status record_reserve(struct process *process, struct endpoint *endpoint, struct service_record **out);
/* The record receives at another endpoint from now on. */
void record_move(struct service_record *record, struct endpoint *endpoint);
void record_release(struct process *process, struct service_record *record);

/* The word of the open record with that token, whatever somebody made up. */
static inline uint64_t record_word_of(uint64_t token)
{
	return token | RECORD_OPEN;
}

/* The open record of a token, which a claim of record_word_of(token) closes; or NULL. */
struct service_record *record_find(struct process *process, uint64_t token);
/* RESERVED, with the next generation. Generations are 32 bits, and 0 is none. */
static inline uint64_t record_word_next(uint64_t open)
{
	uint64_t next = open + ((1ull << 32) - RECORD_OPEN + RECORD_RESERVED);

	return likely(next >= 1ull << 32) ? next : next + (1ull << 32);
}

/* OPEN -> RESERVED with the next generation: the caller may complete the call. */
bool record_claim(struct service_record *record, uint64_t word);
/* For who claimed it: the call is over. Drops its gate; withdraws the notice of its cancellation, unless the caller was claimed
 * as well (`answered`): then there is none. Nothing to do for an answered call without a gate. */
void record_close(struct service_record *record, bool answered);

/* The word that a reserved record will have when it is open, its token: from then on that can be returned. */
static inline uint64_t record_word_open(const struct service_record *record)
{
	return record->word - RECORD_RESERVED + RECORD_OPEN;
}

/* The process ends: completes the callers of all open records with DISCONNECTED. */
void records_disconnect(struct process *process);
/* A thread ends: it has received none of the calls that are open. */
void record_forget_receiver(struct process *process, const struct thread *receiver);
/* A thread ends: calls delivered to it whose completions it never reaped. */
void record_disconnect(struct process *process, uint64_t token, struct thread *receiver);
