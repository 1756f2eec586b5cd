// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Revocation is linearizable, on the machine's own CPUs: the check of tests/host/linear_test.c over histories of real threads. Each round
 * has two clients, a server and one or two who revoke, and a chain of three gates; what they choose comes from the round's seed
 * (printed when a round fails), when they meet is the machine's business. Schedules that can be replayed are the host test's.
 */
#include <runtime/runtime.h>
#include <runtime/thread.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/revoker.capnp.h>
#include <testing/history.h>
#include <testing/raw.h>
#include <testing/tap.h>

#include "midway.h"

#define GATES 3u
#define CALLS 12u
#define STOP GATES  /* the message that ends the server */
#define ENOUGH 100u /* overlaps of calls and revocations */
#define ROUNDS 400u
#define SPINS 4000u
#define LONGEST_NS 40000000000ull /* on a loaded machine */

struct player {
	struct thread thread;
	uint64_t seed;
};

static struct history history;
static cap_id endpoint, facet, manager;
static cap_id lent[GATES], revokers[GATES];
static uint32_t wrong; /* statuses that nothing explains; atomic */
static uint32_t ready; /* players that have begun; atomic */
static uint32_t waited_for;

static uint64_t dice(struct player *player)
{
	player->seed ^= player->seed << 13;
	player->seed ^= player->seed >> 7;
	player->seed ^= player->seed << 17;
	return player->seed * 0x2545f4914f6cdd1dull >> 33;
}

static void fail(void)
{
	(void)__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
}

static void spin(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		__asm__ volatile("pause");
}

/* All begin at the same time, as far as there are CPUs. */
static void meet(void)
{
	(void)__atomic_fetch_add(&ready, 1, __ATOMIC_SEQ_CST);
	for (unsigned i = 0; i < 100000 && __atomic_load_n(&ready, __ATOMIC_RELAXED) < waited_for; i++)
		__asm__ volatile("pause");
}

static int64_t serves(void *)
{
	struct raw raw = raw_start();

	for (;;) {
		uint64_t begun = history_tick(&history);
		struct cap_cqe cqe = raw_do(&raw, raw_recv(&raw, endpoint));
		uint64_t gate;

		if (cqe.status != STATUS_OK) {
			fail();
			return 1;
		}
		if (cqe.flags & (CAP_CQE_KIND_RELEASED | CAP_CQE_KIND_CANCELLED))
			continue;
		gate = ((const uint64_t *)raw_message_of(&raw))[1];
		if (gate < GATES)
			history_note(&history, HISTORY_DELIVERED, (unsigned)gate, begun);
		if (raw_status(&raw, raw_return(&raw, cqe.token, raw_fill(&raw, 1, gate))) != STATUS_OK)
			fail();
		if (gate == STOP)
			return 0;
	}
}

static int64_t calls(void *argument)
{
	struct player *me = argument;
	struct raw raw = raw_start();

	meet();
	for (unsigned i = 0; i < CALLS; i++) {
		unsigned gate = (unsigned)(dice(me) % GATES);
		uint64_t begun = history_tick(&history);
		enum status status = raw_status(&raw, raw_call(&raw, lent[gate], 0, raw_fill(&raw, 1, gate)));

		if (status != STATUS_OK && status != STATUS_REVOKED)
			fail();
		history_note(&history, status == STATUS_OK ? HISTORY_CALLED : HISTORY_REFUSED, gate, begun);
	}
	return 0;
}

static int64_t revokes(void *argument)
{
	struct player *me = argument;

	meet();
	for (unsigned i = 0; i < 2; i++) {
		unsigned gate = (unsigned)(dice(me) % GATES);
		uint64_t entries, aborted, mappings;

		spin(dice(me) % SPINS);
		uint64_t begun = history_tick(&history);
		if (revoker_revoke(runtime_transport(), revokers[gate], &entries, &aborted, &mappings) !=
		    STATUS_OK)
			fail();
		history_note(&history, HISTORY_REVOKED, gate, begun);
	}
	return 0;
}

static bool make_gates(void)
{
	cap_id above = facet;

	for (unsigned i = 0; i < GATES; i++) {
		if (capability_manager_make_revocable(runtime_transport(), manager, above, 0, &lent[i],
						      &revokers[i]) != STATUS_OK)
			return false;
		above = lent[i];
	}
	return true;
}

static void drop_gates(void)
{
	for (unsigned i = 0; i < GATES; i++) {
		ring_release(runtime_ring(), lent[i]);
		ring_release(runtime_ring(), revokers[i]);
	}
	ring_flush(runtime_ring());
}

/* One history; false: something could not be set up. */
static bool play(const struct raw *raw, uint64_t seed)
{
	struct player players[4] = {};
	struct thread server;
	unsigned count = 3 + seed % 2, started = 0;

	history_init(&history);
	ready = 0;
	waited_for = count;
	if (!make_gates() || thread_start(&server, serves, nullptr, nullptr) != STATUS_OK)
		return false;
	for (unsigned i = 0; i < count; i++) {
		players[i].seed = seed * 4 + i + 1;
		started += thread_start(&players[i].thread, i < 2 ? calls : revokes, &players[i], nullptr) ==
			   STATUS_OK;
	}
	for (unsigned i = 0; i < started; i++)
		(void)!thread_join(&players[i].thread, nullptr);
	bool stopped = raw_status(raw, raw_call(raw, facet, 0, raw_fill(raw, 1, STOP))) == STATUS_OK;
	(void)!thread_join(&server, nullptr);
	drop_gates();
	return stopped && started == count;
}

int main(void)
{
	struct raw raw = raw_start();
	unsigned overlaps = 0, called = 0, refused = 0, delivered = 0, rounds = 0, broken = 0;
	cap_id template;

	tap_start();
	manager = runtime_need("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID);
	tap_ok(raw_endpoint(256, 0, &endpoint, &template) == STATUS_OK &&
		       raw_mint(&raw, endpoint, template, 1, &facet) == STATUS_OK,
	       "an endpoint and a facet");
	bool set_up = true;
	for (; rounds < ROUNDS && overlaps < ENOUGH && set_up && runtime_now() < LONGEST_NS; rounds++) {
		set_up = play(&raw, rounds + 1);
		if (!history_is_linear(&history, GATES)) {
			tap_note("round %u has no order", rounds + 1);
			broken++;
		}
		overlaps += history_overlaps(&history);
		called += history_count(&history, HISTORY_CALLED);
		refused += history_count(&history, HISTORY_REFUSED);
		delivered += history_count(&history, HISTORY_DELIVERED);
	}
	tap_note("%u rounds, %u overlaps, %u calls, %u refused", rounds, overlaps, called, refused);
	tap_ok(set_up && wrong == 0, "nothing but success and REVOKED");
	tap_ok(broken == 0, "calls and revocations have an order");
	tap_ok(called > 0 && refused > 0 && delivered >= called, "calls were delivered, and refused");
	tap_ok(overlaps > 0, "some of them while a revocation was under way");
	test_midway(manager);
	return tap_end();
}
