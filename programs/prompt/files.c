// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Commands for files and names: NAME/PATH, where NAME is a Directory, a Namespace or a File that is held here.
 *
 * A path begins at a capability that has a name, never at a root: there is none. What cannot be done says so by the
 * outcome's name (notFound, busy, denied...), as a failure that scripts can catch.
 */
#include <file_client/file_client.h>
#include <fmt/fmt.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <schema/service/namespace.capnp.h>

#include "files.h"

#define PIECE 2048u

/* The last place that a command was about. */
static struct place last_place;

bool place_of(struct shell_word word, struct place *place)
{
	struct shell_word head = word;
	const struct shell_value *value;

	head.len = 0;
	while (head.len < word.len && word.ptr[head.len] != '/')
		head.len++;
	*place = (struct place){.name = head};
	if (head.len == 0)
		return shell_fail_at(&shell, word.at,
				     "there is no root: a path begins at a Directory that you hold; \"ls\" "
				     "lists them");
	if (head.len < word.len)
		place->path = (struct msg_text){word.ptr + head.len + 1, word.len - head.len - 1};
	if (place->path.len > 1 && place->path.ptr[place->path.len - 1] == '/')
		place->path.len--; /* as the Tab key leaves it */
	value = shell_variable(&shell, head);
	if (!value || value->kind != SHELL_CAPABILITY)
		return shell_fail_at(&shell, word.at,
				     "you hold no directory called \"%.*s\"; \"caps\" shows what you hold",
				     (int)(head.len < 40 ? head.len : 40), head.ptr);
	place->cap = value->cap;
	place->interface_id = value->interface_id;
	if (place->interface_id == DIRECTORY_INTERFACE_ID || place->interface_id == NAMESPACE_INTERFACE_ID ||
	    (place->interface_id == FILE_INTERFACE_ID && place->path.len == 0)) {
		last_place = *place;
		return true;
	}
	return shell_fail_at(&shell, word.at, "%.*s is no Directory, Namespace or File",
			     (int)(head.len < 40 ? head.len : 40), head.ptr);
}

/*
 * Who stands before a Directory (a rule of where()) raised an exception, and the call in which it said why is over. So it is asked
 * once more, in a call that changes nothing.
 */
static bool fail_refused(void)
{
	struct directory_stat_params_builder params;
	struct rpc_call call;
	bool said = false;

	if (last_place.interface_id == DIRECTORY_INTERFACE_ID) {
		params = directory_stat_begin_sized(&call, runtime_transport(),
						    rpc_target_cap(last_place.cap),
						    rpc_text_room(last_place.path.len));
		directory_stat_params_builder_set_path(params, last_place.path);

		enum status status = rpc_call(&call);

		said = status == STATUS_EXCEPTION;
		if (said)
			shell_fail_call(&shell, &call, status, last_place.cap, nullptr);
		rpc_end(&call);
	}
	return said ? false
		    : shell_fail(&shell, "refused", "whoever serves it says no; the method itself says why");
}

bool settle(enum status status, enum file_outcome outcome)
{
	int len = (int)(last_place.name.len < 40 ? last_place.name.len : 40);

	if (status == STATUS_EXCEPTION)
		return fail_refused();
	if (status == STATUS_DENIED)
		return shell_fail(&shell, "DENIED",
				  "%.*s has no method for that any more; \"describe %.*s\" says what it has",
				  len, last_place.name.ptr, len, last_place.name.ptr);
	if (outcome == FILE_OUTCOME_BAD_NAME && status == STATUS_OK)
		return shell_fail(&shell, "badName",
				  "names have 1 to 255 bytes; \".\" and \"..\" are none: nothing leads up");
	if (status != STATUS_OK)
		return shell_fail_status(&shell, "the call", status);
	if (outcome != FILE_OUTCOME_DONE)
		return shell_fail(&shell, file_client_name(outcome), "%s", file_client_text(outcome));
	return true;
}

