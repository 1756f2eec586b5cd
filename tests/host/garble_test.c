// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Every message garbled once: a process goes through what programs do with the kernel's objects and with a service, and the n-th word of
 * all messages that it sends or receives is changed on the way, n = 1, 2, ... until the run ends before. Whatever comes of
 * it has a status of its own or is a fault of the process itself; the service answers the next call; nothing is lost: invariants at each step, counts
 * and ledgers at the end (scenario_end). allocation_test.c does the same with allocations.
 *
 * What is changed lies in the process's own memory, so this is no more than a hostile process can do; but it is done at every place, and to
 * messages that are right but for one word.
 */
#include "invariants.h"
#include "scenario.h"

#include <object/object.h>
#include <runtime/enter.h>
#include <runtime/service.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/notification.capnp.h>
#include <schema/kernel/process_handle.capnp.h>
#include <schema/kernel/process_spawner.capnp.h>
#include <schema/kernel/revoker.capnp.h>
#include <schema/kernel/thread.capnp.h>
#include <schema/kernel/timer.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>

#define REGION_BYTES 16384u
#define RINGS 4u
#define SENT 256u /* submissions of a ring that may be under way */

/* ---- What is changed ---- */

static struct seen {
	struct ring_client *ring;
	const struct thread *thread;
	uint32_t taken, reaped; /* submissions and completions that have been looked at */
	struct {
		uint64_t user_data;
		uint32_t buffer, skip; /* bytes before the message */
	} sent[SENT];
} rings[RINGS];
static unsigned ring_count;

static const struct process *garbled; /* whose messages */
static uint64_t place, places;        /* the one to change; those that there were */
static uint64_t change;

static void pass(uint64_t *words, uint32_t bytes)
{
	for (uint32_t i = 0; i < bytes / 8; i++)
		if (++places == place)
			words[i] ^= change;
}

static void look_at_sent(struct seen *seen)
{
	struct ring_client *ring = seen->ring;
	unsigned char *arena = (unsigned char *)ring->region + ring->region->arena_off;

	for (; seen->taken != ring->region->sq_tail; seen->taken++) {
		const struct cap_sqe *sqe = &ring->sq[seen->taken & ring->sq_mask];
		bool receives = sqe->op == CAP_OP_RECV || sqe->op == CAP_OP_RETURN_RECV;

		if (sqe->op == CAP_OP_CALL || sqe->op == CAP_OP_RETURN || sqe->op == CAP_OP_RETURN_RECV)
			pass((uint64_t *)(void *)(arena + sqe->msg_off), sqe->msg_len);
		seen->sent[seen->taken % SENT].user_data = sqe->user_data;
		seen->sent[seen->taken % SENT].buffer = sqe->buf_off;
		seen->sent[seen->taken % SENT].skip = receives ? sizeof(struct cap_call_header) : 0;
	}
}

static void look_at_received(struct seen *seen)
{
	struct ring_client *ring = seen->ring;
	unsigned char *arena = (unsigned char *)ring->region + ring->region->arena_off;

	for (; seen->reaped != ring->region->cq_tail; seen->reaped++) {
		const struct cap_cqe *cqe = &ring->cq[seen->reaped & ring->cq_mask];

		for (uint32_t i = 0; i < SENT && cqe->user_data != 0; i++) {
			uint32_t skip = seen->sent[i].skip;
			if (seen->sent[i].user_data != cqe->user_data)
				continue;
			if (seen->sent[i].buffer != 0 && cqe->len > skip)
				pass((uint64_t *)(void *)(arena + seen->sent[i].buffer + skip),
				     cqe->len - skip);
			seen->sent[i].user_data = 0;
			break;
		}
	}
}

struct cap_enter_result runtime_cap_enter(uint64_t min, uint64_t deadline_ns)
{
	uint64_t reason = 0;
	struct seen *seen = NULL;

	for (unsigned i = 0; i < ring_count; i++)
		if (rings[i].thread == thread_current() && thread_current()->process == garbled)
			seen = &rings[i];
	if (seen != NULL)
		look_at_sent(seen);
	int64_t consumed = host_cap_enter(min, deadline_ns, &reason);
	if (seen != NULL && garbled != NULL) /* the scenario may have had enough meanwhile */
		look_at_received(seen);
	return (struct cap_enter_result){consumed, reason};
}

static void open_ring(struct ring_client *ring, uint64_t region)
{
	ring_client_init(ring, host_user_pointer(VADDR(region), REGION_BYTES, true));
	explore_check(ring_count < RINGS);
	rings[ring_count++] = (struct seen){.ring = ring, .thread = thread_current()};
	ring->transport.deadline_ns = host_now_ns() + 10000000000; /* nothing is waited for longer */
}

