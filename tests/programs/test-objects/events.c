// SPDX-License-Identifier: MIT OR Apache-2.0
/* Notification, Endpoint, IoPort, MemoryObject, threads. */
#include <runtime/string.h>
#include <runtime/thread.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/endpoint.capnp.h>
#include <schema/kernel/io_port.capnp.h>
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/notification.capnp.h>
#include <schema/kernel/thread.capnp.h>
#include <schema/kernel/timer.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>

#include "objects.h"

#define MS 1'000'000ull

static bool facet_raises(cap_id n, uint64_t mask)
{
	struct rpc_call call;
	struct notification_facet_params_builder p = notification_facet_begin(&call, w.t, n);

	notification_facet_params_builder_set_mask(p, mask);
	return tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, "mask");
}

static bool signal_raises(cap_id n, uint64_t bits)
{
	struct rpc_call call;
	struct notification_signal_params_builder p = notification_signal_begin(&call, w.t, n);

	notification_signal_params_builder_set_bits(p, bits);
	return tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, "bits");
}

void test_notification(void)
{
	cap_id n = CAP_ID_NULL, low = CAP_ID_NULL, lower = CAP_ID_NULL;
	uint64_t taken = 7;

	(void)!capability_manager_create_notification(w.t, w.manager, &n);
	tap_ok(notification_poll(w.t, n, 0, &taken) == STATUS_OK && taken == 0,
	       "notification.poll: nothing is set");
	tap_is(notification_signal(w.t, n, 5), STATUS_OK, "notification.signal");
	tap_ok(notification_poll(w.t, n, 4, &taken) == STATUS_OK && taken == 4,
	       "poll takes what it asks for");
	tap_ok(notification_wait(w.t, n, 0, &taken) == STATUS_OK && taken == 1, "wait takes the rest");
	(void)!notification_signal(w.t, n, 2);
	(void)!notification_signal(w.t, n, 2);
	tap_ok(notification_poll(w.t, n, 0, &taken) == STATUS_OK && taken == 2 &&
		       notification_poll(w.t, n, 0, &taken) == STATUS_OK && taken == 0,
	       "setting a set bit changes nothing");

	tap_is(notification_facet(w.t, n, 0xf0, &low), STATUS_OK, "notification.facet");
	tap_is(notification_signal(w.t, low, 0), STATUS_OK, "signal 0 through it");
	tap_ok(notification_poll(w.t, n, 0, &taken) == STATUS_OK && taken == 0xf0,
	       "sets all bits of its mask");
	tap_ok(signal_raises(low, 1), "a bit outside the mask is refused");
	tap_ok(notification_facet(w.t, low, 0x10, &lower) == STATUS_OK && facet_raises(low, 0x11) &&
		       facet_raises(low, 0),
	       "a facet of a facet has less, never more");
	(void)!notification_signal(w.t, n, 0x31);
	tap_ok(notification_poll(w.t, lower, 0, &taken) == STATUS_OK && taken == 0x10,
	       "it takes only bits of its mask");
	tap_ok(notification_poll(w.t, n, 0, &taken) == STATUS_OK && taken == 0x21, "the others stay");

	/* The operations. */
	ring_signal_bits(w.ring, n, 8);
	tap_ok(ring_wait_bits(w.ring, n, 0, runtime_now() + 1000 * MS, &taken) == STATUS_OK && taken == 8,
	       "SIGNAL and WAIT");
	tap_is(ring_wait_bits(w.ring, n, 1, runtime_now() + 5 * MS, &taken), STATUS_TIMED_OUT,
	       "WAIT with a deadline");
	ring_release(w.ring, lower);
	ring_release(w.ring, low);
	ring_release(w.ring, n);
}

