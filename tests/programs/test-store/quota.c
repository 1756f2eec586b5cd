// SPDX-License-Identifier: MIT OR Apache-2.0
/* store with too little (testing/poor.h): what needs kernel objects, capabilities and pages. */
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/notification.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <shared_buffer/shared_buffer.h>
#include <testing/poor.h>

#include "store.h"

/* A blob through a buffer. */
static void use_writer(void)
{
	struct blob_writer_attach_results_reader results = {};
	enum file_outcome outcome = DONE;
	struct shared_buffer buffer;
	struct rpc_call call;
	cap_id writer = {}, memory = {}, blob = {};
	uint8_t id[32];
	uint64_t size;
	enum status status = store_begin(w.t, w.store, &outcome, &writer);

	if (!poor_done(status, outcome) ||
	    shared_buffer_make(&buffer, w.t, w.space, 4096, 2, &memory) != STATUS_OK)
		return;
	shared_buffer_builder_set_memory(
		blob_writer_attach_params_builder_init_buffer(blob_writer_attach_begin(&call, w.t, writer)),
		rpc_add_cap(&call, memory));
	status = blob_writer_attach_call(&call, &results);
	if (status == STATUS_OK)
		outcome = blob_writer_attach_results_reader_outcome(results);
	rpc_end(&call);
	if (poor_done(status, outcome)) {
		status = blob_writer_append_buf(w.t, writer, 8192, 0, &outcome, &size);
		(void)poor_done(status, outcome);
	}

	unsigned finished = finish(writer, nullptr, 0, nullptr, id, &blob);

	poor_noted(finished);
	ring_release(w.ring, blob);
	ring_release(w.ring, writer);
	shared_buffer_detach(&buffer);
	ring_release(w.ring, memory);
}

static void use_names(void)
{
	enum file_outcome outcome = DONE;
	cap_id sub = {}, old = {}, bell = {};
	uint64_t generation = 0, made = 0;
	uint32_t index = 0;
	enum status status = namespace_sub(w.t, w.names, MSG_TEXT("a"), true, true, true, &outcome, &sub);

	if (poor_done(status, outcome)) {
		(void)!capability_manager_create_notification(w.t, w.manager, &bell);
		status = namespace_watch(w.t, sub, bell, &outcome);
		(void)poor_done(status, outcome);
		poor_noted(update(sub, &(struct bind){.name = "x", .kind = BIND_VALUE, .value = "1"}, 1, 0,
				  &generation, &index));
	}
	status = namespace_at(w.t, w.names, 1, &outcome, &old);
	(void)poor_done(status, outcome);
	status = namespace_rollback(w.t, w.names, 1, &outcome, &made);
	(void)poor_done(status, outcome);
	ring_release(w.ring, sub);
	ring_release(w.ring, old);
	ring_release(w.ring, bell);
}

int child_poor(void)
{
	uint64_t blobs, bytes;
	uint8_t id[32];
	cap_id blob = {};
	unsigned outcome = put("bytes", 5, nullptr, id, &blob);

	poor_noted(outcome);
	use_writer();
	use_names();
	ring_release(w.ring, blob);
	(void)poor_done(store_collect(w.t, w.store, &blobs, &bytes), DONE);
	return poor_exit_code();
}

void test_quota(void)
{
	static const struct poor_service service = {
		.program = "store",
		.argument = "2",
		.max_message = 8448,
		.facets = {{"store", STORE_INTERFACE_ID, 1}, {"names", NAMESPACE_INTERFACE_ID, 23}},
		.client = "test-store",
	};

	poor_test(&service, w.t, w.manager);
}
