// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Budgets on a leased CPU, and RealtimeIsland: what is admitted together, that each thread is in time while others are busy on every CPU,
 * and what becomes of them when the lease, or the capability to it, ends.
 *
 * Times are the guest's own, which counts instructions (icount, tests/system/island.test). CPUs run by turns there, each until the next timer, and
 * a budget is charged for the turns of others. So while all other CPUs sleep figures are exact; when they are busy, periods are long against
 * a turn (a slice), and each task's work is a small part of its budget.
 */
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <runtime/thread.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/cpu_isolation.capnp.h>
#include <schema/kernel/realtime_island.capnp.h>
#include <schema/kernel/revoker.capnp.h>
#include <schema/kernel/scheduling_policy.capnp.h>
#include <schema/kernel/timer.capnp.h>
#include <testing/tap.h>

#define MS 1'000'000ull
#define CPU 1u
#define HOGS 6
#define TASKS 3
#define RELEASES 20u

static struct rpc_transport *t;
static cap_id timer, policy, manager, isolation;
static uint64_t loops_per_ms;

/* ---- Time ---- */

static void sleep_ms(uint64_t ms)
{
	(void)!timer_sleep(runtime_transport(), timer, ms * MS);
}

/* The same code wherever it is used. */
[[gnu::noinline]] static void burn(uint64_t loops)
{
	for (volatile uint64_t i = 0; i < loops; i = i + 1)
		;
}

static struct thread hogs[HOGS];
static uint32_t hogs_end;

static int64_t be_busy(void *unused)
{
	(void)unused;
	while (!__atomic_load_n(&hogs_end, __ATOMIC_RELAXED))
		;
	return 0;
}

/* ---- The objects ---- */

static cap_id take(void)
{
	cap_id lease = CAP_ID_NULL;
	uint64_t expires;

	for (int i = 0;
	     i < 100 && cpu_isolation_take(t, isolation, CPU, 3'600'000 * MS, &lease, &expires) != STATUS_OK;
	     i++)
		sleep_ms(10);
	return lease;
}

static enum status make(uint64_t budget_ns, uint64_t period_ns, cap_id lease, cap_id *context)
{
	*context = CAP_ID_NULL;
	return scheduling_policy_create_context(t, policy, budget_ns, period_ns, -1, lease, context);
}

static enum scheduling_context_state state_of(cap_id context, uint64_t *used_ns, unsigned *cpu)
{
	struct scheduling_context_look_results_reader r;
	enum scheduling_context_state state = 99;
	struct rpc_call call;

	scheduling_context_look_begin(&call, t, context);
	if (scheduling_context_look_call(&call, &r) == STATUS_OK) {
		struct scheduling_context_status_reader s = scheduling_context_look_results_reader_status(r);

		state = scheduling_context_status_reader_state(s);
		*used_ns = scheduling_context_status_reader_used_ns(s);
		*cpu = scheduling_context_status_reader_cpu(s);
	}
	rpc_end(&call);
	return state;
}

static unsigned cpu_of(cap_id thread)
{
	struct scheduling_policy_thread_results_reader r;
	unsigned cpu = 99;
	struct rpc_call call;

	scheduling_policy_thread_params_builder_set_thread(scheduling_policy_thread_begin(&call, t, policy),
							   rpc_add_cap(&call, thread));
	if (scheduling_policy_thread_call(&call, &r) == STATUS_OK)
		cpu = scheduling_policy_figures_reader_cpu(
			scheduling_policy_thread_results_reader_figures(r));
	rpc_end(&call);
	return cpu;
}

struct task {
	uint64_t budget_ns, period_ns;
};

static void begin_island(struct rpc_call *call, cap_id lease, const struct task *tasks, uint32_t count)
{
	struct scheduling_policy_create_island_params_builder p = scheduling_policy_create_island_begin(
		call, t, policy);

	if (lease.raw != 0)
		scheduling_policy_create_island_params_builder_set_lease(p, rpc_add_cap(call, lease));
	struct scheduling_policy_task_list_builder list =
		scheduling_policy_create_island_params_builder_init_tasks(p, count);
	for (uint32_t i = 0; i < count; i++) {
		struct scheduling_policy_task_builder task = scheduling_policy_task_list_builder_at(list, i);

		scheduling_policy_task_builder_set_budget_ns(task, tasks[i].budget_ns);
		scheduling_policy_task_builder_set_period_ns(task, tasks[i].period_ns);
	}
}

