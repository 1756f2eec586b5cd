// SPDX-License-Identifier: MIT OR Apache-2.0
/* Who has what open: sharing, watching, and what becomes stale. */
#include "internal.h"

#define COUNT(what) (1ull << ((what) >> 1) * FILES_COUNT_BITS)

/* One more of each that is among `what`. */
static uint64_t counts_of(uint8_t what)
{
	static constexpr uint64_t counts[FILES_ANYTHING + 1] = {
		0,
		COUNT(FILES_READS),
		COUNT(FILES_APPENDS),
		COUNT(FILES_READS) + COUNT(FILES_APPENDS),
		COUNT(FILES_WRITES),
		COUNT(FILES_READS) + COUNT(FILES_WRITES),
		COUNT(FILES_APPENDS) + COUNT(FILES_WRITES),
		COUNT(FILES_READS) + COUNT(FILES_APPENDS) + COUNT(FILES_WRITES),
	};

	return counts[what & FILES_ANYTHING];
}

/* Whether one of those that are among `what` is counted. */
static bool any_of(uint64_t counted, uint8_t what)
{
	return (counted & counts_of(what) * ((1u << FILES_COUNT_BITS) - 1)) != 0;
}

static void link_opening(struct files_opening *opening, struct files_node *node, uint8_t does, uint8_t allows)
{
	struct files_opening *next = node->openings;

	*opening = (struct files_opening){.node = node, .next = next, .does = does, .allows = allows};
	if (next)
		next->previous = opening;
	node->openings = opening;
	if (node->kind == FILES_DIRECTORY)
		return;
	node->users += counts_of(does);
	node->denies += counts_of((uint8_t)~allows);
}

enum files_outcome files_open(struct files_opening *opening, struct files_node *node, uint8_t does,
			      uint8_t allows)
{
	if (node->kind == FILES_FILE && (any_of(node->denies, does) || any_of(node->users, (uint8_t)~allows)))
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
	node->users -= counts_of(opening->does);
	node->denies -= counts_of((uint8_t)~opening->allows);
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
