// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Endpoints: where calls meet receivers.
 *
 * - Callers that find no receiver wait in `calls`; receivers that find no call, in the chain `parked` (those of one ring, and of most
 *   endpoints all) and in `receivers` (endpoint_unpark makes one list of both). A call is delivered by whoever finds both, with the
 *   receiver's ring owned or claimed, under the endpoint's lock.
 * - If no receiver's ring can be claimed (its threads run), the call stays queued and each such ring is told to look
 *   again (RING_RECHECK).
 * - Processes take turns, and in each of them its rings: `calls` holds one call of each process, the others hang behind it
 *   (call_queue.h).
 */
#pragma once

#include <cap/object.h>
#include <core/list.h>
#include <core/lock.h>
#include <ring/facet.h>
#include <ring/request.h>

struct ring;
struct thread;

struct endpoint {
	struct object object;
	struct spinlock lock; /* rank ENDPOINT */
	struct list calls;    /* e: requests, one of each process */
	/* e: requests that wait to receive, in their order: the first ones (or NULL), all of one ring, which are in no list but chained by
	 * request.behind up to `parked_last`; and the others */
	struct request *parked, *parked_last;
	struct list receivers;
	struct list notices;       /* e: struct notice; received before calls */
	struct facet_table facets; /* e */
	uint32_t max_message;      /* immutable */
	uint16_t max_caps;         /* immutable */
	uint64_t receive_rights;   /* atomic: views that may receive */
	uint64_t service; /* immutable: session references are relative to it; its successors have the same */
	uint32_t
		disclosure; /* atomic: fields of a caller's subject that may be known here (Endpoint.caller) */
	bool dead;          /* e: the last receive right is gone, or it was closed */
	union {             /* e */
		struct {
			/* It is dead, or something was queued since find_work last saw `calls` and `notices` empty. */
			bool backlog;
			bool some_retired; /* facets.retired != 0 */
		};
		uint16_t attention; /* either: a call is to look */
	};
	bool more; /* e: `receivers` may not be empty */
};

extern const struct object_type endpoint_type;

enum status endpoint_create(struct process *owner, uint32_t max_message, uint16_t max_caps,
			    struct endpoint **out);

/* For the object type: destruction, and the count of views that may receive. */
void endpoint_destroy(struct object *object);
enum status endpoint_view_created(struct view *view);
void endpoint_view_gone(struct view *view);

/* Hands queued calls and notices to receivers that wait, while there are both. */
void endpoint_pump(struct endpoint *endpoint);
/* The caller of a delivered call no longer waits: tells the server, unless the call is returned first. */
void endpoint_tell_cancelled(struct service_record *record, uint64_t word);
/* Endpoint.retire: kills the facets of a key, and its queued calls. False: there are none. */
bool endpoint_retire_key(struct endpoint *endpoint, uint64_t key, struct ring *own);

/* Endpoint.retireOthers: the same for every key that is not listed; counts the keys. */
unsigned endpoint_retire_other_keys(struct endpoint *endpoint, const uint64_t *keep, unsigned count,
				    struct ring *own);
/* Endpoint.close, open: as if the last receive right were gone, and back. */
void endpoint_shut(struct endpoint *endpoint);
void endpoint_reopen(struct endpoint *endpoint);

/* A posted RECV of a ring that the caller owns: takes a queued call, if there is one. */
void endpoint_recheck(struct request *receive);