static bool refused(cap_id lease, const struct task *tasks, uint32_t count, enum exception_type type,
		    const char *field)
{
	struct rpc_call call;

	begin_island(&call, lease, tasks, count);
	return tap_raises(&call, type, field);
}

static enum status make_island(cap_id lease, const struct task *tasks, uint32_t count, cap_id *island)
{
	struct scheduling_policy_create_island_results_reader r;
	struct rpc_call call;

	begin_island(&call, lease, tasks, count);
	enum status status = scheduling_policy_create_island_call(&call, &r);
	*island = status == STATUS_OK
			  ? rpc_result_cap(&call, scheduling_policy_create_island_results_reader_island(r))
			  : CAP_ID_NULL;
	rpc_end(&call);
	return status;
}

struct seen {
	bool active;
	uint32_t tasks, demand;
	uint64_t most_ns, least_ns;
};

static struct seen look(cap_id island)
{
	struct realtime_island_look_results_reader r;
	struct seen seen = {};
	struct rpc_call call;

	realtime_island_look_begin(&call, t, island);
	if (realtime_island_look_call(&call, &r) == STATUS_OK) {
		struct realtime_island_status_reader s = realtime_island_look_results_reader_status(r);

		seen = (struct seen){realtime_island_status_reader_active(s),
				     realtime_island_status_reader_tasks(s),
				     realtime_island_status_reader_demand(s),
				     realtime_island_status_reader_most_wait_ns(s),
				     realtime_island_status_reader_least_wait_ns(s)};
	}
	rpc_end(&call);
	return seen;
}

static void revoke(cap_id revoker)
{
	struct revoker_revoke_results_reader r;
	struct rpc_call call;

	revoker_revoke_begin(&call, t, revoker);
	tap_is(revoker_revoke_call(&call, &r), STATUS_OK, "it is revoked");
	rpc_end(&call);
}

/* ---- Threads ---- */

struct runner {
	struct thread thread;
	cap_id context;
	struct task task;
	uint64_t work; /* loops */
	uint32_t bound, go, stop;
	uint64_t missed, late_most_ns, late_least_ns, rounds;
};

static int64_t compute(void *argument)
{
	struct runner *runner = argument;

	__atomic_store_n(
		&runner->bound,
		1 + (scheduling_context_bind_self(runtime_transport(), runner->context) == STATUS_OK),
		__ATOMIC_RELEASE);
	while (!__atomic_load_n(&runner->stop, __ATOMIC_RELAXED))
		__atomic_store_n(&runner->rounds, runner->rounds + 1, __ATOMIC_RELAXED);
	return 0;
}

/* Its work in each of its periods: how late does it begin, and is it done before the next? */
static int64_t be_periodic(void *argument)
{
	struct runner *runner = argument;

	__atomic_store_n(
		&runner->bound,
		1 + (scheduling_context_bind_self(runtime_transport(), runner->context) == STATUS_OK),
		__ATOMIC_RELEASE);
	while (!__atomic_load_n(&runner->go, __ATOMIC_ACQUIRE))
		sleep_ms(1);
	uint64_t next = runtime_now() + runner->task.period_ns;
	runner->late_least_ns = UINT64_MAX;
	for (unsigned i = 0; i < RELEASES; i++, next += runner->task.period_ns) {
		(void)!timer_sleep_until(runtime_transport(), timer, next);
		uint64_t late = runtime_now() - next;

		runner->late_most_ns = late > runner->late_most_ns ? late : runner->late_most_ns;
		runner->late_least_ns = late < runner->late_least_ns ? late : runner->late_least_ns;
		burn(runner->work);
		runner->missed += runtime_now() > next + runner->task.period_ns;
	}
	return 0;
}

