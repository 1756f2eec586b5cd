// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What a supervisor does to an endpoint whose server is gone: retires the objects that a successor will not know, and closes it while
 * there is none.
 *
 * Both complete queued calls with DISCONNECTED, one at a time, with the lock given back in between: what comes meanwhile is
 * refused at admission (a retired key, a closed endpoint), so the work ends.
 */
#include "call_queue.h"
#include "deliver.h"

#include <ring/endpoint.h>
#include <ring/kcall.h>

struct keep {
	const uint64_t *keys;
	unsigned count;
};

static bool is_other(uint64_t key, const void *context)
{
	const struct keep *keep = context;

	for (unsigned i = 0; i < keep->count; i++)
		if (keep->keys[i] == key)
			return false;
	return true;
}

unsigned endpoint_retire_other_keys(struct endpoint *endpoint, const uint64_t *keep, unsigned count,
				    struct ring *own)
{
	unsigned retired = facet_keys_retire_others(endpoint, keep, count);

	call_queue_abort(endpoint, is_other, &(struct keep){keep, count}, own);
	return retired;
}

void endpoint_shut(struct endpoint *endpoint)
{
	spin_lock(&endpoint->lock);
	store_relaxed(&endpoint->dead, true);
	store_relaxed(&endpoint->backlog, true);
	endpoint_unpark(endpoint);
	spin_unlock(&endpoint->lock);
	call_queue_disconnect(endpoint);
	kcall_complete_all(&endpoint->receivers, &endpoint->lock, STATUS_DISCONNECTED, NULL, NULL);
}

void endpoint_reopen(struct endpoint *endpoint)
{
	spin_lock(&endpoint->lock);
	/* Who drops the last receive right takes the lock after that, and closes it for good. */
	store_relaxed(&endpoint->dead, load_relaxed(&endpoint->receive_rights) == 0);
	spin_unlock(&endpoint->lock);
}