static bool need_words(const struct shell_word *words, uint32_t count, uint32_t least, uint32_t most)
{
	if (count >= least && count <= most)
		return true;
	for (uint32_t i = 0; i < command_count; i++)
		if (shell_word_is(words[0], commands[i].name))
			return shell_fail_at(&shell, words[0].at, "%s: %s", commands[i].usage,
					     commands[i].what);
	return shell_fail_at(&shell, words[0].at, "this many words are not expected");
}

static bool directory_at(const struct shell_word *word, struct place *place)
{
	if (!place_of(*word, place))
		return false;
	return place->interface_id == DIRECTORY_INTERFACE_ID ||
	       shell_fail_at(&shell, word->at, "this wants a path below a Directory");
}

/* ---- Looking ---- */

static void show_entry(const struct file_client_entry *entry, uint32_t indent)
{
	bool directory = entry->stat.kind == FILE_KIND_DIRECTORY;

	text_put_pad(&out, 0, 2 + indent * 2);
	text_put_text(&out, (struct msg_text){entry->name, entry->name_len});
	text_put(&out, directory ? "/" : "");
	text_put_pad(&out, entry->name_len + directory + indent * 2, 24);
	if (directory)
		text_print(&out, " %8llu names\n", (unsigned long long)entry->stat.size);
	else
		text_print(&out, " %8llu bytes\n", (unsigned long long)entry->stat.size);
}

/* Where paths can begin: every Directory and Namespace that has a name here. */
static bool list_places(uint32_t at)
{
	uint32_t found = 0;

	for (uint32_t i = 0; i < shell.variable_count; i++) {
		const struct shell_variable *v = &shell.variables[i];
		bool names = !v->function && v->value->interface_id == NAMESPACE_INTERFACE_ID;

		if (v->function || v->value->kind != SHELL_CAPABILITY ||
		    (!names && v->value->interface_id != DIRECTORY_INTERFACE_ID))
			continue;
		text_print(&out, "  %s/", v->text);
		text_put_pad(&out, (uint32_t)__builtin_strlen(v->text) + 1, 24);
		text_put(&out, names ? " a Namespace\n" : " a Directory\n");
		found++;
	}
	return found > 0 ||
	       shell_fail_at(&shell, at,
			     "you hold no Directory, so there are no files for you here; the image \"files\" "
			     "has some (make run IMAGE=files)");
}

bool command_ls(const struct shell_word *words, uint32_t count)
{
	static struct file_client_entry entries[12];
	struct msg_text after = {};
	enum file_outcome outcome = 0;
	char last[256];
	uint32_t got = 0;
	bool more = true;
	struct place place;

	if (count == 1)
		return list_places(words[0].at);
	if (!need_words(words, count, 2, 2) || !place_of(words[1], &place))
		return false;
	if (place.interface_id == NAMESPACE_INTERFACE_ID)
		return names_list(&place);
	if (place.interface_id != DIRECTORY_INTERFACE_ID)
		return shell_fail_at(&shell, words[1].at, "this wants a Directory or a Namespace");
	while (more && !terminal_interrupted()) {
		enum status status = file_client_list(runtime_transport(), place.cap, place.path, after,
						      entries, 12, &outcome, &got, &more);

		if (!settle(status, outcome))
			return false;
		for (uint32_t i = 0; i < got; i++)
			show_entry(&entries[i], 0);
		if (got == 0)
			break;
		__builtin_memcpy(last, entries[got - 1].name, entries[got - 1].name_len);
		after = (struct msg_text){last, entries[got - 1].name_len};
	}
	return true;
}

/* Where a walk over a whole tree is: a path that grows and shrinks. */
struct walk {
	char path[1024];
	uint32_t len, top, depth; /* top: what it began with */
	char after[256];
	uint32_t after_len;
};

