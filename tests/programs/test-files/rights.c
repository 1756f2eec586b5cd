// SPDX-License-Identifier: MIT OR Apache-2.0
/* Rights: what a capability can do is what it was made with, and nothing gives back what was taken away. */
#include <schema/kernel/capability_manager.capnp.h>

#include "files.h"

#define DONE FILE_OUTCOME_DONE

static enum status last;

/* Does this method exist on that capability? (The kernel answers for it.) */
static bool denied_open(cap_id dir)
{
	enum file_outcome outcome;
	cap_id file = {};

	last = directory_open(w.t, dir, txt("f"), &outcome, &file);
	ring_release(w.ring, file);
	return last == STATUS_DENIED;
}

static bool denied_create(cap_id dir)
{
	enum file_outcome outcome;
	cap_id file = {};

	last = directory_create(w.t, dir, txt("new"), 0, &outcome, &file);
	ring_release(w.ring, file);
	return last == STATUS_DENIED;
}

static bool denied_edit(cap_id dir)
{
	enum file_outcome outcome;
	cap_id file = {};

	last = directory_edit(w.t, dir, txt("f"), 0, &outcome, &file);
	ring_release(w.ring, file);
	return last == STATUS_DENIED;
}

static bool denied_append(cap_id dir)
{
	enum file_outcome outcome;
	cap_id file = {};

	last = directory_appender(w.t, dir, txt("f"), 0, &outcome, &file);
	ring_release(w.ring, file);
	return last == STATUS_DENIED;
}

static bool denied_remove(cap_id dir)
{
	enum file_outcome outcome;

	last = directory_remove(w.t, dir, txt("nothing"), &outcome);
	return last == STATUS_DENIED;
}

static bool denied_limit(cap_id dir)
{
	enum file_outcome outcome;

	last = directory_set_limit(w.t, dir, txt("nothing"), 0, 0, &outcome);
	return last == STATUS_DENIED;
}

/* All 64 sets of rights: exactly the methods that they should have, also after another sub that asks for more. */
static void test_all_sets(cap_id dir)
{
	bool good = true;

	for (unsigned set = 0; set < 64; set++) {
		char rights[7] = {};
		cap_id once = {}, twice = {};
		unsigned n = 0;

		for (unsigned i = 0; i < 6; i++)
			if (set >> i & 1)
				rights[n++] = "rcwaml"[i];
		good &= sub_path(dir, "", rights, &once) == DONE &&
			sub_path(once, "", "rcwaml", &twice) == DONE;
		for (unsigned i = 0; i < 2; i++) {
			cap_id sub = i ? twice : once;

			good &= denied_open(sub) == !(set & 1) && denied_create(sub) == !(set & 2) &&
				denied_edit(sub) == !(set & 4) && denied_append(sub) == !(set & 8) &&
				denied_remove(sub) == !(set & 16) && denied_limit(sub) == !(set & 32);
			if (set & 2)
				(void)remove_path(dir, "new");
		}
		ring_release(w.ring, once);
		ring_release(w.ring, twice);
	}
	tap_ok(good, "each of 64 sets of rights has exactly its methods, and sub never adds one");
}

static void test_no_way_up(cap_id dir)
{
	static const char *const ways[] = {"..", "../f", "a/../../f", "/f", "a//f", "./f", "a/..", ".", "a/"};
	cap_id sub = {}, file = {};
	bool good = sub_path(dir, "a", "rcwaml", &sub) == DONE;

	for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		good &= open_path(sub, ways[i], &file) == FILE_OUTCOME_BAD_NAME ||
			open_path(sub, ways[i], &file) == FILE_OUTCOME_NOT_FOUND;
	tap_ok(good && !file.raw, "no name leads out of a directory");
	tap_ok(make_file(sub, "b", "b") && move_path(sub, "b", "../b", false) == FILE_OUTCOME_BAD_NAME &&
		       remove_path(sub, "b") == DONE,
	       "nothing moves out either");
	drop(sub);
}

static void test_view(cap_id dir)
{
	cap_id view = {}, deeper = {}, file = {}, seen = {}, none = {};
	enum file_outcome outcome = 0;
	char byte;
	uint32_t got;

	tap_ok(directory_view(w.t, dir, txt(""), &outcome, &view) == STATUS_OK && outcome == DONE, "a view");
	tap_ok(!denied_open(view) && denied_create(view) && denied_edit(view) && denied_append(view) &&
		       denied_remove(view),
	       "reads and does nothing else");
	tap_ok(sub_path(view, "a", "rcwaml", &deeper) == DONE && denied_create(deeper),
	       "nor does what is below it");
	tap_ok(open_path(view, "f", &file) == DONE && get(file, 0, &byte, 1, &got) == DONE && byte == 'x' &&
		       file_write(w.t, file, 0, (struct msg_data){(const uint8_t *)"y", 1}, &outcome) ==
			       STATUS_DENIED &&
		       file_truncate(w.t, file, 0, &outcome) == STATUS_DENIED,
	       "a file that it opens can be read, not written");
	tap_ok(open_path(w.view, "rights/f", &seen) == DONE, "the image's view of the root sees it");
	tap_ok(create_path(w.view, "rights/g", 0, &none) == FILE_OUTCOME_DENIED &&
		       remove_path(w.view, "rights/f") == FILE_OUTCOME_DENIED,
	       "and is refused by the service where the kernel lets it through");
	drop(deeper);
	drop(seen);
	drop(file);
	drop(view);
}

