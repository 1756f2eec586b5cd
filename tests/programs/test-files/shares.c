// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Two sessions at one service: who takes all that it can get of the memory and of the mappings leaves enough for the other
 * session, and nothing for another process of its own.
 */
#include <runtime/string.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/session_context.capnp.h>

#include "files.h"

#define DONE FILE_OUTCOME_DONE
#define STORES 1 /* what a child could do: bits of its exit code */
#define MAPS 2
#define WATCHES 4
#define ALL (STORES | MAPS | WATCHES)
#define MOST_WATCHES 512u
#define FILES_MAPPED 64u

static uint8_t bytes[8192];

/* ---- The child ---- */

static bool stores(const char *path)
{
	cap_id file = {};
	bool good = create_path(w.root, path, FILE_SHARING_READERS, &file) == DONE;

	for (uint64_t at = 0; at < 1u << 20 && good; at += sizeof(bytes))
		good = put(file, at, bytes, sizeof(bytes)) == DONE;
	drop(file);
	(void)remove_path(w.root, path);
	return good;
}

static bool maps(const char *path)
{
	enum file_outcome outcome = 0;
	cap_id file = {}, memory = {};
	uint64_t size;
	bool good = make_file(w.root, path, "x") && open_path(w.root, path, &file) == DONE &&
		    file_map(w.t, file, &outcome, &memory, &size) == STATUS_OK && outcome == DONE;

	drop(memory);
	drop(file);
	(void)remove_path(w.root, path);
	return good;
}

static bool watches(cap_id *opening)
{
	enum file_outcome outcome = 0;
	cap_id bell = {};
	bool good = capability_manager_create_notification(w.t, w.manager, &bell) == STATUS_OK &&
		    sub_path(w.root, "", "r", opening) == DONE &&
		    directory_watch(w.t, *opening, bell, &outcome) == STATUS_OK && outcome == DONE;

	ring_release(w.ring, bell);
	return good;
}

int child_guest(void)
{
	cap_id opening;

	return (stores("stored") ? STORES : 0) | (maps("mapped") ? MAPS : 0) |
	       (watches(&opening) ? WATCHES : 0);
}

/* ---- The parent ---- */

/* What a child in that session (null: ours) could do, in the directory. */
static int64_t could(cap_id session, cap_id dir)
{
	struct spawn_grant grants[] = {child_grant("console"), child_grant("capabilityManager"),
				       child_grant_as("root", dir, DIRECTORY_INTERFACE_ID)};

	return child_run("test-files", &(struct child_options){.grants = grants,
							       .grant_count = 3,
							       .arguments = {"guest"},
							       .session = session})
		.code;
}

static uint32_t map_files(cap_id dir, cap_id *memories)
{
	char name[] = "m00";
	enum file_outcome outcome = 0;
	cap_id file = {};
	uint32_t count = 0;
	uint64_t size;

	for (bool good = true; good && count < FILES_MAPPED; count += good) {
		name[1] = (char)('0' + count / 10);
		name[2] = (char)('0' + count % 10);
		good = make_file(dir, name, "x") && open_path(dir, name, &file) == DONE &&
		       file_map(w.t, file, &outcome, &memories[count], &size) == STATUS_OK && outcome == DONE;
		drop(file);
	}
	return count;
}

static uint64_t fill(cap_id dir)
{
	cap_id file = {};
	uint64_t at = 0;

	(void)create_path(dir, "big", FILE_SHARING_READERS, &file);
	while (put(file, at, bytes, sizeof(bytes)) == DONE)
		at += sizeof(bytes);
	drop(file);
	return at;
}

static void remove_all(cap_id dir)
{
	static struct file_client_entry entries[8];
	enum file_outcome outcome;
	uint32_t count = 1;
	char name[8] = {};
	bool more;

	while (count > 0 &&
	       file_client_list(w.t, dir, txt(""), txt(""), entries, 8, &outcome, &count, &more) == STATUS_OK)
		for (uint32_t i = 0; i < count; i++) {
			__builtin_memset(name, 0, sizeof(name));
			__builtin_memcpy(name, entries[i].name, entries[i].name_len & 7);
			(void)remove_path(dir, name);
		}
}

void test_shares(void)
{
	static cap_id memories[FILES_MAPPED], openings[MOST_WATCHES];
	cap_id session = child_session(w.sessions, "guest"), ours = {}, theirs = {};
	uint64_t calls, taken;
	uint32_t mapped, watched = 0;

	tap_ok(session.raw && make_dir(w.root, "ours") == DONE && make_dir(w.root, "theirs") == DONE &&
		       sub_path(w.root, "ours", "rcwaml", &ours) == DONE &&
		       sub_path(w.root, "theirs", "rcwaml", &theirs) == DONE,
	       "two sessions, and a directory for each");
	tap_ok(could(CAP_ID_NULL, theirs) == ALL, "a process of ours finds room");
	mapped = map_files(ours, memories);
	taken = fill(ours);
	while (watched < MOST_WATCHES && watches(&openings[watched]))
		watched++;
	drop(openings[watched]);
	tap_ok(mapped == FILES_MAPPED / 2 && taken > 8u << 20,
	       "one session gets half: %u files mapped, %llu KiB stored", mapped,
	       (unsigned long long)taken / 1024);
	tap_ok(watched == MOST_WATCHES / 2, "and watches as often (%u)", watched);
	tap_ok(could(CAP_ID_NULL, theirs) == 0, "nothing is left for another process of it");
	tap_ok(could(session, theirs) == ALL, "for another session there is");
	for (uint32_t i = 0; i < mapped; i++)
		ring_release(w.ring, memories[i]);
	while (watched > 0)
		ring_release(w.ring, openings[--watched]);
	remove_all(ours);
	tap_ok(could(CAP_ID_NULL, theirs) == ALL, "and what is removed can be used again");
	(void)!session_context_end(w.t, session, &calls);
	drop(session);
	drop(ours);
	drop(theirs);
	tap_ok(remove_path(w.root, "ours") == DONE && remove_path(w.root, "theirs") == DONE,
	       "nothing is left of it");
}