static bool enter(struct walk *w, const struct file_client_entry *entry)
{
	uint32_t slash = w->len > 0;

	if (w->len + slash + entry->name_len > sizeof(w->path))
		return false;
	if (slash)
		w->path[w->len++] = '/';
	__builtin_memcpy(w->path + w->len, entry->name, entry->name_len);
	w->len += entry->name_len;
	w->after_len = 0;
	w->depth++;
	return true;
}

/* Goes on behind the directory that is left. */
static void leave(struct walk *w)
{
	uint32_t end = w->len;

	while (w->len > w->top && w->path[w->len - 1] != '/')
		w->len--;
	w->after_len = end - w->len;
	__builtin_memcpy(w->after, w->path + w->len, w->after_len);
	if (w->len > 0 && w->len >= w->top && w->path[w->len - 1] == '/')
		w->len--;
	w->depth--;
}

bool command_tree(const struct shell_word *words, uint32_t count)
{
	static struct file_client_entry entry;
	static struct walk w;
	enum file_outcome outcome = 0;
	struct place place;
	uint32_t got;
	bool more;

	if (!need_words(words, count, 2, 2) || !directory_at(&words[1], &place))
		return false;
	if (place.path.len > sizeof(w.path))
		return shell_fail_at(&shell, words[1].at, "too long a path");
	w.len = w.top = place.path.len;
	w.depth = w.after_len = 0;
	__builtin_memcpy(w.path, place.path.ptr, place.path.len);
	while (!terminal_interrupted()) {
		enum status status = file_client_list(
			runtime_transport(), place.cap, (struct msg_text){w.path, w.len},
			(struct msg_text){w.after, w.after_len}, &entry, 1, &outcome, &got, &more);

		if (w.depth > 0 && status == STATUS_OK && outcome != FILE_OUTCOME_DONE)
			got = 0; /* it went meanwhile */
		else if (!settle(status, outcome))
			return false;
		if (got == 0 && w.depth == 0)
			break;
		if (got == 0) {
			leave(&w);
			continue;
		}
		show_entry(&entry, w.depth);
		__builtin_memcpy(w.after, entry.name, entry.name_len);
		w.after_len = entry.name_len;
		if (entry.stat.kind == FILE_KIND_DIRECTORY && !enter(&w, &entry))
			return shell_fail(&shell, "tooLarge", "too deep a path");
	}
	return true;
}

bool command_du(const struct shell_word *words, uint32_t count)
{
	struct file_client_stat stat = {};
	enum file_outcome outcome = 0;
	struct place place;

	if (!need_words(words, count, 2, 2) || !directory_at(&words[1], &place) ||
	    !settle(file_client_stat_path(runtime_transport(), place.cap, place.path, &outcome, &stat),
		    outcome))
		return false;
	text_print(&out, "  %llu KiB stored", (unsigned long long)(stat.stored + 1023) / 1024);
	if (stat.kind == FILE_KIND_DIRECTORY)
		text_print(&out, ", %llu files and directories", (unsigned long long)stat.entries);
	text_put(&out, "\n");
	return true;
}

/* ---- Contents ---- */

bool is_printable(uint8_t byte)
{
	return byte == '\n' || byte == '\t' || (byte >= ' ' && byte != 0x7f);
}

void put_printable(const uint8_t *bytes, uint32_t count)
{
	char line[128];
	uint32_t len = 0;

	/* What could drive a terminal is a dot: a file is not to be trusted with that. */
	for (uint32_t i = 0; i < count; i++) {
		line[len++] = is_printable(bytes[i]) ? (char)bytes[i] : '.';
		if (len == sizeof(line) || i + 1 == count) {
			text_put_text(&out, (struct msg_text){line, len});
			len = 0;
		}
	}
}

static void put_hex(uint64_t at, const uint8_t *bytes, uint32_t count)
{
	for (uint32_t i = 0; i < count; i += 16) {
		uint32_t len = count - i < 16 ? count - i : 16;

		text_print(&out, "  %08llx ", (unsigned long long)(at + i));
		for (uint32_t k = 0; k < 16; k++) {
			if (k < len)
				text_print(&out, " %02x", bytes[i + k]);
			else
				text_put(&out, "   ");
		}
		text_put(&out, "  ");
		for (uint32_t k = 0; k < len; k++) {
			char c = bytes[i + k] >= ' ' && bytes[i + k] < 0x7f ? (char)bytes[i + k] : '.';

			text_put_text(&out, (struct msg_text){&c, 1});
		}
		text_put(&out, "\n");
	}
}

