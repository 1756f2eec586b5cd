// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Variables, as a stack: those of the outermost level, then those of the running function and its blocks. And the
 * capabilities that came with results and have no name yet.
 */
#include <fmt/fmt.h>

#include "internal.h"

struct shell_variable *scope_find(struct shell *shell, struct shell_word name)
{
	for (uint32_t i = shell->variable_count; i > 0; i--) {
		/* Of callers, only what is of the outermost level can be seen. */
		if (i > shell->globals && i <= shell->frame)
			continue;
		if (shell_word_is(name, shell->variables[i - 1].text))
			return &shell->variables[i - 1];
	}
	return nullptr;
}

const struct shell_value *shell_variable(const struct shell *shell, struct shell_word name)
{
	for (uint32_t i = shell->variable_count; i > 0; i--)
		if (shell_word_is(name, shell->variables[i - 1].text))
			return shell->variables[i - 1].function ? nullptr : shell->variables[i - 1].value;
	return nullptr;
}

/* ---- Capabilities ---- */

bool temporary_add(struct shell *shell, cap_id id)
{
	if (shell->temporary_count == SHELL_MAX_TEMPORARIES) {
		shell->host->release(shell->host->self, id);
		return shell_fail(shell, "size", "too many capabilities at once");
	}
	shell->temporaries[shell->temporary_count++] = id;
	return true;
}

void temporaries_release(struct shell *shell, uint32_t count)
{
	while (shell->temporary_count > count) {
		cap_id id = shell->temporaries[--shell->temporary_count];

		if (id.raw)
			shell->host->release(shell->host->self, id);
	}
}

static bool temporary_take(struct shell *shell, cap_id id)
{
	for (uint32_t i = 0; i < shell->temporary_count; i++) {
		if (shell->temporaries[i].raw == id.raw) {
			shell->temporaries[i] = CAP_ID_NULL;
			return true;
		}
	}
	return false;
}

static void release_one(void *self, cap_id id)
{
	const struct shell *shell = self;

	shell->host->release(shell->host->self, id);
}

/* Every capability in the copy becomes the variable's own. Where that fails it is null, and false. */
static bool own(struct shell *shell, struct shell_value *value)
{
	bool good = true;

	if (value->kind == SHELL_CAPABILITY && !temporary_take(shell, value->cap)) {
		cap_id copy = CAP_ID_NULL;
		enum status status = shell->host->duplicate(shell->host->self, value->cap, &copy);

		value->cap = copy;
		if (status != STATUS_OK) {
			value->kind = SHELL_VOID;
			good = shell_fail_status(shell, "this capability could not be kept", status);
		}
	}
	if (value->kind == SHELL_LIST || value->kind == SHELL_STRUCT)
		for (const struct shell_value *m = value->first; m; m = m->next)
			good &= own(shell, (struct shell_value *)m); /* the copy is ours to change */
	return good;
}

static bool lift(struct shell *shell, struct shell_value *value)
{
	bool good = true;

	if (value->kind == SHELL_CAPABILITY) {
		cap_id copy;

		for (uint32_t i = 0; i < shell->temporary_count; i++)
			if (shell->temporaries[i].raw == value->cap.raw)
				return true;
		enum status status = shell->host->duplicate(shell->host->self, value->cap, &copy);
		if (status != STATUS_OK)
			return shell_fail_status(shell, "this capability could not be returned", status);
		value->cap = copy;
		good = temporary_add(shell, copy);
	}
	if (value->kind == SHELL_LIST || value->kind == SHELL_STRUCT)
		for (const struct shell_value *m = value->first; good && m; m = m->next)
			good = lift(shell, (struct shell_value *)m); /* the copy is ours to change */
	return good;
}

const struct shell_value *scope_lift(struct shell *shell, const struct shell_value *value)
{
	struct shell_value *copy = shell_value_copy(&shell->arena, value);

	if (!copy) {
		shell_fail(shell, "size", "too much at once: there is no room to return it");
		return nullptr;
	}
	copy->results = value->results;
	return lift(shell, copy) ? copy : nullptr;
}

/* ---- Variables ---- */

static void forget(struct shell *shell, struct shell_variable *variable)
{
	shell_value_caps(variable->value, release_one, shell);
	store_free(shell, variable->value);
	variable->value = nullptr;
}

