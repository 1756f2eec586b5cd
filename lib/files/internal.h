// SPDX-License-Identifier: MIT OR Apache-2.0
/* What the files of lib/files share. */
#pragma once

#include <files/opening.h>

/* ---- names.c: hash table and treaps ---- */
uint64_t files_names_hash(const struct files_tree *tree, const struct files_node *directory,
			  struct files_text name);
struct files_node *files_names_find(struct files_tree *tree, const struct files_node *directory,
				    struct files_text name, uint64_t hash);
/* The same for a path that may be such a name, and that was looked up lately. Null: perhaps it is one all the same. */
struct files_node *files_names_recent(struct files_tree *tree, const struct files_node *directory,
				      struct files_text path);
/* node->parent, name and hash are set. Never fails: a table that cannot grow gets longer chains. */
void files_names_add(struct files_tree *tree, struct files_node *node);
void files_names_remove(struct files_tree *tree, struct files_node *node);
bool files_names_init(struct files_tree *tree);
void files_names_fini(struct files_tree *tree);

static inline struct files_text node_name(const struct files_node *node)
{
	return (struct files_text){node->name, node->name_len};
}

/* ---- openings.c ---- */
void files_openings_changed(struct files_tree *tree,
			    struct files_node *node); /* it, or something directly in it */
void files_openings_end(struct files_tree *tree, struct files_node *node); /* all of them are stale */