void test_endpoint(void)
{
	struct endpoint_identify_results_reader found;
	cap_id e = CAP_ID_NULL, template = CAP_ID_NULL;
	struct rpc_call call;

	(void)!capability_manager_create_endpoint(w.t, w.manager, 256, 1, &e);
	tap_is(endpoint_receive(w.t, e), STATUS_OK, "endpoint.receive does nothing");
	struct endpoint_template_params_builder p = endpoint_template_begin(&call, w.t, e);
	endpoint_template_params_builder_init_interfaces(p, 0);
	tap_ok(tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, "interfaces"),
	       "endpoint.template of nothing");

	struct endpoint_template_results_reader made;
	p = endpoint_template_begin(&call, w.t, e);
	endpoint_method_set_builder_set_interface_id(
		endpoint_method_set_list_builder_at(endpoint_template_params_builder_init_interfaces(p, 1),
						    0),
		TIMER_INTERFACE_ID);
	tap_is(endpoint_template_call(&call, &made), STATUS_OK, "endpoint.template");
	template = rpc_result_cap(&call, endpoint_template_results_reader_template(made));
	rpc_end(&call);
	uint64_t ns;
	tap_is(timer_now(w.t, template, &ns), STATUS_WRONG_TYPE, "a template cannot be called");

	struct endpoint_identify_params_builder q = endpoint_identify_begin(&call, w.t, e);
	endpoint_identify_params_builder_set_facet(q, rpc_add_cap(&call, w.timer));
	tap_ok(endpoint_identify_call(&call, &found) == STATUS_OK &&
		       !endpoint_identify_results_reader_mine(found),
	       "endpoint.identify: the kernel's timer is not mine");
	rpc_end(&call);
	ring_release(w.ring, template);
	ring_release(w.ring, e);
}

static bool port_read_raises(uint16_t offset, uint8_t width)
{
	struct rpc_call call;
	struct io_port_read_params_builder p = io_port_read_begin(&call, w.t, w.ports);

	io_port_read_params_builder_set_offset(p, offset);
	io_port_read_params_builder_set_width(p, width);
	return tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, nullptr);
}

/* The ports are those of the first UART; register 7 is a byte of memory. */
void test_io_port(void)
{
	uint16_t first = 0;
	uint32_t count = 0;
	uint32_t value = 0;
	cap_id sub = CAP_ID_NULL;

	tap_ok(io_port_range(w.t, w.ports, &first, &count) == STATUS_OK && first == 0x3f8 && count == 8,
	       "ports.range");
	tap_is(io_port_write(w.t, w.ports, 7, 1, 0x5a), STATUS_OK, "ports.write");
	tap_ok(io_port_read(w.t, w.ports, 7, 1, &value) == STATUS_OK && value == 0x5a, "ports.read");
	tap_is(io_port_write_bytes(w.t, w.ports, 7, (struct msg_data){(const uint8_t *)"\x01\x02\x03", 3}),
	       STATUS_OK, "ports.writeBytes");
	tap_ok(io_port_read(w.t, w.ports, 7, 1, &value) == STATUS_OK && value == 3,
	       "all to the same port, in order");
	tap_ok(port_read_raises(8, 1) && port_read_raises(7, 2) && port_read_raises(5, 4) &&
		       port_read_raises(0, 3) && port_read_raises(0, 0) && port_read_raises(65535, 1),
	       "outside the range, and widths that do not exist");
	tap_is(io_port_sub(w.t, w.ports, 7, 1, &sub), STATUS_OK, "ports.sub");
	tap_ok(io_port_range(w.t, sub, &first, &count) == STATUS_OK && first == 0x3ff && count == 1 &&
		       io_port_read(w.t, sub, 0, 1, &value) == STATUS_OK && value == 3,
	       "a part of the range");
	ring_release(w.ring, sub);
}

static bool memory_read_raises(cap_id m, uint64_t offset, uint32_t count)
{
	struct rpc_call call;
	struct memory_object_read_params_builder p = memory_object_read_begin(&call, w.t, m);

	memory_object_read_params_builder_set_offset(p, offset);
	memory_object_read_params_builder_set_count(p, count);
	return tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, nullptr);
}

