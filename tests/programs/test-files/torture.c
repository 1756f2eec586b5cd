// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Several processes that make, move and remove names in one directory at the same time; and processes that die with files
 * open. Afterwards the service must say what is true, and keep nothing of the dead.
 */
#include <schema/service/directory.capnp.h>

#include "files.h"

#define DONE FILE_OUTCOME_DONE
#define CHILDREN 3u

/* ---- In a child ---- */

/* Few names, so that they meet. Ends with the number of names that it made, less those that it removed, + 1000. */
int child_torture(void)
{
	uint64_t state = (uint8_t)runtime_argument(1).ptr[0] * 0x9e3779b97f4a7c15ull;
	int balance = 0;

	for (int i = 0; i < 800; i++) {
		char a[] = "d/x", b[] = "d/x";
		cap_id file = {};
		unsigned outcome = DONE;

		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		a[2] = (char)('a' + (state >> 20) % 8);
		b[2] = (char)('a' + (state >> 30) % 8);
		switch ((state >> 40) % 5) {
		case 0:
			outcome = create_path(w.root, a, FILE_SHARING_READERS, &file);
			balance += outcome == DONE;
			break;
		case 1:
			outcome = make_dir(w.root, a);
			balance += outcome == DONE;
			break;
		case 2:
			outcome = remove_path(w.root, a);
			balance -= outcome == DONE;
			break;
		case 3:
			outcome = move_path(w.root, a, b, false);
			break;
		default:
			outcome = edit_path(w.root, a, FILE_SHARING_READERS, &file);
			if (outcome == DONE)
				outcome = put(file, 0, a, 3);
			break;
		}
		ring_release(w.ring, file);
		if (outcome == FAILED)
			return 1;
	}
	return 1000 + balance;
}

/* Opens files, says that it has, and waits to be killed. */
int child_holder(void)
{
	cap_id files[4] = {};

	for (int i = 0; i < 3; i++)
		(void)open_path(w.root, "held", &files[i]);
	(void)create_path(w.root, "mine", FILE_SHARING_NONE, &files[3]);
	for (;;)
		ring_wait(w.ring, 0);
}

/* ---- The parent ---- */

static enum status start(const char *what, const char *seed, cap_id *handle)
{
	struct spawn_grant grants[] = {child_grant("console"), child_grant("root")};

	return child_start(
		"test-files",
		&(struct child_options){.grants = grants, .grant_count = 2, .arguments = {what, seed}},
		handle);
}

static uint32_t count_names(const char *path)
{
	static struct file_client_entry entries[16];
	enum file_outcome outcome;
	uint32_t count = 0;
	bool more;

	if (file_client_list(w.t, w.root, txt(path), txt(""), entries, 16, &outcome, &count, &more) !=
	    STATUS_OK)
		return UINT32_MAX;
	return count;
}

static void test_together(void)
{
	static const char *const seeds[CHILDREN] = {"A", "B", "C"};
	cap_id handles[CHILDREN] = {};
	int balance = 0;
	bool good = make_dir(w.root, "d") == DONE;

	for (uint32_t i = 0; i < CHILDREN; i++)
		good &= start("torture", seeds[i], &handles[i]) == STATUS_OK;
	for (uint32_t i = 0; i < CHILDREN; i++) {
		struct spawn_exit exit = child_wait(handles[i]);

		good &= exit.code >= 900;
		balance += (int)exit.code - 1000;
	}
	tap_ok(good, "%u processes make, move and remove the same names", CHILDREN);
	tap_ok(balance == (int)count_names("d") && entries_of(w.root) == (uint64_t)balance + 1,
	       "as many names are left as they made and did not remove (%d)", balance);
	for (char name[] = "d/a"; name[2] <= 'h'; name[2]++)
		(void)remove_path(w.root, name);
	tap_ok(remove_path(w.root, "d") == DONE, "and all can be removed");
}

static void test_dying(void)
{
	struct file_client_stat stat = {};
	enum file_outcome outcome;
	cap_id handle = {}, file = {};
	bool good = make_file(w.root, "held", "x");

	for (int i = 0; i < 8 && good; i++) {
		good = start("hold", "", &handle) == STATUS_OK;
		for (int n = 0; n < 1000 && good; n++) {
			if (file_client_stat_path(w.t, w.root, txt("mine"), &outcome, &stat) == STATUS_OK &&
			    outcome == DONE && stat.open_writers == 1)
				break;
			ring_wait(w.ring, runtime_now() + 1'000'000);
		}
		good &= open_path(w.root, "mine", &file) == FILE_OUTCOME_BUSY;
		good &= file_client_stat_path(w.t, w.root, txt("held"), &outcome, &stat) == STATUS_OK &&
			stat.open_readers == 3;
		(void)!spawn_kill(w.t, handle, 0);
		(void)child_wait(handle);
		good &= remove_path(w.root, "mine") == DONE;
	}
	tap_ok(good, "processes die with files open");
	good = file_client_stat_path(w.t, w.root, txt("held"), &outcome, &stat) == STATUS_OK &&
	       stat.open_readers == 0;
	tap_ok(good && edit_path(w.root, "held", FILE_SHARING_NONE, &file) == DONE,
	       "which are closed by that");
	drop(file);
	(void)remove_path(w.root, "held");
}

void test_torture(void)
{
	test_together();
	test_dying();
}
