// SPDX-License-Identifier: MIT OR Apache-2.0
/* Opening, in line: what a server of files does most. Closing and watching are in files/tree.h. */
#pragma once

#include <files/tree.h>

#define FILES_COUNT(what) (1ull << ((what) >> 1) * FILES_COUNT_BITS)

/* One more of each that is among `what`. */
static inline uint64_t files_counts_of(uint8_t what)
{
	static constexpr uint64_t counts[FILES_ANYTHING + 1] = {
		0,
		FILES_COUNT(FILES_READS),
		FILES_COUNT(FILES_APPENDS),
		FILES_COUNT(FILES_READS) + FILES_COUNT(FILES_APPENDS),
		FILES_COUNT(FILES_WRITES),
		FILES_COUNT(FILES_READS) + FILES_COUNT(FILES_WRITES),
		FILES_COUNT(FILES_APPENDS) + FILES_COUNT(FILES_WRITES),
		FILES_COUNT(FILES_READS) + FILES_COUNT(FILES_APPENDS) + FILES_COUNT(FILES_WRITES),
	};

	return counts[what & FILES_ANYTHING];
}

/* Whether one of those that are among `what` is counted. */
static inline bool files_any_of(uint64_t counted, uint8_t what)
{
	return (counted & files_counts_of(what) * ((1u << FILES_COUNT_BITS) - 1)) != 0;
}

static inline void files_link_opening(struct files_opening *opening, struct files_node *node, uint8_t does,
				      uint8_t allows)
{
	struct files_opening *next = node->openings;

	*opening = (struct files_opening){.node = node, .next = next, .does = does, .allows = allows};
	if (next)
		next->previous = opening;
	node->openings = opening;
	if (node->kind == FILES_DIRECTORY)
		return;
	node->users += files_counts_of(does);
	node->denies += files_counts_of((uint8_t)~allows);
}

/* Errors: BUSY. */
static inline enum files_outcome files_open(struct files_opening *opening, struct files_node *node,
					    uint8_t does, uint8_t allows)
{
	if (node->kind == FILES_FILE &&
	    (files_any_of(node->denies, does) || files_any_of(node->users, (uint8_t)~allows)))
		return FILES_BUSY;
	files_link_opening(opening, node, does, allows);
	return FILES_DONE;
}

/* For another opening by somebody who has it open: nobody is asked. */
static inline void files_open_also(struct files_opening *opening, struct files_node *node, uint8_t does)
{
	files_link_opening(opening, node, does, FILES_ANYTHING);
}
