// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Endpoints as objects: their making and their end, the keys of their facets, and notices. Calls and receivers meet in deliver.c.
 */
#include "call_queue.h"
#include "deliver.h"
#include "thread_private.h"

#include <mm/slab.h>
#include <ring/endpoint.h>
#include <ring/kcall.h>
#include <ring/record.h>
#include <schema/kernel/endpoint.capnp.h>

static struct slab_cache endpoint_cache = SLAB_CACHE(endpoint);

enum status endpoint_create(struct process *owner, uint32_t max_message, uint16_t max_caps,
			    struct endpoint **out)
{
	if (max_message % 8 != 0 || max_message > CAP_MAX_MESSAGE || max_caps > CAP_MESSAGE_MAX_CAPS)
		return STATUS_INVALID;
	struct endpoint *endpoint = slab_alloc(&endpoint_cache);
	if (endpoint == NULL)
		return STATUS_NO_MEMORY;
	enum status status = object_init(&endpoint->object, &endpoint_type, owner);
	if (status != STATUS_OK) {
		slab_free(&endpoint_cache, endpoint);
		return status;
	}
	spin_init(&endpoint->lock, LOCK_RANK_ENDPOINT);
	list_init(&endpoint->calls);
	list_init(&endpoint->receivers);
	list_init(&endpoint->notices);
	endpoint->max_message = max_message;
	endpoint->max_caps = max_caps;
	endpoint->service = endpoint->object.id;
	*out = endpoint;
	return STATUS_OK;
}

void endpoint_destroy(struct object *object)
{
	struct endpoint *endpoint = container_of(object, struct endpoint, object);

	facet_table_fini(&endpoint->facets);
	object_fini(object);
	slab_free(&endpoint_cache, endpoint);
}

static bool may_receive(const struct view *view)
{
	return view->kind == VIEW_OBJECT && view_allows(view, ENDPOINT_INTERFACE_ID, ENDPOINT_RECEIVE);
}

enum status endpoint_view_created(struct view *view)
{
	struct endpoint *endpoint = container_of(view->object, struct endpoint, object);

	if (view->kind == VIEW_FACET)
		return facet_key_enter(endpoint, view);
	if (may_receive(view))
		(void)atomic_add(&endpoint->receive_rights, 1);
	return STATUS_OK;
}

/* The last receive right is gone: nobody will ever answer. */
static void end_endpoint(struct endpoint *endpoint)
{
	spin_lock(&endpoint->lock);
	store_relaxed(&endpoint->dead, true);
	store_relaxed(&endpoint->backlog, true);
	endpoint_unpark(endpoint);
	while (list_pop_front(&endpoint->notices) != NULL)
		; /* keys without facets go with the endpoint */
	spin_unlock(&endpoint->lock);
	call_queue_disconnect(endpoint);
	kcall_complete_all(&endpoint->receivers, &endpoint->lock, STATUS_DISCONNECTED, NULL, NULL);
}

[[gnu::noinline]] static void own_view_gone(struct endpoint *endpoint, const struct view *view)
{
	if (may_receive(view) && atomic_sub(&endpoint->receive_rights, 1) == 1)
		end_endpoint(endpoint);
}

void endpoint_view_gone(struct view *view)
{
	struct endpoint *endpoint = container_of(view->object, struct endpoint, object);

	if (likely(view->kind == VIEW_FACET))
		facet_key_leave(endpoint, view);
	else
		own_view_gone(endpoint, view);
}

void endpoint_tell_cancelled(struct service_record *record, uint64_t word)
{
	struct endpoint *endpoint = load_relaxed(&record->endpoint);

	/* While the word is that of our call, so is everything else in the record: who returns the call changes the word first, and
	 * then takes the lock (record_close), because it could not claim our call. */
	spin_lock(&endpoint->lock);
	bool pushed = load_acquire(&record->word) == word && !endpoint->dead &&
		      list_is_empty(&record->notice.link);
	if (pushed) {
		record->notice_token = word;
		list_push_back(&endpoint->notices, &record->notice.link);
		store_relaxed(&endpoint->backlog, true);
	}
	spin_unlock(&endpoint->lock);
	if (pushed)
		endpoint_pump(endpoint);
}

static bool is_key(uint64_t key, const void *wanted)
{
	return key == *(const uint64_t *)wanted;
}

bool endpoint_retire_key(struct endpoint *endpoint, uint64_t key, struct ring *own)
{
	if (!facet_key_retire(endpoint, key))
		return false;
	call_queue_abort(endpoint, is_key, &key, own);
	return true;
}
