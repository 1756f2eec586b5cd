// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * RealtimeIsland: contexts that were admitted to a leased CPU together, after a look at their worst case.
 *
 * - I5  By earliest end of period first, on a CPU where nobody else runs before them, each gets its budget in each period if for each task i
 *       the budgets of all tasks with periods up to its own, each with the cost of two switches, make no more than the CPU, and what the
 *       kernel can keep the CPU for at most still fits into its own period (T. Baker, "Stack-based scheduling of realtime processes",
 *       1991, with the kernel as the only resource).
 * - The lease is sealed for them (core/budget.h, B6): nothing is admitted there beside them.
 * - It holds its lease; its contexts are objects of their own, which give nothing any more when either has ended.
 */
#include "object_types.h"

#include <cap/gate.h>
#include <core/budget.h>
#include <core/isolation.h>
#include <mm/slab.h>
#include <schema/kernel/realtime_island.capnp.h>
#include <schema/kernel/scheduling_policy.capnp.h>

struct island {
	struct object object;
	struct object *lease; /* counted */
	uint32_t token, demand, count;
	uint32_t ended;                          /* atomic */
	struct object *contexts[REALTIME_TASKS]; /* counted */
};

static struct slab_cache island_cache = SLAB_CACHE(island);

static struct island *island_of(void *self)
{
	return container_of((struct object *)self, struct island, object);
}

static uint64_t part_of(uint64_t ns, uint64_t period_ns)
{
	return (ns * BUDGET_SHARE_ONE + period_ns - 1) / period_ns; /* at most 2^34 by 2^20 */
}

/* I5; the largest demand at the end of some task's period, in BUDGET_SHARE_ONE. The terms of each are in their bounds. */
static uint64_t worst_demand(const struct realtime_task *tasks, unsigned count)
{
	uint64_t worst = 0;

	for (unsigned i = 0; i < count; i++) {
		uint64_t demand = part_of(SCHEDULING_POLICY_BLOCKING_NS, tasks[i].period_ns);
		for (unsigned k = 0; k < count; k++)
			if (tasks[k].period_ns <= tasks[i].period_ns)
				demand += part_of(tasks[k].budget_ns + 2 * SCHEDULING_POLICY_SWITCH_NS,
						  tasks[k].period_ns);
		worst = demand > worst ? demand : worst;
	}
	return worst;
}

static void finish(struct island *island)
{
	uint32_t active = 0;

	if (!atomic_cas(&island->ended, &active, 1u))
		return;
	for (unsigned i = 0; i < island->count; i++)
		scheduling_context_finish(island->contexts[i]);
	budget_unseal(island->token);
}

static void destroy(struct object *object)
{
	struct island *island = island_of(object);

	finish(island);
	for (unsigned i = 0; i < island->count; i++)
		object_put(island->contexts[i]);
	object_put(island->lease);
	object_fini(&island->object);
	slab_free(&island_cache, island);
}

static enum status check(struct rpc_request *request, const struct realtime_task *tasks, unsigned count,
			 uint32_t *demand)
{
	for (unsigned i = 0; i < count; i++) {
		if (tasks[i].period_ns < BUDGET_PERIOD_MIN_NS || tasks[i].period_ns > BUDGET_PERIOD_MAX_NS)
			return object_raise_invalid(request, "from a millisecond to ten seconds", "periodNs");
		if (tasks[i].budget_ns < BUDGET_QUOTA_MIN_NS || tasks[i].budget_ns > tasks[i].period_ns)
			return object_raise_invalid(request, "from 100 microseconds to the period",
						    "budgetNs");
	}
	uint64_t worst = worst_demand(tasks, count);
	if (worst > BUDGET_SHARE_ONE)
		return rpc_raise(request, EXCEPTION_TYPE_OVERLOADED,
				 "in the worst case they need more than the CPU", "tasks");
	*demand = (uint32_t)worst;
	return STATUS_OK;
}