/* ---- Who takes part ---- */

static struct process *client, *server;
static cap_id server_end, timer, memory, manager, space, threads, processes, clock;
static bool finished, server_done;
static unsigned refused; /* calls that came to something else than OK */

static cap_id facet(struct process *to, struct endpoint *endpoint, uint64_t interface_id)
{
	struct interface_set set = {interface_id, METHODS_ALL};
	struct view *view;

	explore_check(view_create(NULL, &endpoint->object, VIEW_FACET, 1, &set, 1, &view) == STATUS_OK);
	return scenario_give(to, view);
}

static void give_objects(void)
{
	static const struct {
		const char *name;
		cap_id *cap;
	} wanted[] = {{"capabilityManager", &manager},
		      {"virtualMemory", &space},
		      {"threadSpawner", &threads},
		      {"processSpawner", &processes},
		      {"timer", &clock}};
	struct initial_object initial[INITIAL_OBJECTS_MAX];
	struct memory *package;
	unsigned count;

	explore_check(memory_create(&client->ledger, 1, &package) == STATUS_OK);
	explore_check(objects_initial(client, package, PAGE_SIZE, initial, &count) == STATUS_OK);
	memory_put(package);
	for (unsigned i = 0; i < count; i++) {
		for (unsigned k = 0; k < array_size(wanted); k++)
			if (__builtin_strcmp(initial[i].name, wanted[k].name) == 0)
				*wanted[k].cap = scenario_give(client, scenario_full(initial[i].object));
		object_put(initial[i].object);
	}
}

static void begin(void)
{
	scenario_begin(1);
	invariants_spawns();
	ring_count = 0;
	server = scenario_process("server");
	client = scenario_process("client");
	struct endpoint *endpoint = scenario_endpoint(server, SERVICE_DEFAULT_MESSAGE, SERVICE_DEFAULT_CAPS);
	server_end = scenario_give(server, scenario_full(&endpoint->object));
	timer = facet(client, endpoint, TIMER_INTERFACE_ID);
	memory = facet(client, endpoint, MEMORY_OBJECT_INTERFACE_ID);
	object_put(&endpoint->object);
	give_objects();
	finished = server_done = false;
	refused = 0;
	places = 0;
}

/* Typed: one of those that abi/status.h names, and not one that says that the ring was misused. */
static bool worked(enum status status)
{
	explore_check(status <= STATUS_OK && status >= STATUS_OUT_OF_SCOPE);
	explore_check(status != STATUS_PROTOCOL && status != STATUS_CQ_FULL);
	refused += status != STATUS_OK;
	return status == STATUS_OK;
}

/* ---- A service: Timer and MemoryObject ---- */

static enum status serve_now(void *self, struct rpc_request *request,
			     struct timer_now_results_builder results)
{
	(void)self, (void)request;
	timer_now_results_builder_set_ns(results, 7);
	return STATUS_OK;
}

static enum status serve_sleep(void *self, struct rpc_request *request,
			       struct timer_sleep_params_reader params)
{
	if (timer_sleep_params_reader_ns(params) == 2)
		service_stop(*(struct service **)self);
	if (timer_sleep_params_reader_ns(params) == 0)
		return rpc_raise(request, EXCEPTION_TYPE_INVALID_ARGUMENT, "not at all", "ns");
	return STATUS_OK;
}

static enum status serve_read(void *self, struct rpc_request *request,
			      struct memory_object_read_params_reader params,
			      struct memory_object_read_results_builder results)
{
	uint32_t count = memory_object_read_params_reader_count(params);
	uint8_t *bytes = memory_object_read_results_builder_init_bytes(results, count);

	(void)self, (void)request;
	if (bytes)
		__builtin_memset(bytes, 0x5a, count);
	return STATUS_OK;
}

static enum status serve_write(void *self, struct rpc_request *request,
			       struct memory_object_write_params_reader params)
{
	struct msg_data bytes = memory_object_write_params_reader_bytes(params);
	unsigned sum = 0;

	(void)self;
	for (uint32_t i = 0; i < bytes.len; i++)
		sum += ((const uint8_t *)bytes.ptr)[i];
	return sum == 'a' + 'b' + 'c'
		       ? STATUS_OK
		       : rpc_raise(request, EXCEPTION_TYPE_INVALID_ARGUMENT, "not abc", "bytes");
}

static enum status serve_copy_from(void *self, struct rpc_request *request,
				   struct memory_object_copy_from_params_reader params)
{
	(void)self;
	(void)rpc_request_cap(request, memory_object_copy_from_params_reader_source(params));
	return STATUS_OK;
}

