// SPDX-License-Identifier: MIT OR Apache-2.0
/* Object references: the last one goes through quiescence, so that look-ups need none. */
#include <cap/object.h>
#include <cap/process.h>
#include <core/atomic.h>

static uint64_t next_object_id = 1;

enum status object_init(struct object *object, const struct object_type *type, struct process *owner)
{
	if (owner != NULL) {
		enum status status = ledger_charge(&owner->ledger, LEDGER_OBJECTS, 1);
		if (status != STATUS_OK)
			return status;
		process_get(owner);
	}
	object->type = type;
	object->refs = 1;
	object->id = atomic_add(&next_object_id, 1);
	object->owner = owner;
	return STATUS_OK;
}

void object_register(struct object *object)
{
	object->id = atomic_add(&next_object_id, 1);
}

void object_fini(struct object *object)
{
	struct process *owner = object->owner;

	if (owner == NULL)
		return;
	object->owner = NULL;
	ledger_credit(&owner->ledger, LEDGER_OBJECTS, 1);
	process_put(owner);
}

bool object_try_get(struct object *object)
{
	uint64_t refs = load_relaxed(&object->refs);

	while (refs != 0)
		if (atomic_cas(&object->refs, &refs, refs + 1))
			return true;
	return false;
}

static void object_free(struct quiesce_node *node)
{
	struct object *object = container_of(node, struct object, quiesce);

	object->type->destroy(object);
}

[[gnu::cold]] void object_put_last(struct object *object)
{
	quiesce_free(&object->quiesce, object_free);
}
