// SPDX-License-Identifier: MIT OR Apache-2.0
/* Limits of a directory, the service's own memory to its end, and what comes back afterwards. */
#include "files.h"

#define DONE FILE_OUTCOME_DONE
#define MANY 3000u

static uint8_t bytes[8192];

static void test_directory_limit(cap_id dir)
{
	enum file_outcome outcome = 0;
	uint64_t max_bytes = 0, max_entries = 0;
	cap_id file = {}, sub = {};

	(void)make_dir(dir, "small");
	tap_ok(directory_set_limit(w.t, dir, txt("small"), 8192, 2, &outcome) == STATUS_OK &&
		       outcome == DONE &&
		       directory_limit(w.t, dir, txt("small"), &outcome, &max_bytes, &max_entries) ==
			       STATUS_OK &&
		       max_bytes == 8192 && max_entries == 2,
	       "a limit is set");
	(void)sub_path(dir, "small", "rcwaml", &sub);
	tap_ok(make_file(sub, "a", "a") && make_dir(sub, "b") == DONE &&
		       make_dir(sub, "b/c") == FILE_OUTCOME_NO_SPACE,
	       "it bounds entries");
	(void)edit_path(sub, "a", FILE_SHARING_READERS, &file);
	tap_ok(put(file, 4096, bytes, 4096) == DONE && put(file, 8192, bytes, 1) == FILE_OUTCOME_NO_SPACE &&
		       put(file, 4000, bytes, 8192) == FILE_OUTCOME_NO_SPACE,
	       "and bytes");
	tap_ok(directory_set_limit(w.t, sub, txt(""), 0, 0, &outcome) == STATUS_OK && outcome == DONE,
	       "who holds the right to set limits there can lift it");
	drop(file);
	drop(sub);
	(void)remove_path(dir, "small/a");
	(void)remove_path(dir, "small/b");
	(void)remove_path(dir, "small");
}

/* Files of 2 MiB until there is no more; gives their pages. *file is the last one. */
static uint64_t fill(cap_id dir, cap_id *file, unsigned *outcome)
{
	char name[] = "big0";
	uint64_t pages = 0;

	*outcome = DONE;
	for (int i = 0; i < 8 && *outcome == DONE; i++) {
		name[3] = (char)('0' + i);
		*outcome = create_path(dir, name, FILE_SHARING_READERS, file);
		for (uint64_t at = 0; at < 2 << 20 && *outcome == DONE; at += sizeof(bytes)) {
			*outcome = put(*file, at, bytes, sizeof(bytes));
			pages += *outcome == DONE ? 2 : 0;
		}
		if (*outcome == DONE)
			drop(*file);
	}
	return pages;
}

static void remove_all(cap_id dir)
{
	char name[] = "big0";

	for (int i = 0; i < 8; i++) {
		name[3] = (char)('0' + i);
		(void)remove_path(dir, name);
	}
}

/* The service has 32 MiB; three quarters of that are for what is stored, and of those one session gets half. */
static void test_exhaustion(cap_id dir)
{
	cap_id file = {};
	unsigned outcome;
	uint64_t pages = fill(dir, &file, &outcome), again;
	uint32_t got = 0;

	tap_ok(outcome == FILE_OUTCOME_NO_SPACE && pages > 2900 && pages < 3072,
	       "memory ends as an outcome (%llu pages)", (unsigned long long)pages);
	tap_ok(get(file, 0, bytes, 8192, &got) == DONE && got == 8192, "reading goes on");
	drop(file);
	remove_all(dir);
	again = fill(dir, &file, &outcome); /* while most of it is still being freed */
	tap_ok(outcome == FILE_OUTCOME_NO_SPACE && again == pages,
	       "what is removed can be used again at once");
	drop(file);
	remove_all(dir);
}

