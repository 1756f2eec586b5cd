// SPDX-License-Identifier: MIT OR Apache-2.0
/* ramfs with too little (testing/poor.h): what needs kernel objects, capabilities and pages. */
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/notification.capnp.h>
#include <shared_buffer/shared_buffer.h>
#include <testing/poor.h>

#include "files.h"

#define DONE FILE_OUTCOME_DONE

static void use_buffer(cap_id file)
{
	struct file_attach_results_reader results = {};
	struct file_attach_params_builder p;
	enum file_outcome outcome = DONE;
	struct shared_buffer buffer;
	struct rpc_call call;
	cap_id memory = {};
	uint64_t count;

	if (shared_buffer_make(&buffer, w.t, w.space, 4096, 2, &memory) != STATUS_OK)
		return;
	p = file_attach_begin(&call, w.t, file);
	shared_buffer_builder_set_memory(file_attach_params_builder_init_buffer(p),
					 rpc_add_cap(&call, memory));
	file_attach_params_builder_set_writable(p, true);

	enum status status = file_attach_call(&call, &results);

	if (status == STATUS_OK)
		outcome = file_attach_results_reader_outcome(results);
	rpc_end(&call);
	if (poor_done(status, outcome)) {
		status = file_write_buf(w.t, file, 4000, 8192, 0, &outcome);
		(void)poor_done(status, outcome);
		status = file_read_buf(w.t, file, 0, 8192, 0, &outcome, &count);
		(void)poor_done(status, outcome);
	}
	shared_buffer_detach(&buffer);
	ring_release(w.ring, memory);
}

/* More than the service begins with. */
static void fill(cap_id file)
{
	static const uint8_t bytes[8192] = {1};
	enum file_outcome outcome = DONE;
	enum status status = STATUS_OK;

	for (uint32_t at = 0; at < 300000 && poor_done(status, outcome); at += sizeof(bytes))
		status = file_write(w.t, file, at, (struct msg_data){bytes, sizeof(bytes)}, &outcome);
	(void)poor_done(status, outcome);
}

static void use_file(cap_id file)
{
	enum file_outcome outcome = DONE;
	cap_id reader = {}, memory = {}, bell = {};
	enum status status = file_write(w.t, file, 0, (struct msg_data){(const uint8_t *)"bytes", 5},
					&outcome);
	uint64_t size;

	(void)poor_done(status, outcome);
	fill(file);
	use_buffer(file);
	status = file_reader(w.t, file, &outcome, &reader);
	(void)poor_done(status, outcome);
	(void)!capability_manager_create_notification(w.t, w.manager, &bell);
	status = file_watch(w.t, file, bell, &outcome);
	(void)poor_done(status, outcome);
	status = file_map(w.t, file, &outcome, &memory, &size);
	(void)poor_done(status, outcome);
	ring_release(w.ring, memory);
	status = file_map_shared(w.t, file, &outcome, &memory, &size);
	(void)poor_done(status, outcome);
	ring_release(w.ring, memory);
	ring_release(w.ring, reader);
	ring_release(w.ring, bell);
}

int child_poor(void)
{
	enum file_outcome outcome = DONE;
	cap_id file = {}, sub = {};
	enum status status = directory_make_directory(w.t, w.root, txt("d"), &outcome);

	(void)poor_done(status, outcome);
	status = directory_sub(w.t, w.root, txt("d"), true, true, true, true, true, false, &outcome, &sub);
	(void)poor_done(status, outcome);
	status = directory_create(w.t, w.root, txt("d/f"), FILE_SHARING_READERS, &outcome, &file);
	if (poor_done(status, outcome))
		use_file(file);
	ring_release(w.ring, file);
	ring_release(w.ring, sub);
	status = directory_remove(w.t, w.root, txt("d/f"), &outcome);
	(void)poor_done(status, outcome);
	status = directory_sync(w.t, w.root, &outcome, &(enum file_durability){0});
	(void)poor_done(status, outcome);
	return poor_exit_code();
}

/* A service with little room for capabilities, and a client that has it keep as many as it can: it refuses, and goes on. */
int child_watcher(void)
{
	static cap_id openings[200];
	enum file_outcome outcome = DONE;
	uint32_t count = 0, watches = 0;
	cap_id bell = {};

	(void)!capability_manager_create_notification(w.t, w.manager, &bell);
	while (count < 200 && outcome == DONE && sub_path(w.root, "", "r", &openings[count]) == DONE) {
		if (directory_watch(w.t, openings[count++], bell, &outcome) != STATUS_OK)
			return 1;
		watches += outcome == DONE;
	}
	if (outcome != FILE_OUTCOME_NO_SPACE || watches < 20)
		return 2;
	if (entries_of(w.root) != 0)
		return 3;
	while (count > 0)
		ring_release(w.ring, openings[--count]);
	/* It learns that they are gone between other calls. */
	for (int i = 0; i < 100; i++)
		if (make_file(w.root, "after", "text"))
			return 0;
	return 4;
}

void test_quota(void)
{
	static const struct poor_service service = {
		.program = "ramfs",
		.argument = "2",
		.max_message = 8448,
		.facets = {{"root", DIRECTORY_INTERFACE_ID, 63}},
		.client = "test-files",
	};

	struct poor_service watched = service;

	poor_test(&service, w.t, w.manager);
	watched.client_argument = "watcher";
	tap_ok(poor_serves(&watched, w.t, w.manager, (struct spawn_limits){.capabilities = 100}),
	       "one watcher too many is refused, and the service goes on");
}
