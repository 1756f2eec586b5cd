// SPDX-License-Identifier: MIT OR Apache-2.0
/* CapabilityManager: the table of this process, attenuation, grants, and what it makes. */
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/console.capnp.h>
#include <schema/kernel/endpoint.capnp.h>
#include <schema/kernel/notification.capnp.h>
#include <schema/kernel/process_handle.capnp.h>
#include <schema/kernel/process_spawner.capnp.h>
#include <schema/kernel/timer.capnp.h>

#include "objects.h"

struct facts {
	enum status status;
	uint64_t id, interface_id, methods, object;
	enum capability_manager_provenance provenance;
	uint32_t flags;
};

static struct facts describe(cap_id cap)
{
	struct capability_manager_describe_results_reader results;
	struct rpc_call call;
	struct facts f = {};

	struct capability_manager_describe_params_builder params = capability_manager_describe_begin(
		&call, w.t, w.manager);
	capability_manager_describe_params_builder_set_capability(params, rpc_add_cap(&call, cap));
	f.status = capability_manager_describe_call(&call, &results);
	if (f.status == STATUS_OK) {
		struct capability_manager_entry_reader e = capability_manager_describe_results_reader_entry(
			results);

		f.id = capability_manager_entry_reader_id(e);
		f.interface_id = capability_manager_entry_reader_interface_id(e);
		f.methods = capability_manager_entry_reader_methods(e);
		f.object = capability_manager_entry_reader_object(e);
		f.provenance = capability_manager_entry_reader_provenance(e);
		f.flags = capability_manager_entry_reader_flags(e);
	}
	rpc_end(&call);
	return f;
}

/* Walks the table; is cap in it, are slots in order, how many are there? */
static uint32_t walk(cap_id cap, bool *found, bool *ordered)
{
	uint32_t from = 0, count = 0, last = 0;

	*found = false;
	*ordered = true;
	for (unsigned pages = 0; pages < 100; pages++) {
		struct capability_manager_list_results_reader results;
		struct rpc_call call;

		struct capability_manager_list_params_builder params = capability_manager_list_begin(
			&call, w.t, w.manager);
		capability_manager_list_params_builder_set_from(params, from);
		if (capability_manager_list_call(&call, &results) != STATUS_OK) {
			rpc_end(&call);
			return 0;
		}
		struct capability_manager_entry_list_reader list =
			capability_manager_list_results_reader_entries(results);
		for (uint32_t i = 0; i < capability_manager_entry_list_reader_count(list); i++) {
			cap_id id = {capability_manager_entry_reader_id(
				capability_manager_entry_list_reader_at(list, i))};

			*found |= id.raw == cap.raw;
			*ordered &= cap_id_slot(id) > last;
			last = cap_id_slot(id);
			count++;
		}
		from = capability_manager_list_results_reader_next(results);
		rpc_end(&call);
		if (from == 0)
			break;
	}
	return count;
}

static void test_list(void)
{
	bool found, ordered;
	uint32_t before = walk(w.timer, &found, &ordered), count;
	cap_id copies[20];

	tap_ok(before >= 12 && found && ordered, "manager.list: %u entries, in slot order, mine among them",
	       before);
	for (unsigned i = 0; i < 20; i++)
		(void)!ring_dup(w.ring, w.timer, &copies[i]);
	count = walk(copies[19], &found, &ordered);
	tap_ok(count == before + 20 && found && ordered, "more than a page of them");
	for (unsigned i = 0; i < 20; i++)
		ring_release(w.ring, copies[i]);
	count = walk(copies[0], &found, &ordered);
	tap_ok(count == before && !found, "and none of those that were released");
}

static void test_describe(void)
{
	struct facts f = describe(w.timer);
	cap_id copy = CAP_ID_NULL;

	tap_ok(f.status == STATUS_OK && f.id == w.timer.raw && f.interface_id == TIMER_INTERFACE_ID &&
		       f.methods == ~0ull && f.provenance == CAPABILITY_MANAGER_PROVENANCE_GRANT &&
		       (f.flags & 1),
	       "manager.describe: the timer, granted, whole, served by the kernel");
	tap_note("id %llx interface %llx methods %llx provenance %u flags %x", (unsigned long long)f.id,
		 (unsigned long long)f.interface_id, (unsigned long long)f.methods, (unsigned)f.provenance,
		 f.flags);
	tap_is(ring_dup(w.ring, w.timer, &copy), STATUS_OK, "DUP");
	struct facts g = describe(copy);
	tap_ok(g.object == f.object && g.id == copy.raw &&
		       g.provenance == CAPABILITY_MANAGER_PROVENANCE_DUPLICATE,
	       "a duplicate is the same object");
	ring_release(w.ring, copy);
	ring_flush(w.ring);
	tap_is(describe(copy).status, STATUS_BAD_ID, "a released one is nothing");

	struct rpc_call call;
	capability_manager_describe_begin(&call, w.t, w.manager);
	tap_ok(tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, "capability"), "describing null");
}

