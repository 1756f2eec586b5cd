// SPDX-License-Identifier: MIT OR Apache-2.0
/* Shared buffers: what the receiver of one can and cannot do, one call that shares one, many that only name a slot. */
#include <runtime/service.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/endpoint.capnp.h>
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/process_handle.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <schema/service/shared_buffer.capnp.h>
#include <shared_buffer/shared_buffer.h>

#include "pipe.h"

enum { SLOTS = 16, SLOT_BYTES = 2048 };

/* ---- The child: a BufferSink ---- */

struct sink {
	struct service service;
	struct shared_buffer attached;
};

static uint64_t sum_of(const struct shared_buffer *b, uint64_t offset, uint64_t length)
{
	uint8_t piece[256];
	uint64_t sum = 0;

	for (uint64_t done = 0, n; done < length; done += n) {
		n = length - done < sizeof(piece) ? length - done : sizeof(piece);
		if (!shared_buffer_copy_out(b, offset + done, piece, n))
			return 0;
		for (uint64_t i = 0; i < n; i++)
			sum += piece[i];
	}
	return sum;
}

static enum status invalid(struct rpc_request *request, const char *field)
{
	return rpc_raise(request, EXCEPTION_TYPE_INVALID_ARGUMENT, "not such a buffer", field);
}

static enum status attach(struct rpc_request *request, struct shared_buffer_reader r, struct shared_buffer *b)
{
	cap_id memory = rpc_request_cap(request, shared_buffer_reader_memory(r));

	return shared_buffer_attach(b, w.t, w.space, memory, SHARED_BUFFER_READ);
}

static enum status serve_once(void *self, struct rpc_request *request,
			      struct buffer_sink_once_params_reader params,
			      struct buffer_sink_once_results_builder results)
{
	struct shared_buffer b;
	uint64_t length = buffer_sink_once_params_reader_length(params);

	(void)self;
	if (attach(request, buffer_sink_once_params_reader_buffer(params), &b) != STATUS_OK)
		return invalid(request, "buffer");
	bool fits = shared_buffer_range(&b, 0, length);
	if (fits)
		buffer_sink_once_results_builder_set_sum(results, sum_of(&b, 0, length));
	shared_buffer_detach(&b);
	return fits ? STATUS_OK : invalid(request, "length");
}

static enum status serve_attach(void *self, struct rpc_request *request,
				struct buffer_sink_attach_params_reader params,
				struct buffer_sink_attach_results_builder results)
{
	struct sink *sink = self;
	struct shared_buffer b;

	if (attach(request, buffer_sink_attach_params_reader_buffer(params), &b) != STATUS_OK)
		return invalid(request, "buffer");
	shared_buffer_detach(&sink->attached);
	sink->attached = b;
	buffer_sink_attach_results_builder_set_slots(results, b.slots);
	return STATUS_OK;
}

static enum status serve_take(void *self, struct rpc_request *request,
			      struct buffer_sink_take_params_reader params,
			      struct buffer_sink_take_results_builder results)
{
	struct sink *sink = self;
	uint32_t slot = buffer_sink_take_params_reader_slot(params),
		 length = buffer_sink_take_params_reader_length(params);

	if (!sink->attached.data)
		return rpc_raise(request, EXCEPTION_TYPE_FAILED, "no buffer is attached", nullptr);
	if (!shared_buffer_slot(&sink->attached, slot, 0, length))
		return invalid(request, slot >= sink->attached.slots ? "slot" : "length");
	buffer_sink_take_results_builder_set_sum(
		results, sum_of(&sink->attached, (uint64_t)slot * sink->attached.slot_bytes, length));
	return STATUS_OK;
}

static enum status serve_detach(void *self, struct rpc_request *request)
{
	struct sink *sink = self;

	(void)request;
	shared_buffer_detach(&sink->attached);
	service_stop(&sink->service); /* the child's work is done */
	return STATUS_OK;
}

static int serve(void)
{
	static const struct buffer_sink_server_ops ops = {
		.once = serve_once, .attach = serve_attach, .take = serve_take, .detach = serve_detach};
	static const struct service_interface interfaces[] = {{&buffer_sink_interface, &ops}};
	static struct sink sink;
	enum status status = service_init(
		&sink.service, w.ring, granted("endpoint"),
		&(struct service_options){.interfaces = interfaces, .interface_count = 1, .context = &sink});

	if (status == STATUS_OK)
		status = service_run(&sink.service);
	return status == STATUS_OK ? 0 : 2;
}

