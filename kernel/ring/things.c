// SPDX-License-Identifier: MIT OR Apache-2.0
/* What SIGNAL, WAIT and WAKE name, looked up: see things.h. */
#include "things.h"

#define THREAD_HANDLE_METHOD_WAKE 0u

/* A capability to an object of `type` that allows the method. */
static enum status find(struct thread *thread, uint64_t id, const struct object_type *type, unsigned method,
			struct cap_ref *out)
{
	enum status status = cap_table_find(&thread->process->table, (cap_id){id}, out);

	if (unlikely(status != STATUS_OK))
		return status;
	if (unlikely(!session_is_alive(thread->process->session)))
		return STATUS_REVOKED;
	if (unlikely(out->view->object->type != type))
		return STATUS_WRONG_TYPE;
	return view_allows(out->view, type->interface_id, method) ? STATUS_OK : STATUS_DENIED;
}

/* `removals`: what the table's count said before `ref` was found. */
static void remember(struct ring_thing *thing, uint64_t id, struct cap_ref ref, const uint64_t *count,
		     uint64_t removals)
{
	thing->id = id;
	thing->count = count;
	thing->removals = ref.gate == NULL ? removals : REQUEST_FORGOTTEN;
	thing->gate = ref.gate;
}

[[gnu::noinline]] enum status thing_find_notification(struct thread *thread, struct ring_thing *thing,
						      uint64_t id, unsigned method)
{
	const uint64_t *count = cap_table_removals(&thread->process->table, cap_id_slot((cap_id){id}));
	uint64_t removals = load_acquire(count);
	struct cap_ref ref;
	enum status status = find(thread, id, notification_object_type, method, &ref);

	if (status != STATUS_OK)
		return status;
	thing->notification = container_of(ref.view->object, struct notification, object);
	thing->mask = notification_mask(ref.view);
	remember(thing, id, ref, count, removals);
	return STATUS_OK;
}

[[gnu::noinline]] enum status thing_find_thread(struct thread *thread, struct ring_thing *thing, uint64_t id)
{
	const uint64_t *count = cap_table_removals(&thread->process->table, cap_id_slot((cap_id){id}));
	uint64_t removals = load_acquire(count);
	struct cap_ref ref;
	enum status status = find(thread, id, thread_object_type, THREAD_HANDLE_METHOD_WAKE, &ref);

	if (status != STATUS_OK)
		return status;
	thing->thread = container_of(ref.view->object, struct thread, object);
	remember(thing, id, ref, count, removals);
	return STATUS_OK;
}
