// SPDX-License-Identifier: MIT OR Apache-2.0
/* test-files: everything that schema/service/{file,directory}.capnp and docs/guide/files.md promise, through calls. */
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/session_context.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>

#include "files.h"

struct world w;

static unsigned result(enum status status, enum file_outcome outcome)
{
	return status == STATUS_OK ? (unsigned)outcome : FAILED;
}

unsigned make_dir(cap_id dir, const char *path)
{
	enum file_outcome outcome = 0;
	enum status status = directory_make_directory(w.t, dir, txt(path), &outcome);

	return result(status, outcome);
}

unsigned remove_path(cap_id dir, const char *path)
{
	enum file_outcome outcome = 0;
	enum status status = directory_remove(w.t, dir, txt(path), &outcome);

	return result(status, outcome);
}

unsigned move_path(cap_id dir, const char *from, const char *to, bool replace)
{
	enum file_outcome outcome = 0;
	enum status status = directory_rename(w.t, dir, txt(from), CAP_ID_NULL, txt(to), replace, &outcome);

	return result(status, outcome);
}

unsigned open_path(cap_id dir, const char *path, cap_id *file)
{
	enum file_outcome outcome = 0;
	enum status status = directory_open(w.t, dir, txt(path), &outcome, file);

	return result(status, outcome);
}

unsigned create_path(cap_id dir, const char *path, enum file_sharing others, cap_id *file)
{
	enum file_outcome outcome = 0;
	enum status status = directory_create(w.t, dir, txt(path), others, &outcome, file);

	return result(status, outcome);
}

unsigned edit_path(cap_id dir, const char *path, enum file_sharing others, cap_id *file)
{
	enum file_outcome outcome = 0;
	enum status status = directory_edit(w.t, dir, txt(path), others, &outcome, file);

	return result(status, outcome);
}

unsigned append_path(cap_id dir, const char *path, enum file_sharing others, cap_id *file)
{
	enum file_outcome outcome = 0;
	enum status status = directory_appender(w.t, dir, txt(path), others, &outcome, file);

	return result(status, outcome);
}

unsigned sub_path(cap_id dir, const char *path, const char *rights, cap_id *sub)
{
	enum file_outcome outcome = 0;
	bool has[6];

	for (unsigned i = 0; i < 6; i++)
		has[i] = __builtin_strchr(rights, "rcwaml"[i]) != nullptr;

	enum status status = directory_sub(w.t, dir, txt(path), has[0], has[1], has[2], has[3], has[4],
					   has[5], &outcome, sub);

	return result(status, outcome);
}

unsigned put(cap_id file, uint64_t offset, const void *bytes, uint32_t count)
{
	enum file_outcome outcome = 0;
	enum status status = file_write(w.t, file, offset, (struct msg_data){bytes, count}, &outcome);

	return result(status, outcome);
}

unsigned get(cap_id file, uint64_t offset, void *bytes, uint32_t count, uint32_t *got)
{
	enum file_outcome outcome = 0;
	enum status status = file_client_read(w.t, file, offset, bytes, count, &outcome, got);

	return result(status, outcome);
}

void drop(cap_id id)
{
	ring_release(w.ring, id);
	ring_flush(w.ring);
}

bool make_file(cap_id dir, const char *path, const char *text)
{
	cap_id file = {};
	bool good = create_path(dir, path, FILE_SHARING_READERS, &file) == FILE_OUTCOME_DONE &&
		    put(file, 0, text, (uint32_t)__builtin_strlen(text)) == FILE_OUTCOME_DONE;

	drop(file);
	return good;
}

uint64_t entries_of(cap_id dir)
{
	struct file_client_stat stat = {};
	enum file_outcome outcome;

	if (file_client_stat_path(w.t, dir, txt(""), &outcome, &stat) != STATUS_OK)
		return UINT64_MAX;
	return stat.entries;
}

static int child(void)
{
	if (msg_text_equal(runtime_argument(0), MSG_TEXT("torture")))
		return child_torture();
	if (msg_text_equal(runtime_argument(0), MSG_TEXT("guest")))
		return child_guest();
	if (msg_text_equal(runtime_argument(0), MSG_TEXT("poor")))
		return child_poor();
	if (msg_text_equal(runtime_argument(0), MSG_TEXT("watcher")))
		return child_watcher();
	return child_holder();
}

static void test_rest(void)
{
	test_rights();
	test_sharing();
	test_buffers();
	test_exerciser();
	test_torture();
}

int main(void)
{
	w.t = runtime_transport();
	w.ring = runtime_ring();
	(void)!runtime_cap("root", DIRECTORY_INTERFACE_ID, &w.root);
	(void)!runtime_cap("view", DIRECTORY_INTERFACE_ID, &w.view);
	(void)!runtime_cap("virtualMemory", VIRTUAL_MEMORY_INTERFACE_ID, &w.space);
	(void)!runtime_cap("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID, &w.manager);
	(void)!runtime_cap("sessions", SESSION_FACTORY_INTERFACE_ID, &w.sessions);
	if (runtime_argument_count() > 0)
		return child();
	tap_start();
	child_start_up();
	test_model();
	test_limits();
	test_shares();
	test_large();
	test_quota();
	test_rest();

	/* Templates are made when they are first wanted, and chunks stay: from here on nothing may grow. */
	struct child_counts before = child_counts();

	test_rest();
	tap_ok(child_counts_return(&before), "a second time leaves the machine as it was");
	tap_ok(entries_of(w.root) == 0, "nothing is left in the service");
	test_garble();
	return tap_end();
}