static const struct timer_server_ops timer_ops = {.now = serve_now, .sleep = serve_sleep};
static const struct memory_object_server_ops memory_ops = {
	.read = serve_read, .write = serve_write, .copy_from = serve_copy_from};
static const struct service_interface interfaces[] = {
	{&timer_interface, &timer_ops},
	{&memory_object_interface, &memory_ops},
};

static void serves(uint64_t region)
{
	struct ring_client ring;
	struct service service, *pointer = &service;

	open_ring(&ring, region);
	ring.transport.deadline_ns = 0;
	explore_check(service_init(&service, &ring, server_end,
				   &(struct service_options){.interfaces = interfaces,
							     .interface_count = 2,
							     .context = &pointer}) == STATUS_OK);
	explore_check(service_run(&service) == STATUS_OK);
	server_done = true;
}

static void reads(struct ring_client *ring, uint32_t count)
{
	struct memory_object_read_results_reader results;
	struct rpc_call call;
	unsigned sum = 0;

	struct memory_object_read_params_builder params = memory_object_read_begin(&call, &ring->transport,
										   memory);
	memory_object_read_params_builder_set_count(params, count);
	if (worked(memory_object_read_call(&call, &results))) {
		struct msg_data bytes = memory_object_read_results_reader_bytes(results);
		for (uint32_t i = 0; i < bytes.len; i++)
			sum += ((const uint8_t *)bytes.ptr)[i];
		explore_check(place != 0 || sum == count * 0x5a);
	}
	rpc_end(&call);
}

static void uses_a_service(uint64_t region)
{
	struct ring_client ring;
	uint64_t ns = 0;

	open_ring(&ring, region);
	struct rpc_transport *t = &ring.transport;
	(void)worked(timer_now(t, timer, &ns));
	(void)worked(timer_sleep(t, timer, 1));
	reads(&ring, 5);
	(void)worked(memory_object_write(t, memory, 3, (struct msg_data){(const uint8_t *)"abc", 3}));
	(void)worked(memory_object_copy_from(t, memory, memory, 0, 8, 16));
	(void)worked(timer_now(t, timer, &ns));
	/* Whatever happened, it serves; but a sleep that was garbled may have been what ends it. */
	if (!server_done) {
		garbled = NULL;
		explore_check(timer_now(t, timer, &ns) == STATUS_OK && ns == 7);
		explore_check(timer_sleep(t, timer, 2) == STATUS_OK);
	}
	finished = true;
}

/* ---- The kernel's objects ---- */

static void ends_at_once(uint64_t region)
{
	(void)region;
	host_exit(0, CAP_EXIT_THREAD);
}

static cap_id makes_a_process(struct ring_client *ring, cap_id *its_space)
{
	struct process_spawner_create_results_reader results;
	cap_id handle = CAP_ID_NULL;
	struct rpc_call call;

	struct process_spawner_create_params_builder params = process_spawner_create_begin(
		&call, &ring->transport, processes);
	process_spawner_create_params_builder_set_name(params, msg_text_from("child"));
	if (worked(process_spawner_create_call(&call, &results))) {
		handle = rpc_result_cap(&call, process_spawner_create_results_reader_process(results));
		*its_space = rpc_result_cap(&call, process_spawner_create_results_reader_space(results));
	}
	rpc_end(&call);
	return handle;
}

static void uses_memory(struct ring_client *ring)
{
	struct rpc_transport *t = &ring->transport;
	cap_id own = CAP_ID_NULL;
	uint64_t at = 0, size = 0;

	(void)worked(virtual_memory_create_memory(t, space, 3 * PAGE_SIZE, &own));
	(void)worked(memory_object_size(t, own, &size));
	(void)worked(memory_object_write(t, own, 8, (struct msg_data){(const uint8_t *)"abcdefgh", 8}));
	(void)worked(virtual_memory_map(t, space, own, PAGE_SIZE, 2 * PAGE_SIZE, 0,
					VIRTUAL_MEMORY_PROTECTION_READ_WRITE, &at));
	(void)worked(virtual_memory_protect(t, space, at, PAGE_SIZE, VIRTUAL_MEMORY_PROTECTION_READ));
	(void)worked(virtual_memory_unmap(t, space, at, 2 * PAGE_SIZE));
	(void)worked(virtual_memory_allocate(t, space, PAGE_SIZE, 0, &at));
	ring_release(ring, own);
}

