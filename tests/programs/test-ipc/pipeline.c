// SPDX-License-Identifier: MIT OR Apache-2.0
/* Answers of kernel objects as targets and as arguments, before they are there: one entry into the kernel. */
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/notification.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>

#include "ipc.h"

static void test_target(void)
{
	struct notification_poll_results_reader polled;
	struct rpc_call make, signal, poll;

	capability_manager_create_notification_begin(&make, w.t, w.manager);
	rpc_keep(&make);
	(void)!rpc_send(&make);
	struct rpc_target notification = rpc_target_field(rpc_answer(&make), 0);
	notification_signal_params_builder_set_bits(notification_signal_begin_on(&signal, w.t, notification),
						    6);
	(void)!rpc_send(&signal);
	notification_poll_begin_on(&poll, w.t, notification);
	tap_is(notification_poll_call(&poll, &polled), STATUS_OK, "create, signal, poll: one entry");
	tap_is(rpc_wait(&signal), STATUS_OK, "the signal");
	tap_ok(notification_poll_results_reader_taken(polled) == 6, "the poll took what the signal had set");
	tap_is(rpc_wait(&make), STATUS_OK, "the creation");
	cap_id id = rpc_result_cap(&make, 0);
	uint64_t taken = 1;
	tap_ok(notification_poll(w.t, id, 0, &taken) == STATUS_OK && taken == 0, "the capability came, too");

	cap_id copy = CAP_ID_NULL;
	struct cap_cqe cqe = raw_do(&w.raw, (struct cap_sqe){.op = CAP_OP_DUP,
							     .flags = CAP_SQE_TARGET_IS_ANSWER,
							     .target = notification.value,
							     .path = notification.path});
	copy = (cap_id){cqe.token};
	tap_ok(cqe.status == STATUS_OK && notification_poll(w.t, copy, 0, &taken) == STATUS_OK,
	       "DUP of an answer");
	tap_is(raw_status(&w.raw, (struct cap_sqe){.op = CAP_OP_RELEASE,
						   .flags = CAP_SQE_TARGET_IS_ANSWER,
						   .target = notification.value,
						   .path = notification.path}),
	       STATUS_OK, "RELEASE of an answer");
	tap_is(notification_poll(w.t, id, 0, &taken), STATUS_BAD_ID, "is the release of the id that came");
	rpc_end(&poll);
	notification_poll_begin_on(&poll, w.t, notification);
	tap_is(rpc_call(&poll), STATUS_BAD_ID, "and the answer no longer resolves to it");
	rpc_end(&poll);
	rpc_end(&signal);
	rpc_end(&make);
	ring_release(w.ring, copy);

	notification_poll_begin_on(&poll, w.t, notification);
	tap_is(rpc_call(&poll), STATUS_BAD_ID, "after RELEASE_ANSWER the name is gone");
	rpc_end(&poll);
}

static void test_argument(void)
{
	struct virtual_memory_map_results_reader mapped;
	struct rpc_call make, write, map;

	virtual_memory_create_memory_params_builder_set_bytes(
		virtual_memory_create_memory_begin(&make, w.t, w.space), 4096);
	rpc_keep(&make);
	(void)!rpc_send(&make);
	struct rpc_target memory = rpc_target_field(rpc_answer(&make), 0);
	memory_object_write_params_builder_set_bytes(memory_object_write_begin_on(&write, w.t, memory),
						     (struct msg_data){(const uint8_t *)"pipelined", 9});
	(void)!rpc_send(&write);
	struct virtual_memory_map_params_builder p = virtual_memory_map_begin(&map, w.t, w.space);
	virtual_memory_map_params_builder_set_memory(p, rpc_add_answer(&map, memory));
	virtual_memory_map_params_builder_set_length(p, 4096);
	virtual_memory_map_params_builder_set_protection(p, VIRTUAL_MEMORY_PROTECTION_READ);
	tap_is(virtual_memory_map_call(&map, &mapped), STATUS_OK,
	       "create memory, write, map it as an argument: one entry");
	uint64_t address = virtual_memory_map_results_reader_address(mapped);
	tap_ok(address && memcmp((const void *)address, "pipelined", 9) == 0, "the bytes are there");
	tap_is(rpc_wait(&write), STATUS_OK, "the write");
	tap_is(rpc_wait(&make), STATUS_OK, "the creation");
	cap_id id = rpc_result_cap(&make, 0);
	(void)!virtual_memory_unmap(w.t, w.space, address, 4096);
	rpc_end(&map);
	rpc_end(&write);
	rpc_end(&make);
	ring_release(w.ring, id);
}

