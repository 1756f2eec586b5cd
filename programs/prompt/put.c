// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What "put" does: a file gets a text as a whole. If something is in the way (no space, a limit, somebody else) it stays as it was, and
 * where there was none there is none.
 *
 * So the text goes into a file beside it, which then takes its name in one step. Where that cannot be - without the right to remove, or
 * when there is no room for both - it is written over the old one, which is cut off afterwards: what is put in one piece is
 * put or not.
 */
#include <file_client/file_client.h>
#include <fmt/fmt.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>

#include "files.h"

#define PIECE 2048u
#define MAX_PATH 512u
#define TRIES 10u /* names for the file beside it */

static bool done(enum status status, enum file_outcome outcome)
{
	return status == STATUS_OK && outcome == FILE_OUTCOME_DONE;
}

static enum status write_all(cap_id file, struct msg_text text, enum file_outcome *outcome)
{
	enum status status = STATUS_OK;

	*outcome = FILE_OUTCOME_DONE;
	for (uint32_t at = 0; at < text.len && done(status, *outcome); at += PIECE) {
		uint32_t part = text.len - at < PIECE ? text.len - at : PIECE;

		status = file_write(runtime_transport(), file, at,
				    (struct msg_data){(const uint8_t *)text.ptr + at, part}, outcome);
	}
	return status;
}

/* Over what is there; then that is cut off. */
static enum status write_over(cap_id file, struct msg_text text, enum file_outcome *outcome)
{
	enum status status = write_all(file, text, outcome);

	return done(status, *outcome) ? file_truncate(runtime_transport(), file, text.len, outcome) : status;
}

bool put_in_file(cap_id file, struct msg_text text)
{
	enum file_outcome outcome;
	enum status status = write_over(file, text, &outcome);

	return settle(status, outcome);
}

/* ---- Beside it ---- */

/* May what is there be replaced, and what is made removed again? Moving something onto itself asks, and changes nothing. */
static bool may_replace(const struct place *place)
{
	enum file_outcome outcome = 0;
	enum status status = directory_rename(runtime_transport(), place->cap, place->path, CAP_ID_NULL,
					      place->path, true, &outcome);

	return status == STATUS_OK && outcome != FILE_OUTCOME_DENIED;
}

static enum status create_beside(const struct place *place, char *name, struct msg_text *beside,
				 enum file_outcome *outcome, cap_id *file)
{
	enum status status = STATUS_OK;

	*outcome = FILE_OUTCOME_EXISTS;
	for (uint32_t i = 0; i < TRIES && status == STATUS_OK && *outcome == FILE_OUTCOME_EXISTS; i++) {
		fmt_print(name, MAX_PATH, "%.*s~%u", (int)place->path.len, place->path.ptr, i);
		*beside = msg_text_from(name);
		status = directory_create(runtime_transport(), place->cap, *beside, FILE_SHARING_NONE,
					  outcome, file);
	}
	return status;
}

static enum status put_beside(const struct place *place, struct msg_text text, bool replaces,
			      enum file_outcome *outcome)
{
	enum file_outcome removed = 0;
	struct msg_text beside;
	char name[MAX_PATH];
	cap_id file = {};
	enum status status = create_beside(place, name, &beside, outcome, &file);

	if (!done(status, *outcome))
		return status;
	status = write_all(file, text, outcome);
	ring_release(runtime_ring(), file);
	if (done(status, *outcome))
		status = directory_rename(runtime_transport(), place->cap, beside, CAP_ID_NULL, place->path,
					  replaces, outcome);
	if (!done(status, *outcome))
		(void)!directory_remove(runtime_transport(), place->cap, beside, &removed);
	return status;
}

/* ---- The path ---- */

/* What opening it for writing gave. */
struct target {
	cap_id file;
	enum status status;
	enum file_outcome outcome;
};

static bool is_denied(const struct target *t)
{
	return t->status == STATUS_DENIED || (t->status == STATUS_OK && t->outcome == FILE_OUTCOME_DENIED);
}

static bool put_new(const struct place *place, struct msg_text text, const struct target *t)
{
	enum file_outcome outcome = 0, removed = 0;
	cap_id file = {};
	enum status status = directory_create(runtime_transport(), place->cap, place->path,
					      FILE_SHARING_READERS, &outcome, &file);

	if (status == STATUS_OK && outcome == FILE_OUTCOME_NOT_FOUND)
		return shell_fail(&shell, "notFound", "there is no such directory; \"mkdir\" makes one");
	if (status == STATUS_OK && outcome == FILE_OUTCOME_EXISTS && is_denied(t))
		return settle(t->status, t->outcome);
	if (!done(status, outcome))
		return settle(status, outcome);
	status = write_over(file, text, &outcome);
	if (!done(status, outcome))
		(void)!directory_remove(runtime_transport(), place->cap, place->path, &removed);
	ring_release(runtime_ring(), file);
	return settle(status, outcome);
}

bool put_at_path(const struct place *place, struct msg_text text)
{
	enum file_outcome outcome = FILE_OUTCOME_DENIED;
	struct target t = {};
	bool there, good;

	/* Open as long as it takes, so that nobody else writes to it; who does already keeps it. */
	t.status = directory_edit(runtime_transport(), place->cap, place->path, FILE_SHARING_READERS,
				  &t.outcome, &t.file);
	there = done(t.status, t.outcome);
	if (!there && !is_denied(&t) && (t.status != STATUS_OK || t.outcome != FILE_OUTCOME_NOT_FOUND))
		return settle(t.status, t.outcome);
	good = !is_denied(&t) && place->path.len + 4 < MAX_PATH && may_replace(place) &&
	       done(put_beside(place, text, there, &outcome), outcome);
	if (!good)
		good = there ? put_in_file(t.file, text) : put_new(place, text, &t);
	ring_release(runtime_ring(), t.file);
	return good;
}
