// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Names of capabilities and how they travel in a message.
 *
 * A capability id is meaningful only in the process that holds it: low 32 bits slot, high 32 bits generation. A
 * generation is never 0, so the id 0 is never valid; a stale id never resolves again (when a slot's
 * 2^31 - 1 generations are used up, the slot is retired).
 */
#pragma once

#include <stdint.h>

typedef struct cap_id {
	uint64_t raw;
} cap_id;

#define CAP_ID_NULL ((cap_id){0})

/* Slots are chosen below this bound; a table grows up to it as its ledger allows. */
#define CAP_TABLE_MAX_SLOTS 65536u

static inline cap_id cap_id_make(uint32_t slot, uint32_t generation)
{
	return (cap_id){(uint64_t)generation << 32 | slot};
}

static inline uint32_t cap_id_slot(cap_id id)
{
	return (uint32_t)id.raw;
}

static inline uint32_t cap_id_generation(cap_id id)
{
	return (uint32_t)(id.raw >> 32);
}

/* How one capability travels with a message. */
enum cap_desc_kind : uint8_t {
	CAP_DESC_COPY = 0,   /* id: a capability of the sender; path_or_key 0 */
	CAP_DESC_MOVE = 1,   /* as COPY, but the sender loses it when the message is delivered */
	CAP_DESC_ANSWER = 2, /* id: sequence number of a kept CALL; path_or_key: path as in cap_sqe.path */
	CAP_DESC_MINT = 3,   /* id: a template; path_or_key: the object key of the new facet */
};

struct cap_desc {
	uint64_t id;
	uint64_t path_or_key;
	uint8_t kind; /* enum cap_desc_kind */
	uint8_t zero[7];
};
static_assert(sizeof(struct cap_desc) == 24);

/* Most capabilities that one message can carry. */
#define CAP_MESSAGE_MAX_CAPS 16u
