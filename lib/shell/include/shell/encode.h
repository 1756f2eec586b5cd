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
	const struct shell_values *values;
	struct shell_error *error;
	/*
	 * A capability by its name: adds it to the message that is being built and gives its index. False:
	 * there is none, or it is of another interface, and error says so. interface_id 0: any will do.
	 */
	bool (*capability)(void *self, struct shell_word name, uint64_t interface_id, int32_t *index);
	void *self;
};

/*
 * Fills the parameters of a method: count values from index first; named ones anywhere, the others by position.
 * What is left out has its default, so that methods may grow. Only a call without any argument of a method that
 * wants numbers, texts or data is refused: it was hardly meant.
 */
bool shell_encode_params(struct shell_encoder *encoder, struct registry_data_struct_reader type,
			 struct msg_struct_builder builder, uint16_t first, uint16_t count, uint32_t at);