static bool memory_copy_raises(cap_id to, cap_id from, uint64_t from_at, uint64_t at, uint64_t count)
{
	struct rpc_call call;
	struct memory_object_copy_from_params_builder p = memory_object_copy_from_begin(&call, w.t, to);

	memory_object_copy_from_params_builder_set_source(p, rpc_add_cap(&call, from));
	memory_object_copy_from_params_builder_set_source_offset(p, from_at);
	memory_object_copy_from_params_builder_set_offset(p, at);
	memory_object_copy_from_params_builder_set_count(p, count);
	return tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, nullptr);
}

static bool memory_holds(cap_id m, uint64_t offset, const char *text, uint32_t len)
{
	struct memory_object_read_results_reader results;
	struct rpc_call call;
	bool same = false;

	struct memory_object_read_params_builder p = memory_object_read_begin(&call, w.t, m);
	memory_object_read_params_builder_set_offset(p, offset);
	memory_object_read_params_builder_set_count(p, len);
	if (memory_object_read_call(&call, &results) == STATUS_OK) {
		struct msg_data data = memory_object_read_results_reader_bytes(results);

		same = data.len == len && memcmp(data.ptr, text, len) == 0;
	}
	rpc_end(&call);
	return same;
}

void test_memory_object(void)
{
	struct child_counts before = child_counts();
	cap_id a = CAP_ID_NULL, b = CAP_ID_NULL;
	uint64_t size = 0;

	(void)!virtual_memory_create_memory(w.t, w.space, 5000, &a);
	(void)!virtual_memory_create_memory(w.t, w.space, 65536 * 2, &b);
	tap_ok(memory_object_size(w.t, a, &size) == STATUS_OK && size == 8192, "memory.size: whole pages");
	tap_ok(memory_holds(a, 0, "\0\0\0\0\0\0\0\0", 8) && memory_holds(a, 8184, "\0\0\0\0\0\0\0\0", 8),
	       "it begins as zeroes");
	tap_is(memory_object_write(w.t, a, 4094, (struct msg_data){(const uint8_t *)"abcd", 4}), STATUS_OK,
	       "memory.write");
	tap_ok(memory_holds(a, 4094, "abcd", 4), "memory.read, across a page");
	tap_is(memory_object_write(w.t, a, 8188, (struct msg_data){(const uint8_t *)"abcd", 4}), STATUS_OK,
	       "up to the end");
	tap_ok(memory_read_raises(a, 8189, 4) && memory_read_raises(a, 0, 961) &&
		       memory_read_raises(a, UINT64_MAX, 1) && memory_read_raises(a, UINT64_MAX - 3, 8),
	       "reads past the end, and too much at a time");
	tap_is(memory_object_copy_from(w.t, b, a, 4094, 65534, 4), STATUS_OK, "memory.copyFrom");
	tap_ok(memory_holds(b, 65534, "abcd", 4), "the bytes are there");
	tap_is(memory_object_copy_from(w.t, b, b, 0, 65536, 65536), STATUS_OK, "as much as is allowed");
	tap_ok(memory_copy_raises(b, b, 0, 0, 65537) && memory_copy_raises(b, a, 8190, 0, 4) &&
		       memory_copy_raises(a, b, 0, 8190, 4) && memory_copy_raises(a, b, UINT64_MAX, 0, 2) &&
		       memory_copy_raises(a, w.timer, 0, 0, 1),
	       "copies that reach past an end, are too large, or from what is no memory");
	tap_ok(memory_copy_raises(b, b, 0, 0, 1) && memory_copy_raises(b, b, 100, 4, 97) &&
		       memory_copy_raises(b, b, 4, 100, 97),
	       "copies onto themselves");
	tap_is(memory_object_copy_from(w.t, b, b, 4, 100, 96), STATUS_OK,
	       "but not those that end where the other begins");
	tap_is(memory_object_execute(w.t, a), STATUS_OK, "memory.execute does nothing");
	ring_release(w.ring, a);
	ring_release(w.ring, b);
	tap_ok(child_counts_return(&before), "its pages come back");
}

/* ---- Threads ---- */

static int64_t add_one(void *argument)
{
	return *(int64_t *)argument + 1;
}

static uint32_t parked;

