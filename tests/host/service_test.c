// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The user-space ring client and service loop (lib/runtime) on the real kernel, over many schedules: generated client
 * stubs in one process call generated server skeletons in another.
 */
#include "scenario.h"

#include <runtime/enter.h>
#include <runtime/service.h>
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/timer.capnp.h>

#define REGION_BYTES 16384u
#define CLIENTS 2u

/* The seam: this machine's way into the kernel. */
struct cap_enter_result runtime_cap_enter(uint64_t min, uint64_t deadline_ns)
{
	uint64_t reason = 0;
	int64_t consumed = host_cap_enter(min, deadline_ns, &reason);

	return (struct cap_enter_result){consumed, reason};
}

static struct process *server, *clients[CLIENTS];
static cap_id server_end, timers[CLIENTS], memories[CLIENTS];
static unsigned finished, served;
static bool server_done, out_of_order;
static uint64_t calls_each;
static uint32_t slot_count; /* of the service; 0: it has its own one */
static struct service_reply sleeping;
static cap_id kept, dropped;
static uint32_t reads[CLIENTS]; /* what each client asked for last */

static struct view *facet(struct endpoint *endpoint, uint64_t key, uint64_t interface_id)
{
	struct interface_set set = {interface_id, METHODS_ALL};
	struct view *view;

	explore_check(view_create(NULL, &endpoint->object, VIEW_FACET, key, &set, 1, &view) == STATUS_OK);
	return view;
}

static void begin(unsigned cpu_total)
{
	scenario_begin(cpu_total);
	server = scenario_process("server");

	struct endpoint *endpoint = scenario_endpoint(server, SERVICE_DEFAULT_MESSAGE, SERVICE_DEFAULT_CAPS);

	server_end = scenario_give(server, scenario_full(&endpoint->object));
	for (unsigned i = 0; i < CLIENTS; i++) {
		clients[i] = scenario_process("client");
		timers[i] = scenario_give(clients[i], facet(endpoint, i + 1, TIMER_INTERFACE_ID));
		memories[i] = scenario_give(clients[i], facet(endpoint, i + 1, MEMORY_OBJECT_INTERFACE_ID));
	}
	object_put(&endpoint->object);
	finished = served = 0;
	server_done = out_of_order = false;
	reads[0] = reads[1] = 0;
	sleeping = (struct service_reply){};
	kept = dropped = CAP_ID_NULL;
}

static void open_ring(struct ring_client *ring, uint64_t region)
{
	ring_client_init(ring, host_user_pointer(VADDR(region), REGION_BYTES, true));
}

/* ---- The server: Timer and MemoryObject, of the key's object ---- */

static enum status serve_now(void *self, struct rpc_request *request,
			     struct timer_now_results_builder results)
{
	(void)self;
	(void)atomic_add(&served, 1u);
	timer_now_results_builder_set_ns(results, request->call->key * 1000 + 7);
	return STATUS_OK;
}

/* 0 is refused; 1 wakes who sleeps; 2 ends the service; anything else sleeps until then. */
static enum status serve_sleep(void *self, struct rpc_request *request,
			       struct timer_sleep_params_reader params)
{
	uint64_t ns = timer_sleep_params_reader_ns(params);

	if (ns == 2)
		service_stop(*(struct service **)self);
	if (ns == 0)
		return rpc_raise(request, EXCEPTION_TYPE_INVALID_ARGUMENT, "not at all", "ns");
	if (ns > 2)
		return service_defer(request, &sleeping);
	if (ns == 1 && sleeping.token) {
		explore_check(service_reply_begin(&sleeping, 0, 0) == STATUS_OK);
		timer_sleep_results_builder_root(&sleeping.results);
		explore_check(service_reply_send(&sleeping) == STATUS_OK);
	}
	return STATUS_OK;
}

static enum status serve_read(void *self, struct rpc_request *request,
			      struct memory_object_read_params_reader params,
			      struct memory_object_read_results_builder results)
{
	uint32_t count = memory_object_read_params_reader_count(params);
	uint8_t *bytes = memory_object_read_results_builder_init_bytes(results, count);

	(void)self;
	if (count <= 16) {
		out_of_order |= count != reads[request->call->key - 1] + 1;
		reads[request->call->key - 1] = count;
	}
	if (bytes)
		__builtin_memset(bytes, 0x5a, count);
	return STATUS_OK;
}

/* Keeps the source when the count is odd. */
static enum status serve_copy_from(void *self, struct rpc_request *request,
				   struct memory_object_copy_from_params_reader params)
{
	int32_t index = memory_object_copy_from_params_reader_source(params);