static bool start(struct runner *runner, int64_t (*body)(void *))
{
	if (thread_start(&runner->thread, body, runner, nullptr) != STATUS_OK)
		return false;
	for (unsigned i = 0; i < 5000 && !__atomic_load_n(&runner->bound, __ATOMIC_ACQUIRE); i++)
		sleep_ms(1);
	return runner->bound == 2;
}

static void stop(struct runner *runner)
{
	__atomic_store_n(&runner->stop, 1, __ATOMIC_RELAXED);
	(void)!thread_join(&runner->thread, nullptr);
}

/* It goes on, and not on the leased CPU. */
static bool goes_on_elsewhere(struct runner *runner)
{
	uint64_t rounds;

	for (int i = 0; i < 200 && cpu_of(runner->thread.handle) == CPU; i++)
		sleep_ms(10);
	rounds = __atomic_load_n(&runner->rounds, __ATOMIC_RELAXED);
	for (int i = 0; i < 200 && __atomic_load_n(&runner->rounds, __ATOMIC_RELAXED) == rounds; i++)
		sleep_ms(10);
	return cpu_of(runner->thread.handle) != CPU && runner->rounds != rounds;
}

/* ---- The tests ---- */

static const struct task set[TASKS] = {{2 * MS, 10 * MS}, {6 * MS, 20 * MS}, {16 * MS, 40 * MS}},
			 slow_set[TASKS] = {{30 * MS, 100 * MS}, {60 * MS, 200 * MS}, {100 * MS, 400 * MS}};

