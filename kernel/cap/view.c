// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Views: made once, never changed. A view is found through a table entry without a reference, so its memory, too, is freed only through quiescence.
 */
#include <cap/view.h>
#include <core/atomic.h>
#include <mm/slab.h>

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

enum status view_create(struct object *object, enum view_kind kind, uint64_t key,
			const struct interface_set *sets, unsigned count, struct view **out)
{
	struct view *view = heap_alloc(view_size(count));

	if (view == NULL)
		return STATUS_NO_MEMORY;
	object_get(object);
	view->refs = 1;
	view->object = object;
	view->key = key;
	view->kind = kind;
	view->count = (uint8_t)count;
	view->sets[0] = (struct interface_set){0};
	for (unsigned i = 0; i < count; i++)
		view->sets[i] = sets[i];
	if (object->type->view_created != NULL) {
		enum status status = object->type->view_created(view);
		if (status != STATUS_OK) {
			object_put(object);
			heap_free(view, view_size(count));
			return status;
		}
	}
	*out = view;
	return STATUS_OK;
}

enum status view_create_full(struct object *object, struct view **out)
{
	struct interface_set all = {object->type->interface_id, METHODS_ALL};
	enum status status = view_create(object, VIEW_OBJECT, 0, &all, 1, out);

	object_put(object);
	return status;
}

enum status view_mint(const struct view *template, uint64_t key, struct view **out)
{
	enum status status = view_create(template->object, VIEW_FACET, key, template->sets, template->count,
					 out);

	if (status != STATUS_OK)
		return status;
	(*out)->scope = template->scope;
	if (template->object->type->view_minted != NULL)
		template->object->type->view_minted(*out);
	return STATUS_OK;
}

static void view_free(struct quiesce_node *node)
{
	struct view *view = container_of(node, struct view, quiesce);

	object_put(view->object);
	heap_free(view, view_size(view->count));
}

void view_last_put(struct view *view)
{
	if (view->object->type->view_gone != NULL)
		view->object->type->view_gone(view);
	quiesce_free(&view->quiesce, view_free);
}
