// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * An interrupt line belongs to whoever has a capability to it, and to nobody when the last one is gone, however it went: two at
 * once, or one that found no memory when it was made. What comes on the line then reaches no object.
 */
#include "scenario.h"

#include <archimpl/test.h>
#include <core/quiesce.h>
#include <mm/slab.h>
#include <object/object.h>
#include <runtime/enter.h>
#include <runtime/ring.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/interrupt.capnp.h>
#include <schema/kernel/interrupt_source.capnp.h>
#include <schema/kernel/notification.capnp.h>
#include <schema/kernel/revoker.capnp.h>

#define REGION_BYTES 16384u
#define LINE 5u

struct cap_enter_result runtime_cap_enter(uint64_t min, uint64_t deadline_ns)
{
	uint64_t reason = 0;
	int64_t consumed = host_cap_enter(min, deadline_ns, &reason);

	return (struct cap_enter_result){consumed, reason};
}

static struct process *driver;
static cap_id source, manager;
static uint64_t fail_at;
static bool missed, finished;

static void begin(unsigned cpus_total)
{
	struct initial_object initial[INITIAL_OBJECTS_MAX];
	struct memory *package;
	unsigned count;

	scenario_begin(cpus_total);
	driver = scenario_process("driver");
	explore_check(memory_create(&driver->ledger, 1, &package) == STATUS_OK);
	explore_check(objects_initial(driver, package, PAGE_SIZE, initial, &count) == STATUS_OK);
	memory_put(package);
	for (unsigned i = 0; i < count; i++) {
		if (__builtin_strcmp(initial[i].name, "interrupts") == 0)
			source = scenario_give(driver, scenario_full(initial[i].object));
		if (__builtin_strcmp(initial[i].name, "capabilityManager") == 0)
			manager = scenario_give(driver, scenario_full(initial[i].object));
		object_put(initial[i].object);
	}
	missed = finished = false;
}

/* What was released is free at once for who asks again. */
static void takes_the_line_again(struct ring_client *ring)
{
	cap_id again = CAP_ID_NULL;

	explore_check(interrupt_source_line(&ring->transport, source, LINE, &again) == STATUS_OK);
	ring_release(ring, again);
	ring_flush(ring);
}

static void has_a_line_twice(uint64_t region)
{
	struct ring_client ring;
	cap_id line, less, notification;

	ring_client_init(&ring, host_user_pointer(VADDR(region), REGION_BYTES, true));
	struct rpc_transport *t = &ring.transport;
	explore_check(interrupt_source_line(t, source, LINE, &line) == STATUS_OK);
	explore_check(interrupt_source_line(t, source, LINE, &less) != STATUS_OK); /* somebody has it */
	explore_check(capability_manager_create_notification(t, manager, &notification) == STATUS_OK);
	explore_check(interrupt_bind(t, line, notification, 1) == STATUS_OK);
	explore_check(interrupt_acknowledge(t, line) == STATUS_OK);
	explore_check(capability_manager_attenuate(t, manager, line, INTERRUPT_INTERFACE_ID,
						   1ull << INTERRUPT_ACKNOWLEDGE, &less) == STATUS_OK);
	explore_check(interrupt_acknowledge(t, less) == STATUS_OK);
	ring_release(&ring, less); /* in one entry */
	ring_release(&ring, line);
	ring_flush(&ring);
	for (unsigned i = 0; i < 8; i++) {
		host_raise_irq(LINE);
		(void)host_cap_enter(1, host_now_ns() + 2000, NULL);
	}
	takes_the_line_again(&ring);
	finished = true;
}

EXPLORE_TEST(a_line_that_was_had_twice_is_nobodys, 300)
{
	begin(1 + (unsigned)(host_random() % 2));
	scenario_thread(driver, has_a_line_twice, 0);
	scenario_run();
	explore_check(finished);
	scenario_end();
}

static void finds_no_memory_for_it(uint64_t region)
{
	struct ring_client ring;
	cap_id line = CAP_ID_NULL;

	ring_client_init(&ring, host_user_pointer(VADDR(region), REGION_BYTES, true));
	slab_fail_after(fail_at);
	enum status status = interrupt_source_line(&ring.transport, source, LINE, &line);
	slab_fail_after(0);
	explore_check(status == STATUS_OK || status == STATUS_NO_MEMORY);
	missed = status != STATUS_OK;
	ring_release(&ring, line);
	ring_flush(&ring);
	takes_the_line_again(&ring);
	finished = true;
}

EXPLORE_TEST(a_line_without_a_capability_is_nobodys, 3)
{
	missed = true;
	for (fail_at = 1; missed; fail_at++) {
		explore_check(fail_at < 20);
		begin(1);
		scenario_thread(driver, finds_no_memory_for_it, 0);
		scenario_run();
		explore_check(finished);
		scenario_end();
	}
	explore_check(fail_at > 2);
}

/* The bits that an interrupt sets, waited for until then if there should be some. */
static uint64_t bits_of_an_interrupt(struct ring_client *ring, cap_id line, cap_id notification, bool some)
{
	uint64_t taken = 0;

	explore_check(interrupt_acknowledge(&ring->transport, line) == STATUS_OK);
	host_raise_irq(LINE);
	for (unsigned i = 0; taken == 0 && (some || i < 8); i++) {
		(void)host_cap_enter(1, host_now_ns() + 2000, NULL);
		explore_check(notification_poll(&ring->transport, notification, 0, &taken) == STATUS_OK);
	}
	return taken;
}

static void revoke(struct ring_client *ring, cap_id revoker)
{
	struct revoker_revoke_results_reader r;
	struct rpc_call call;

	revoker_revoke_begin(&call, &ring->transport, revoker);
	explore_check(revoker_revoke_call(&call, &r) == STATUS_OK);
	rpc_end(&call);
}

static void is_told_no_more(uint64_t region)
{
	struct ring_client ring;
	cap_id line, notification, lent, revoker;

	ring_client_init(&ring, host_user_pointer(VADDR(region), REGION_BYTES, true));
	struct rpc_transport *t = &ring.transport;
	explore_check(interrupt_source_line(t, source, LINE, &line) == STATUS_OK);
	explore_check(capability_manager_create_notification(t, manager, &notification) == STATUS_OK);

	explore_check(capability_manager_make_revocable(t, manager, notification, 0, &lent, &revoker) ==
		      STATUS_OK);
	explore_check(interrupt_bind(t, line, lent, 1) == STATUS_OK);
	explore_check(bits_of_an_interrupt(&ring, line, notification, true) == 1);
	revoke(&ring, revoker);
	explore_check(bits_of_an_interrupt(&ring, line, notification, false) == 0);

	explore_check(capability_manager_make_revocable(t, manager, line, 0, &lent, &revoker) == STATUS_OK);
	explore_check(interrupt_bind(t, lent, notification, 2) == STATUS_OK);
	explore_check(bits_of_an_interrupt(&ring, line, notification, true) == 2);
	revoke(&ring, revoker);
	explore_check(bits_of_an_interrupt(&ring, line, notification, false) == 0);
	explore_check(interrupt_bind(t, line, notification, 4) == STATUS_OK);
	explore_check(bits_of_an_interrupt(&ring, line, notification, true) == 4);
	finished = true;
}

EXPLORE_TEST(who_is_bound_through_what_was_revoked_is_told_no_more, 300)
{
	begin(1 + (unsigned)(host_random() % 2));
	scenario_thread(driver, is_told_no_more, 0);
	scenario_run();
	explore_check(finished);
	scenario_end();
}

EXPLORE_MAIN
