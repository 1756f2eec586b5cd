// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * From a message to values: a struct whose type the registry knows, copied into an arena. And values as text, in the form
 * in which they are written.
 */
#pragma once

#include <registry/registry.h>
#include <shell/value.h>

struct shell_decoder {
	struct registry *registry;
	struct shell_arena *arena;
	/* The capability at an index of the message; the null id: none. */
	cap_id (*capability)(void *self, int32_t index);
	void *self;
};

/*
 * Null: there is no room for it, or it is nested too deeply. Members that the registry does not know are left out; of a
 * union, the one that is set is there.
 */
struct shell_value *shell_decode(struct shell_decoder *decoder, struct registry_data_struct_reader type,
				 struct msg_struct value);

/* On one line, folded where it is long. */
void shell_print(struct registry *registry, const struct text_out *out, const struct shell_value *value);