static void test_admission(cap_id lease)
{
	static const struct task short_period[] = {{MS / 2, MS * 999 / 1000}}, no_budget[] = {{99'999, MS}},
				 all[] = {{10 * MS, 10 * MS}}, full[] = {{9 * MS, 10 * MS}, {MS, 100 * MS}},
				 many[9] = {{MS, 100 * MS}, {MS, 100 * MS}, {MS, 100 * MS},
					    {MS, 100 * MS}, {MS, 100 * MS}, {MS, 100 * MS},
					    {MS, 100 * MS}, {MS, 100 * MS}, {MS, 100 * MS}};
	cap_id island, context, unleased;

	tap_ok(refused(CAP_ID_NULL, set, TASKS, EXCEPTION_TYPE_INVALID_ARGUMENT, "lease") &&
		       refused(timer, set, TASKS, EXCEPTION_TYPE_INVALID_ARGUMENT, "lease"),
	       "an island needs a lease");
	tap_ok(refused(lease, set, 0, EXCEPTION_TYPE_INVALID_ARGUMENT, "tasks") &&
		       refused(lease, many, 9, EXCEPTION_TYPE_INVALID_ARGUMENT, "tasks"),
	       "and from one to eight tasks");
	tap_ok(refused(lease, short_period, 1, EXCEPTION_TYPE_INVALID_ARGUMENT, "periodNs") &&
		       refused(lease, no_budget, 1, EXCEPTION_TYPE_INVALID_ARGUMENT, "budgetNs"),
	       "with budgets and periods that are some");
	tap_ok(refused(lease, all, 1, EXCEPTION_TYPE_OVERLOADED, "tasks"),
	       "the whole CPU is more than the kernel leaves of it");
	tap_is(make(50 * MS, 100 * MS, lease, &context), STATUS_OK, "a context under the lease");
	tap_ok(make(26 * MS, 100 * MS, lease, &unleased) == STATUS_EXCEPTION,
	       "three quarters are the most that contexts by themselves get");
	tap_ok(refused(lease, full, 2, EXCEPTION_TYPE_OVERLOADED, "lease"),
	       "where there is one, no island is made");
	ring_release(runtime_ring(), context);
	ring_flush(runtime_ring());
	enum status status = make_island(lease, full, 2, &island);
	for (int i = 0; i < 100 && status != STATUS_OK; i++) { /* the context may still have to go */
		sleep_ms(5);
		status = make_island(lease, full, 2, &island);
	}
	tap_is(status, STATUS_OK, "then two tasks have nine tenths of it, and a hundredth");
	struct seen seen = look(island);
	tap_ok(seen.active && seen.tasks == 2 && seen.demand > 910'000 && seen.demand < 930'000,
	       "in the worst case %u millionths", seen.demand);
	tap_ok(make(MS, 100 * MS, lease, &context) == STATUS_EXCEPTION &&
		       refused(lease, set, TASKS, EXCEPTION_TYPE_OVERLOADED, "lease"),
	       "beside which nothing is admitted");
	uint64_t used;
	unsigned cpu = 99;
	tap_ok(realtime_island_context(t, island, 1, &context) == STATUS_OK &&
		       state_of(context, &used, &cpu) == SCHEDULING_CONTEXT_STATE_FREE && cpu == CPU &&
		       realtime_island_context(t, island, 2, &unleased) == STATUS_EXCEPTION,
	       "its contexts are on the CPU");
	tap_is(realtime_island_end(t, island), STATUS_OK, "it ends");
	tap_ok(state_of(context, &used, &cpu) == SCHEDULING_CONTEXT_STATE_ENDED && !look(island).active,
	       "and they with it");
	ring_release(runtime_ring(), context);
	ring_release(runtime_ring(), island);
	tap_ok(make(50 * MS, 100 * MS, lease, &context) == STATUS_OK,
	       "the CPU's time can be given out again");
	ring_release(runtime_ring(), context);
	ring_flush(runtime_ring());
}

/* So many hundredths of its budget are each task's work. */
static void test_in_time(cap_id lease, const struct task *tasks, unsigned work, const char *among)
{
	static struct runner runners[TASKS];
	cap_id island;
	bool good = true;

	enum status status = make_island(lease, tasks, TASKS, &island);
	for (int i = 0; i < 100 && status != STATUS_OK; i++) {
		sleep_ms(5);
		status = make_island(lease, tasks, TASKS, &island);
	}
	tap_is(status, STATUS_OK, "three tasks");
	for (unsigned i = 0; i < TASKS; i++) {
		runners[i] = (struct runner){.task = tasks[i],
					     .work = loops_per_ms * (tasks[i].budget_ns / MS) * work / 100};
		good &= realtime_island_context(t, island, i, &runners[i].context) == STATUS_OK;
		good &= start(&runners[i], be_periodic);
	}
	tap_ok(good, "and a thread for each");
	for (unsigned i = 0; i < TASKS; i++)
		__atomic_store_n(&runners[i].go, 1, __ATOMIC_RELEASE);
	uint64_t missed = 0, most = 0;
	for (unsigned i = 0; i < TASKS; i++) {
		(void)!thread_join(&runners[i].thread, nullptr);
		missed += runners[i].missed;
		most = runners[i].late_most_ns > most ? runners[i].late_most_ns : most;
		tap_note(
			"%s: task %u, every %lu ms: begins %lu to %lu ns after its time (jitter %lu), %lu of %u too late",
			among, i, (unsigned long)(tasks[i].period_ns / MS), runners[i].late_least_ns,
			runners[i].late_most_ns, runners[i].late_most_ns - runners[i].late_least_ns,
			runners[i].missed, RELEASES);
		ring_release(runtime_ring(), runners[i].context);
	}
	struct seen seen = look(island);
	tap_ok(missed == 0, "each is done in each period, %s", among);
	tap_ok(seen.most_ns > 0 && seen.most_ns < tasks[TASKS - 1].period_ns && seen.least_ns <= seen.most_ns,
	       "the kernel says how long one waited: %lu to %lu ns", seen.least_ns, seen.most_ns);
	ring_release(runtime_ring(), island);
	ring_flush(runtime_ring());
}

static void test_end_of_lease(cap_id lease)
{
	struct runner runner = {};
	uint64_t used = 0, before;
	unsigned cpu;
	cap_id island;
	enum status status = make_island(lease, set, 2, &island);

	for (int i = 0; i < 100 && status != STATUS_OK; i++) {
		sleep_ms(5);
		status = make_island(lease, set, 2, &island);
	}
	tap_ok(status == STATUS_OK && realtime_island_context(t, island, 1, &runner.context) == STATUS_OK &&
		       start(&runner, compute),
	       "a thread of an island that computes");
	for (int i = 0; i < 200 && used < 20 * MS; i++) {
		sleep_ms(10);
		(void)state_of(runner.context, &used, &cpu);
	}
	tap_ok(used >= 20 * MS && cpu_of(runner.thread.handle) == CPU, "uses its budget there");
	tap_is(cpu_isolation_lease_end(t, lease), STATUS_OK, "the lease ends");
	tap_ok(!look(island).active &&
		       state_of(runner.context, &used, &cpu) == SCHEDULING_CONTEXT_STATE_STALE,
	       "and the island with it");
	sleep_ms(100);
	(void)state_of(runner.context, &before, &cpu);
	sleep_ms(100);
	(void)state_of(runner.context, &used, &cpu);
	uint64_t rounds = __atomic_load_n(&runner.rounds, __ATOMIC_RELAXED);
	for (int i = 0; i < 200 && __atomic_load_n(&runner.rounds, __ATOMIC_RELAXED) == rounds; i++)
		sleep_ms(10);
	tap_ok(used == before && runner.rounds != rounds, "its thread goes on, on its own time");
	stop(&runner);
	ring_release(runtime_ring(), runner.context);
	ring_release(runtime_ring(), island);
	ring_release(runtime_ring(), lease);
	ring_flush(runtime_ring());
}

/* Whoever made a context through a capability to the lease that is revoked has neither budget nor CPU. */
static void test_revoked(void)
{
	cap_id lease = take(), lent = CAP_ID_NULL, revoker = CAP_ID_NULL;
	struct runner runner = {};
	uint64_t used;
	unsigned cpu;

	tap_is(capability_manager_make_revocable(t, manager, lease, 0, &lent, &revoker), STATUS_OK,
	       "a lease that is lent");
	tap_ok(make(30 * MS, 100 * MS, lent, &runner.context) == STATUS_OK && start(&runner, compute),
	       "with a context under it");
	for (int i = 0; i < 100 && cpu_of(runner.thread.handle) != CPU; i++)
		sleep_ms(10);
	tap_ok(cpu_of(runner.thread.handle) == CPU, "whose thread is there");
	revoke(revoker);
	tap_ok(goes_on_elsewhere(&runner), "leaves the CPU");
	tap_ok(state_of(runner.context, &used, &cpu) == SCHEDULING_CONTEXT_STATE_STALE,
	       "and the budget has ended");
	stop(&runner);
	ring_release(runtime_ring(), runner.context);
	ring_release(runtime_ring(), lent);
	ring_release(runtime_ring(), revoker);
	tap_is(cpu_isolation_lease_end(t, lease), STATUS_OK, "the lease itself had not");
	tap_ok(make(30 * MS, 100 * MS, lease, &runner.context) == STATUS_EXCEPTION,
	       "under one that has, nothing is admitted");
	ring_release(runtime_ring(), lease);
	ring_flush(runtime_ring());
}

int main(void)
{
	bool good = true;

	t = runtime_transport();
	timer = runtime_need("timer", TIMER_INTERFACE_ID);
	policy = runtime_need("schedulingPolicy", SCHEDULING_POLICY_INTERFACE_ID);
	manager = runtime_need("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID);
	isolation = runtime_need("isolation", CPU_ISOLATION_INTERFACE_ID);
	tap_start();
	uint64_t began = runtime_now();
	burn(100000);
	loops_per_ms = 100000 * MS / (runtime_now() - began);
	cap_id self = CAP_ID_NULL, lease = take();
	(void)!thread_self(&self);
	(void)!scheduling_policy_set_thread(t, policy, self, 65536, SCHEDULING_POLICY_CLASS_NORMAL);
	tap_ok(lease.raw != 0, "a leased CPU");
	test_in_time(lease, set, 90, "alone");
	for (int i = 0; i < HOGS; i++)
		good &= thread_start(&hogs[i], be_busy, nullptr, nullptr) == STATUS_OK;
	tap_ok(good, "busy threads");
	test_admission(lease);
	test_in_time(lease, slow_set, 12, "among busy threads");
	test_end_of_lease(lease);
	test_revoked();
	__atomic_store_n(&hogs_end, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < HOGS; i++)
		good &= thread_join(&hogs[i], nullptr) == STATUS_OK;
	tap_ok(good, "nobody was lost");
	return tap_end();
}
