// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The attenuator's state: rules, what is wrapped by them, what was refused, and the calls that are on their way.
 *
 * One thread, one endpoint. A facet's key says what was called: 1 the Attenuator itself, otherwise a wrapped capability. A slot is a call
 * from its RECV to its RETURN; while it waits for the wrapped capability's answer, other slots receive.
 *
 * What is wrapped may be served by whoever had it wrapped, and never answer. So slots that wait, rules and what is wrapped are shared
 * among sessions (pool/shares.h), and one slot waits for no answer: it receives, and refuses if it must.
 */
#pragma once

#include <pool/shares.h>
#include <rules/rules.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <rpc/rpc.h>

#define MAX_RULE_SETS 32u
#define MAX_WRAPPED 128u
#define MAX_REFUSALS 64u
#define SLOTS 12u
#define MAX_MESSAGE 4096u /* as the image says of its endpoint */
#define MAX_CAPS 4u
#define MAX_RESULT 8192u
#define KEY_SELF 1u
#define KEY_FIRST 16u /* key of wrapped[0] */
#define RULES_BYTES 2048u

struct rule_set {
	uint32_t users; /* wrapped capabilities; 0: free */
	uint64_t session;
	uint8_t share; /* with users */
	uint64_t message[RULES_BYTES / 8];
	struct rules rules;
};

struct wrapped {
	bool used;
	cap_id target;         /* what is called */
	cap_id facet_template; /* of facets that name this */
	struct rule_set *rules;
	uint8_t share;
	uint64_t number; /* never used again */
	struct rules_set sets[RULES_MAX_SETS];
	uint32_t set_count;
};

struct refusal {
	uint64_t time_ns, session, interface_id, object;
	uint16_t method, rule;
	enum attenuator_op op;
	char field[32], value[48];
};

struct slot {
	struct ring_op op; /* first: of the operation under way */
	struct cap_cqe cqe;
	enum : uint8_t { SLOT_RECEIVING, SLOT_FORWARDED, SLOT_RETURNING } doing;
	bool done; /* cqe is its completion, to be looked at */
	uint8_t tries;
	uint8_t share;          /* FORWARDED: of those that wait */
	uint32_t in, out, caps; /* arena: received call; result or answer; descriptors */
	uint64_t token;
	uint64_t sequence; /* of the forwarded call */
	struct wrapped *object;
	struct wrapped *made[MAX_CAPS]; /* wrapped for this answer */
	uint32_t made_count;
};

struct attenuator {
	struct ring_client *ring;
	struct rpc_transport *transport;
	cap_id endpoint, manager;
	struct registry registry;
	struct rule_set sets[MAX_RULE_SETS];
	struct wrapped wrapped[MAX_WRAPPED];
	struct shares sets_taken, wraps_taken, waiting; /* of sets, wrapped and slots: by session */
	uint64_t numbers;
	struct refusal refusals[MAX_REFUSALS]; /* number n at n % MAX_REFUSALS */
	uint64_t refusal_count;
	struct slot slots[SLOTS];
};

/* ---- wrap.c ---- */
/* The interfaces of a capability; false: it has none, or they cannot be asked for. */
bool attenuator_interfaces(struct attenuator *a, cap_id cap, struct rules_set *sets, uint32_t *count);
/* Takes over the capability if it gives one. sets are what is left of its methods. Null: no room, or none for that session. */
struct wrapped *attenuator_wrap(struct attenuator *a, cap_id target, struct rule_set *rules,
				const struct rules_set *sets, uint32_t count);
void attenuator_unwrap(struct attenuator *a, struct wrapped *wrapped);
struct rule_set *attenuator_free_set(struct attenuator *a);
struct wrapped *attenuator_find(struct attenuator *a, uint64_t key);
uint64_t attenuator_key(const struct attenuator *a, const struct wrapped *wrapped);
/* If the capability has an interface that `like` has: wraps it by the same rules. Null: it passes as it is, or (*refused) not at all. */
struct wrapped *attenuator_wrap_like(struct attenuator *a, cap_id cap, const struct wrapped *like,
				     bool *refused);

/* ---- serve.c ---- */
/* A call of the Attenuator itself: as a dispatcher, into request->results. */
enum status attenuator_serve(struct attenuator *a, struct rpc_request *request);
void attenuator_note_refusal(struct attenuator *a, const struct wrapped *wrapped, uint64_t interface_id,
			     uint16_t method, const struct rules_refusal *why);

/* ---- forward.c ---- */
enum status attenuator_start(struct attenuator *a);
/* Waits for something, and handles it. A status: it cannot be received any more. */
enum status attenuator_step(struct attenuator *a);