/* ---- The child: a reader that wants more ---- */

static int read_only(void)
{
	cap_id memory = granted("memory");
	struct shared_buffer b;
	struct rpc_call call;

	if (shared_buffer_attach(&b, w.t, w.space, memory, SHARED_BUFFER_WRITE) == STATUS_OK)
		return 2;
	if (memory_object_write(w.t, memory, 4096, (struct msg_data){(const uint8_t *)"x", 1}) !=
	    STATUS_DENIED)
		return 3;
	if (shared_buffer_attach(&b, w.t, w.space, memory, SHARED_BUFFER_READ) != STATUS_OK)
		return 4;
	struct virtual_memory_protect_params_builder p = virtual_memory_protect_begin(&call, w.t, w.space);
	virtual_memory_protect_params_builder_set_address(p, b.address);
	virtual_memory_protect_params_builder_set_length(p, b.bytes);
	virtual_memory_protect_params_builder_set_protection(p, VIRTUAL_MEMORY_PROTECTION_READ_WRITE);
	enum status status = rpc_call(&call);
	rpc_end(&call);
	if (status == STATUS_OK)
		return 5;
	if (b.slots != SLOTS || !is_pattern(b.data, 0, 100))
		return 6;
	*(volatile uint8_t *)b.data = 1; /* a page fault */
	return 7;
}

int buffer_child(struct msg_text what)
{
	if (msg_text_equal(what, MSG_TEXT("serve")))
		return serve();
	if (msg_text_equal(what, MSG_TEXT("read-only")))
		return read_only();
	return 98;
}

/* ---- Their parent ---- */

static struct shared_buffer buffer;
static cap_id memory, read_share, sink;

static enum status once(cap_id share, uint64_t length, uint64_t *sum)
{
	struct buffer_sink_once_results_reader results;
	struct rpc_call call;
	struct buffer_sink_once_params_builder p = buffer_sink_once_begin(&call, w.t, sink);

	buffer_sink_once_params_builder_set_length(p, length);
	shared_buffer_builder_set_memory(buffer_sink_once_params_builder_init_buffer(p),
					 rpc_add_moved(&call, share));

	enum status status = buffer_sink_once_call(&call, &results);

	*sum = status == STATUS_OK ? buffer_sink_once_results_reader_sum(results) : 0;
	rpc_end(&call);
	return status;
}

static void test_single_shot(void)
{
	uint64_t sum = 0, expected = 0;
	cap_id share = {};

	fill_pattern(buffer.data, 0, 5000);
	for (uint64_t i = 0; i < 5000; i++)
		expected += pattern(i);
	(void)!shared_buffer_share(w.t, w.manager, memory, SHARED_BUFFER_READ, &share);
	tap_is(once(share, 5000, &sum), STATUS_OK,
	       "a buffer shared for one call, its capability moved along");
	tap_ok(sum == expected, "all bytes were seen");
	uint64_t bytes;
	tap_is(memory_object_size(w.t, share, &bytes), STATUS_BAD_ID,
	       "the capability is the sender's no more");
	(void)!shared_buffer_share(w.t, w.manager, memory, SHARED_BUFFER_READ, &share);
	tap_is(once(share, SLOTS * SLOT_BYTES + 1, &sum), STATUS_EXCEPTION,
	       "more bytes than it has are refused");
	(void)!virtual_memory_create_memory(w.t, w.space, 8192, &share);
	tap_is(once(share, 1, &sum), STATUS_EXCEPTION, "memory without a header is no buffer");
}

