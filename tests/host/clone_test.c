// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * ProcessSpawner.clone over many schedules: against a sibling that writes, one that revokes what is lent, one that releases and
 * moves capabilities, and with each allocation failing in turn.
 */
#include "scenario.h"

#include <mm/frame.h>
#include <object/object.h>
#include <runtime/enter.h>
#include <runtime/ring.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/process_handle.capnp.h>
#include <schema/kernel/process_spawner.capnp.h>
#include <schema/kernel/revoker.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>

#define REGION_BYTES 16384u
#define OWN_AT 0x40000000ull
#define LENT_AT 0x50000000ull

struct cap_enter_result runtime_cap_enter(uint64_t min, uint64_t deadline_ns)
{
	uint64_t reason = 0;
	int64_t consumed = host_cap_enter(min, deadline_ns, &reason);

	return (struct cap_enter_result){consumed, reason};
}

static struct process *process;
static cap_id space_cap, manager, spawner;
static unsigned finished, clones;
static bool lent, revoked;

static void open_ring(struct ring_client *ring, uint64_t region)
{
	ring_client_init(ring, host_user_pointer(VADDR(region), REGION_BYTES, true));
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
	manager = give_object(initial, count, "capabilityManager");
	spawner = give_object(initial, count, "processSpawner");
	for (unsigned i = 0; i < count; i++)
		object_put(initial[i].object);
	finished = clones = 0;
	lent = revoked = false;
}

static enum status clone(struct ring_client *ring, host_program *program, uint64_t argument, cap_id *handle)
{
	struct process_spawner_clone_results_reader r;
	struct rpc_call call;
	struct process_spawner_clone_params_builder p = process_spawner_clone_begin(&call, &ring->transport,
										    spawner);

	process_spawner_clone_params_builder_set_entry(p, host_program_entry(program).raw);
	process_spawner_clone_params_builder_set_stack(p, 0x7fff0000);
	process_spawner_clone_params_builder_set_argument(p, argument);
	process_spawner_clone_params_builder_set_session(p, -1);
	enum status status = process_spawner_clone_call(&call, &r);
	if (status == STATUS_OK)
		*handle = rpc_result_cap(&call, process_spawner_clone_results_reader_process(r));
	rpc_end(&call);
	return status;
}

static void wait_for(struct ring_client *ring, cap_id handle)
{
	struct process_handle_wait_results_reader results;
	struct rpc_call call;

	(void)process_handle_wait_begin(&call, &ring->transport, handle);
	explore_check(process_handle_wait_call(&call, &results) == STATUS_OK);
	rpc_end(&call);
	ring_release(ring, handle);
}

static void map_own(struct ring_client *ring)
{
	uint64_t at;

	explore_check(virtual_memory_allocate(&ring->transport, space_cap, 2 * PAGE_SIZE, OWN_AT, &at) ==
		      STATUS_OK);
}

/* --- what is lent ----------------------------------------------------------------------------------------------------- */

static cap_id revoker;

/* A read that began when `revoke` had returned must not succeed; one that fails ends the clone, and nobody else. */
static void reads_what_is_lent([[maybe_unused]] uint64_t region)
{
	(void)atomic_add(&clones, 1u);
	for (unsigned i = 0; i < 4; i++) {
		bool over = load_acquire(&revoked);
		uint64_t value = host_user_load64(VADDR(LENT_AT));

		explore_check(!over && value == 7);
		host_user_store64(VADDR(OWN_AT + 8 * i), i);
	}
	host_exit(0, CAP_EXIT_PROCESS);
}

static void lends_and_clones(uint64_t region)
{
	struct ring_client ring;
	cap_id memory, through, handle;
	uint64_t at;

	open_ring(&ring, region);
	map_own(&ring);
	explore_check(virtual_memory_create_memory(&ring.transport, space_cap, PAGE_SIZE, &memory) ==
		      STATUS_OK);
	explore_check(memory_object_write(&ring.transport, memory, 0,
					  (struct msg_data){(const uint8_t *)&(uint64_t){7}, 8}) ==
		      STATUS_OK);
	explore_check(capability_manager_make_revocable(&ring.transport, manager, memory, 0, &through,
							&revoker) == STATUS_OK);
	explore_check(virtual_memory_map_as(&ring.transport, space_cap, through, 0, PAGE_SIZE, LENT_AT,
					    VIRTUAL_MEMORY_PROTECTION_READ_WRITE,
					    host_random() % 2 ? VIRTUAL_MEMORY_SHARING_COPY_ON_WRITE
							      : VIRTUAL_MEMORY_SHARING_SHARED,
					    &at) == STATUS_OK);
	store_release(&lent, true);
	for (unsigned i = 0; i < 3; i++) {
		explore_check(clone(&ring, reads_what_is_lent, 0, &handle) == STATUS_OK);
		wait_for(&ring, handle);
	}
	(void)atomic_add(&finished, 1u);
}

