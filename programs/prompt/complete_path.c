// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The Tab key in a path: names of the directory that the path leads to so far, below a Directory that is held here. Behind a command
 * a path is a word; in an expression it begins behind white space, a bracket, a comma or a ":".
 */
#include <file_client/file_client.h>
#include <runtime/runtime.h>
#include <shell/complete.h>

#include "files.h"

#define PAGE 12u
#define MOST 600u /* names that are looked at */

/* A name of 40 bytes or more is counted, but cannot be put in. */
static void offer(struct shell_completion *found, const struct file_client_entry *entry)
{
	struct shell_candidate *c = &found->candidate[found->count];

	found->total++;
	if (entry->name_len >= SHELL_CANDIDATE_BYTES || found->count == SHELL_CANDIDATES)
		return;
	*c = (struct shell_candidate){.kind = SHELL_CANDIDATE_FILE,
				      .after = entry->stat.kind == FILE_KIND_DIRECTORY ? '/' : ' '};
	__builtin_memcpy(c->text, entry->name, entry->name_len);
	if (found->count == 0)
		found->common_len = entry->name_len;
	for (uint32_t i = 0; i < found->common_len; i++)
		if (c->text[i] != found->candidate[0].text[i])
			found->common_len = i;
	found->count++;
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

bool complete_path(const char *line, uint32_t cursor, struct shell_completion *found)
{
	static struct file_client_entry entries[PAGE];
	uint32_t start = cursor, slash = 0, got = 0, after_len, seen = 0;
	enum file_outcome outcome = 0;
	struct shell_word word;
	struct place place;
	char after[257];
	bool more = true;

	while (start > 0 && !__builtin_strchr(" (,:[{=", line[start - 1]))
		start--;
	for (uint32_t i = start; i < cursor; i++)
		if (line[i] == '/')
			slash = i + 1;
	if (slash == 0 || cursor - slash > 255)
		return false;
	word = (struct shell_word){line + start, slash - 1 - start, start};
	if (!place_of(word, &place) || place.interface_id != DIRECTORY_INTERFACE_ID)
		return false;
	found->from = slash;
	found->count = found->total = found->common_len = 0;
	after_len = before_prefix(line + slash, cursor - slash, after);
	while (more && seen < MOST) {
		if (file_client_list(runtime_transport(), place.cap, place.path,
				     (struct msg_text){after, after_len}, entries, PAGE, &outcome, &got,
				     &more) != STATUS_OK ||
		    outcome != FILE_OUTCOME_DONE || got == 0)
			break;
		for (uint32_t i = 0; i < got; i++, seen++) {
			if (entries[i].name_len < cursor - slash ||
			    __builtin_memcmp(entries[i].name, line + slash, cursor - slash) != 0)
				return found->count > 0; /* in order: none follows */
			offer(found, &entries[i]);
		}
		after_len = entries[got - 1].name_len;
		__builtin_memcpy(after, entries[got - 1].name, after_len);
	}
	return found->count > 0;
}