static void test_many_messages(void)
{
	struct buffer_sink_attach_results_reader results;
	struct rpc_call call;
	uint64_t sum = 0;
	bool good = true;

	tap_is(buffer_sink_take(w.t, sink, 0, 1, &sum), STATUS_EXCEPTION, "nothing is attached yet");
	shared_buffer_builder_set_memory(
		buffer_sink_attach_params_builder_init_buffer(buffer_sink_attach_begin(&call, w.t, sink)),
		rpc_add_cap(&call, read_share));
	good = buffer_sink_attach_call(&call, &results) == STATUS_OK &&
	       buffer_sink_attach_results_reader_slots(results) == SLOTS;
	rpc_end(&call);
	tap_ok(good, "a buffer of 16 slots is attached");
	for (uint32_t i = 0; i < 200; i++) {
		uint32_t slot = i % SLOTS, length = i * 97 % SLOT_BYTES;
		uint8_t *bytes = shared_buffer_slot(&buffer, slot, 0, length);
		uint64_t expected = 0;

		for (uint32_t k = 0; k < length; k++)
			expected += bytes[k] = (uint8_t)(i + k);
		good &= buffer_sink_take(w.t, sink, slot, length, &sum) == STATUS_OK && sum == expected;
	}
	tap_ok(good, "200 messages through it, each call two numbers");
	tap_ok(buffer_sink_take(w.t, sink, SLOTS, 1, &sum) == STATUS_EXCEPTION &&
		       buffer_sink_take(w.t, sink, 0, SLOT_BYTES + 1, &sum) == STATUS_EXCEPTION &&
		       buffer_sink_take(w.t, sink, UINT32_MAX, UINT32_MAX, &sum) == STATUS_EXCEPTION,
	       "slots and lengths that are none are refused");
	struct shared_buffer_header *header = (struct shared_buffer_header *)(uintptr_t)buffer.address;
	header->slots = header->slot_bytes = UINT32_MAX & ~7u;
	tap_ok(buffer_sink_take(w.t, sink, SLOTS, 1, &sum) == STATUS_EXCEPTION,
	       "changing the header later changes nothing");
	header->slots = SLOTS;
	header->slot_bytes = SLOT_BYTES;
}

static void test_read_only(void)
{
	struct spawn_grant grants[] = {child_grant("console"), child_grant_space(),
				       child_grant_as("memory", read_share, MEMORY_OBJECT_INTERFACE_ID)};
	struct spawn_exit e;

	fill_pattern(buffer.data, 0, 100);
	e = child_run("test-pipe", &(struct child_options){.grants = grants,
							   .grant_count = 3,
							   .arguments = {"buffer", "read-only"}});
	tap_ok(e.reason == PROCESS_HANDLE_EXIT_REASON_PAGE_FAULT && is_pattern(buffer.data, 0, 100),
	       "who may only read maps read-only: neither mapping, widening, write nor a store changes a byte (%u, %lld)",
	       e.reason, (long long)e.code);
}

static void run_all(void)
{
	cap_id endpoint = {}, facets = {}, handle = {};
	bool good = capability_manager_create_endpoint(w.t, w.manager, 1024, 4, &endpoint) == STATUS_OK &&
		    make_template(endpoint, BUFFER_SINK_INTERFACE_ID, &facets) == STATUS_OK &&
		    make_facet(facets, BUFFER_SINK_INTERFACE_ID, 1, &sink) == STATUS_OK;
	struct spawn_grant grants[] = {child_grant("console"), child_grant_space(),
				       child_grant_as("endpoint", endpoint, ENDPOINT_INTERFACE_ID)};

	good &= shared_buffer_make(&buffer, w.t, w.space, SLOT_BYTES, SLOTS, &memory) == STATUS_OK;
	good &= shared_buffer_share(w.t, w.manager, memory, SHARED_BUFFER_READ, &read_share) == STATUS_OK;
	good &= child_start("test-pipe",
			    &(struct child_options){
				    .grants = grants, .grant_count = 3, .arguments = {"buffer", "serve"}},
			    &handle) == STATUS_OK;
	tap_ok(good, "a buffer, and a child that takes data out of buffers");
	ring_release(w.ring, endpoint);
	if (good) {
		test_single_shot();
		test_many_messages();
		test_read_only();
		tap_is(buffer_sink_detach(w.t, sink), STATUS_OK, "the buffer is detached");
		struct spawn_exit e = child_wait(handle);
		tap_ok(e.reason == PROCESS_HANDLE_EXIT_REASON_EXIT && e.code == 0,
		       "the child is content (%lld)", (long long)e.code);
	}
	shared_buffer_detach(&buffer);
	ring_release(w.ring, memory);
	ring_release(w.ring, read_share);
	ring_release(w.ring, sink);
	ring_release(w.ring, facets);
}

void test_buffers(void)
{
	struct child_counts before;

	run_all(); /* what is made once is made now */
	before = child_counts();
	run_all();
	tap_ok(child_counts_return(&before), "counts return to the baseline");
}
