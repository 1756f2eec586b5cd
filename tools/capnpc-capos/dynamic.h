// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Building a message by a schema that is in the request itself, fields by name. Slow and simple; a field that the
 * schema does not have ends the program.
 */
#pragma once

#include "schema.h"

struct dynamic {
	const struct schema *schema;
	struct node node;
	struct msg_struct_builder b;
};

struct dynamic_list {
	const struct schema *schema;
	struct node node; /* of the elements */
	struct msg_list_builder l;
};

/* The root of a message of the struct that is called so in its file, in the file whose path ends so. */
struct dynamic dynamic_root(const struct schema *s, const char *file, const char *name,
			    struct msg_builder *b);

void dynamic_set(struct dynamic d, const char *field, uint64_t value);
void dynamic_set_text(struct dynamic d, const char *field,
		      struct msg_text value); /* nothing if it is empty */
void dynamic_set_pointer(struct dynamic d, const char *field, struct msg_pointer value);
struct dynamic dynamic_init(struct dynamic d, const char *field);
struct dynamic_list dynamic_init_list(struct dynamic d, const char *field, uint32_t count);
struct msg_list_builder dynamic_init_u64s(struct dynamic d, const char *field, uint32_t count);
struct dynamic dynamic_at(struct dynamic_list l, uint32_t i);
