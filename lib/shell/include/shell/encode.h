// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * From values as written to a message, by the types of the registry.
 *
 * Every value is checked against its type first: ranges, enumerants, members that do not exist (with the
 * nearest name), members given twice. What does not fit is an error with its place, and no message.
 */
#pragma once

#include <message/message.h>
#include <registry/registry.h>
#include <shell/value.h>

struct shell_encoder {
	struct registry *registry;
	struct shell_error *error;
	/*
	 * A capability (value is one, or null): adds it to the message that is being built and gives its index. False: it is
	 * of another interface, and error says so. interface_id 0: any will do.
	 */
	bool (*capability)(void *self, const struct shell_value *value, uint64_t interface_id,
			   int32_t *index);
	/* What a bare name stands for. Null: nothing, and error says so. */
	const struct shell_value *(*variable)(void *self, struct shell_word name);
	void *self;
};

/*
 * Fills the parameters of a method with values in a row: named ones anywhere, the others by position.
 * What is left out has its default, so that methods may grow. Only a call without any argument of a method that
 * wants numbers, texts or data is refused: it was hardly meant.
 */
bool shell_encode_params(struct shell_encoder *encoder, struct registry_data_struct_reader type,
			 struct msg_struct_builder builder, const struct shell_value *first, uint32_t at);
