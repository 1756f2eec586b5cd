// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * SchedulingContexts: what is admitted, what a budget is worth among busy threads, and who has it while calls are served.
 *
 * Times are the guest's own, which counts instructions (icount, tests/system/budget.test): the host's load does not matter.
 */
#include "budget.h"

#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/scheduling_policy.capnp.h>
#include <schema/kernel/system_info.capnp.h>
#include <schema/kernel/timer.capnp.h>

struct world w;

struct figures look(cap_id context)
{
	struct scheduling_context_look_results_reader r;
	struct figures f = {.state = 99};
	struct rpc_call call;

	scheduling_context_look_begin(&call, runtime_transport(), context);
	if (scheduling_context_look_call(&call, &r) == STATUS_OK) {
		struct scheduling_context_status_reader s = scheduling_context_look_results_reader_status(r);

		f = (struct figures){
			.state = scheduling_context_status_reader_state(s),
			.cpu = scheduling_context_status_reader_cpu(s),
			.depth = scheduling_context_status_reader_depth(s),
			.left_ns = scheduling_context_status_reader_left_ns(s),
			.used_ns = scheduling_context_status_reader_used_ns(s),
			.lent_ns = scheduling_context_status_reader_lent_ns(s),
			.periods = scheduling_context_status_reader_periods(s),
			.lends = scheduling_context_status_reader_lends(s),
			.share = scheduling_context_status_reader_share(s),
			.cpu_share = scheduling_context_status_reader_cpu_share(s),
		};
	}
	rpc_end(&call);
	return f;
}

struct events events_of(cap_id context)
{
	struct scheduling_context_events_results_reader r;
	struct events e = {};
	struct rpc_call call;

	scheduling_context_events_begin(&call, runtime_transport(), context);
	if (scheduling_context_events_call(&call, &r) == STATUS_OK) {
		struct scheduling_context_events_reader s = scheduling_context_events_results_reader_events(
			r);

		e = (struct events){scheduling_context_events_reader_depleted(s),
				    scheduling_context_events_reader_overran(s),
				    scheduling_context_events_reader_too_deep(s)};
	}
	rpc_end(&call);
	return e;
}

enum status make(uint64_t budget_ns, uint64_t period_ns, int cpu, cap_id *context)
{
	*context = CAP_ID_NULL;
	return scheduling_policy_create_context(w.t, w.policy, budget_ns, period_ns, cpu, CAP_ID_NULL,
						context);
}

void sleep_ms(uint64_t ms)
{
	(void)!timer_sleep(runtime_transport(), w.timer, ms * MS);
}

static void burn_loops(uint64_t loops)
{
	for (volatile uint64_t i = 0; i < loops; i = i + 1)
		;
}

void burn_ms(uint64_t ms)
{
	burn_loops(ms * w.loops_per_ms);
}

static void calibrate(void)
{
	uint64_t began = runtime_now();

	burn_loops(100000);
	w.loops_per_ms = 100000 * MS / (runtime_now() - began);
}

/* ---- Busy threads ---- */

#define HOGS_MAX 8u
static struct thread hogs[HOGS_MAX];
static unsigned hog_count;
static bool hogs_end;

static int64_t be_busy(void *context)
{
	(void)context;
	while (!__atomic_load_n(&hogs_end, __ATOMIC_RELAXED))
		;
	return 0;
}

void hogs_start(void)
{
	hogs_end = false;
	hog_count = w.cpus * 2 < HOGS_MAX ? w.cpus * 2 : HOGS_MAX;
	for (unsigned i = 0; i < hog_count; i++) {
		(void)!thread_start(&hogs[i], be_busy, nullptr, nullptr);
		(void)!scheduling_policy_set_thread(w.t, w.policy, hogs[i].handle, 65536,
						    SCHEDULING_POLICY_CLASS_NORMAL);
	}
}

void hogs_stop(void)
{
	__atomic_store_n(&hogs_end, true, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < hog_count; i++)
		(void)!thread_join(&hogs[i], nullptr);
}

/* ---- Admission ---- */