static void test_failed(void)
{
	struct rpc_call make, size, second;

	virtual_memory_create_memory_params_builder_set_bytes(
		virtual_memory_create_memory_begin(&make, w.t, w.space), 0);
	rpc_keep(&make);
	(void)!rpc_send(&make);
	memory_object_size_begin_on(&size, w.t, rpc_target_field(rpc_answer(&make), 0));
	tap_ok(tap_raises(&size, EXCEPTION_TYPE_INVALID_ARGUMENT, nullptr),
	       "a failed answer fails its dependants with its exception");
	tap_is(rpc_wait(&make), STATUS_EXCEPTION, "which is that of the creation");
	rpc_end(&make);

	uint64_t ns;
	timer_now_begin(&make, w.t, w.timer);
	rpc_keep(&make);
	(void)!rpc_send(&make);
	memory_object_size_begin_on(&second, w.t, rpc_target_field(rpc_answer(&make), 0));
	enum status status = rpc_call(&second);
	tap_ok(status != STATUS_OK && status != STATUS_AGAIN, "a path to where no capability is (%s)",
	       tap_status_name(status));
	rpc_end(&second);
	(void)!rpc_wait(&make);
	rpc_end(&make);
	tap_is(timer_now(w.t, w.timer, &ns), STATUS_OK, "and all is well");
}

static void test_records(void)
{
	struct rpc_call calls[CAP_ANSWER_RECORDS + 1];
	unsigned kept = 0;

	for (; kept < CAP_ANSWER_RECORDS; kept++) {
		timer_now_begin(&calls[kept], w.t, w.timer);
		rpc_keep(&calls[kept]);
		if (rpc_call(&calls[kept]) != STATUS_OK)
			break;
	}
	tap_ok(kept == CAP_ANSWER_RECORDS, "%u answers can be kept", kept);
	timer_now_begin(&calls[CAP_ANSWER_RECORDS], w.t, w.timer);
	rpc_keep(&calls[CAP_ANSWER_RECORDS]);
	tap_is(rpc_call(&calls[CAP_ANSWER_RECORDS]), STATUS_AGAIN, "one more is AGAIN");
	rpc_end(&calls[CAP_ANSWER_RECORDS]);
	rpc_end(&calls[3]);
	timer_now_begin(&calls[3], w.t, w.timer);
	rpc_keep(&calls[3]);
	tap_is(rpc_call(&calls[3]), STATUS_OK, "after one was released there is room again");
	for (unsigned i = 0; i < kept; i++)
		rpc_end(&calls[i]);

	tap_is(raw_status(&w.raw, (struct cap_sqe){.op = CAP_OP_RELEASE_ANSWER, .target = 1ull << 50}),
	       STATUS_BAD_ID, "RELEASE_ANSWER of what was never kept");
}

static void test_release_caps(void)
{
	struct child_counts before = child_counts();
	struct rpc_call make;

	capability_manager_create_notification_begin(&make, w.t, w.manager);
	rpc_keep(&make);
	(void)!rpc_call(&make);
	cap_id id = rpc_result_cap(&make, 0);
	uint64_t taken;
	tap_ok(notification_poll(w.t, id, 0, &taken) == STATUS_OK, "a kept answer with a capability");
	tap_is(raw_status(&w.raw, (struct cap_sqe){.op = CAP_OP_RELEASE_ANSWER,
						   .flags = CAP_SQE_RELEASE_CAPS,
						   .target = make.sequence}),
	       STATUS_OK, "RELEASE_ANSWER with RELEASE_CAPS");
	tap_is(notification_poll(w.t, id, 0, &taken), STATUS_BAD_ID, "the capability went, too");
	rpc_end(&make);
	tap_ok(child_counts_return(&before), "counts return to the baseline");
}

void test_pipeline(void)
{
	test_target();
	test_argument();
	test_failed();
	test_records();
	test_release_caps();
}
