// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What a supervisor does to an endpoint whose server is gone: retires the objects that a successor will not know, and closes it while
 * there is none.
 *
 * Both complete queued calls with DISCONNECTED, one at a time, with the lock given back in between: what comes meanwhile is
 * refused at admission (a retired key, a closed endpoint), so the work ends.
 */
#include <ring/endpoint.h>
#include <ring/kcall.h>

static bool is_listed(uint64_t key, const uint64_t *keep, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (keep[i] == key)
			return true;
	return false;
}

/* A queued call for another key than those, that still waits. */
static struct request *queued_other(struct endpoint *endpoint, const uint64_t *keep, unsigned count,
				    uint64_t *sequence)
{
	struct request *found = NULL;

	spin_lock(&endpoint->lock);
	list_for_each (it, &endpoint->calls) {
		struct request *call = container_of(it, struct request, link);
		uint64_t word = load_acquire(&call->claim);
		if ((word & 3) == REQUEST_PENDING && !is_listed(call->key, keep, count)) {
			found = call;
			*sequence = word >> 2;
			break;
		}
	}
	spin_unlock(&endpoint->lock);
	return found;
}

unsigned endpoint_retire_other_keys(struct endpoint *endpoint, const uint64_t *keep, unsigned count,
				    struct ring *own)
{
	unsigned retired = facet_keys_retire_others(endpoint, keep, count);
	struct request *call;
	uint64_t sequence;

	while ((call = queued_other(endpoint, keep, count, &sequence)) != NULL)
		(void)request_abort(call, sequence, STATUS_DISCONNECTED, own);
	return retired;
}

void endpoint_shut(struct endpoint *endpoint)
{
	spin_lock(&endpoint->lock);
	store_relaxed(&endpoint->dead, true);
	spin_unlock(&endpoint->lock);
	kcall_complete_all(&endpoint->calls, &endpoint->lock, STATUS_DISCONNECTED, NULL, NULL);
	kcall_complete_all(&endpoint->receivers, &endpoint->lock, STATUS_DISCONNECTED, NULL, NULL);
}

void endpoint_reopen(struct endpoint *endpoint)
{
	spin_lock(&endpoint->lock);
	/* Who drops the last receive right takes the lock after that, and closes it for good. */
	store_relaxed(&endpoint->dead, load_relaxed(&endpoint->receive_rights) == 0);
	spin_unlock(&endpoint->lock);
}
