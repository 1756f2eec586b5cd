// SPDX-License-Identifier: MIT OR Apache-2.0
/* Between the files of lib/rules: what a parameter is, and what it holds in a message. */
#pragma once

#include <rules/rules.h>

struct rules_value {
	enum registry_data_kind kind;
	uint8_t lists;
	uint64_t type_id; /* of an enum */
	bool given;       /* false: a member of a union that is not the active one */
	uint64_t bits;    /* numbers: sign-extended; lists: their length */
	const char *bytes;
	uint32_t len; /* Text and Data */
};

/* A field by its path ("options.path") in the parameters' type; s (may be null: only the type is wanted) is where its value is. */
bool rules_field(struct registry *registry, uint64_t struct_id, struct msg_text path,
		 const struct msg_struct *s, struct rules_value *value);
bool rules_is_signed(enum registry_data_kind kind);
bool rules_is_number(enum registry_data_kind kind);