static bool attenuate_raises(cap_id cap, uint64_t interface_id, const char *field)
{
	struct rpc_call call;
	struct capability_manager_attenuate_params_builder p = capability_manager_attenuate_begin(&call, w.t,
												  w.manager);

	capability_manager_attenuate_params_builder_set_capability(p, rpc_add_cap(&call, cap));
	capability_manager_attenuate_params_builder_set_interface_id(p, interface_id);
	capability_manager_attenuate_params_builder_set_methods(p, 1);
	return tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, field);
}

static void test_attenuate(void)
{
	cap_id less = CAP_ID_NULL, again = CAP_ID_NULL, none = CAP_ID_NULL;
	uint64_t ns;

	tap_is(capability_manager_attenuate(w.t, w.manager, w.timer, TIMER_INTERFACE_ID, 1 << TIMER_NOW,
					    &less),
	       STATUS_OK, "manager.attenuate");
	tap_is(timer_now(w.t, less, &ns), STATUS_OK, "what was kept works");
	tap_is(timer_sleep(w.t, less, 0), STATUS_DENIED, "what was removed is DENIED");
	tap_ok(describe(less).methods == 1 << TIMER_NOW && describe(less).object == describe(w.timer).object,
	       "and it can be seen which");
	tap_is(capability_manager_attenuate(w.t, w.manager, less, TIMER_INTERFACE_ID, ~0ull, &again),
	       STATUS_OK, "attenuating again, with more bits");
	tap_is(timer_sleep(w.t, again, 0), STATUS_DENIED, "brings nothing back");
	tap_is(capability_manager_attenuate(w.t, w.manager, w.timer, TIMER_INTERFACE_ID, 0, &none), STATUS_OK,
	       "to nothing at all");
	tap_is(timer_now(w.t, none, &ns), STATUS_DENIED, "nothing can be called then");
	struct rpc_call call;
	console_write_params_builder_set_text(console_write_begin(&call, w.t, w.timer), MSG_TEXT("x"));
	tap_ok(tap_raises(&call, EXCEPTION_TYPE_UNIMPLEMENTED, nullptr),
	       "an interface that it never had is unimplemented");
	tap_ok(attenuate_raises(w.timer, CONSOLE_INTERFACE_ID, "interfaceId"),
	       "attenuating to an interface that it lacks");
	tap_ok(attenuate_raises(CAP_ID_NULL, TIMER_INTERFACE_ID, "capability"), "attenuating null");
	ring_release(w.ring, less);
	ring_release(w.ring, again);
	ring_release(w.ring, none);
}

static void test_drop(void)
{
	cap_id copy = CAP_ID_NULL;
	uint64_t ns;
	struct rpc_call call;

	(void)!ring_dup(w.ring, w.timer, &copy);
	tap_is(capability_manager_drop(w.t, w.manager, copy.raw), STATUS_OK, "manager.drop");
	tap_is(timer_now(w.t, copy, &ns), STATUS_BAD_ID, "it is gone");
	struct capability_manager_drop_params_builder p = capability_manager_drop_begin(&call, w.t,
											w.manager);
	capability_manager_drop_params_builder_set_id(p, copy.raw);
	tap_ok(tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, nullptr), "dropping it twice");
}

static bool endpoint_raises(uint32_t message, uint16_t caps)
{
	struct rpc_call call;
	struct capability_manager_create_endpoint_params_builder p = capability_manager_create_endpoint_begin(
		&call, w.t, w.manager);

	capability_manager_create_endpoint_params_builder_set_max_message(p, message);
	capability_manager_create_endpoint_params_builder_set_max_caps(p, caps);
	return tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, nullptr);
}

