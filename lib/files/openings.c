// SPDX-License-Identifier: MIT OR Apache-2.0
/* Who has what open: sharing, watching, and what becomes stale. */
#include "internal.h"

void files_watch(struct files_opening *opening, bool watches)
{
	if (opening->node && opening->watches != watches)
		opening->node->watchers += watches ? 1 : UINT32_MAX;
	opening->watches = watches;
}

void files_close(struct files_opening *opening)
{
	struct files_node *node = opening->node;

	if (!node)
		return;
	if (opening->watches)
		files_watch(opening, false);
	if (opening->next)
		opening->next->previous = opening->previous;
	if (opening->previous)
		opening->previous->next = opening->next;
	else
		node->openings = opening->next;
	opening->node = nullptr;
	if (node->kind == FILES_DIRECTORY)
		return;
	if (opening->does == FILES_READS && opening->allows == FILES_ANYTHING) { /* as most */
		node->users -= FILES_COUNT(FILES_READS);
		return;
	}
	node->users -= files_counts_of(opening->does);
	node->denies -= files_counts_of((uint8_t)~opening->allows);
}

static void tell(struct files_tree *tree, struct files_node *node)
{
	if (node->watchers == 0 || !tree->changed)
		return;
	for (struct files_opening *o = node->openings; o; o = o->next)
		if (o->watches)
			tree->changed(tree->context, o);
}

void files_openings_changed(struct files_tree *tree, struct files_node *node)
{
	node->version++;
	tell(tree, node);
	if (node->kind == FILES_FILE)
		tell(tree, node->parent);
}

void files_openings_end(struct files_tree *tree, struct files_node *node)
{
	tell(tree, node);
	while (node->openings)
		files_close(node->openings);
}
