// SPDX-License-Identifier: MIT OR Apache-2.0
/* Who has what open: sharing, watching, and what becomes stale. */
#include "internal.h"

static void link_opening(struct files_opening *opening, struct files_node *node, uint8_t does, uint8_t allows)
{
	*opening = (struct files_opening){
		.node = node, .next = node->openings, .does = does, .allows = allows};
	if (opening->next)
		opening->next->previous = opening;
	node->openings = opening;
	if (node->kind == FILES_DIRECTORY)
		return;
	for (unsigned i = 0; i < 3; i++) {
		node->users[i] += does >> i & 1;
		node->denies[i] += !(allows >> i & 1);
	}
}

enum files_outcome files_open(struct files_opening *opening, struct files_node *node, uint8_t does,
			      uint8_t allows)
{
	for (unsigned i = 0; i < 3 && node->kind == FILES_FILE; i++)
		if (((does >> i & 1) && node->denies[i] > 0) || (!(allows >> i & 1) && node->users[i] > 0))
			return FILES_BUSY;
	link_opening(opening, node, does, allows);
	return FILES_DONE;
}

void files_open_also(struct files_opening *opening, struct files_node *node, uint8_t does)
{
	link_opening(opening, node, does, FILES_ANYTHING);
}

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
	for (unsigned i = 0; i < 3; i++) {
		node->users[i] -= opening->does >> i & 1;
		node->denies[i] -= !(opening->allows >> i & 1);
	}
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