/* As many entries as fit, which then are all freed: the room is not lost for files. */
static void test_entries(cap_id dir)
{
	char name[] = "entry00000";
	uint32_t made = 0, removed = 0;
	cap_id file = {};

	for (; made < MANY; made++) {
		for (uint32_t i = 0, n = made; i < 5; i++, n /= 10)
			name[9 - i] = (char)('0' + n % 10);
		if (create_path(dir, name, FILE_SHARING_READERS, &file) != DONE)
			break;
		ring_release(w.ring, file);
	}
	tap_ok(made == MANY && entries_of(dir) == made, "%u files in one directory", made);
	for (; removed < made; removed++) {
		for (uint32_t i = 0, n = removed; i < 5; i++, n /= 10)
			name[9 - i] = (char)('0' + n % 10);
		if (remove_path(dir, name) != DONE)
			break;
	}
	tap_ok(removed == made, "and all removed");
}

static void test_open_files(cap_id dir)
{
	static cap_id files[1000];
	uint32_t count = 0;
	bool good = make_file(dir, "f", "x");

	while (count < 1000 && open_path(dir, "f", &files[count]) == DONE)
		count++;
	tap_ok(good && count == 1000, "1,000 openings at a time (%u)", count);
	while (count > 0)
		ring_release(w.ring, files[--count]);
	ring_flush(w.ring);
	tap_ok(edit_path(dir, "f", FILE_SHARING_NONE, &files[0]) == DONE, "and all closed");
	drop(files[0]);
	(void)remove_path(dir, "f");
}

static void test_arguments(cap_id dir)
{
	enum file_outcome outcome = 0;
	char name[300];
	cap_id file = {};
	uint32_t got = 1;
	uint64_t offset;

	__builtin_memset(name, 'n', sizeof(name));
	tap_ok(directory_create(w.t, dir, (struct msg_text){name, 255}, 0, &outcome, &file) == STATUS_OK &&
		       outcome == DONE,
	       "a name of 255 bytes");
	tap_ok(put(file, UINT64_MAX, "x", 1) == FILE_OUTCOME_TOO_LARGE &&
		       put(file, 1ull << 36, "x", 1) == FILE_OUTCOME_TOO_LARGE &&
		       put(file, 5, "", 0) == DONE &&
		       file_truncate(w.t, file, UINT64_MAX, &outcome) == STATUS_OK &&
		       outcome == FILE_OUTCOME_TOO_LARGE,
	       "offsets beyond the largest file are refused");
	tap_ok(get(file, UINT64_MAX, bytes, 10, &got) == DONE && got == 0, "reading there finds nothing");
	tap_ok(file_truncate(w.t, file, 1ull << 36, &outcome) == STATUS_OK && outcome == DONE &&
		       file_append(w.t, file, (struct msg_data){(const uint8_t *)"x", 1}, &outcome,
				   &offset) == STATUS_OK &&
		       outcome == FILE_OUTCOME_TOO_LARGE,
	       "and so is appending to it");
	drop(file);
	(void)!directory_remove(w.t, dir, (struct msg_text){name, 255}, &outcome);
	file = CAP_ID_NULL;
	tap_ok(directory_create(w.t, dir, (struct msg_text){name, 256}, 0, &outcome, &file) == STATUS_OK &&
		       outcome == FILE_OUTCOME_BAD_NAME && !file.raw,
	       "one of 256 bytes is none");
	tap_ok(directory_create(w.t, dir, (struct msg_text){"a\xff", 2}, 0, &outcome, &file) == STATUS_OK &&
		       outcome == FILE_OUTCOME_BAD_NAME,
	       "nor is one that is not UTF-8");
}

void test_limits(void)
{
	cap_id dir = {};

	(void)make_dir(w.root, "limits");
	(void)sub_path(w.root, "limits", "rcwaml", &dir);
	test_directory_limit(dir);
	test_arguments(dir);
	test_entries(dir);
	test_exhaustion(dir);
	test_open_files(dir);
	drop(dir);
	tap_ok(remove_path(w.root, "limits") == DONE, "nothing is left");
}