static void revokes(uint64_t region)
{
	struct ring_client ring;
	struct revoker_revoke_results_reader results;
	struct rpc_call call;

	open_ring(&ring, region);
	while (!load_acquire(&lent))
		(void)host_cap_enter(1, host_now_ns() + 1000, NULL);
	(void)host_cap_enter(1, host_now_ns() + host_random() % 20000, NULL);
	(void)revoker_revoke_begin(&call, &ring.transport, revoker);
	explore_check(revoker_revoke_call(&call, &results) == STATUS_OK);
	rpc_end(&call);
	store_release(&revoked, true);
	(void)atomic_add(&finished, 1u);
}

EXPLORE_TEST(what_is_lent_is_taken_back_from_clones_too, 1500)
{
	begin(2 + (unsigned)(host_random() % 2));
	scenario_thread(process, lends_and_clones, 0);
	scenario_thread(process, revokes, 1);
	scenario_run();
	explore_check(finished == 2 && process->exit.reason == EXIT_EXIT);
	scenario_end();
}

/* --- siblings --------------------------------------------------------------------------------------------------------- */

static uint64_t written; /* what the sibling has written, at least */

/* The clone has what was written when the call began, keeps it, and nothing that comes later. */
static void looks_twice(uint64_t region)
{
	uint64_t least = host_user_load64(VADDR(region + offsetof(struct cap_region, thread_arg)));
	uint64_t first = host_user_load64(VADDR(OWN_AT));

	(void)atomic_add(&clones, 1u);
	explore_check(first >= least);
	host_user_step();
	explore_check(host_user_load64(VADDR(OWN_AT)) == first);
	host_user_store64(VADDR(OWN_AT), 1000);
	host_user_step();
	explore_check(host_user_load64(VADDR(OWN_AT)) == 1000);
	host_exit(0, CAP_EXIT_PROCESS);
}

static void clones_on_and_on(uint64_t region)
{
	struct ring_client ring;
	cap_id handle;

	open_ring(&ring, region);
	map_own(&ring);
	store_release(&lent, true);
	for (unsigned i = 0; i < 3; i++) {
		explore_check(clone(&ring, looks_twice, load_acquire(&written), &handle) == STATUS_OK);
		wait_for(&ring, handle);
	}
	(void)atomic_add(&finished, 1u);
}

static void writes_and_changes_its_table(uint64_t region)
{
	struct ring_client ring;
	cap_id copy;

	open_ring(&ring, region);
	while (!load_acquire(&lent))
		(void)host_cap_enter(1, host_now_ns() + 1000, NULL);
	for (uint64_t i = 1; load_acquire(&finished) == 0; i++) {
		host_user_store64(VADDR(OWN_AT), i);
		store_release(&written, i);
		explore_check(host_user_load64(VADDR(OWN_AT)) == i);
		explore_check(ring_dup(&ring, manager, &copy) == STATUS_OK);
		ring_release(&ring, copy);
	}
}

EXPLORE_TEST(a_clone_is_of_one_moment, 1000)
{
	begin(2);
	written = 0;
	scenario_thread(process, clones_on_and_on, 0);
	scenario_thread(process, writes_and_changes_its_table, 1);
	scenario_run();
	explore_check(clones == 3 && process->exit.reason == EXIT_EXIT);
	scenario_end();
}

/* --- memory runs out -------------------------------------------------------------------------------------------------- */

static uint64_t fail_at;
static bool untouched;

static void child([[maybe_unused]] uint64_t region)
{
	(void)atomic_add(&clones, 1u);
	host_exit(0, CAP_EXIT_PROCESS);
}

static void survives_exhaustion(uint64_t region)
{
	struct ring_client ring;
	cap_id handle = CAP_ID_NULL;
	enum status status;

	open_ring(&ring, region);
	map_own(&ring);
	host_user_store64(VADDR(OWN_AT), 5);
	frame_fail_after(fail_at);
	status = clone(&ring, child, 0, &handle);
	frame_fail_after(0);
	untouched = status == STATUS_OK;
	explore_check(status == STATUS_OK || status == STATUS_NO_MEMORY);
	if (status == STATUS_OK)
		wait_for(&ring, handle);
	explore_check(host_user_load64(VADDR(OWN_AT)) == 5);
	host_user_store64(VADDR(OWN_AT), 6);
	(void)atomic_add(&finished, 1u);
}

EXPLORE_TEST(every_allocation_may_fail, 3)
{
	untouched = false;
	for (fail_at = 1; !untouched; fail_at++) {
		explore_check(fail_at < 200);
		begin(2);
		scenario_thread(process, survives_exhaustion, 0);
		scenario_run();
		explore_check(finished == 1 && clones == untouched);
		scenario_end();
	}
	explore_check(fail_at > 5);
}

EXPLORE_MAIN
