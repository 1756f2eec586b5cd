// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Memory, threads and processes over many schedules, through the generated client stubs: mappings come and go under
 * threads that use them, threads and processes are made, waited for and killed from several sides at once.
 */
#include "scenario.h"

#include <mm/frame.h>
#include <mm/slab.h>
#include <object/object.h>
#include <runtime/enter.h>
#include <runtime/ring.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/process_handle.capnp.h>
#include <schema/kernel/process_spawner.capnp.h>
#include <schema/kernel/thread.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>

#define REGION_BYTES 16384u
#define SHARED_AT 0x40000000ull

struct cap_enter_result runtime_cap_enter(uint64_t min, uint64_t deadline_ns)
{
	uint64_t reason = 0;
	int64_t consumed = host_cap_enter(min, deadline_ns, &reason);

	return (struct cap_enter_result){consumed, reason};
}

static struct process *process;
static cap_id space_cap, thread_spawner, process_spawner, manager;
static unsigned finished, children;

static uint64_t open_ring(struct ring_client *ring, uint64_t region)
{
	struct cap_region *control = host_user_pointer(VADDR(region), REGION_BYTES, true);

	ring_client_init(ring, control);
	return control->thread_arg;
}

static cap_id give_object(const struct initial_object *initial, unsigned count, const char *name)
{
	for (unsigned i = 0; i < count; i++) {
		if (__builtin_strcmp(initial[i].name, name) == 0)
			return scenario_give(process, scenario_full(initial[i].object));
	}
	host_die("no %s", name);
}

static void begin(unsigned cpu_total)
{
	struct initial_object initial[INITIAL_OBJECTS_MAX];
	struct memory *package;
	unsigned count;

	scenario_begin(cpu_total);
	process = scenario_process("parent");
	explore_check(memory_create(&process->ledger, 1, &package) == STATUS_OK);
	explore_check(objects_initial(process, package, PAGE_SIZE, initial, &count) == STATUS_OK);
	memory_put(package);
	space_cap = give_object(initial, count, "virtualMemory");
	thread_spawner = give_object(initial, count, "threadSpawner");
	process_spawner = give_object(initial, count, "processSpawner");
	manager = give_object(initial, count, "capabilityManager");
	for (unsigned i = 0; i < count; i++)
		object_put(initial[i].object);
	finished = children = 0;
}

/* --- memory under use -------------------------------------------------------------------------------------------- */

static unsigned maps_done, fault_upcalls;

/* Maps fresh memory at one address, marks it, unmaps it, forgets it: its frames are free then. */
static void maps_and_unmaps(uint64_t region)
{
	struct ring_client ring;

	(void)open_ring(&ring, region);
	for (uint64_t i = 1; i <= 4; i++) {
		cap_id memory = CAP_ID_NULL;
		uint64_t at;

		explore_check(virtual_memory_create_memory(&ring.transport, space_cap, 2 * PAGE_SIZE,
							   &memory) == STATUS_OK);
		explore_check(virtual_memory_map(&ring.transport, space_cap, memory, 0, 2 * PAGE_SIZE,
						 SHARED_AT, VIRTUAL_MEMORY_PROTECTION_READ_WRITE,
						 &at) == STATUS_OK);
		explore_check(at == SHARED_AT);
		host_user_store64(VADDR(SHARED_AT + 8), i);
		if (host_random() % 2)
			explore_check(virtual_memory_protect(&ring.transport, space_cap, SHARED_AT,
							     2 * PAGE_SIZE,
							     VIRTUAL_MEMORY_PROTECTION_READ) == STATUS_OK);
		(void)atomic_add(&maps_done, 1u);
		if (host_random() % 2)
			(void)host_cap_enter(1, host_now_ns() + host_random() % 5000, NULL);
		explore_check(virtual_memory_unmap(&ring.transport, space_cap, SHARED_AT, 2 * PAGE_SIZE) ==
			      STATUS_OK);
		ring_release(&ring, memory);
	}
	(void)atomic_add(&finished, 1u);
}

/* The page was not there, or not writable: try again, until nothing more will come. */
static void waits_for_the_page(uint64_t frame)
{
	uint64_t region = frame - offsetof(struct cap_region, upcall_frame);

	(void)atomic_add(&fault_upcalls, 1u);
	if (load_relaxed(&finished) > 0)
		host_exit(0, CAP_EXIT_THREAD);
	host_user_store64(VADDR(region + offsetof(struct cap_region, upcall_mask)), 0);
	(void)host_cap_enter(1, host_now_ns() + 20000, NULL);
}

