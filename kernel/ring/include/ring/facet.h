// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Facet keys: one record for each (endpoint, key) that has facets, so that a server learns when the last is gone.
 *
 * - `live` counts views with the key, `mints` those that MINT made since the last notice. When live falls to 0, a notice
 *   {key, mints} is queued at the endpoint and arrives by RECV; nothing is allocated for it. A key that is minted again before
 *   its notice was received withdraws it, and the next one retires those mints as well. So a server that counts its own
 *   mints can tell: only when the notice retires all of them is the object unreachable.
 * - A notice that a submission of a batch causes waits until the batch is over: a call behind it to the same endpoint takes it
 *   along, if the receiver wants that (CAP_SQE_NOTICES). So closing one thing and opening the next is one message.
 * - A retired key's facets answer DISCONNECTED; no notice comes for it.
 * - A key takes no memory of its own: it lies in the room in front of the first view that had it, and that view's memory stays, though
 *   nobody can use the view any more, until the key is forgotten. Who paid for the view pays for both.
 */
#pragma once

#include <abi/status.h>
#include <cap/view.h>
#include <core/list.h>
#include <core/types.h>

struct endpoint;

enum notice_kind : uint8_t { NOTICE_RELEASED, NOTICE_CANCELLED };

/* Inside a facet key or a service record; under the endpoint's lock. */
struct notice {
	struct list link; /* in endpoint->notices */
	enum notice_kind kind;
};

struct facet_key {
	struct facet_key *next; /* in its bucket of the endpoint's table */
	struct notice notice;
	uint64_t mints;
	uint32_t live;
	bool retired;
};
static_assert(sizeof(struct facet_key) == VIEW_ROOM);

static inline struct facet_key *facet_key_of_room(struct view *view)
{
	return (struct facet_key *)(void *)((char *)view - VIEW_ROOM);
}

/* The view in whose room it lies, and whose `key` is this one. */
static inline struct view *facet_key_host(struct facet_key *facet)
{
	return (struct view *)(void *)((char *)facet + VIEW_ROOM);
}

/* Keys by hash, under the endpoint's lock. */
struct facet_table {
	struct facet_key **buckets;
	uint32_t bucket_count; /* a power of two; 0 until the first key */
	uint32_t count;
	uint32_t retired; /* keys that are, and still have facets */
};

/* A facet of the template, which `payer` pays for. NO_QUOTA, NO_MEMORY. */
enum status facet_mint(struct process *payer, const struct view *template, uint64_t key, struct view **out);
/* A view of an endpoint's facet is made: finds or makes its key. NO_MEMORY. */
enum status facet_key_enter(struct endpoint *endpoint, struct view *view);
/* The last reference to such a view is gone. */
void facet_key_leave(struct endpoint *endpoint, struct view *view);
struct cpu;
/* The batch is over: what it left to tell. */
void facet_tell_now(struct cpu *cpu);
/* Endpoint.retire. False: no facet has that key. */
bool facet_key_retire(struct endpoint *endpoint, uint64_t key);
/* Endpoint.retireOthers: the same for every key but those; counts them. */
unsigned facet_keys_retire_others(struct endpoint *endpoint, const uint64_t *keep, unsigned count);
/* The endpoint goes: frees what is left (keys whose notices nobody received). */
void facet_table_fini(struct facet_table *table);

static inline bool facet_key_is_retired(const struct facet_key *facet)
{
	return __atomic_load_n(&facet->retired, __ATOMIC_RELAXED);
}

/* For delivery of a notice that holds (live = 0): what it says; frees the key. */
void facet_key_take_notice(struct endpoint *endpoint, struct facet_key *facet, uint64_t *key,
			   uint64_t *mints);