	(void)self;
	if (memory_object_copy_from_params_reader_count(params) % 2)
		kept = service_keep(request, index);
	else
		dropped = rpc_request_cap(request, index);
	return STATUS_OK;
}

static const struct timer_server_ops timer_ops = {.now = serve_now, .sleep = serve_sleep};
static const struct memory_object_server_ops memory_ops = {.read = serve_read, .copy_from = serve_copy_from};
static const struct service_interface interfaces[] = {
	{&timer_interface, &timer_ops},
	{&memory_object_interface, &memory_ops},
};

static void serve(uint64_t region)
{
	struct ring_client ring;
	struct service service, *pointer = &service;
	struct service_slot slots[4];

	open_ring(&ring, region);
	explore_check(service_init(&service, &ring, server_end,
				   &(struct service_options){
					   .interfaces = interfaces,
					   .interface_count = 2,
					   .context = &pointer,
					   .slots = slot_count ? slots : nullptr,
					   .slot_count = slot_count,
				   }) == STATUS_OK);

	enum status status = service_run(&service);

	explore_check(status == STATUS_OK);
	/* What came as an argument was released, unless it was kept. */
	cap_id copy;

	if (kept.raw)
		explore_check(ring_dup(&ring, kept, &copy) == STATUS_OK);
	if (dropped.raw)
		explore_check(ring_dup(&ring, dropped, &copy) == STATUS_BAD_ID);
	server_done = true;
}

/* ---- Scenarios: what the clients do ---- */

/* The last one out cancels a call that the server has received and answers all the same, then makes it stop. */
static void leave(struct ring_client *ring, cap_id timer)
{
	struct rpc_call call;
	uint64_t ns;

	if (atomic_add(&finished, 1u) + 1 < CLIENTS)
		return;

	struct timer_sleep_params_builder p = timer_sleep_begin(&call, &ring->transport, timer);

	timer_sleep_params_builder_set_ns(p, 1000);
	explore_check(timer_sleep_send(&call) == STATUS_OK);
	/* Now it has been received: this one was sent later. */
	explore_check(timer_now(&ring->transport, timer, &ns) == STATUS_OK);
	rpc_end(&call);
	explore_check(call.status == STATUS_CANCELLED);
	explore_check(timer_sleep(&ring->transport, timer, 1) == STATUS_OK);
	explore_check(timer_sleep(&ring->transport, timer, 2) == STATUS_OK);
}

static void run_clients(unsigned cpu_total, host_program *program)
{
	begin(cpu_total);
	scenario_thread(server, serve, 0);
	for (unsigned i = 0; i < CLIENTS; i++)
		scenario_thread(clients[i], program, i);
	scenario_run();
	if (finished != CLIENTS || !server_done)
		host_die("finished %u, server done %d, served %u", finished, server_done, served);
	scenario_end();
}

static void call_now(uint64_t region)
{
	struct ring_client ring;

	open_ring(&ring, region);

	uint64_t me = ring.region->thread_arg;

	for (uint64_t n = 0; n < calls_each; n++) {
		uint64_t ns = 0;

		explore_check(timer_now(&ring.transport, timers[me], &ns) == STATUS_OK);
		explore_check(ns == (me + 1) * 1000 + 7);
	}
	leave(&ring, timers[me]);
}

EXPLORE_TEST(generated_stubs_and_skeletons_meet, 200)
{
	calls_each = 4;
	run_clients(2, call_now);
	explore_check(served == CLIENTS * 4 + 1);
}

/* More calls than the queue holds, all sent before the first wait. */
static void call_batch(uint64_t region)
{
	struct ring_client ring;
	struct rpc_call calls[12];

	open_ring(&ring, region);

	uint64_t me = ring.region->thread_arg;

	for (unsigned i = 0; i < 12; i++) {
		timer_now_begin(&calls[i], &ring.transport, timers[me]);
		explore_check(timer_now_send(&calls[i]) == STATUS_OK);
	}
	for (unsigned i = 12; i-- > 0;) {
		explore_check(rpc_wait(&calls[i]) == STATUS_OK);
		explore_check(timer_now_results_reader_ns(timer_now_results(&calls[i])) ==
			      (me + 1) * 1000 + 7);
	}
	for (unsigned i = 0; i < 12; i++)
		rpc_end(&calls[i]);
	leave(&ring, timers[me]);
}

EXPLORE_TEST(several_calls_are_outstanding, 200)
{
	run_clients(2, call_batch);
}

