// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Several registries side by side: look-ups over all of them, and declarations as text. Each is read in place, and none is
 * trusted; what is damaged reads as "not known".
 */
#pragma once

#include <registry/registry.h>

#define REGISTRY_SET_MAX 8u

enum registry_node_kind : uint8_t {
	REGISTRY_NODE_INTERFACE,
	REGISTRY_NODE_STRUCT,
	REGISTRY_NODE_ENUM,
	REGISTRY_NODE_CONSTANT,
};

struct registry_node {
	uint64_t id;
	struct msg_text name;
	enum registry_node_kind kind;
	uint32_t source, members;
};

struct registry_set {
	struct registry source[REGISTRY_SET_MAX];
	bool there[REGISTRY_SET_MAX];
};

/* The node at a position over all sources; false beyond the last. */
bool registry_set_at(struct registry_set *set, uint32_t position, struct registry_node *node);
bool registry_set_by_id(struct registry_set *set, uint32_t source, uint64_t id, struct registry_node *node);
/* Does the name contain the text, in whatever case? */
bool registry_name_contains(struct msg_text name, struct msg_text text);
/* The declaration, with doc comments. */
void registry_print_node(struct registry *registry, const struct text_out *out,
			 const struct registry_node *node);
