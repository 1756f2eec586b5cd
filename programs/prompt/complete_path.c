// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The Tab key in a path: names of the directory that the path leads to so far, below a Directory that is held here, or next parts of
 * the names below a Namespace. Behind a command a path is a word; in an expression it begins behind white space, a bracket, a comma
 * or a ":".
 */
#include <file_client/file_client.h>
#include <runtime/runtime.h>
#include <schema/service/namespace.capnp.h>
#include <shell/complete.h>

#include "files.h"

#define PAGE 12u
#define MOST 600u       /* names that are looked at */
#define NAME_MOST 1024u /* bytes of a name below a Namespace */

/* What the names are to begin with, and where they are. */
struct sought {
	const struct place *place;
	const char *typed;
	uint32_t len;
	struct shell_completion *found;
};

/* A name of 40 bytes or more is counted, but cannot be put in. */
static void offer(struct shell_completion *found, struct msg_text name, char behind)
{
	struct shell_candidate *c = &found->candidate[found->count];

	found->total++;
	if (name.len >= SHELL_CANDIDATE_BYTES || found->count == SHELL_CANDIDATES)
		return;
	*c = (struct shell_candidate){.kind = SHELL_CANDIDATE_FILE, .after = behind};
	__builtin_memcpy(c->text, name.ptr, name.len);
	if (found->count == 0)
		found->common_len = name.len;
	for (uint32_t i = 0; i < found->common_len; i++)
		if (c->text[i] != found->candidate[0].text[i])
			found->common_len = i;
	found->count++;
}

static bool begins(const struct sought *s, struct msg_text name)
{
	return name.len >= s->len && __builtin_memcmp(name.ptr, s->typed, s->len) == 0;
}

/* Behind everything that does not begin with the prefix. */
static uint32_t before_prefix(const char *prefix, uint32_t len, char *after)
{
	if (len == 0)
		return 0;
	__builtin_memcpy(after, prefix, len);
	after[len - 1] = (char)(after[len - 1] - 1);
	after[len] = '\xff'; /* in no name */
	return len + 1;
}

static void seek_files(const struct sought *s)
{
	static struct file_client_entry entries[PAGE];
	uint32_t got = 0, seen = 0, after_len;
	enum file_outcome outcome = 0;
	char after[257];
	bool more = true;

	after_len = before_prefix(s->typed, s->len, after);
	while (more && seen < MOST) {
		if (file_client_list(runtime_transport(), s->place->cap, s->place->path,
				     (struct msg_text){after, after_len}, entries, PAGE, &outcome, &got,
				     &more) != STATUS_OK ||
		    outcome != FILE_OUTCOME_DONE || got == 0)
			return;
		for (uint32_t i = 0; i < got; i++, seen++) {
			struct msg_text name = {entries[i].name, entries[i].name_len};

			if (!begins(s, name))
				return; /* in order: none follows */
			offer(s->found, name, entries[i].stat.kind == FILE_KIND_DIRECTORY ? '/' : ' ');
		}
		after_len = entries[got - 1].name_len;
		__builtin_memcpy(after, entries[got - 1].name, after_len);
	}
}

/* The part of a name that comes next: behind the path, up to a "/". Bound and with names below it, it has nothing behind it. */
static void offer_part(const struct sought *s, struct msg_text name)
{
	uint32_t skip = s->place->path.len ? s->place->path.len + 1 : 0;
	struct msg_text part = {name.ptr + skip, 0};
	char behind;

	while (skip + part.len < name.len && part.ptr[part.len] != '/')
		part.len++;
	if (!begins(s, part))
		return;
	behind = skip + part.len < name.len ? '/' : ' ';
	for (uint32_t i = 0; i < s->found->count; i++) {
		struct shell_candidate *c = &s->found->candidate[i];

		if (!msg_text_equal(msg_text_from(c->text), part))
			continue;
		if (c->after != behind)
			c->after = 0;
		return;
	}
	offer(s->found, part, behind);
}

/* One answer of the list. *last: the name that the next one begins behind. False: there is none. */
static bool seek_some_names(const struct sought *s, char *last, uint32_t *last_len, uint32_t *seen)
{
	struct namespace_list_results_reader results;
	struct rpc_call call;
	struct namespace_list_params_builder p = namespace_list_begin_sized(
		&call, runtime_transport(), rpc_target_cap(s->place->cap),
		rpc_text_room(s->place->path.len) + rpc_text_room(*last_len));
	uint32_t count = 0;
	bool more = false;

	namespace_list_params_builder_set_under(p, s->place->path);
	namespace_list_params_builder_set_after(p, (struct msg_text){last, *last_len});
	namespace_list_params_builder_set_max(p, PAGE);
	if (namespace_list_call(&call, &results) == STATUS_OK &&
	    namespace_list_results_reader_outcome(results) == FILE_OUTCOME_DONE) {
		struct namespace_entry_list_reader list = namespace_list_results_reader_entries(results);

		count = namespace_entry_list_reader_count(list);
		more = namespace_list_results_reader_more(results);
		for (uint32_t i = 0; i < count; i++) {
			struct msg_text name = namespace_entry_reader_name(
				namespace_entry_list_reader_at(list, i));
			offer_part(s, name);
			*last_len = name.len < NAME_MOST ? name.len : NAME_MOST;
			__builtin_memcpy(last, name.ptr, *last_len);
		}
	}
	rpc_end(&call);
	*seen += count;
	return more && count > 0;
}

static void seek_names(const struct sought *s)
{
	static char last[NAME_MOST];
	uint32_t last_len = 0, seen = 0;

	while (seen < MOST && seek_some_names(s, last, &last_len, &seen))
		;
}

bool complete_path(const char *line, uint32_t cursor, struct shell_completion *found)
{
	uint32_t start = cursor, slash = 0;
	struct place place;

	while (start > 0 && !__builtin_strchr(" (,:[{=", line[start - 1]))
		start--;
	for (uint32_t i = start; i < cursor; i++)
		if (line[i] == '/')
			slash = i + 1;
	if (slash == 0 || cursor - slash > 255)
		return false;
	if (!place_of((struct shell_word){line + start, slash - 1 - start, start}, &place))
		return false;
	found->from = slash;
	found->count = found->total = found->common_len = 0;

	const struct sought sought = {&place, line + slash, cursor - slash, found};

	if (place.interface_id == DIRECTORY_INTERFACE_ID)
		seek_files(&sought);
	else if (place.interface_id == NAMESPACE_INTERFACE_ID)
		seek_names(&sought);
	return found->count > 0;
}
