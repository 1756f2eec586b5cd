// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Who gets how much of the CPUs, and how soon.
 *
 * Shares are compared by the kernel's own account. The distance between two threads' shares is bounded by some slices, whatever the
 * time that they run: so a machine that is itself slow is measured for longer, until the bound is small enough.
 */
#include <runtime/runtime.h>
#include <runtime/thread.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/scheduling_policy.capnp.h>
#include <schema/kernel/system_info.capnp.h>
#include <schema/kernel/thread.capnp.h>
#include <schema/kernel/timer.capnp.h>
#include <testing/tap.h>

#include "scheduling.h"

struct world w;

static int64_t spin(void *context)
{
	struct runner *runner = context;

	while (!__atomic_load_n(&runner->stop, __ATOMIC_RELAXED))
		__atomic_fetch_add(&runner->rounds, 1, __ATOMIC_RELAXED);
	return 0;
}

bool runner_start(struct runner *runner)
{
	*runner = (struct runner){};
	return thread_start(&runner->thread, spin, runner, nullptr) == STATUS_OK;
}

void runner_stop(struct runner *runner)
{
	__atomic_store_n(&runner->stop, true, __ATOMIC_RELAXED);
	(void)!thread_join(&runner->thread, nullptr);
}

struct figures figures_of(cap_id thread)
{
	struct scheduling_policy_thread_results_reader results;
	struct figures f = {};
	struct rpc_call call;

	scheduling_policy_thread_params_builder_set_thread(
		scheduling_policy_thread_begin(&call, w.t, w.policy), rpc_add_cap(&call, thread));
	if (scheduling_policy_thread_call(&call, &results) == STATUS_OK) {
		struct scheduling_policy_figures_reader r = scheduling_policy_thread_results_reader_figures(
			results);
		f = (struct figures){
			.cpu_ns = scheduling_policy_figures_reader_cpu_ns(r),
			.wake_ups = scheduling_policy_figures_reader_wake_ups(r),
			.preemptions = scheduling_policy_figures_reader_preemptions(r),
			.migrations = scheduling_policy_figures_reader_migrations(r),
			.weight = scheduling_policy_figures_reader_weight(r),
			.class = scheduling_policy_figures_reader_class(r),
		};
	}
	rpc_end(&call);
	return f;
}

static void sleep_ms(uint64_t ms)
{
	(void)!timer_sleep(w.t, w.timer, ms * 1000000);
}

#define RUNNERS_MAX 6u

/* The largest distance of a runner's share from what its weight is due, in thousandths of that, after they all run. */
static uint64_t distance(const struct runner *runners, const uint32_t *weights, unsigned count,
			 const uint64_t *from)
{
	uint64_t used[RUNNERS_MAX], total = 0, weight = 0, worst = 0;

	for (unsigned i = 0; i < count; i++) {
		used[i] = figures_of(runners[i].thread.handle).cpu_ns - from[i];
		total += used[i];
		weight += weights[i];
	}
	for (unsigned i = 0; i < count; i++) {
		uint64_t due = total * weights[i] / weight;
		uint64_t off = used[i] > due ? used[i] - due : due - used[i];

		if (due == 0 || off * 1000 / due > worst)
			worst = due == 0 ? 1000 : off * 1000 / due;
	}
	return worst;
}

/* At most `bound` thousandths within twelve seconds. */
static void share(const uint32_t *weights, unsigned count, uint64_t bound, const char *what)
{
	struct runner runners[RUNNERS_MAX];
	uint64_t from[RUNNERS_MAX], worst = 1000;
	bool started = true;

	for (unsigned i = 0; i < count; i++) {
		started &= runner_start(&runners[i]);
		(void)!scheduling_policy_set_thread(w.t, w.policy, runners[i].thread.handle, weights[i],
						    SCHEDULING_POLICY_CLASS_NORMAL);
	}
	sleep_ms(100); /* the weights are in force */
	for (unsigned i = 0; i < count; i++)
		from[i] = figures_of(runners[i].thread.handle).cpu_ns;
	for (unsigned second = 0; second < 12 && worst > bound; second++) {
		sleep_ms(1000);
		worst = distance(runners, weights, count, from);
	}
	for (unsigned i = 0; i < count; i++)
		runner_stop(&runners[i]);
	tap_ok(started && worst <= bound, "%s: off by %lu thousandths", what, (unsigned long)worst);
}

/* How late the main thread runs after a deadline, while as many spin as there are CPUs, and two more. */
static void latency(void)
{
	struct runner runners[RUNNERS_MAX];
	unsigned count = w.cpus + 2 < RUNNERS_MAX ? w.cpus + 2 : RUNNERS_MAX, soon = 0;

	for (unsigned i = 0; i < count; i++)
		(void)!runner_start(&runners[i]);
	for (unsigned i = 0; i < 60; i++) {
		uint64_t deadline = runtime_now() + 7000000;

		(void)!timer_sleep_until(w.t, w.timer, deadline);
		soon += runtime_now() - deadline < 2000000;
	}
	for (unsigned i = 0; i < count; i++)
		runner_stop(&runners[i]);
	tap_ok(soon >= 30, "who sleeps runs within 2 ms of its time though all CPUs are busy: %u of 60",
	       soon);
}

