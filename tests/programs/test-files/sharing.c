// SPDX-License-Identifier: MIT OR Apache-2.0
/* Sharing by policy of the opener, stale handles, watching, what a reader sees while a name moves. */
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/notification.capnp.h>

#include "files.h"

#define DONE FILE_OUTCOME_DONE
#define BUSY FILE_OUTCOME_BUSY

static void test_policies(cap_id dir)
{
	cap_id a = {}, b = {};

	tap_ok(edit_path(dir, "f", FILE_SHARING_READERS, &a) == DONE &&
		       edit_path(dir, "f", FILE_SHARING_WRITERS, &b) == BUSY &&
		       append_path(dir, "f", FILE_SHARING_WRITERS, &b) == BUSY,
	       "who opens a file for writing is alone with that, unless it says otherwise");
	tap_ok(open_path(dir, "f", &b) == DONE, "others may read meanwhile");
	drop(b);
	drop(a);
	tap_ok(edit_path(dir, "f", FILE_SHARING_WRITERS, &a) == DONE &&
		       edit_path(dir, "f", FILE_SHARING_READERS, &b) == BUSY &&
		       edit_path(dir, "f", FILE_SHARING_WRITERS, &b) == DONE,
	       "two writers both have to allow it");
	drop(b);
	drop(a);
	(void)open_path(dir, "f", &a);
	tap_ok(edit_path(dir, "f", FILE_SHARING_NONE, &b) == BUSY, "none wants nobody else there");
	drop(a);
	tap_ok(edit_path(dir, "f", FILE_SHARING_NONE, &a) == DONE && open_path(dir, "f", &b) == BUSY,
	       "and keeps everybody out");
	drop(a);
	tap_ok(append_path(dir, "f", FILE_SHARING_APPENDERS, &a) == DONE &&
		       append_path(dir, "f", FILE_SHARING_APPENDERS, &b) == DONE,
	       "several append");
	drop(a);
	drop(b);
	tap_ok(edit_path(dir, "f", (enum file_sharing)99, &a) == DONE && open_path(dir, "f", &b) == BUSY,
	       "a sharing that the service does not know allows nothing");
	drop(a);
	tap_ok(open_path(dir, "f", &b) == DONE, "closing is dropping the capability");
	drop(b);
}

static void test_stale(cap_id dir)
{
	cap_id file = {}, other = {};
	enum file_outcome outcome = 0;
	struct file_client_stat stat;
	uint32_t got;
	char bytes[8];

	(void)make_file(dir, "gone", "gone");
	(void)edit_path(dir, "gone", FILE_SHARING_READERS, &file);
	(void)open_path(dir, "gone", &other);
	tap_ok(move_path(dir, "gone", "moved", false) == DONE && get(other, 0, bytes, 8, &got) == DONE &&
		       got == 4 && put(file, 4, "!", 1) == DONE && get(other, 0, bytes, 8, &got) == DONE &&
		       got == 5,
	       "a file that moves stays open");
	tap_ok(remove_path(dir, "moved") == DONE && get(other, 0, bytes, 8, &got) == FILE_OUTCOME_STALE &&
		       put(file, 0, "x", 1) == FILE_OUTCOME_STALE &&
		       file_truncate(w.t, file, 0, &outcome) == STATUS_OK && outcome == FILE_OUTCOME_STALE &&
		       file_client_stat(w.t, file, &outcome, &stat) == STATUS_OK &&
		       outcome == FILE_OUTCOME_STALE,
	       "one that is removed is stale for who has it open");
	tap_ok(make_file(dir, "moved", "new") && get(other, 0, bytes, 8, &got) == FILE_OUTCOME_STALE,
	       "and stays so when the name is used again");
	drop(file);
	drop(other);
	(void)open_path(dir, "moved", &other);
	(void)make_file(dir, "next", "next");
	tap_ok(move_path(dir, "next", "moved", false) == FILE_OUTCOME_EXISTS &&
		       move_path(dir, "next", "moved", true) == DONE &&
		       get(other, 0, bytes, 8, &got) == FILE_OUTCOME_STALE &&
		       open_path(dir, "moved", &file) == DONE && get(file, 0, bytes, 8, &got) == DONE &&
		       got == 4,
	       "what is replaced is stale, and the name means the other one");
	drop(file);
	drop(other);
	(void)remove_path(dir, "moved");
}