static void uses_what_is_mapped(uint64_t region)
{
	host_user_store64(VADDR(region + offsetof(struct cap_region, upcall_entry)),
			  host_program_entry(waits_for_the_page).raw);
	host_user_store64(VADDR(region + offsetof(struct cap_region, upcall_faults)), 1);
	for (;;) {
		/* What is seen is the mark of some round, or the zero of a fresh page; never another frame's content. */
		explore_check(host_user_load64(VADDR(SHARED_AT + 8)) <= 4);
		if (host_random() % 4 == 0)
			host_user_store64(VADDR(SHARED_AT + PAGE_SIZE + 16), 77);
		explore_check(host_user_load64(VADDR(SHARED_AT + PAGE_SIZE + 8)) == 0);
	}
}

EXPLORE_TEST(no_thread_reaches_memory_that_was_unmapped, 500)
{
	begin(2 + (unsigned)(host_random() % 2));
	maps_done = fault_upcalls = 0;
	scenario_thread(process, maps_and_unmaps, 0);
	scenario_thread(process, uses_what_is_mapped, 1);
	scenario_thread(process, uses_what_is_mapped, 2);
	scenario_run();
	explore_check(finished == 1 && maps_done == 4 && process->state == PROCESS_ENDED);
	explore_check(process->exit.reason == EXIT_EXIT);
	scenario_end();
}

/* --- threads ------------------------------------------------------------------------------------------------------- */

static void child_thread(uint64_t region)
{
	uint64_t arg = host_user_load64(VADDR(region + offsetof(struct cap_region, thread_arg)));

	(void)atomic_add(&children, 1u);
	if (arg % 3 == 0)
		(void)host_cap_enter(1, host_now_ns() + host_random() % 3000, NULL);
	host_exit(arg * 10, CAP_EXIT_THREAD);
}

static void makes_threads(uint64_t region)
{
	struct ring_client ring;
	uint64_t me = open_ring(&ring, region);

	for (uint64_t i = 0; i < 3; i++) {
		uint64_t arg = me * 100 + i;
		cap_id thread = CAP_ID_NULL;
		int64_t code = -1;

		explore_check(thread_spawner_create(&ring.transport, thread_spawner,
						    host_program_entry(child_thread).raw, 0x7fff0000, arg, 0,
						    0, &thread) == STATUS_OK);
		explore_check(thread_handle_wait(&ring.transport, thread, &code) == STATUS_OK);
		explore_check(code == (int64_t)(arg * 10));
		ring_release(&ring, thread);
	}
	(void)atomic_add(&finished, 1u);
}

EXPLORE_TEST(threads_are_made_and_waited_for, 1000)
{
	begin(1 + (unsigned)(host_random() % 3));
	scenario_thread(process, makes_threads, 1);
	scenario_thread(process, makes_threads, 2);
	scenario_run();
	explore_check(finished == 2 && children == 6 && process->state == PROCESS_ENDED);
	scenario_end();
}

/* --- what a thread leaves for the next one ---------------------------------------------------------------------------- */

static cap_id service, service_end, own_end;
static unsigned left;

static struct cap_sqe service_call(void)
{
	return (struct cap_sqe){.op = CAP_OP_CALL,
				.target = service.raw,
				.interface_id = SCENARIO_INTERFACE,
				.msg_len = 8,
				.buf_off = 1024,
				.buf_len = 256};
}

static void serves_twice(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	for (unsigned i = 0; i < 2; i++) {
		struct cap_cqe cqe = user_do(&ring, &(struct cap_sqe){.op = CAP_OP_RECV,
								      .target = service_end.raw,
								      .buf_off = 1024,
								      .buf_len = 56 + 64});
		explore_check(
			user_do(&ring,
				&(struct cap_sqe){.op = CAP_OP_RETURN, .target = cqe.token, .msg_len = 8})
				.status == STATUS_OK);
	}
	host_exit(0, CAP_EXIT_PROCESS);
}

static unsigned receives_first; /* and then calls: with other requests of its ring */

static void post_receives(struct user_ring *ring)
{
	for (unsigned i = 0; i < receives_first; i++) {
		(void)user_submit(ring, &(struct cap_sqe){.op = CAP_OP_RECV,
							  .target = own_end.raw,
							  .buf_off = 2048,
							  .buf_len = 56 + 64});
		(void)user_enter(ring, 0, 0);
	}
}

