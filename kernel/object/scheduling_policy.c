// SPDX-License-Identifier: MIT OR Apache-2.0
/* SchedulingPolicy: weights and latency classes, in bounds. */
#include "object_types.h"

#include <core/budget.h>
#include <schema/kernel/scheduling_policy.capnp.h>
#include <schema/kernel/thread.capnp.h>

static_assert(SCHEDULING_POLICY_CLASS_NORMAL == (int)FAIR_NORMAL &&
	      SCHEDULING_POLICY_CLASS_INTERACTIVE == (int)FAIR_INTERACTIVE &&
	      SCHEDULING_POLICY_CLASS_BATCH == (int)FAIR_BATCH);

static struct thread *thread_named(struct rpc_request *request, int32_t index)
{
	struct object *object = kcall_object(request, index, &thread_handle_type, 1ull << THREAD_HANDLE_INFO);

	return object != NULL ? container_of(object, struct thread, object) : NULL;
}

/* Why these cannot be set, or NULL. */
static const char *refusal(uint32_t weight, unsigned class, const char **field)
{
	*field = "weight";
	if (weight < FAIR_WEIGHT_MIN || weight > FAIR_WEIGHT_MAX)
		return "16 to 65536";
	*field = "class";
	return class < FAIR_CLASSES ? NULL : "no such class";
}

static enum status set_thread(void *self, struct rpc_request *request,
			      struct scheduling_policy_set_thread_params_reader params)
{
	struct thread *thread = thread_named(request,
					     scheduling_policy_set_thread_params_reader_thread(params));
	uint32_t weight = scheduling_policy_set_thread_params_reader_weight(params);
	unsigned class = scheduling_policy_set_thread_params_reader_class(params);
	const char *field, *why = refusal(weight, class, &field);

	(void)self;
	if (thread == NULL)
		return object_raise_invalid(request, "not a ThreadHandle with the method info", "thread");
	if (why != NULL)
		return object_raise_invalid(request, why, field);
	sched_set_policy(&thread->sched, weight, (enum fair_class) class);
	return STATUS_OK;
}

static enum status set_process(void *self, struct rpc_request *request,
			       struct scheduling_policy_set_process_params_reader params)
{
	struct object *object = kcall_object(request,
					     scheduling_policy_set_process_params_reader_process(params),
					     &process_handle_type, 1ull << PROCESS_HANDLE_KILL);
	uint32_t weight = scheduling_policy_set_process_params_reader_weight(params);
	unsigned class = scheduling_policy_set_process_params_reader_class(params);
	const char *field, *why = refusal(weight, class, &field);

	(void)self;
	if (object == NULL)
		return object_raise_invalid(request, "not a ProcessHandle with the method kill", "process");
	if (why != NULL)
		return object_raise_invalid(request, why, field);
	thread_set_policy_of_all(container_of(object, struct process, object), weight,
				 (enum fair_class) class);
	return STATUS_OK;
}

static enum status figures(void *self, struct rpc_request *request,
			   struct scheduling_policy_thread_params_reader params,
			   struct scheduling_policy_thread_results_builder results)
{
	struct thread *thread = thread_named(request, scheduling_policy_thread_params_reader_thread(params));

	(void)self;
	if (thread == NULL)
		return object_raise_invalid(request, "not a ThreadHandle with the method info", "thread");
	struct scheduling_policy_figures_builder out = scheduling_policy_thread_results_builder_init_figures(
		results);
	const struct sched_entity *entity = &thread->sched;
	scheduling_policy_figures_builder_set_weight(out, sched_weight(entity));
	scheduling_policy_figures_builder_set_class(out, (enum scheduling_policy_class)sched_class(entity));
	scheduling_policy_figures_builder_set_cpu_ns(out, sched_run_ns(entity));
	scheduling_policy_figures_builder_set_wake_ups(out, sched_wake_ups(entity));
	scheduling_policy_figures_builder_set_preemptions(out, load_relaxed(&entity->preemptions));
	scheduling_policy_figures_builder_set_migrations(out, load_relaxed(&entity->migrations));
	scheduling_policy_figures_builder_set_cpu(out, load_relaxed(&entity->home));
	return STATUS_OK;
}

static enum status create_context(void *self, struct rpc_request *request,
				  struct scheduling_policy_create_context_params_reader params,
				  struct scheduling_policy_create_context_results_builder results)
{
	int32_t cpu_id = scheduling_policy_create_context_params_reader_cpu(params), index;
	struct budget_terms terms = {
		.quota_ns = scheduling_policy_create_context_params_reader_budget_ns(params),
		.period_ns = scheduling_policy_create_context_params_reader_period_ns(params),
		.cpu = cpu_id < 0 ? BUDGET_ANY_CPU : (uint32_t)cpu_id,
	};
	int32_t lease = scheduling_policy_create_context_params_reader_lease(params);
	struct object *context;
	struct gate *gate = NULL;
	enum status status = STATUS_OK;

	(void)self;
	if (request->caps_out_max < 1)
		return STATUS_NO_SLOT;
	if (lease >= 0)
		status = cpu_isolation_lease_of(request, lease, &terms.lease, &gate);
	if (status == STATUS_OK)
		status = scheduling_context_create(request, terms, gate, &context);
	if (status == STATUS_OK)
		status = kcall_return_object(request, context, &index);
	if (status == STATUS_OK)
		scheduling_policy_create_context_results_builder_set_context(results, index);
	return status;
}

static enum status create_island(void *self, struct rpc_request *request,
				 struct scheduling_policy_create_island_params_reader params,
				 struct scheduling_policy_create_island_results_builder results)
{
	struct scheduling_policy_task_list_reader list = scheduling_policy_create_island_params_reader_tasks(
		params);
	uint32_t count = msg_list_count(list.l);
	struct realtime_task tasks[REALTIME_TASKS];
	struct object *island;
	int32_t index;

	(void)self;
	if (request->caps_out_max < 1)
		return STATUS_NO_SLOT;
	if (count == 0 || count > REALTIME_TASKS)
		return object_raise_invalid(request, "from one to eight", "tasks");
	for (uint32_t i = 0; i < count; i++) {
		struct scheduling_policy_task_reader task = scheduling_policy_task_list_reader_at(list, i);
		tasks[i] = (struct realtime_task){scheduling_policy_task_reader_budget_ns(task),
						  scheduling_policy_task_reader_period_ns(task)};
	}
	enum status status = realtime_island_create(
		request, scheduling_policy_create_island_params_reader_lease(params), tasks, count, &island);
	if (status == STATUS_OK)
		status = kcall_return_object(request, island, &index);
	if (status == STATUS_OK)
		scheduling_policy_create_island_results_builder_set_island(results, index);
	return status;
}

static const struct scheduling_policy_server_ops scheduling_policy_ops = {.set_thread = set_thread,
									  .set_process = set_process,
									  .thread = figures,
									  .create_context = create_context,
									  .create_island = create_island};

OBJECT_TYPE(scheduling_policy, SCHEDULING_POLICY, object_destroy_never);

struct object scheduling_policy_object = {.type = &scheduling_policy_type, .refs = 1};
