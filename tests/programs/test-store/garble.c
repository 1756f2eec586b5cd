// SPDX-License-Identifier: MIT OR Apache-2.0
/* Messages that are anything at all, to each interface; at the end, since nobody knows what they leave. */
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/notification.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <shared_buffer/shared_buffer.h>
#include <testing/garble.h>

#include "store.h"

enum { CALLS = 4000 };

void test_garble(void)
{
	struct shared_buffer buffer;
	enum file_outcome outcome = DONE;
	cap_id memory = {}, bell = {}, blob = {}, writer = {};
	uint8_t id[32], back[8];
	uint32_t answered = 0, got = 0;
	uint64_t size = 0;
	bool good = put("bytes", 5, nullptr, id, &blob) == DONE &&
		    store_begin(w.t, w.store, &outcome, &writer) == STATUS_OK && outcome == DONE &&
		    shared_buffer_make(&buffer, w.t, w.space, 4096, 4, &memory) == STATUS_OK &&
		    capability_manager_create_notification(w.t, w.manager, &bell) == STATUS_OK;
	const cap_id others[] = {memory, bell, w.names, blob};

	for (uint64_t seed = 1; seed <= 2 && good; seed++) {
		answered += garble(w.ring, w.store, STORE_INTERFACE_ID, STORE_STATISTICS + 1, others, 4,
				   CALLS, seed);
		answered += garble(w.ring, w.names, NAMESPACE_INTERFACE_ID, NAMESPACE_WATCH + 1, others, 4,
				   CALLS, seed + 10);
		answered += garble(w.ring, blob, BLOB_INTERFACE_ID, BLOB_INFO + 1, others, 4, CALLS,
				   seed + 20);
		answered += garble(w.ring, writer, BLOB_WRITER_INTERFACE_ID, BLOB_WRITER_FINISH + 1, others,
				   4, CALLS, seed + 30);
	}
	tap_ok(good && answered > CALLS / 10, "of %u random messages %u are answered as calls", 8 * CALLS,
	       answered);
	tap_ok(get(id, 0, back, 8, &got, &size) == DONE && got == 5, "and the service goes on");
}