/* A busy loop takes one CPU, or its share of one, and nothing else. */
static void undisturbed(void)
{
	struct runner hog, measured;
	uint64_t began, cpu_ns, wall;

	tap_ok(runner_start(&hog) && runner_start(&measured), "a busy loop, and somebody with work");
	sleep_ms(50);
	began = runtime_now();
	cpu_ns = figures_of(measured.thread.handle).cpu_ns;
	sleep_ms(2000);
	cpu_ns = figures_of(measured.thread.handle).cpu_ns - cpu_ns;
	wall = runtime_now() - began;
	runner_stop(&hog);
	runner_stop(&measured);
	tap_ok(cpu_ns * 100 / wall >= (w.cpus > 1 ? 90u : 45u), "who has work gets its CPU: %lu %%",
	       (unsigned long)(cpu_ns * 100 / wall));
}

static bool refused(cap_id thread, uint32_t weight, unsigned class, const char *field)
{
	struct rpc_call call;
	struct scheduling_policy_set_thread_params_builder p = scheduling_policy_set_thread_begin(&call, w.t,
												  w.policy);

	scheduling_policy_set_thread_params_builder_set_thread(p, rpc_add_cap(&call, thread));
	scheduling_policy_set_thread_params_builder_set_weight(p, weight);
	scheduling_policy_set_thread_params_builder_set_class(p, (enum scheduling_policy_class) class);
	return tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, field);
}

static void policy(void)
{
	struct runner runner;
	struct figures f;
	cap_id only_wait = CAP_ID_NULL;

	tap_ok(runner_start(&runner), "a thread");
	f = figures_of(runner.thread.handle);
	tap_ok(f.weight == 1024 && f.class == SCHEDULING_POLICY_CLASS_NORMAL, "starts with the usual weight");
	tap_ok(refused(runner.thread.handle, 15, 0, "weight") &&
		       refused(runner.thread.handle, 65537, 0, "weight") &&
		       refused(runner.thread.handle, 0, 0, "weight"),
	       "weights have bounds");
	tap_ok(refused(runner.thread.handle, 1024, 3, "class"), "there is no fourth class");
	tap_ok(refused(w.timer, 1024, 0, "thread") && refused(CAP_ID_NULL, 1024, 0, "thread"),
	       "only threads have weights");
	tap_ok(capability_manager_attenuate(w.t, w.manager, runner.thread.handle, THREAD_HANDLE_INTERFACE_ID,
					    1ull << THREAD_HANDLE_WAIT, &only_wait) == STATUS_OK &&
		       refused(only_wait, 1024, 0, "thread"),
	       "and only for who may ask how they are");
	f = figures_of(runner.thread.handle);
	tap_ok(f.weight == 1024, "a refusal changes nothing");
	tap_is(scheduling_policy_set_thread(w.t, w.policy, runner.thread.handle, 65536,
					    SCHEDULING_POLICY_CLASS_BATCH),
	       STATUS_OK, "a weight is set");
	f = figures_of(runner.thread.handle);
	tap_ok(f.weight == 65536 && f.class == SCHEDULING_POLICY_CLASS_BATCH, "and shows");
	runner_stop(&runner);
}

/* Every CPU has a place of its own. */
static void places(cap_id info)
{
	uint32_t place[8][4];
	uint32_t count = w.cpus < 8 ? w.cpus : 8;
	bool own = true;

	for (uint32_t i = 0; i < count; i++) {
		own &= system_info_place(w.t, info, i, &place[i][0], &place[i][1], &place[i][2],
					 &place[i][3]) == STATUS_OK;
		for (uint32_t j = 0; j < i; j++)
			own &= place[i][3] != place[j][3] &&
			       (place[i][0] != place[j][0] || place[i][1] != place[j][1] ||
				place[i][2] != place[j][2]);
	}
	tap_ok(own, "every CPU has a place of its own");
	tap_is(system_info_place(w.t, info, w.cpus, &place[0][0], &place[0][1], &place[0][2], &place[0][3]),
	       STATUS_EXCEPTION, "and no other has one");
}

int main(void)
{
	static const uint32_t equal[] = {1024, 1024, 1024, 1024, 1024};
	static const uint32_t doubling[] = {512, 1024, 2048, 512, 1024, 2048};
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

	tap_start();
	places(info);
	policy();
	share(equal, 3, 20, "three equal threads");
	share(equal, 5, 20, "five equal threads");
	share(doubling, w.cpus > 1 ? 6 : 3, 30, "weights 1 : 2 : 4");
	latency();
	undisturbed();
	return tap_end();
}
