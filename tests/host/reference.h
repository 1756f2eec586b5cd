// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The reference model: what capability tables, transfer, attenuation, revocation and calls mean, as a small program that has
 * nothing of the kernel's (no slots, no locks, no reference counts, no epochs). reference_test.c runs random operations on
 * this and on the kernel, and compares statuses, reports and every entry of every table after each: so no entry
 * exists that no grant explains.
 *
 * It is sequential: one operation after the other. Interleavings are the explorer's other scenarios' business.
 */
#pragma once

#include <abi/cap.h>
#include <abi/status.h>

enum {
	REF_PROCESSES = 3,
	REF_CAPS = 40,
	REF_GATES = 64,
	REF_MESSAGE_CAPS = 3,
	REF_NO_GATE = -1,
	REF_MAX_DEPTH = 8
};

enum ref_kind { REF_ENDPOINT, REF_FACET, REF_REVOKER };

/* What a capability is: equal in two tables, it grants the same. */
struct ref_authority {
	enum ref_kind kind;
	unsigned object; /* number of the endpoint, or of the revoker's gate */
	uint64_t key;    /* of a facet */
	uint64_t methods;
	int gate; /* under which it is lent, or REF_NO_GATE */
};

struct ref_cap {
	uint64_t id; /* as the kernel named it; 0: free */
	struct ref_authority authority;
	bool leaving; /* part of a message as MOVE: its id resolves to nothing */
};

struct ref_gate {
	bool dead;
	int parent[2];
	unsigned depth;
};

enum ref_call_state { REF_NO_CALL, REF_QUEUED, REF_DELIVERED, REF_DONE };

/* A capability in a message. */
struct ref_item {
	uint64_t id; /* the sender's */
	bool move;
	struct ref_authority authority;
};

/* The one call that a process has open. */
struct ref_call {
	enum ref_call_state state;
	unsigned endpoint;
	int gate; /* that it was made through */
	uint64_t order;
	struct ref_item sent[REF_MESSAGE_CAPS], came[REF_MESSAGE_CAPS];
	unsigned sent_count, came_count;
	enum status status; /* DONE */
	bool delivered;     /* DONE: its server had it */
	bool withdrawn;     /* it ended while the server had it, and the server has not returned it */
};

struct reference {
	struct ref_cap table[REF_PROCESSES][REF_CAPS];
	struct ref_gate gate[REF_GATES];
	unsigned gates;
	struct ref_call call[REF_PROCESSES];
	uint64_t calls;
};

/* An entry that the kernel gave the name `id`. */
void ref_install(struct reference *ref, unsigned process, uint64_t id, struct ref_authority authority);
/* BAD_ID, REVOKED; OK: *out. */
enum status ref_find(struct reference *ref, unsigned process, uint64_t id, struct ref_cap **out);
enum status ref_release(struct reference *ref, unsigned process, uint64_t id);
/* A gate for lending `authority`; GATE_DEPTH. *out: what the borrower gets. */
enum status ref_lend(struct reference *ref, struct ref_authority authority, struct ref_authority *out);

struct ref_report {
	uint64_t entries, calls;
};
/* Everything below the gate dies; what it cost. */
struct ref_report ref_revoke(struct reference *ref, unsigned gate);

/* The process's thread calls; nothing happens unless OK. */
enum status ref_call(struct reference *ref, unsigned process, uint64_t target, uint64_t method,
		     const struct ref_item *items, unsigned count);
/* The caller whose call endpoint `endpoint` delivers next, or -1. */
int ref_next_call(const struct reference *ref, unsigned endpoint);
/* It is delivered: what was sent as MOVE has left. */
void ref_deliver(struct reference *ref, unsigned caller);
/* `server` returns the call of `caller` with these; nothing happens unless OK. */
enum status ref_return(struct reference *ref, unsigned server, unsigned caller, const struct ref_item *items,
		       unsigned count);
