// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * test-isolation: CPU 1 is leased to one thread while others are busy. That thread counts, the test looks on: who runs where, how
 * many interrupts come, and that everything is as before when the lease has ended, in each of the ways in which it can.
 */
#include "isolation.h"

#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <runtime/thread.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/revoker.capnp.h>
#include <schema/kernel/system_info.capnp.h>
#include <schema/kernel/system_inspector.capnp.h>
#include <sync/semaphore.h>
#include <testing/tap.h>

#define BUSY 4

static cap_id isolation, inspector, info;
static struct semaphore bound, done;
static uint32_t stop_busy, stop_alone;
static volatile uint64_t work[BUSY + 1];

void sleep_ms(uint64_t ms)
{
	uint64_t until = runtime_now() + ms * MS;

	while (runtime_now() < until)
		(void)ring_wait(runtime_ring(), until);
}

static int64_t be_busy(void *argument)
{
	volatile uint64_t *mine = argument;

	while (!__atomic_load_n(&stop_busy, __ATOMIC_ACQUIRE))
		(*mine)++;
	return 0;
}

/* Binds itself to the lease, and counts until it is told to stop. */
static int64_t be_alone(void *argument)
{
	cap_id lease = *(const cap_id *)argument;
	enum status status = cpu_isolation_lease_bind(runtime_transport(), lease);

	(void)semaphore_give(&bound);
	while (status == STATUS_OK && !__atomic_load_n(&stop_alone, __ATOMIC_ACQUIRE))
		work[BUSY]++;
	(void)cpu_isolation_lease_unbind(runtime_transport(), lease);
	(void)semaphore_give(&done);
	return status;
}

/* ---- What is seen from outside ---- */

struct seen look(cap_id lease)
{
	struct cpu_isolation_lease_look_results_reader r;
	struct seen seen = {.state = 99};
	struct rpc_call call;

	cpu_isolation_lease_look_begin(&call, runtime_transport(), lease);
	if (cpu_isolation_lease_look_call(&call, &r) == STATUS_OK) {
		struct cpu_isolation_lease_status_reader s = cpu_isolation_lease_look_results_reader_status(
			r);

		seen = (struct seen){cpu_isolation_lease_status_reader_state(s),
				     cpu_isolation_lease_status_reader_tick_stopped(s),
				     cpu_isolation_lease_status_reader_tick_stops(s),
				     cpu_isolation_lease_status_reader_interrupts(s),
				     cpu_isolation_lease_status_reader_polls(s),
				     cpu_isolation_lease_status_reader_poll_sleeps(s)};
	}
	rpc_end(&call);
	return seen;
}

/* CPUs on which a thread of this process runs now, apart from the one that asks; how many are on `CPU`. */
static unsigned count_on_leased(void)
{
	struct system_inspector_threads_results_reader r;
	struct rpc_call call;
	unsigned count = 0;
	uint32_t pid = 0;

	/* The youngest process is this one. */
	for (uint32_t candidate = 1; candidate < 16; candidate++) {
		system_inspector_threads_params_builder_set_pid(
			system_inspector_threads_begin(&call, runtime_transport(), inspector), candidate);
		if (system_inspector_threads_call(&call, &r) == STATUS_OK)
			pid = candidate;
		rpc_end(&call);
	}
	system_inspector_threads_params_builder_set_pid(
		system_inspector_threads_begin(&call, runtime_transport(), inspector), pid);
	if (system_inspector_threads_call(&call, &r) == STATUS_OK) {
		struct system_inspector_thread_list_reader list =
			system_inspector_threads_results_reader_threads(r);

		for (uint32_t i = 0; i < msg_list_count(list.l); i++) {
			struct system_inspector_thread_reader t = system_inspector_thread_list_reader_at(list,
													 i);

			count += system_inspector_thread_reader_cpu(t) == CPU &&
				 system_inspector_thread_reader_state(t) ==
					 SYSTEM_INSPECTOR_THREAD_STATE_RUNNING;
		}
	}
	rpc_end(&call);
	return count;
}

static enum cpu_isolation_verdict verdict(uint32_t cpu, uint32_t *housekeeping)
{
	struct cpu_isolation_preflight_results_reader r;
	struct rpc_call call;

	cpu_isolation_preflight_params_builder_set_cpu(
		cpu_isolation_preflight_begin(&call, runtime_transport(), isolation), cpu);
	enum status status = cpu_isolation_preflight_call(&call, &r);
	struct cpu_isolation_report_reader report = cpu_isolation_preflight_results_reader_report(r);
	enum cpu_isolation_verdict v = cpu_isolation_report_reader_verdict(report);

	*housekeeping = cpu_isolation_report_reader_housekeeping(report);
	rpc_end(&call);
	return status == STATUS_OK ? v : 99;
}

enum status take(uint32_t cpu, uint64_t ns, cap_id *lease)
{
	uint64_t expires;

	*lease = CAP_ID_NULL;
	return cpu_isolation_take(runtime_transport(), isolation, cpu, ns, lease, &expires);
}