static void test_make(void)
{
	cap_id made = CAP_ID_NULL;

	tap_is(capability_manager_create_endpoint(w.t, w.manager, 65536, 16, &made), STATUS_OK,
	       "manager.createEndpoint, the largest");
	tap_ok(describe(made).interface_id == ENDPOINT_INTERFACE_ID, "it is an Endpoint");
	ring_release(w.ring, made);
	tap_is(capability_manager_create_endpoint(w.t, w.manager, 8, 0, &made), STATUS_OK, "the smallest");
	ring_release(w.ring, made);
	tap_ok(endpoint_raises(65544, 0) && endpoint_raises(12, 0) && endpoint_raises(8, 17) &&
		       endpoint_raises(UINT32_MAX, 0),
	       "limits out of range");
	tap_is(capability_manager_create_notification(w.t, w.manager, &made), STATUS_OK,
	       "manager.createNotification");
	tap_ok(describe(made).interface_id == NOTIFICATION_INTERFACE_ID, "it is a Notification");
	ring_release(w.ring, made);
}

/* Into a process that was created and not started, and one that has ended. */
static void test_grant(void)
{
	struct rpc_call call;
	cap_id process = CAP_ID_NULL, space = CAP_ID_NULL;
	uint64_t id = 0, second = 0;
	struct process_spawner_create_results_reader results;

	struct process_spawner_create_params_builder p = process_spawner_create_begin(&call, w.t, w.spawner);
	process_spawner_create_params_builder_set_name(p, MSG_TEXT("empty"));
	tap_is(process_spawner_create_call(&call, &results), STATUS_OK, "a process to grant to");
	process = rpc_result_cap(&call, process_spawner_create_results_reader_process(results));
	space = rpc_result_cap(&call, process_spawner_create_results_reader_space(results));
	rpc_end(&call);

	tap_is(capability_manager_grant(w.t, w.manager, process, w.timer, 0, 0, &id), STATUS_OK,
	       "manager.grant");
	tap_is(capability_manager_grant(w.t, w.manager, process, w.timer, 0, 0, &second), STATUS_OK,
	       "another");
	tap_ok(id != second && id != 0 && second != 0, "each in a slot of its own");
	struct capability_manager_grant_params_builder g = capability_manager_grant_begin(&call, w.t,
											  w.manager);
	capability_manager_grant_params_builder_set_process(g, rpc_add_cap(&call, process));
	capability_manager_grant_params_builder_set_capability(g, rpc_add_cap(&call, w.timer));
	capability_manager_grant_params_builder_set_slot(g, cap_id_slot((cap_id){id}));
	tap_ok(tap_raises(&call, EXCEPTION_TYPE_FAILED, nullptr), "into a slot that is taken");

	cap_id less = CAP_ID_NULL;
	(void)!capability_manager_attenuate(w.t, w.manager, process, PROCESS_HANDLE_INTERFACE_ID,
					    1 << PROCESS_HANDLE_WAIT, &less);
	g = capability_manager_grant_begin(&call, w.t, w.manager);
	capability_manager_grant_params_builder_set_process(g, rpc_add_cap(&call, less));
	capability_manager_grant_params_builder_set_capability(g, rpc_add_cap(&call, w.timer));
	tap_ok(tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, "process"),
	       "through a handle without the method grant");
	ring_release(w.ring, less);

	tap_is(process_handle_kill(w.t, process, 3), STATUS_OK, "that process is ended");
	g = capability_manager_grant_begin(&call, w.t, w.manager);
	capability_manager_grant_params_builder_set_process(g, rpc_add_cap(&call, process));
	capability_manager_grant_params_builder_set_capability(g, rpc_add_cap(&call, w.timer));
	tap_ok(tap_raises(&call, EXCEPTION_TYPE_DISCONNECTED, nullptr), "and nothing can be granted to it");
	ring_release(w.ring, process);
	ring_release(w.ring, space);
}

/* What the tests above leave in caches and in the size of the table is there by now; more must not come. */
static void test_baseline(void)
{
	struct child_counts before = child_counts();
	cap_id copies[20], made;

	for (unsigned round = 0; round < 50; round++) {
		for (unsigned i = 0; i < 20; i++)
			(void)!ring_dup(w.ring, w.timer, &copies[i]);
		for (unsigned i = 0; i < 20; i++)
			ring_release(w.ring, copies[i]);
		(void)!capability_manager_create_endpoint(w.t, w.manager, 1024, 4, &made);
		ring_release(w.ring, made);
		(void)!capability_manager_create_notification(w.t, w.manager, &made);
		ring_release(w.ring, made);
		(void)!capability_manager_attenuate(w.t, w.manager, w.timer, TIMER_INTERFACE_ID, 1, &made);
		ring_release(w.ring, made);
	}
	tap_ok(child_counts_return(&before), "counts return to the baseline");
}

void test_manager(void)
{
	test_list();
	test_describe();
	test_attenuate();
	test_drop();
	test_make();
	test_grant();
	test_baseline();
}
