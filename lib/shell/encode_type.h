// SPDX-License-Identifier: MIT OR Apache-2.0
/* Types of members as the encoder handles them, and the scalars among them. */
#pragma once

#include <shell/encode.h>

/* A type as its parts, so that the element of a list is one with one list less. */
struct type {
	enum registry_data_kind kind;
	unsigned lists;
	uint64_t id;
};

struct type type_of_field(struct registry_data_field_reader field);
unsigned type_bits(struct type type); /* in the data section; 0: void, or a pointer */
bool type_is_pointer(struct type type);
bool type_is_real(struct type type);
enum msg_elem type_elem(struct type type);

/* false, with "text, value" as the error. */
bool encode_fail(struct shell_encoder *e, const struct shell_value *value, const char *text);
bool encode_fail_word(struct shell_encoder *e, struct shell_word word, const char *text);
/* The bits of a value, checked against the type's range. */
bool encode_whole(struct shell_encoder *e, struct type type, const struct shell_value *value, uint64_t *bits);
bool encode_real(struct shell_encoder *e, struct type type, const struct shell_value *value, uint64_t *bits);
void encode_list_scalar(struct msg_list_builder list, uint32_t i, unsigned bits, uint64_t value);