cap_id take_soon(uint64_t ns)
{
	cap_id lease = CAP_ID_NULL;

	for (int i = 0; i < 100 && take(CPU, ns, &lease) != STATUS_OK; i++)
		sleep_ms(10);
	return lease;
}

/* ---- The tests ---- */

static void test_refusals(void)
{
	uint32_t left = 0;
	cap_id lease, second;

	tap_ok(verdict(0, &left) == CPU_ISOLATION_VERDICT_HOUSEKEEPING,
	       "the CPU that boots is for everything else");
	tap_ok(verdict(64, &left) == CPU_ISOLATION_VERDICT_NO_SUCH_CPU,
	       "one that is not there cannot be leased");
	tap_ok(verdict(CPU, &left) == CPU_ISOLATION_VERDICT_ACCEPTED && left >= 1,
	       "CPU 1 can, and %u would be left", left);
	tap_ok(take(0, MS, &lease) == STATUS_EXCEPTION && take(64, MS, &lease) == STATUS_EXCEPTION &&
		       take(CPU, 0, &lease) == STATUS_EXCEPTION &&
		       take(CPU, UINT64_MAX, &lease) == STATUS_EXCEPTION,
	       "what preflight refuses is refused, and a time that is none");
	tap_is(take(CPU, 10'000 * MS, &lease), STATUS_OK, "CPU 1 is leased");
	tap_ok(take(CPU, MS, &second) == STATUS_EXCEPTION &&
		       verdict(CPU, &left) == CPU_ISOLATION_VERDICT_LEASED,
	       "once");
	tap_is(cpu_isolation_lease_end(runtime_transport(), lease), STATUS_OK, "it is ended");
	tap_ok(look(lease).state == CPU_ISOLATION_LEASE_STATE_ENDED &&
		       verdict(CPU, &left) == CPU_ISOLATION_VERDICT_ACCEPTED &&
		       cpu_isolation_lease_bind(runtime_transport(), lease) == STATUS_EXCEPTION,
	       "and then nobody can be bound to it");
	ring_release(runtime_ring(), lease);
}

static void test_alone(void)
{
	struct thread thread;
	struct seen before, after;
	uint64_t counted;
	unsigned wrong = 0;
	cap_id lease;

	tap_is(take(CPU, 60'000 * MS, &lease), STATUS_OK, "a lease for a minute");
	sleep_ms(50);
	for (int i = 0; i < 20; i++) {
		wrong += count_on_leased();
		sleep_ms(1);
	}
	tap_ok(wrong == 0, "busy threads leave the CPU");
	stop_alone = 0;
	tap_is(thread_start(&thread, be_alone, &lease, nullptr), STATUS_OK,
	       "a thread that binds itself to it");
	(void)semaphore_take(&bound, 0);
	sleep_ms(100);
	before = look(lease);
	counted = work[BUSY];
	tap_ok(before.tick_stopped && before.tick_stops > 0, "it is alone: the tick has stopped");
	for (int i = 0; i < 100; i++) {
		wrong += count_on_leased() > 1;
		sleep_ms(20);
	}
	after = look(lease);
	tap_ok(after.interrupts <= before.interrupts + 8 && after.tick_stopped,
	       "in two seconds no tick comes (%lu interrupts, where ticks would be hundreds)",
	       after.interrupts - before.interrupts);
	tap_ok(work[BUSY] > counted && wrong == 0, "and it alone runs there");
	__atomic_store_n(&stop_alone, 1, __ATOMIC_RELEASE);
	(void)semaphore_take(&done, 0);
	tap_is(thread_join(&thread, nullptr), STATUS_OK, "it unbinds, and ends");
	ring_release(runtime_ring(), lease);
	ring_flush(runtime_ring());
}

/* A lease ends under the thread that runs there, by `how`; then others run on its CPU again. */
static void test_end(const char *how, cap_id lease, enum cpu_isolation_lease_state state)
{
	struct thread thread;
	bool others = false, ended = false;

	stop_alone = 0;
	(void)thread_start(&thread, be_alone, &lease, nullptr);
	(void)semaphore_take(&bound, 0);
	sleep_ms(50);
	if (state == CPU_ISOLATION_LEASE_STATE_REVOKED)
		(void)cpu_isolation_revoke(runtime_transport(), isolation, CPU, &ended);
	uint64_t counts[BUSY + 1], progress = 0;
	for (int i = 0; i < 300 && !(others && progress == BUSY + 1); i++) {
		if (look(lease).state != state) {
			sleep_ms(10);
			continue;
		}
		if (progress == 0)
			for (int k = 0; k <= BUSY; k++)
				counts[k] = work[k];
		sleep_ms(10);
		progress = 0;
		for (int k = 0; k <= BUSY; k++)
			progress += work[k] != counts[k];
		others = others || !look(lease).tick_stopped;
	}
	tap_ok(look(lease).state == state, "a lease that %s has ended", how);
	tap_ok(others && progress == BUSY + 1, "all go on, with slices (%lu of %d)", progress, BUSY + 1);
	__atomic_store_n(&stop_alone, 1, __ATOMIC_RELEASE);
	(void)semaphore_take(&done, 0);
	(void)thread_join(&thread, nullptr);
	ring_release(runtime_ring(), lease);
	ring_flush(runtime_ring());
}

cap_id lend(cap_id lease, cap_id *revoker)
{
	cap_id lent = CAP_ID_NULL,
	       manager = runtime_need("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID);

	(void)capability_manager_make_revocable(runtime_transport(), manager, lease, 0, &lent, revoker);
	return lent;
}

void revoke(cap_id revoker)
{
	struct revoker_revoke_results_reader r;
	struct rpc_call call;

	revoker_revoke_begin(&call, runtime_transport(), revoker);
	tap_is(revoker_revoke_call(&call, &r), STATUS_OK, "it is revoked");
	rpc_end(&call);
}

/* A thread that bound itself through a capability which is revoked leaves the CPU, though the lease goes on. */
static void test_bound_through_a_revoked_capability(void)
{
	cap_id lease = take_soon(60'000 * MS), revoker, lent = lend(lease, &revoker);
	struct thread thread;
	bool there = false, gone = false;

	stop_alone = 0;
	(void)thread_start(&thread, be_alone, &lent, nullptr);
	(void)semaphore_take(&bound, 0);
	for (int i = 0; i < 300 && !there; i++) {
		sleep_ms(1);
		there = count_on_leased() == 1 && look(lease).tick_stopped;
	}
	tap_ok(there, "who binds itself through a revocable capability runs there, without a tick");
	revoke(revoker);
	for (int i = 0; i < 300 && !gone; i++) {
		sleep_ms(1);
		gone = count_on_leased() == 0;
	}
	uint64_t counted = work[BUSY];
	/* It has had more than those that shared the other CPUs, which come first now. */
	for (int i = 0; i < 1000 && work[BUSY] == counted; i++)
		sleep_ms(10);
	tap_ok(gone && count_on_leased() == 0, "then the thread leaves the CPU");
	tap_ok(look(lease).state == CPU_ISOLATION_LEASE_STATE_ACTIVE && work[BUSY] != counted,
	       "and goes on elsewhere; the lease stays its holder's");
	__atomic_store_n(&stop_alone, 1, __ATOMIC_RELEASE);
	(void)semaphore_take(&done, 0);
	(void)thread_join(&thread, nullptr);
	test_end("was lent before, and was revoked", lease, CPU_ISOLATION_LEASE_STATE_REVOKED);
	ring_release(runtime_ring(), lent);
	ring_release(runtime_ring(), revoker);
	ring_flush(runtime_ring());
}

int main(void)
{
	struct thread threads[BUSY];
	bool good = true;
	uint32_t left;
	cap_id lease;

	isolation = runtime_need("isolation", CPU_ISOLATION_INTERFACE_ID);
	inspector = runtime_need("inspector", SYSTEM_INSPECTOR_INTERFACE_ID);
	info = runtime_need("systemInfo", SYSTEM_INFO_INTERFACE_ID);
	tap_start();
	for (int i = 0; i < BUSY; i++)
		good &= thread_start(&threads[i], be_busy, (void *)(uintptr_t)&work[i], nullptr) == STATUS_OK;
	tap_ok(good, "four threads are busy");
	test_refusals();
	test_alone();
	test_end("has expired", take_soon(300 * MS), CPU_ISOLATION_LEASE_STATE_EXPIRED);
	test_end("was revoked", take_soon(60'000 * MS), CPU_ISOLATION_LEASE_STATE_REVOKED);
	ring_release(runtime_ring(), take_soon(60'000 * MS));
	ring_flush(runtime_ring());
	for (int i = 0; i < 100 && verdict(CPU, &left) != CPU_ISOLATION_VERDICT_ACCEPTED; i++)
		sleep_ms(10);
	tap_ok(verdict(CPU, &left) == CPU_ISOLATION_VERDICT_ACCEPTED,
	       "a lease that nobody holds any more has ended");
	test_bound_through_a_revoked_capability();
	test_polled();
	/* The last one ended because nobody holds it any more: that takes a moment. */
	lease = take_soon(60'000 * MS);
	(void)cpu_isolation_lease_end(runtime_transport(), lease);
	ring_release(runtime_ring(), lease);
	for (int round = 0; round < 200; round++) {
		good &= take(CPU, 60'000 * MS, &lease) == STATUS_OK;
		if (round % 3 == 0)
			sleep_ms(1);
		good &= cpu_isolation_lease_end(runtime_transport(), lease) == STATUS_OK;
		ring_release(runtime_ring(), lease);
	}
	tap_ok(good, "200 leases one after the other");
	__atomic_store_n(&stop_busy, 1, __ATOMIC_RELEASE);
	for (int i = 0; i < BUSY; i++)
		good &= thread_join(&threads[i], nullptr) == STATUS_OK;
	tap_ok(good, "and nobody was lost");
	return tap_end();
}