static void call_failing(uint64_t region)
{
	struct ring_client ring;
	struct rpc_call call;
	uint64_t ns;

	open_ring(&ring, region);

	uint64_t me = ring.region->thread_arg;

	/* A typed exception, with its field. */
	timer_sleep_begin(&call, &ring.transport, timers[me]);
	explore_check(rpc_call(&call) == STATUS_EXCEPTION);
	explore_check(exception_reader_type(rpc_exception(&call)) == EXCEPTION_TYPE_INVALID_ARGUMENT);
	explore_check(msg_text_equal(exception_reader_field(rpc_exception(&call)), MSG_TEXT("ns")));
	rpc_end(&call);
	/* A method that the server does not have. */
	timer_sleep_until_begin(&call, &ring.transport, timers[me]);
	explore_check(rpc_call(&call) == STATUS_EXCEPTION);
	explore_check(exception_reader_type(rpc_exception(&call)) == EXCEPTION_TYPE_UNIMPLEMENTED);
	rpc_end(&call);
	/* An interface that the facet does not have: refused by the kernel. */
	explore_check(memory_object_size(&ring.transport, timers[me], &ns) < 0);
	/* Results that do not fit into what the server sends. */
	explore_check(memory_object_read_begin(&call, &ring.transport, memories[me]).b.data != nullptr);
	memory_object_read_params_builder_set_count(memory_object_read_params_builder_root(&call.params),
						    60000);
	explore_check(rpc_call(&call) == STATUS_EXCEPTION);
	rpc_end(&call);
	/* And it still serves. */
	explore_check(timer_now(&ring.transport, timers[me], &ns) == STATUS_OK);
	leave(&ring, timers[me]);
}

EXPLORE_TEST(failures_are_typed, 100)
{
	run_clients(2, call_failing);
}

/* The first client sleeps until the second wakes it. */
static void call_deferred(uint64_t region)
{
	struct ring_client ring;

	open_ring(&ring, region);

	uint64_t me = ring.region->thread_arg;

	if (me == 0) {
		explore_check(timer_sleep(&ring.transport, timers[0], 500) == STATUS_OK);
	} else {
		while (!sleeping.token)
			host_user_step();
		explore_check(timer_sleep(&ring.transport, timers[1], 1) == STATUS_OK);
	}
	leave(&ring, timers[me]);
}

EXPLORE_TEST(an_answer_may_come_later, 200)
{
	run_clients(2, call_deferred);
}

static void call_with_capabilities(uint64_t region)
{
	struct ring_client ring;

	open_ring(&ring, region);

	uint64_t me = ring.region->thread_arg;

	/* Client 0 gives one that is dropped, client 1 one that is kept. */
	explore_check(memory_object_copy_from(&ring.transport, memories[me], memories[me], 0, 0, me) ==
		      STATUS_OK);
	leave(&ring, timers[me]);
}

EXPLORE_TEST(received_capabilities_go_unless_kept, 200)
{
	run_clients(2, call_with_capabilities);
	explore_check(kept.raw && dropped.raw);
}

/* ---- A service with several slots ---- */

/* Each asks for one byte more than the one before. */
static void call_in_order(uint64_t region)
{
	struct ring_client ring;
	struct rpc_call calls[8];

	open_ring(&ring, region);

	uint64_t me = ring.region->thread_arg;

	for (unsigned i = 0; i < 8; i++) {
		struct memory_object_read_params_builder p = memory_object_read_begin(
			&calls[i], &ring.transport, memories[me]);

		memory_object_read_params_builder_set_count(p, i + 1);
		explore_check(memory_object_read_send(&calls[i]) == STATUS_OK);
	}
	ring_wait_for(&ring, 8);
	for (unsigned i = 0; i < 8; i++) {
		explore_check(rpc_wait(&calls[i]) == STATUS_OK);
		explore_check(
			memory_object_read_results_reader_bytes(memory_object_read_results(&calls[i])).len ==
			i + 1);
	}
	for (unsigned i = 0; i < 8; i++)
		rpc_end(&calls[i]);
	leave(&ring, timers[me]);
}

static void run_slots(uint32_t slots, host_program *program)
{
	slot_count = slots;
	run_clients(2, program);
	slot_count = 0;
}

EXPLORE_TEST(slots_serve_a_client_in_its_order, 200)
{
	run_slots(3, call_in_order);
	explore_check(!out_of_order && reads[0] == 8 && reads[1] == 8);
}

EXPLORE_TEST(slots_serve_more_calls_than_there_are, 100)
{
	run_slots(4, call_batch);
}

EXPLORE_TEST(slots_fail_for_themselves, 100)
{
	run_slots(2, call_failing);
}

EXPLORE_TEST(a_slot_may_answer_later, 100)
{
	run_slots(4, call_deferred);
}

EXPLORE_TEST(slots_keep_their_own_capabilities, 100)
{
	run_slots(4, call_with_capabilities);
	explore_check(kept.raw && dropped.raw);
}

EXPLORE_MAIN