static void test_watch(cap_id dir)
{
	cap_id bell = {}, file = {}, watched = {};
	enum file_outcome outcome = 0;
	uint64_t bits = 0;

	(void)!capability_manager_create_notification(w.t, w.manager, &bell);
	(void)sub_path(dir, "", "rc", &watched);
	tap_ok(directory_watch(w.t, watched, bell, &outcome) == STATUS_OK && outcome == DONE,
	       "a directory is watched");
	(void)create_path(dir, "seen", FILE_SHARING_READERS, &file);
	tap_ok(notification_poll(w.t, bell, 0, &bits) == STATUS_OK && bits != 0, "a new name is told of");
	(void)put(file, 0, "x", 1);
	tap_ok(notification_poll(w.t, bell, 0, &bits) == STATUS_OK && bits != 0,
	       "so is a write to a file in it");
	tap_ok(notification_poll(w.t, bell, 0, &bits) == STATUS_OK && bits == 0, "once");
	(void)directory_watch(w.t, watched, CAP_ID_NULL, &outcome);
	(void)file_watch(w.t, file, bell, &outcome);
	(void)make_dir(dir, "unseen");
	tap_ok(notification_poll(w.t, bell, 0, &bits) == STATUS_OK && bits == 0,
	       "until it is no longer watched");
	(void)remove_path(dir, "seen");
	tap_ok(notification_poll(w.t, bell, 0, &bits) == STATUS_OK && bits != 0,
	       "who watches a file learns of its end");
	(void)remove_path(dir, "unseen");
	drop(file);
	drop(watched);
	drop(bell);
}

static void test_listing(cap_id dir)
{
	static struct file_client_entry entries[8];
	char name[] = "entry00", last[8] = "";
	enum file_outcome outcome;
	uint32_t count = 0, seen = 0;
	bool more = true, good = true;

	for (int i = 0; i < 60; i++) {
		name[5] = (char)('0' + i / 10);
		name[6] = (char)('0' + i % 10);
		good &= make_file(dir, name, name);
	}
	for (int round = 0; more && round < 100; round++) {
		good &= file_client_list(w.t, dir, txt(""), txt(last), entries, 8, &outcome, &count, &more) ==
			STATUS_OK;
		for (uint32_t i = 0; i < count; i++) {
			good &= entries[i].name[0] != 'e' || entries[i].stat.size == 7;
			seen += entries[i].name[0] == 'e';
			__builtin_memcpy(last, entries[i].name, 8);
		}
		if (round == 2) { /* behind, and in front of, where the list is */
			good &= remove_path(dir, "entry59") == DONE && remove_path(dir, "entry00") == DONE;
			good &= make_file(dir, "aaa", "1");
		}
	}
	tap_ok(good && seen == 59, "a list goes on where it was, while names come and go (%u)", seen);
	for (int i = 1; i < 59; i++) {
		name[5] = (char)('0' + i / 10);
		name[6] = (char)('0' + i % 10);
		good &= remove_path(dir, name) == DONE;
	}
	(void)remove_path(dir, "aaa");
}

void test_sharing(void)
{
	enum file_durability durability = FILE_DURABILITY_DURABLE;
	enum file_outcome outcome = 0;
	cap_id dir = {};

	(void)make_dir(w.root, "sharing");
	tap_ok(sub_path(w.root, "sharing", "rcwam", &dir) == DONE && make_file(dir, "f", "text"), "a file");
	test_policies(dir);
	test_stale(dir);
	test_watch(dir);
	test_listing(dir);
	tap_ok(directory_sync(w.t, dir, &outcome, &durability) == STATUS_OK && outcome == DONE &&
		       durability == FILE_DURABILITY_NONE,
	       "it says that nothing is durable");
	tap_ok(remove_path(w.root, "sharing") == FILE_OUTCOME_NOT_EMPTY && remove_path(dir, "f") == DONE &&
		       remove_path(w.root, "sharing") == DONE,
	       "only an empty directory is removed");
	drop(dir);
}
