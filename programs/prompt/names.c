// SPDX-License-Identifier: MIT OR Apache-2.0
/* Names of capabilities at this prompt. */
#include <fmt/fmt.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <shell/nearest.h>

#include "prompt.h"

struct name names[MAX_NAMES];
uint32_t name_count;

static void set_text(struct name *name, const char *text, uint32_t len)
{
	__builtin_memset(name->text, 0, sizeof(name->text));
	__builtin_memcpy(name->text, text, len);
}

void names_start(void)
{
	for (uint32_t i = 0; i < runtime_grant_count() && name_count < MAX_NAMES; i++) {
		struct runtime_grant grant = runtime_grant_at(i);
		struct name *name = &names[name_count];

		if (grant.name.len == 0 || grant.name.len > MAX_NAME)
			continue;
		*name = (struct name){.id = grant.id, .interface_id = grant.interface_id, .given = true};
		set_text(name, grant.name.ptr, grant.name.len);
		name_count++;
	}
}

struct name *names_find(struct shell_word word)
{
	for (uint32_t i = 0; i < name_count; i++)
		if (shell_word_is(word, names[i].text))
			return &names[i];
	return nullptr;
}

bool names_set(struct shell_word word, cap_id id, uint64_t interface_id, struct shell_error *error)
{
	struct name *name = names_find(word);

	error->at = word.at;
	if (word.len > MAX_NAME) {
		fmt_print(error->text, sizeof(error->text), "a name has at most %u bytes", MAX_NAME);
		return false;
	}
	if (name && name->given) {
		fmt_print(error->text, sizeof(error->text),
			  "\"%s\" was given by the image; choose another name", name->text);
		return false;
	}
	if (!name && name_count == MAX_NAMES) {
		fmt_print(error->text, sizeof(error->text), "no room for another name");
		return false;
	}
	if (name)
		ring_release(runtime_ring(), name->id);
	else
		name = &names[name_count++];
	*name = (struct name){.id = id, .interface_id = interface_id};
	set_text(name, word.ptr, word.len);
	return true;
}

void names_not_found(struct shell_word word, struct shell_error *error)
{
	struct shell_nearest nearest = shell_nearest(word.ptr, word.len);

	for (uint32_t i = 0; i < name_count; i++)
		shell_nearest_offer(&nearest, names[i].text, (uint32_t)__builtin_strlen(names[i].text));
	error->at = word.at;
	if (nearest.found)
		fmt_print(error->text, sizeof(error->text),
			  "you hold nothing called \"%.*s\"; did you mean \"%.*s\"?",
			  (int)(word.len < 40 ? word.len : 40), word.ptr, (int)nearest.name_len,
			  nearest.name);
	else
		fmt_print(error->text, sizeof(error->text),
			  "you hold nothing called \"%.*s\"; \"caps\" lists what you hold",
			  (int)(word.len < 40 ? word.len : 40), word.ptr);
}

bool names_need(const char *text, uint64_t interface_id, cap_id *id)
{
	char buffer[24];

	if (runtime_cap(text, interface_id, id) == STATUS_OK)
		return true;
	text_print(&out, "NOT_GRANTED: this needs \"%s\" (", text);
	text_put_text(&out, registry_interface_name(&registry, interface_id, buffer));
	text_put(&out, "), which the image does not give to this prompt\n");
	return false;
}