static int64_t park(void *argument)
{
	(void)argument;
	__atomic_store_n(&parked, 1, __ATOMIC_RELEASE);
	return thread_park(0);
}

static bool create_raises(uint32_t submissions, uint32_t arena)
{
	struct rpc_call call;
	struct thread_spawner_create_params_builder p = thread_spawner_create_begin(&call, w.t, w.threads);

	thread_spawner_create_params_builder_set_entry(p, 4096);
	thread_spawner_create_params_builder_set_submissions(p, submissions);
	thread_spawner_create_params_builder_set_arena_bytes(p, arena);
	return tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, nullptr);
}

void test_threads(void)
{
	struct thread t;
	int64_t number = 41, code = 0;
	uint64_t cpu, submissions, completions;
	uint32_t tid = 0;
	bool running = false;

	tap_is(thread_start(&t, add_one, &number, nullptr), STATUS_OK, "threads.create");
	tap_ok(thread_join(&t, &code) == STATUS_OK && code == 42, "thread.wait gives its exit code");

	/* Ends overlap with beginnings: what the process grows for several at a time is there from now on, because these four
	 * live at the same time. */
	struct thread several[4];
	for (unsigned i = 0; i < 4; i++)
		(void)!thread_start(&several[i], park, nullptr, nullptr);
	for (unsigned i = 0; i < 4; i++) {
		(void)!thread_handle_wake(w.t, several[i].handle);
		(void)!thread_join(&several[i], &code);
	}
	__atomic_store_n(&parked, 0, __ATOMIC_RELEASE);
	(void)!timer_sleep(w.t, w.timer, 50 * MS);
	struct child_counts before = child_counts();
	for (unsigned i = 0; i < 20; i++) {
		(void)!thread_start(&t, add_one, &number, nullptr);
		(void)!thread_join(&t, &code);
	}
	tap_ok(child_counts_return(&before), "20 threads leave nothing behind");

	tap_is(thread_start(&t, park, nullptr, nullptr), STATUS_OK, "a thread that parks");
	while (!__atomic_load_n(&parked, __ATOMIC_ACQUIRE))
		(void)!timer_sleep(w.t, w.timer, MS);
	(void)!timer_sleep(w.t, w.timer, 5 * MS);
	tap_ok(thread_handle_info(w.t, t.handle, &tid, &running, &cpu, &submissions, &completions) ==
			       STATUS_OK &&
		       tid != 0 && running,
	       "thread.info");
	tap_is(thread_handle_wake(w.t, t.handle), STATUS_OK, "thread.wake");
	tap_ok(thread_join(&t, &code) == STATUS_OK && code == STATUS_OK, "it goes on");

	struct rpc_call call;
	parked = 0;
	(void)!thread_start(&t, park, nullptr, nullptr);
	struct thread_handle_interrupt_params_builder p = thread_handle_interrupt_begin(&call, w.t, t.handle);
	thread_handle_interrupt_params_builder_set_bits(p, 0);
	tap_ok(tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, "bits"), "thread.interrupt with no bits");
	p = thread_handle_interrupt_begin(&call, w.t, t.handle);
	thread_handle_interrupt_params_builder_set_bits(p, 1ull << 63);
	tap_ok(tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, "bits"),
	       "thread.interrupt with the kernel's bit");
	p = thread_handle_interrupt_begin(&call, w.t, t.handle);
	thread_handle_interrupt_params_builder_set_bits(p, 1);
	tap_ok(tap_raises(&call, EXCEPTION_TYPE_FAILED, nullptr),
	       "thread.interrupt of a thread without a handler");
	tap_is(thread_unpark(t.handle), STATUS_OK, "WAKE");
	tap_ok(thread_join(&t, &code) == STATUS_OK && code == STATUS_OK, "it goes on, too");

	tap_ok(create_raises(33, 0) && create_raises(4, 0) && create_raises(2048, 0) &&
		       create_raises(32, 1 << 20) && create_raises(UINT32_MAX, 0) &&
		       create_raises(0, UINT32_MAX),
	       "geometries that are none");
}
