// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Watched facets of a notification: bits that are set when the last capability to a facet is gone, wherever it had gone,
 * whatever ended it. End of file and broken pipe are made of it.
 *
 * A watch is found only through a view that counts it. A view that was itself found by look-up, without a reference, may lose its last
 * one at any time: so a derived view tries, and watches are freed through quiescence.
 */
#include <cap/process.h>
#include <cap/view.h>
#include <mm/slab.h>
#include <ring/notification.h>

static struct slab_cache watch_cache = SLAB_CACHE(watch);

enum status notification_view_created(struct view *view)
{
	struct watch *watch = view->watch;
	uint64_t refs = watch != NULL ? load_relaxed(&watch->refs) : 0;

	while (refs != 0)
		if (atomic_cas(&watch->refs, &refs, refs + 1))
			return STATUS_OK;
	return watch == NULL ? STATUS_OK : STATUS_BAD_ID;
}

enum status notification_watch(struct process *payer, struct view *view, uint64_t bits)
{
	enum status status = ledger_charge(&payer->ledger, LEDGER_OBJECTS, 1);

	if (status != STATUS_OK)
		return status;
	struct watch *watch = slab_alloc(&watch_cache);
	if (watch == NULL) {
		ledger_credit(&payer->ledger, LEDGER_OBJECTS, 1);
		return STATUS_NO_MEMORY;
	}
	process_get(payer);
	*watch = (struct watch){.refs = 1, .bits = bits, .above = view->watch, .payer = payer};
	view->watch = watch;
	return STATUS_OK;
}

static void watch_free(struct quiesce_node *node)
{
	struct watch *watch = container_of(node, struct watch, quiesce);
	struct process *payer = watch->payer;

	slab_free(&watch_cache, watch);
	ledger_credit(&payer->ledger, LEDGER_OBJECTS, 1);
	process_put(payer);
}

void notification_view_gone(struct view *view)
{
	struct watch *watch = view->watch, *above;

	for (; watch != NULL && atomic_sub(&watch->refs, 1) == 1; watch = above) {
		above = watch->above;
		notification_set(container_of(view->object, struct notification, object), watch->bits);
		quiesce_free(&watch->quiesce, watch_free);
	}
}
