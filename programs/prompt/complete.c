// SPDX-License-Identifier: MIT OR Apache-2.0
/* The Tab key: what lib/shell finds among the names of this prompt. */
#include <schema/service/package.capnp.h>

#include "files.h"
#include "prompt.h"

static bool variable_at(void *self, uint32_t index, struct shell_word *name, uint64_t *interface_id)
{
	const struct shell_variable *v = &shell.variables[index];

	(void)self;
	if (index >= shell.variable_count)
		return false;
	*name = (struct shell_word){v->text, (uint32_t)__builtin_strlen(v->text), 0};
	*interface_id = !v->function && v->value->kind == SHELL_CAPABILITY ? v->value->interface_id : 0;
	return true;
}

static uint64_t methods_of(void *self, struct shell_word name)
{
	const struct shell_value *value = shell_variable(&shell, name);
	struct capability_facts facts;

	(void)self;
	return value && value->kind == SHELL_CAPABILITY && capability_facts(value->cap, &facts)
		       ? facts.methods
		       : ~0ull;
}

static bool word_of(const char *text, struct shell_word *name)
{
	*name = (struct shell_word){text, (uint32_t)__builtin_strlen(text), 0};
	return true;
}

static bool command_at(void *self, uint32_t index, struct shell_word *name)
{
	(void)self;
	return index < command_count && word_of(commands[index].name, name);
}

static bool topic_at(void *self, uint32_t index, struct shell_word *name)
{
	const char *topic = help_topic(index);

	(void)self;
	return topic && word_of(topic, name);
}

static bool file_at(uint16_t kind, uint32_t index, struct shell_word *name)
{
	struct spawn_package *package = package_open();
	struct msg_text text;

	if (!package || !spawn_package_name(package, kind, index, &text))
		return false;
	*name = (struct shell_word){text.ptr, text.len, 0};
	return true;
}

static bool program_at(void *self, uint32_t index, struct shell_word *name)
{
	(void)self;
	return file_at(PACKAGE_INDEX_KIND_PROGRAM, index, name);
}

static bool script_at(void *self, uint32_t index, struct shell_word *name)
{
	(void)self;
	return file_at(PACKAGE_INDEX_KIND_DATA, index, name);
}

bool prompt_complete(const char *line, uint32_t len, uint32_t cursor, struct shell_completion *completion)
{
	static const struct shell_completer completer = {
		.registry = &registry,
		.variable = variable_at,
		.methods = methods_of,
		.command = command_at,
		.topic = topic_at,
		.program = program_at,
		.file = script_at,
	};

	if (complete_path(line, cursor, completion))
		return true;
	shell_complete(&completer, line, len, cursor, completion);
	return completion->count > 0;
}
