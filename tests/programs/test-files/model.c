// SPDX-License-Identifier: MIT OR Apache-2.0
/* The reference model (lib/files_model) against the service: each operation opens, does and closes. */
#include <files_model/model.h>

#include "files.h"

enum { STEPS = 1500 };

static struct model model;
static cap_id top;

static struct msg_text path_of(struct files_text text)
{
	return (struct msg_text){text.ptr, text.len};
}

/* A call that fails differs from whatever the model expects. */
static enum files_outcome result(enum status status, enum file_outcome outcome)
{
	return status == STATUS_OK ? (enum files_outcome)outcome : FILES_DAMAGED;
}

static enum files_outcome make(void *context, struct files_text path, enum files_kind kind)
{
	enum file_outcome outcome = 0;
	cap_id file = {};
	enum status status;

	(void)context;
	if (kind == FILES_DIRECTORY)
		return result(directory_make_directory(w.t, top, path_of(path), &outcome), outcome);
	status = directory_create(w.t, top, path_of(path), FILE_SHARING_READERS, &outcome, &file);
	ring_release(w.ring, file);
	return result(status, outcome);
}

static enum files_outcome discard(void *context, struct files_text path)
{
	enum file_outcome outcome = 0;
	enum status status = directory_remove(w.t, top, path_of(path), &outcome);

	(void)context;
	return result(status, outcome);
}

static enum files_outcome move(void *context, struct files_text from, struct files_text to, bool replace)
{
	enum file_outcome outcome = 0;
	enum status status = directory_rename(w.t, top, path_of(from), replace ? top : CAP_ID_NULL,
					      path_of(to), replace, &outcome);

	(void)context;
	return result(status, outcome);
}

static enum files_outcome edit(struct files_text path, cap_id *file)
{
	enum file_outcome outcome = 0;
	enum status status = directory_edit(w.t, top, path_of(path), FILE_SHARING_NONE, &outcome, file);

	return result(status, outcome);
}

static enum files_outcome write(void *context, struct files_text path, uint64_t offset, const void *bytes,
				uint32_t count)
{
	enum file_outcome outcome = 0;
	cap_id file = {};
	enum files_outcome opened = edit(path, &file);

	(void)context;
	if (opened == FILES_DONE)
		opened = result(file_write(w.t, file, offset, (struct msg_data){bytes, count}, &outcome),
				outcome);
	ring_release(w.ring, file);
	return opened;
}

static enum files_outcome append(void *context, struct files_text path, const void *bytes, uint32_t count,
				 uint64_t *offset)
{
	enum file_outcome outcome = 0;
	cap_id file = {};
	enum status status = directory_appender(w.t, top, path_of(path), FILE_SHARING_APPENDERS, &outcome,
						&file);

	(void)context;
	if (status == STATUS_OK && outcome == FILE_OUTCOME_DONE)
		status = file_append(w.t, file, (struct msg_data){bytes, count}, &outcome, offset);
	ring_release(w.ring, file);
	return result(status, outcome);
}

static enum files_outcome truncate(void *context, struct files_text path, uint64_t size)
{
	enum file_outcome outcome = 0;
	cap_id file = {};
	enum files_outcome opened = edit(path, &file);

	(void)context;
	if (opened == FILES_DONE)
		opened = result(file_truncate(w.t, file, size, &outcome), outcome);
	ring_release(w.ring, file);
	return opened;
}

static enum files_outcome read(void *context, struct files_text path, uint64_t offset, void *bytes,
			       uint32_t count, uint32_t *got)
{
	enum file_outcome outcome = 0;
	cap_id file = {};
	enum status status = directory_open(w.t, top, path_of(path), &outcome, &file);

	(void)context;
	if (status == STATUS_OK && outcome == FILE_OUTCOME_DONE)
		status = file_client_read(w.t, file, offset, bytes, count, &outcome, got);
	ring_release(w.ring, file);
	return result(status, outcome);
}

static enum files_outcome look(void *context, struct files_text path, struct model_stat *stat)
{
	struct file_client_stat s = {};
	enum file_outcome outcome = 0;
	enum status status = file_client_stat_path(w.t, top, path_of(path), &outcome, &s);

	(void)context;
	*stat = (struct model_stat){s.kind == FILE_KIND_FILE ? FILES_FILE : FILES_DIRECTORY, s.size,
				    s.entries};
	return result(status, outcome);
}

static enum files_outcome next(void *context, struct files_text path, struct files_text after, char *name,
			       uint32_t *len)
{
	static struct file_client_entry entry;
	enum file_outcome outcome = 0;
	uint32_t count = 0;
	bool more;
	enum status status = file_client_list(w.t, top, path_of(path), path_of(after), &entry, 1, &outcome,
					      &count, &more);

	(void)context;
	*len = count ? entry.name_len : 0;
	__builtin_memcpy(name, entry.name, *len);
	return result(status, outcome);
}

void test_model(void)
{
	static const struct model_subject subject = {
		.make = make,
		.remove = discard,
		.rename = move,
		.write = write,
		.append = append,
		.truncate = truncate,
		.read = read,
		.stat = look,
		.next = next,
	};
	bool good = make_dir(w.root, "model") == FILE_OUTCOME_DONE &&
		    sub_path(w.root, "model", "rcwam", &top) == FILE_OUTCOME_DONE;

	tap_ok(good, "a directory to work in");
	for (uint64_t seed = 1; seed <= 2 && good; seed++) {
		model_init(&model, &subject, seed + 1000);
		for (int i = 0; i < STEPS && good; i++) {
			good = model_step(&model);
			if (i % 500 == 499)
				good = good && model_compare(&model);
		}
		good = good && model_clear(&model);
	}
	if (model.wrong)
		tap_note("%s differs", model.wrong);
	tap_ok(good, "%u random operations do what the model does", 2 * STEPS);
	drop(top);
	tap_ok(remove_path(w.root, "model") == FILE_OUTCOME_DONE, "nothing is left of it");
}