/* Its last call's words are known, and something of it waits. */
static void calls_and_leaves(uint64_t region)
{
	struct user_ring ring;
	struct cap_sqe sqe = service_call();

	user_ring_open(&ring, region);
	post_receives(&ring);
	for (unsigned i = 0; i < 2; i++) {
		(void)user_submit(&ring, &sqe);
		explore_check(user_wait(&ring).status == STATUS_OK);
	}
	(void)atomic_add(&left, 1u);
	host_exit(0, CAP_EXIT_THREAD);
}

static void calls_what_is_gone(uint64_t region)
{
	struct user_ring ring;
	struct cap_sqe sqe = service_call();

	user_ring_open(&ring, region);
	post_receives(&ring);
	for (unsigned i = 0; i < 2; i++) {
		(void)user_submit(&ring, &sqe);
		explore_check(user_wait(&ring).status == STATUS_BAD_ID);
	}
	(void)atomic_add(&finished, 1u);
}

static void starts_the_next_one(uint64_t region)
{
	struct ring_client ring;
	cap_id thread = CAP_ID_NULL;
	int64_t code = -1;

	(void)open_ring(&ring, region);
	while (load_acquire(&left) == 0)
		(void)host_cap_enter(1, host_now_ns() + 10000, NULL);
	(void)host_cap_enter(1, host_now_ns() + 1000000, NULL);
	ring_release(&ring, service);
	ring_flush(&ring);
	(void)host_cap_enter(1, host_now_ns() + 1000000, NULL);
	explore_check(thread_spawner_create(&ring.transport, thread_spawner,
					    host_program_entry(calls_what_is_gone).raw, 0x7fff0000, 0, 0, 0,
					    &thread) == STATUS_OK);
	explore_check(thread_handle_wait(&ring.transport, thread, &code) == STATUS_OK);
	ring_release(&ring, thread);
	(void)atomic_add(&finished, 1u);
}

/* The region goes on, and so do its requests: none of them knows what the last thread called any more. */
EXPLORE_TEST(the_next_thread_calls_nothing_that_the_last_one_knew, 60)
{
	struct endpoint *endpoint, *own;
	struct process *server;

	begin(1 + (unsigned)(host_random() % 2));
	left = 0;
	server = scenario_process("server");
	endpoint = scenario_endpoint(server, 64, 0);
	own = scenario_endpoint(process, 64, 0);
	service_end = scenario_give(server, scenario_full(&endpoint->object));
	service = scenario_give(process, scenario_facet(endpoint, 1));
	own_end = scenario_give(process, scenario_full(&own->object));
	object_put(&endpoint->object);
	object_put(&own->object);
	receives_first = (unsigned)(host_random() % 4);
	scenario_thread(process, calls_and_leaves, 0);
	scenario_thread(process, starts_the_next_one, 0);
	scenario_thread(server, serves_twice, 0);
	scenario_run();
	explore_check(finished == 2);
	scenario_end();
}

/* --- processes ------------------------------------------------------------------------------------------------------- */

static void child_process(uint64_t region)
{
	uint64_t arg = host_user_load64(VADDR(region + offsetof(struct cap_region, thread_arg)));

	(void)atomic_add(&children, 1u);
	switch (arg % 4) {
	case 0:
		host_exit(arg, CAP_EXIT_PROCESS);
	case 1:
		host_exit(arg, CAP_EXIT_THREAD);
	case 2:
		for (;;) /* until it is killed */
			(void)host_cap_enter(1, 0, NULL);
	default:
		for (;;)
			host_user_step();
	}
}

static enum status wait_for(struct rpc_transport *transport, cap_id handle, uint16_t *reason, int64_t *code)
{
	struct rpc_call call;

	(void)process_handle_wait_begin(&call, transport, handle);
	struct process_handle_wait_results_reader results;
	enum status status = process_handle_wait_call(&call, &results);
	if (status == STATUS_OK) {
		struct process_handle_exit_reader exit = process_handle_wait_results_reader_exit(results);

		*reason = process_handle_exit_reader_reason(exit);
		*code = process_handle_exit_reader_code(exit);
	}
	rpc_end(&call);
	return status;
}