static void uses_capabilities(struct ring_client *ring)
{
	struct rpc_transport *t = &ring->transport;
	cap_id made = CAP_ID_NULL, less = CAP_ID_NULL, lent = CAP_ID_NULL, revoker = CAP_ID_NULL;
	uint64_t entries = 0, calls = 0, mappings = 0, taken = 0;

	(void)worked(capability_manager_create_notification(t, manager, &made));
	(void)worked(notification_signal(t, made, 5));
	(void)worked(notification_poll(t, made, 1, &taken));
	(void)worked(notification_facet(t, made, 3, &less));
	ring_release(ring, less);
	less = CAP_ID_NULL;
	(void)worked(capability_manager_attenuate(t, manager, made, NOTIFICATION_INTERFACE_ID,
						  1ull << NOTIFICATION_SIGNAL, &less));
	if (worked(capability_manager_make_revocable(t, manager, less, 0, &lent, &revoker))) {
		(void)worked(notification_signal(t, lent, 1));
		(void)worked(revoker_revoke(t, revoker, &entries, &calls, &mappings));
		(void)worked(notification_signal(t, lent, 1));
	}
	ring_release(ring, revoker);
	ring_release(ring, lent);
	ring_release(ring, less);
	ring_release(ring, made);
}

static void uses_objects(uint64_t region)
{
	struct ring_client ring;
	cap_id thread = CAP_ID_NULL, child = CAP_ID_NULL, its_space = CAP_ID_NULL;
	int64_t code = 0;
	uint64_t ns;
	uint64_t id;

	open_ring(&ring, region);
	struct rpc_transport *t = &ring.transport;
	uses_memory(&ring);
	uses_capabilities(&ring);
	(void)worked(timer_now(t, clock, &ns));
	(void)worked(timer_sleep(t, clock, 1000));
	(void)worked(thread_spawner_create(t, threads, host_program_entry(ends_at_once).raw, 0x7fff0000, 1, 0,
					   0, &thread));
	(void)worked(thread_handle_wait(t, thread, &code));
	child = makes_a_process(&ring, &its_space);
	(void)worked(process_handle_grant(t, child, 0, clock, 1, &id));
	(void)worked(process_handle_start(t, child, host_program_entry(ends_at_once).raw, 0x7fff0000, 1, 0, 0,
					  0, 0, CAP_ID_NULL));
	(void)worked(process_handle_kill(t, child, 3));
	ring_release(&ring, its_space);
	ring_release(&ring, child);
	ring_release(&ring, thread);
	ring_flush(&ring);
	finished = true;
}

/* ---- Every place, with several changes ---- */

static const uint64_t changes[] = {1, ~0ull, 1ull << 32, 1ull << 63, 4, 0x0001000000000000ull};

/* Returns the number of places. */
static uint64_t everywhere(void (*run)(void), unsigned *stopped)
{
	uint64_t all, noticed = 0;

	place = 0;
	run();
	all = places;
	unsigned usual = refused; /* what was revoked */
	explore_check(usual <= 1 && finished);
	for (place = 1; place <= all; place++) {
		for (unsigned i = 0; i < array_size(changes); i++) {
			change = changes[i] ^ (i == 0 ? 0 : host_random() & 0xff00ff);
			run();
			*stopped += !finished;
			noticed += refused > usual || !finished;
		}
	}
	explore_check(all > 10 && noticed > all);
	return all;
}

/* A process that unmaps its own memory, or starts a thread nowhere, ends by its own fault, and by nothing else. */
static void run_with_objects(void)
{
	begin();
	garbled = client;
	scenario_thread(client, uses_objects, 0);
	scenario_run();
	explore_check(finished ||
		      (client->exit.reason != EXIT_RUNNING && client->exit.reason != EXIT_PROTOCOL));
	scenario_end();
}

EXPLORE_TEST(each_message_to_and_from_the_kernel_garbled, 1)
{
	unsigned stopped = 0;

	uint64_t all = everywhere(run_with_objects, &stopped);
	explore_check(stopped < all);
}

static bool garbles_server;

static void run_with_service(void)
{
	begin();
	garbled = garbles_server ? server : client;
	scenario_thread(server, serves, 0);
	scenario_thread(client, uses_a_service, 0);
	scenario_run();
	explore_check(finished && server_done);
	scenario_end();
}

EXPLORE_TEST(each_message_to_and_from_a_service_garbled, 1)
{
	unsigned stopped = 0;

	garbles_server = false;
	(void)everywhere(run_with_service, &stopped);
	explore_check(stopped == 0);
}

EXPLORE_TEST(each_message_of_a_service_garbled, 1)
{
	unsigned stopped = 0;

	garbles_server = true;
	(void)everywhere(run_with_service, &stopped);
	explore_check(stopped == 0);
}

EXPLORE_MAIN
