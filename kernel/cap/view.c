// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Views: made once, never changed. A view is found through a table entry without a reference, so its memory, too, is freed only through quiescence.
 */
#include <cap/process.h>
#include <cap/view.h>
#include <core/atomic.h>
#include <mm/slab.h>

static size_t front_of(const struct view *view)
{
	return view->room & VIEW_HAS_ROOM ? VIEW_ROOM : 0;
}

static size_t view_size(unsigned count)
{
	return sizeof(struct view) + (count > 0 ? count : 1) * sizeof(struct interface_set);
}

uint64_t view_more_methods(const struct view *view, uint64_t interface_id)
{
	for (unsigned i = 0; i < view->count; i++)
		if (view->sets[i].interface_id == interface_id)
			return view->sets[i].methods;
	return 0;
}

static enum status charge(struct process *payer)
{
	if (payer == NULL)
		return STATUS_OK;
	enum status status = ledger_charge(&payer->ledger, LEDGER_OBJECTS, 1);
	if (status == STATUS_OK)
		process_get(payer);
	return status;
}

static void free_now(struct view *view)
{
	struct process *payer = view->payer;
	size_t front = front_of(view);

	static_assert(VIEW_ROOM + sizeof(struct view) + sizeof(struct interface_set) == HEAP_KEPT);
	if (likely(front != 0 && view->count == 1))
		heap_free_kept((char *)view - VIEW_ROOM);
	else
		heap_free((char *)view - front, front + view_size(view->count));
	if (payer == NULL)
		return;
	ledger_credit(&payer->ledger, LEDGER_OBJECTS, 1);
	process_put(payer);
}

/* In line, since most views are minted: then all but the values is known. */
[[gnu::always_inline]] static inline enum status make(struct process *payer, struct object *object,
						      enum view_kind kind, bool room, uint64_t key,
						      const struct interface_set *sets, unsigned count,
						      struct view **out)
{
	size_t front = room ? VIEW_ROOM : 0;
	enum status status = charge(payer);
	if (status != STATUS_OK)
		return status;
	char *block = room && count == 1 ? heap_alloc_kept() : heap_alloc(front + view_size(count));
	if (block == NULL) {
		if (payer != NULL) {
			ledger_credit(&payer->ledger, LEDGER_OBJECTS, 1);
			process_put(payer);
		}
		return STATUS_NO_MEMORY;
	}
	struct view *view = (struct view *)(void *)(block + front);
	object_get(object);
	view->refs = 1;
	view->object = object;
	view->payer = payer;
	view->key = key;
	view->kind = kind;
	view->count = (uint8_t)count;
	view->scope = SCOPE_ANY;
	view->minted = false;
	view->room = room ? VIEW_HAS_ROOM : 0;
	view->watch = NULL;
	view->sets[0] = count > 0 ? sets[0] : (struct interface_set){0};
	for (unsigned i = 1; i < count; i++)
		view->sets[i] = sets[i];
	*out = view;
	return STATUS_OK;
}

static bool needs_room(const struct object *object, enum view_kind kind)
{
	return kind == VIEW_FACET && object->type->is_endpoint;
}

void view_unmint(struct view *view)
{
	object_put(view->object);
	free_now(view);
}

/* The object's type has the last word. */
static enum status enter(struct view *view)
{
	enum status status = STATUS_OK;

	if (view->object->type->view_created != NULL)
		status = view->object->type->view_created(view);
	if (status != STATUS_OK)
		view_unmint(view);
	return status;
}

enum status view_create(struct process *payer, struct object *object, enum view_kind kind, uint64_t key,
			const struct interface_set *sets, unsigned count, struct view **out)
{
	enum status status = make(payer, object, kind, needs_room(object, kind), key, sets, count, out);

	return status == STATUS_OK ? enter(*out) : status;
}

enum status view_create_full(struct process *payer, struct object *object, struct view **out)
{
	struct interface_set all = {object->type->interface_id, METHODS_ALL};
	enum status status = view_create(payer, object, VIEW_OBJECT, 0, &all, 1, out);

	object_put(object);
	return status;
}

enum status view_derive(struct process *payer, const struct view *from, enum view_kind kind, uint64_t key,
			const struct interface_set *sets, unsigned count, struct view **out)
{
	enum status status = make(payer, from->object, kind, needs_room(from->object, kind), key, sets, count,
				  out);

	if (status != STATUS_OK)
		return status;
	(*out)->scope = from->scope;
	if (!from->object->type->is_endpoint)
		(*out)->watch = from->watch; /* counted by view_created */
	return enter(*out);
}

[[gnu::noinline]] static enum status mint_many(struct process *payer, const struct view *template,
					       uint64_t key, struct view **out)
{
	return make(payer, template->object, VIEW_FACET, true, key, template->sets, template->count, out);
}

enum status view_mint(struct process *payer, const struct view *template, uint64_t key, struct view **out)
{
	enum status status;

	if (likely(template->count == 1))
		status = make(payer, template->object, VIEW_FACET, true, key, template->sets, 1, out);
	else
		status = mint_many(payer, template, key, out);
	if (unlikely(status != STATUS_OK))
		return status;
	(*out)->scope = template->scope;
	(*out)->minted = true;
	return STATUS_OK;
}

static void free_room(struct quiesce_node *node)
{
	free_now(container_of(node, struct view, quiesce));
}

static void view_free(struct quiesce_node *node)
{
	struct view *view = container_of(node, struct view, quiesce);
	uint32_t room = load_relaxed(
		&view->room); /* TAKEN or not is so from the begin; the others may still come */

	object_put(view->object);
	if (room & VIEW_ROOM_TAKEN) {
		room = atomic_or(&view->room, (uint32_t)VIEW_OVER);
		if (!(room & VIEW_ROOM_LEFT))
			return; /* view_leave_room frees it */
	}
	if (unlikely(room & VIEW_ROOM_SEEN))
		quiesce_free(node, free_room);
	else
		free_now(view);
}

void view_leave_room(struct view *view)
{
	if (atomic_or(&view->room, (uint32_t)VIEW_ROOM_LEFT) & VIEW_OVER)
		quiesce_free(&view->quiesce, free_room);
}

void view_last_put(struct view *view)
{
	if (view->object->type->view_gone != NULL)
		view->object->type->view_gone(view);
	quiesce_free(&view->quiesce, view_free);
}