static bool refused(uint64_t budget_ns, uint64_t period_ns, int cpu, enum exception_type type,
		    const char *field)
{
	struct rpc_call call;
	struct scheduling_policy_create_context_params_builder p = scheduling_policy_create_context_begin(
		&call, w.t, w.policy);

	scheduling_policy_create_context_params_builder_set_budget_ns(p, budget_ns);
	scheduling_policy_create_context_params_builder_set_period_ns(p, period_ns);
	scheduling_policy_create_context_params_builder_set_cpu(p, cpu);
	return tap_raises(&call, type, field);
}

static void admission(void)
{
	cap_id first, second, again;

	tap_ok(refused(99'999, 10 * MS, -1, EXCEPTION_TYPE_INVALID_ARGUMENT, "budgetNs") &&
		       refused(11 * MS, 10 * MS, -1, EXCEPTION_TYPE_INVALID_ARGUMENT, "budgetNs"),
	       "a budget is something, and no more than the period");
	tap_ok(refused(MS, 999'999, -1, EXCEPTION_TYPE_INVALID_ARGUMENT, "periodNs") &&
		       refused(MS, 10'000'000'001, -1, EXCEPTION_TYPE_INVALID_ARGUMENT, "periodNs"),
	       "periods have bounds");
	tap_ok(refused(MS, 10 * MS, (int)w.cpus, EXCEPTION_TYPE_INVALID_ARGUMENT, "cpu"),
	       "there must be such a CPU");
	tap_ok(refused(76 * MS, 100 * MS, 0, EXCEPTION_TYPE_OVERLOADED, "budgetNs"),
	       "more than three quarters of a CPU do not fit");
	tap_is(make(50 * MS, 100 * MS, 0, &first), STATUS_OK, "half of CPU 0 does");
	tap_ok(refused(26 * MS, 100 * MS, 0, EXCEPTION_TYPE_OVERLOADED, "budgetNs"),
	       "then not more than a quarter");
	tap_is(make(25 * MS, 100 * MS, 0, &second), STATUS_OK, "but that");
	tap_ok(look(first).share == 500'000 && look(second).cpu_share == 750'000 &&
		       look(first).state == SCHEDULING_CONTEXT_STATE_FREE,
	       "which shows");
	tap_is(scheduling_context_end(w.t, first), STATUS_OK, "one ends");
	tap_ok(look(first).state == SCHEDULING_CONTEXT_STATE_ENDED && look(second).cpu_share == 250'000 &&
		       scheduling_context_bind_self(w.t, first) == STATUS_EXCEPTION,
	       "its share is free, and nobody can be bound to it");
	tap_is(make(50 * MS, 100 * MS, 0, &again), STATUS_OK, "and given to another");
	ring_release(runtime_ring(), first);
	ring_release(runtime_ring(), second);
	ring_release(runtime_ring(), again);
	ring_flush(runtime_ring());
	sleep_ms(5);
	tap_is(make(75 * MS, 100 * MS, 0, &first), STATUS_OK,
	       "whose last capability goes, gives its share back");
	ring_release(runtime_ring(), first);
	ring_flush(runtime_ring());
	sleep_ms(5);
}

int main(void)
{
	struct system_info_get_results_reader get;
	struct rpc_call call;

	w = (struct world){.t = runtime_transport(),
			   .timer = runtime_need("timer", TIMER_INTERFACE_ID),
			   .policy = runtime_need("schedulingPolicy", SCHEDULING_POLICY_INTERFACE_ID),
			   .manager = runtime_need("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID)};
	cap_id info = runtime_need("systemInfo", SYSTEM_INFO_INTERFACE_ID);

	system_info_get_begin(&call, w.t, info);
	if (system_info_get_call(&call, &get) == STATUS_OK)
		w.cpus = system_info_get_results_reader_cpus(get);
	rpc_end(&call);
	w.alone = w.cpus == 1;
	tap_start();
	/* Who looks on does not wait for those that it measures. */
	cap_id self = CAP_ID_NULL;
	(void)!thread_self(&self);
	(void)!scheduling_policy_set_thread(w.t, w.policy, self, 65536, SCHEDULING_POLICY_CLASS_NORMAL);
	calibrate();
	admission();
	test_time();
	test_lending();
	return tap_end();
}