/* All of them, or what was made is dropped with the island. */
static enum status make_contexts(struct rpc_request *request, struct island *island, struct gate *gate,
				 const struct realtime_task *tasks, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct budget_terms terms = {.quota_ns = tasks[i].budget_ns,
					     .period_ns = tasks[i].period_ns,
					     .cpu = BUDGET_ANY_CPU,
					     .lease = island->token,
					     .sealed = true};
		enum status status = scheduling_context_create(request, terms, gate, &island->contexts[i]);
		if (status != STATUS_OK)
			return status;
		island->count++;
	}
	return STATUS_OK;
}

enum status realtime_island_create(struct rpc_request *request, int32_t lease,
				   const struct realtime_task *tasks, unsigned count, struct object **out)
{
	uint32_t token, demand;
	struct gate *gate;
	enum status status = cpu_isolation_lease_of(request, lease, &token, &gate);

	if (status == STATUS_OK)
		status = check(request, tasks, count, &demand);
	if (status != STATUS_OK)
		return status;
	struct island *island = slab_alloc(&island_cache);
	if (island == NULL)
		return STATUS_NO_MEMORY;
	*island = (struct island){.token = token, .demand = demand};
	status = object_init(&island->object, &realtime_island_type, kcall_of(request)->thread->process);
	if (status != STATUS_OK) {
		slab_free(&island_cache, island);
		return status;
	}
	island->lease = kcall_view(request, lease)->object;
	object_get(island->lease);
	if (!budget_seal(token)) {
		island->ended = 1; /* not ours to unseal */
		status = rpc_raise(request, EXCEPTION_TYPE_OVERLOADED, "it has ended, or has contexts",
				   "lease");
	} else {
		status = make_contexts(request, island, gate, tasks, count);
	}
	if (status != STATUS_OK) {
		object_put(&island->object);
		return status;
	}
	*out = &island->object;
	return STATUS_OK;
}

/* ---- Methods ---- */

static enum status context(void *self, struct rpc_request *request,
			   struct realtime_island_context_params_reader params,
			   struct realtime_island_context_results_builder results)
{
	struct island *island = island_of(self);
	uint32_t task = realtime_island_context_params_reader_task(params);
	int32_t index;

	if (task >= island->count)
		return object_raise_invalid(request, "there is no such task", "task");
	if (request->caps_out_max < 1)
		return STATUS_NO_SLOT;
	object_get(island->contexts[task]);
	enum status status = kcall_return_object(request, island->contexts[task], &index);
	if (status == STATUS_OK)
		realtime_island_context_results_builder_set_context(results, index);
	return status;
}

static enum status look(void *self, struct rpc_request *request,
			struct realtime_island_look_results_builder results)
{
	struct island *island = island_of(self);
	struct realtime_island_status_builder out = realtime_island_look_results_builder_init_status(results);
	uint64_t most = 0, least = 0;

	(void)request;
	for (unsigned i = 0; i < island->count; i++) {
		struct budget_figures figures = scheduling_context_figures(island->contexts[i]);
		if (figures.most_wait_ns >= most) {
			most = figures.most_wait_ns;
			least = figures.least_wait_ns;
		}
	}
	realtime_island_status_builder_set_cpu(out, (uint16_t)isolation_cpu(island->token));
	realtime_island_status_builder_set_tasks(out, island->count);
	realtime_island_status_builder_set_active(out, load_relaxed(&island->ended) == 0 &&
							       isolation_is_alive(island->token));
	realtime_island_status_builder_set_demand(out, budget_millionths(island->demand));
	realtime_island_status_builder_set_most_wait_ns(out, most);
	realtime_island_status_builder_set_least_wait_ns(out, least);
	return STATUS_OK;
}

static enum status end(void *self, struct rpc_request *request)
{
	(void)request;
	finish(island_of(self));
	return STATUS_OK;
}

static const struct realtime_island_server_ops realtime_island_ops = {
	.context = context, .look = look, .end = end};

OBJECT_TYPE(realtime_island, REALTIME_ISLAND, destroy);
