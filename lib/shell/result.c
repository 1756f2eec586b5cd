// SPDX-License-Identifier: MIT OR Apache-2.0
/* Results that a host makes, member by member. */
#include "internal.h"

static struct shell_value *add(struct shell *shell, struct shell_value *result, struct shell_word name,
			       enum shell_value_kind kind)
{
	struct shell_value *member = eval_new(shell, kind, result->word.at);
	const struct shell_value **link = &result->first;

	if (!member)
		return nullptr;
	while (*link)
		link = (const struct shell_value **)&((struct shell_value *)*link)->next; /* the host's own */
	*link = member;
	member->name = name;
	result->count++;
	return member;
}

bool shell_add_integer(struct shell *shell, struct shell_value *result, struct shell_word name, int64_t value)
{
	struct shell_value *member = add(shell, result, name, SHELL_INTEGER);

	if (!member)
		return false;
	member->negative = value < 0;
	member->magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	return true;
}

bool shell_add_enumerant(struct shell *shell, struct shell_value *result, struct shell_word name,
			 struct msg_text enum_name, uint16_t value)
{
	struct shell_value *member = add(shell, result, name, SHELL_INTEGER);
	struct registry_data_enum_reader e;

	if (!member)
		return false;
	member->magnitude = value;
	if (!registry_enum_named(shell->registry, enum_name, &e))
		return true;

	struct registry_data_enumerant_list_reader list = registry_data_enum_reader_enumerants(e);
	if (value >= registry_data_enumerant_list_reader_count(list))
		return true;
	struct msg_text text = registry_data_enumerant_reader_name(
		registry_data_enumerant_list_reader_at(list, value));
	member->kind = SHELL_ENUMERANT;
	member->word = (struct shell_word){text.ptr, text.len, result->word.at};
	return true;
}