static void test_file_facets(cap_id dir)
{
	cap_id file = {}, reader = {}, appender = {}, other = {};
	enum file_outcome outcome = 0;
	uint64_t offset = 0;
	uint32_t got;
	char bytes[4];

	(void)edit_path(dir, "f", FILE_SHARING_NONE, &file);
	tap_ok(file_reader(w.t, file, &outcome, &reader) == STATUS_OK && outcome == DONE &&
		       get(reader, 0, bytes, 4, &got) == DONE && got == 1 &&
		       file_write(w.t, reader, 0, (struct msg_data){(const uint8_t *)"y", 1}, &outcome) ==
			       STATUS_DENIED,
	       "a reader of an open file");
	tap_ok(file_appender(w.t, file, &outcome, &appender) == STATUS_OK && outcome == DONE &&
		       file_append(w.t, appender, (struct msg_data){(const uint8_t *)"yz", 2}, &outcome,
				   &offset) == STATUS_OK &&
		       outcome == DONE && offset == 1 && get(appender, 0, bytes, 1, &got) == FAILED,
	       "an appender, which cannot read");
	tap_ok(get(reader, 0, bytes, 4, &got) == DONE && got == 3 && bytes[2] == 'z',
	       "the reader sees what it appends");
	drop(file);
	tap_ok(open_path(dir, "f", &other) == DONE, "who kept others out is gone, its facets are not");
	drop(reader);
	drop(appender);
	drop(other);
}

/* rename into a directory that is a capability. */
static void test_into(cap_id dir)
{
	cap_id readable = {}, creatable = {}, file = {}, attenuated = {};
	enum file_outcome outcome = 0;

	(void)sub_path(dir, "a", "r", &readable);
	(void)sub_path(dir, "a", "c", &creatable);
	(void)make_file(dir, "m", "m");
	tap_ok(directory_rename(w.t, dir, txt("m"), readable, txt("m"), false, &outcome) == STATUS_OK &&
		       outcome == FILE_OUTCOME_DENIED,
	       "nothing moves into a directory without the right to create there");
	(void)!capability_manager_attenuate(w.t, w.manager, creatable, DIRECTORY_INTERFACE_ID,
					    1ull << DIRECTORY_MAKE_DIRECTORY, &attenuated);
	tap_ok(directory_rename(w.t, dir, txt("m"), attenuated, txt("m"), false, &outcome) == STATUS_OK &&
		       outcome == FILE_OUTCOME_DENIED,
	       "nor into one whose method create was taken away");
	tap_ok(directory_rename(w.t, dir, txt("m"), creatable, txt("m"), true, &outcome) == STATUS_OK &&
		       outcome == FILE_OUTCOME_DENIED,
	       "nor over something without the right to remove there");
	tap_ok(directory_rename(w.t, dir, txt("m"), w.manager, txt("m"), false, &outcome) == STATUS_OK &&
		       outcome == FILE_OUTCOME_ELSEWHERE,
	       "nor into what is no directory of this service");
	(void)open_path(dir, "m", &file);
	tap_ok(directory_rename(w.t, dir, txt("m"), file, txt("m"), false, &outcome) == STATUS_OK &&
		       (outcome == FILE_OUTCOME_ELSEWHERE || outcome == FILE_OUTCOME_DENIED),
	       "nor into a file");
	tap_ok(directory_rename(w.t, dir, txt("m"), creatable, txt("n"), false, &outcome) == STATUS_OK &&
		       outcome == DONE && remove_path(dir, "a/n") == DONE,
	       "with it, it does");
	drop(readable);
	drop(creatable);
	drop(attenuated);
	drop(file);
}

void test_rights(void)
{
	cap_id dir = {}, cap = {};

	tap_ok(make_dir(w.root, "rights") == DONE && sub_path(w.root, "rights", "rcwaml", &dir) == DONE &&
		       make_file(dir, "f", "x") && make_dir(dir, "a") == DONE,
	       "a smaller root");
	test_all_sets(dir);
	test_no_way_up(dir);
	test_view(dir);
	test_file_facets(dir);
	test_into(dir);
	tap_ok(remove_path(dir, "") == FILE_OUTCOME_DENIED, "a directory cannot remove itself");
	(void)remove_path(dir, "f");
	(void)remove_path(dir, "a");
	tap_ok(remove_path(w.root, "rights") == DONE, "who is above it can");
	tap_ok(make_dir(dir, "x") == FILE_OUTCOME_STALE && open_path(dir, "f", &cap) == FILE_OUTCOME_STALE &&
		       sub_path(dir, "", "r", &cap) == FILE_OUTCOME_STALE,
	       "its capability is stale from then on");
	drop(dir);
}