static bool show_file(cap_id file, bool hex)
{
	static uint8_t bytes[PIECE];
	enum file_outcome outcome = 0;
	uint64_t at = 0;
	uint32_t got = 1;
	uint8_t end = '\n';

	for (; got > 0 && !terminal_interrupted(); at += got) {
		enum status status = file_client_read(runtime_transport(), file, at, bytes, PIECE, &outcome,
						      &got);

		if (!settle(status, outcome))
			return false;
		if (hex)
			put_hex(at, bytes, got);
		else
			put_printable(bytes, got);
		end = got ? bytes[got - 1] : end;
	}
	if (!hex && end != '\n')
		text_put(&out, "\n");
	return true;
}

static bool show(const struct shell_word *words, uint32_t count, bool hex)
{
	enum file_outcome outcome = 0;
	struct place place;
	cap_id file = {};
	bool good;

	if (!need_words(words, count, 2, 2) || !place_of(words[1], &place))
		return false;
	if (place.interface_id == NAMESPACE_INTERFACE_ID)
		return names_show(&place);
	if (place.interface_id == FILE_INTERFACE_ID)
		return show_file(place.cap, hex);
	if (!settle(directory_open(runtime_transport(), place.cap, place.path, &outcome, &file), outcome))
		return false;
	good = show_file(file, hex);
	ring_release(runtime_ring(), file);
	return good;
}

bool command_cat(const struct shell_word *words, uint32_t count)
{
	return show(words, count, false);
}

bool command_get(const struct shell_word *words, uint32_t count)
{
	return show(words, count, true);
}

/* ---- Changing ---- */

bool command_put(const struct shell_word *words, uint32_t count)
{
	struct place place;

	if (!need_words(words, count, 3, 3) || !place_of(words[1], &place))
		return false;

	struct msg_text text = {words[2].ptr, words[2].len};

	if (place.interface_id == NAMESPACE_INTERFACE_ID)
		return names_bind(&place, text);
	return place.interface_id == FILE_INTERFACE_ID ? put_in_file(place.cap, text)
						       : put_at_path(&place, text);
}

bool command_mkdir(const struct shell_word *words, uint32_t count)
{
	enum file_outcome outcome = 0;
	struct place place;

	return need_words(words, count, 2, 2) && directory_at(&words[1], &place) &&
	       settle(directory_make_directory(runtime_transport(), place.cap, place.path, &outcome),
		      outcome);
}

bool command_rm(const struct shell_word *words, uint32_t count)
{
	enum file_outcome outcome = 0;
	struct place place;

	if (!need_words(words, count, 2, 2) || !place_of(words[1], &place))
		return false;
	if (place.interface_id == NAMESPACE_INTERFACE_ID)
		return names_unbind(&place);
	if (!directory_at(&words[1], &place))
		return false;
	if (place.path.len == 0)
		return shell_fail_at(
			&shell, words[1].at,
			"a directory is removed by a path that leads to it from above; \"drop %.*s\" gives up the capability",
			(int)(place.name.len < 40 ? place.name.len : 40), place.name.ptr);
	return settle(directory_remove(runtime_transport(), place.cap, place.path, &outcome), outcome);
}

bool command_mv(const struct shell_word *words, uint32_t count)
{
	enum file_outcome outcome = 0;
	struct place from, to;

	return need_words(words, count, 3, 3) && directory_at(&words[1], &from) &&
	       directory_at(&words[2], &to) &&
	       settle(directory_rename(runtime_transport(), from.cap, from.path, to.cap, to.path, false,
				       &outcome),
		      outcome);
}