static void create(struct rpc_transport *transport, cap_id *handle, cap_id *space)
{
	struct rpc_call call;
	struct process_spawner_create_params_builder params = process_spawner_create_begin(&call, transport,
											   process_spawner);
	struct process_spawner_create_results_reader results;

	process_spawner_create_params_builder_set_name(params, msg_text_from("child"));
	explore_check(process_spawner_create_call(&call, &results) == STATUS_OK);
	*handle = rpc_result_cap(&call, process_spawner_create_results_reader_process(results));
	*space = rpc_result_cap(&call, process_spawner_create_results_reader_space(results));
	rpc_end(&call);
}

static void makes_processes(uint64_t region)
{
	struct ring_client ring;
	uint64_t me = open_ring(&ring, region);

	for (uint64_t i = 0; i < 4; i++) {
		uint64_t kind = (me + i) % 4;
		cap_id handle, space;
		uint16_t reason;
		int64_t code;

		create(&ring.transport, &handle, &space);
		if (host_random() % 8 == 0) { /* never started */
			ring_release(&ring, handle);
			ring_release(&ring, space);
			continue;
		}
		explore_check(process_handle_start(&ring.transport, handle,
						   host_program_entry(child_process).raw, 0x7fff0000, kind, 0,
						   0, 0, 0, CAP_ID_NULL) == STATUS_OK);
		if (kind >= 2)
			explore_check(process_handle_kill(&ring.transport, handle, 99) == STATUS_OK);
		explore_check(wait_for(&ring.transport, handle, &reason, &code) == STATUS_OK);
		if (kind >= 2)
			explore_check(reason == PROCESS_HANDLE_EXIT_REASON_KILLED && code == 99);
		else
			explore_check(reason == PROCESS_HANDLE_EXIT_REASON_EXIT && code == (int64_t)kind);
		ring_release(&ring, space);
		ring_release(&ring, handle);
	}
	(void)atomic_add(&finished, 1u);
}

EXPLORE_TEST(processes_are_made_killed_and_waited_for, 1000)
{
	begin(1 + (unsigned)(host_random() % 3));
	scenario_thread(process, makes_processes, 0);
	scenario_thread(process, makes_processes, 1);
	scenario_run();
	explore_check(finished == 2 && process->state == PROCESS_ENDED);
	scenario_end();
}

/* Of one that never started, two capabilities go at once: nobody can start or end it any more. */
static void forgets_a_process_twice(uint64_t region)
{
	struct ring_client ring;
	cap_id handle, space, less;

	(void)open_ring(&ring, region);
	create(&ring.transport, &handle, &space);
	explore_check(capability_manager_attenuate(&ring.transport, manager, handle,
						   PROCESS_HANDLE_INTERFACE_ID, 1ull << PROCESS_HANDLE_INFO,
						   &less) == STATUS_OK);
	ring_release(&ring, space);
	ring_release(&ring, less);
	ring_release(&ring, handle);
	ring_flush(&ring);
	(void)atomic_add(&finished, 1u);
}

EXPLORE_TEST(a_process_that_nobody_can_start_is_gone, 300)
{
	begin(1 + (unsigned)(host_random() % 3));
	scenario_thread(process, forgets_a_process_twice, 0);
	scenario_thread(process, forgets_a_process_twice, 0);
	scenario_run();
	explore_check(finished == 2 && process_count() == 0);
	scenario_end();
}

/* Two that never started have the capabilities to each other, or one to itself, and nobody else has: they end with who made them. */
static void makes_processes_that_only_they_can_start(uint64_t region)
{
	struct ring_client ring;
	cap_id handle[2], space;
	uint64_t id;
	unsigned count = 1 + (unsigned)(host_random() % 2);

	(void)open_ring(&ring, region);
	for (unsigned i = 0; i < count; i++) {
		create(&ring.transport, &handle[i], &space);
		ring_release(&ring, space);
	}
	for (unsigned i = 0; i < count; i++)
		explore_check(process_handle_grant(&ring.transport, handle[i], 0, handle[count - 1 - i], 0,
						   &id) == STATUS_OK);
	for (unsigned i = 0; i < count; i++)
		ring_release(&ring, handle[i]);
	ring_flush(&ring);
	explore_check(process_count() > count);
	(void)atomic_add(&finished, 1u);
}

EXPLORE_TEST(processes_that_only_they_can_start_end_with_their_creator, 300)
{
	begin(1 + (unsigned)(host_random() % 3));
	scenario_thread(process, makes_processes_that_only_they_can_start, 0);
	scenario_run();
	explore_check(finished == 1 && process_count() == 0);
	scenario_end();
}