void scope_leave(struct shell *shell, uint32_t count)
{
	while (shell->variable_count > count)
		forget(shell, &shell->variables[--shell->variable_count]);
}

/* The variable of that name in the innermost scope that `let` would write to. */
static struct shell_variable *find_here(struct shell *shell, struct shell_word name)
{
	for (uint32_t i = shell->variable_count; i > shell->block; i--)
		if (shell_word_is(name, shell->variables[i - 1].text))
			return &shell->variables[i - 1];
	return nullptr;
}

static bool check_name(struct shell *shell, struct shell_word name, const struct shell_variable *found)
{
	if (name.len == 0 || name.len > SHELL_MAX_NAME)
		return shell_fail_at(shell, name.at, "a name has at most %u bytes", SHELL_MAX_NAME);
	if (found && found->given)
		return shell_fail_at(shell, name.at, "\"%s\" was given by the image; choose another name",
				     found->text);
	if (!found && shell->variable_count == SHELL_MAX_VARIABLES)
		return shell_fail_at(shell, name.at, "no room for another name; \"drop NAME\" makes some");
	return true;
}

bool scope_set(struct shell *shell, struct shell_word name, const struct shell_value *value, bool function,
	       bool local)
{
	struct shell_variable *variable = local ? find_here(shell, name) : scope_find(shell, name);
	struct shell_value *copy;

	if (!check_name(shell, name, variable))
		return false;
	copy = store_copy(shell, value);
	if (!copy)
		return shell_fail_at(shell, name.at,
				     "there is no room for this value; \"drop NAME\" makes some");
	copy->next = nullptr;
	copy->name = (struct shell_word){.ptr = "", .len = 0};
	if (!own(shell, copy)) {
		shell_value_caps(copy, release_one, shell);
		store_free(shell, copy);
		return false;
	}
	if (variable) {
		forget(shell, variable);
	} else {
		variable = &shell->variables[shell->variable_count++];
		if (shell->blocks == 0)
			shell->globals = shell->variable_count;
	}
	__builtin_memset(variable->text, 0, sizeof(variable->text));
	__builtin_memcpy(variable->text, name.ptr, name.len);
	variable->given = false;
	variable->function = function;
	variable->value = copy;
	return true;
}

bool shell_give(struct shell *shell, struct msg_text name, cap_id id, uint64_t interface_id)
{
	struct shell_value value = {.kind = SHELL_CAPABILITY, .cap = id, .interface_id = interface_id};
	struct shell_value *copy;

	if (shell->variable_count == SHELL_MAX_VARIABLES || name.len == 0 || name.len > SHELL_MAX_NAME)
		return false;
	copy = store_copy(shell, &value);
	if (!copy)
		return false;

	struct shell_variable *variable = &shell->variables[shell->variable_count++];
	*variable = (struct shell_variable){.given = true, .value = copy};
	__builtin_memcpy(variable->text, name.ptr, name.len);
	shell->globals = shell->variable_count;
	return true;
}

bool shell_drop(struct shell *shell, struct shell_word name)
{
	struct shell_variable *variable = scope_find(shell, name);
	uint32_t index = variable ? (uint32_t)(variable - shell->variables) : 0;

	if (!variable || variable->given || shell->blocks > 0)
		return false;
	forget(shell, variable);
	shell->variable_count--;
	__builtin_memmove(variable, variable + 1, (shell->variable_count - index) * sizeof(*variable));
	if (index < shell->globals)
		shell->globals--;
	return true;
}

bool scope_not_found(struct shell *shell, struct shell_word name)
{
	struct shell_nearest nearest = shell_nearest(name.ptr, name.len);
	int len = (int)(name.len < 40 ? name.len : 40);

	for (uint32_t i = 0; i < shell->variable_count; i++)
		shell_nearest_offer(&nearest, shell->variables[i].text,
				    (uint32_t)__builtin_strlen(shell->variables[i].text));
	if (nearest.found)
		return shell_fail_at(shell, name.at,
				     "you hold nothing called \"%.*s\"; did you mean \"%.*s\"?", len,
				     name.ptr, (int)nearest.name_len, nearest.name);
	return shell_fail_at(shell, name.at, "you hold nothing called \"%.*s\"; \"caps\" lists what you hold",
			     len, name.ptr);
}
