// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Rules over the arguments of calls (schema/service/attenuator.capnp, Rule), interpreted by the types that the schema registry knows: no
 * code for any interface.
 *
 * - rules_open checks a list of rules against the interfaces that they are to narrow, and removes the methods about which they
 *   can say nothing: what is not understood is not let through.
 * - rules_check looks at one call's parameters. rules_take counts it, for uses and rates, when all else has been found right.
 * - The message that holds the rules must stay where it is; everything else is in struct rules. No allocation, no clock.
 */
#pragma once

#include <registry/registry.h>
#include <schema/service/attenuator.capnp.h>

#define RULES_MAX 8u
#define RULES_MAX_RATE 32u
#define RULES_MAX_SETS 8u

struct rules_set {
	uint64_t interface_id, methods;
};

struct rules {
	struct registry *registry;
	const void *message; /* of AttenuatorWhereParams */
	uint32_t bytes;
	uint32_t count;
	struct rules_counter {
		uint64_t uses;
		uint64_t at_ns[RULES_MAX_RATE]; /* rate: the latest calls, oldest first */
		uint32_t recent;
	} counters[RULES_MAX];
};

/* Why something is refused. Texts lie in the rules' message, in the registry, or in `value`. */
struct rules_refusal {
	uint32_t rule;
	enum attenuator_op op;
	const char *why; /* a constant */
	struct msg_text field;
	char value[48];
};

/*
 * Takes the rules of the message, and narrows sets (count of them) to the methods that may still be called. False: they cannot be; refusal
 * says which and why.
 */
bool rules_open(struct rules *rules, struct registry *registry, const void *message, uint32_t bytes,
		struct rules_set *sets, uint32_t count, struct rules_refusal *refusal);
/* The same narrowing for another capability that the open rules are to hold for; false: nothing of it is left. */
bool rules_narrow(const struct rules *rules, struct rules_set *sets, uint32_t count);

/* May a call with these parameters be made? */
bool rules_check(const struct rules *rules, uint64_t interface_id, uint16_t method, const void *params,
		 uint32_t bytes, struct rules_refusal *refusal);
/* After rules_check: is there a use left, now? Then it is used. */
bool rules_take(struct rules *rules, uint64_t interface_id, uint16_t method, uint64_t now_ns,
		struct rules_refusal *refusal);

/* When the rules expire; 0: never. */
uint64_t rules_expiry(const struct rules *rules);
bool rules_is_idempotent(struct registry *registry, uint64_t interface_id, uint16_t method);