/* The spawner dies while its children run: they live on, nothing dangles. */
static void makes_a_process_and_dies(uint64_t region)
{
	struct ring_client ring;
	cap_id handle, space;

	(void)open_ring(&ring, region);
	create(&ring.transport, &handle, &space);
	explore_check(process_handle_start(&ring.transport, handle, host_program_entry(child_process).raw,
					   0x7fff0000, host_random() % 2, 0, 0, 0, 0,
					   CAP_ID_NULL) == STATUS_OK);
	if (host_random() % 2) {
		uint16_t reason;
		int64_t code;

		(void)wait_for(&ring.transport, handle, &reason, &code);
	}
	host_exit(0, CAP_EXIT_PROCESS);
}

EXPLORE_TEST(a_child_outlives_its_creator, 1000)
{
	begin(2 + (unsigned)(host_random() % 2));
	scenario_thread(process, makes_a_process_and_dies, 0);
	scenario_thread(process, makes_a_process_and_dies, 0);
	scenario_run();
	explore_check(process->state == PROCESS_ENDED);
	scenario_end();
}

/* --- memory runs out --------------------------------------------------------------------------------------------------- */

static uint64_t fail_at;
static void (*fail_after)(uint64_t n); /* frames, or kernel objects */
static bool untouched;

static void survives_exhaustion(uint64_t region)
{
	struct ring_client ring;
	cap_id memory = CAP_ID_NULL, handle = CAP_ID_NULL, space = CAP_ID_NULL, thread = CAP_ID_NULL;
	enum status status;
	uint64_t at;

	(void)open_ring(&ring, region);
	fail_after(fail_at);
	status = virtual_memory_create_memory(&ring.transport, space_cap, PAGE_SIZE, &memory);
	if (status == STATUS_OK)
		status = virtual_memory_map(&ring.transport, space_cap, memory, 0, PAGE_SIZE, SHARED_AT,
					    VIRTUAL_MEMORY_PROTECTION_READ_WRITE, &at);
	if (status == STATUS_OK)
		status = thread_spawner_create(&ring.transport, thread_spawner,
					       host_program_entry(child_thread).raw, 0x7fff0000, 1, 0, 0,
					       &thread);
	if (status == STATUS_OK) {
		struct rpc_call call;
		struct process_spawner_create_params_builder params = process_spawner_create_begin(
			&call, &ring.transport, process_spawner);
		struct process_spawner_create_results_reader results;

		process_spawner_create_params_builder_set_name(params, msg_text_from("child"));
		status = process_spawner_create_call(&call, &results);
		if (status == STATUS_OK) {
			handle = rpc_result_cap(&call,
						process_spawner_create_results_reader_process(results));
			space = rpc_result_cap(&call, process_spawner_create_results_reader_space(results));
		}
		rpc_end(&call);
	}
	if (status == STATUS_OK)
		status = virtual_memory_map(&ring.transport, space, memory, 0, PAGE_SIZE, SHARED_AT,
					    VIRTUAL_MEMORY_PROTECTION_READ_WRITE, &at);
	if (status == STATUS_OK)
		status = process_handle_start(&ring.transport, handle, host_program_entry(child_process).raw,
					      0x7fff0000, 0, 0, 0, 0, 0, CAP_ID_NULL);
	fail_after(0);
	untouched = status == STATUS_OK;
	explore_check(status == STATUS_OK || status == STATUS_NO_MEMORY);
	(void)atomic_add(&finished, 1u);
}

/* SQLite's way: the n-th allocation fails, for n = 1, 2, ... until nothing fails any more. What nobody can reach then is gone: a process
 * whose handle found no memory, too. */
static void fails_one_after_the_other(void (*which)(uint64_t n))
{
	fail_after = which;
	untouched = false;
	for (fail_at = 1; !untouched; fail_at++) {
		explore_check(fail_at < 200);
		begin(2);
		scenario_thread(process, survives_exhaustion, 0);
		scenario_run();
		explore_check(finished == 1);
		scenario_end();
	}
	explore_check(fail_at > 8);
}

EXPLORE_TEST(every_frame_may_fail, 3)
{
	fails_one_after_the_other(frame_fail_after);
}

EXPLORE_TEST(every_object_may_fail, 3)
{
	fails_one_after_the_other(slab_fail_after);
}

EXPLORE_MAIN
