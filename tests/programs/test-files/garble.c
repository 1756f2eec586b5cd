// SPDX-License-Identifier: MIT OR Apache-2.0
/* Messages that are anything at all, to a Directory and to a File; at the end, since nobody knows what they leave. */
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/notification.capnp.h>
#include <shared_buffer/shared_buffer.h>
#include <testing/garble.h>

#include "files.h"

enum { CALLS = 6000 };

void test_garble(void)
{
	struct shared_buffer buffer;
	cap_id dir = {}, file = {}, memory = {}, bell = {};
	bool good = make_dir(w.root, "garble") == FILE_OUTCOME_DONE &&
		    sub_path(w.root, "garble", "rcwaml", &dir) == FILE_OUTCOME_DONE &&
		    make_file(dir, "a", "bytes") &&
		    edit_path(dir, "a", FILE_SHARING_WRITERS, &file) == FILE_OUTCOME_DONE &&
		    shared_buffer_make(&buffer, w.t, w.space, 4096, 4, &memory) == STATUS_OK &&
		    capability_manager_create_notification(w.t, w.manager, &bell) == STATUS_OK;
	const cap_id others[] = {memory, bell, dir, file};
	uint32_t answered = 0;

	for (uint64_t seed = 1; seed <= 2 && good; seed++) {
		answered += garble(w.ring, dir, DIRECTORY_INTERFACE_ID, DIRECTORY_SYNC + 1, others, 4, CALLS,
				   seed);
		answered += garble(w.ring, file, FILE_INTERFACE_ID, FILE_APPENDER + 1, others, 4, CALLS,
				   seed + 10);
	}
	tap_ok(good && answered > CALLS / 10, "of %u random messages %u are answered as calls", 4 * CALLS,
	       answered);
	tap_ok(make_file(w.root, "after", "x") && remove_path(w.root, "after") == FILE_OUTCOME_DONE &&
		       entries_of(w.root) != UINT64_MAX,
	       "and the service goes on");
}
