// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * SchedulingContext: a budget (core/budget.h) as a capability.
 *
 * Its structure is freed when neither a capability nor a CPU that ran on it has it: a CPU in user mode may, after the last capability went.
 */
#include "listener.h"
#include "object_types.h"

#include <core/clock.h>
#include <mm/slab.h>
#include <ring/lend.h>
#include <schema/kernel/scheduling_context.capnp.h>
#include <schema/kernel/thread.capnp.h>

struct context {
	struct object object;
	struct budget budget;
	struct spinlock lock;     /* rank PROCESS */
	struct gate *lease_gate;  /* budget.lease_dead is in it; counted; NULL */
	bool ended;               /* c */
	bool promised;            /* c: to a thread that is being made */
	struct gate *gate;        /* c: through which it was bound, counted; NULL */
	struct listener listener; /* c: of its events */
};

static struct slab_cache context_cache = SLAB_CACHE(context);

static struct context *context_of(void *self)
{
	return container_of((struct object *)self, struct context, object);
}

static void tell(struct budget *budget)
{
	struct context *context = container_of(budget, struct context, budget);

	spin_lock(&context->lock);
	listener_tell(&context->listener);
	spin_unlock(&context->lock);
}

static void free_quiet(struct quiesce_node *node)
{
	struct context *context = container_of(node, struct context, object.quiesce);

	gate_put(context->lease_gate);
	object_fini(&context->object);
	slab_free(&context_cache, context);
}

static void gone(struct budget *budget)
{
	quiesce_free(&container_of(budget, struct context, budget)->object.quiesce, free_quiet);
}

/* It gives nothing from now on, and holds nothing. */
static void finish(struct context *context)
{
	spin_lock(&context->lock);
	struct gate *gate = context->gate;
	struct listener listener = context->listener;
	context->ended = true;
	context->gate = NULL;
	context->listener = (struct listener){0};
	spin_unlock(&context->lock);
	budget_end(&context->budget); /* unbound: nobody looks at the gate any more */
	gate_put(gate);
	listener_fini(listener);
}

void scheduling_context_finish(struct object *object)
{
	finish(context_of(object));
}

struct budget_figures scheduling_context_figures(struct object *object)
{
	return budget_look(&context_of(object)->budget);
}

static void destroy(struct object *object)
{
	struct context *context = context_of(object);

	finish(context);
	budget_put(&context->budget);
}

enum status scheduling_context_create(struct rpc_request *request, struct budget_terms terms,
				      struct gate *lease_gate, struct object **out)
{
	struct context *context = slab_alloc(&context_cache);

	if (context == NULL)
		return STATUS_NO_MEMORY;
	*context = (struct context){.budget = {.tell = tell, .gone = gone}};
	spin_init(&context->lock, LOCK_RANK_PROCESS);
	enum status status = object_init(&context->object, &scheduling_context_type,
					 kcall_of(request)->thread->process);
	if (status != STATUS_OK)
		goto free_context;
	terms.lease_dead = lease_gate != NULL ? &lease_gate->dead : NULL;
	switch (budget_init(&context->budget, terms)) {
	case BUDGET_ACCEPTED:
		gate_get(lease_gate);
		context->lease_gate = lease_gate;
		*out = &context->object;
		return STATUS_OK;
	case BUDGET_BAD_QUOTA:
		status = object_raise_invalid(request, "from 100 microseconds to the period", "budgetNs");
		break;
	case BUDGET_BAD_PERIOD:
		status = object_raise_invalid(request, "from a millisecond to ten seconds", "periodNs");
		break;
	case BUDGET_BAD_CPU:
		status = object_raise_invalid(request, "there is no such CPU", "cpu");
		break;
	case BUDGET_FULL:
		status = rpc_raise(request, EXCEPTION_TYPE_OVERLOADED,
				   "more than is left of the CPU, or that is leased, or the lease has ended",
				   "budgetNs");
		break;
	}
	object_fini(&context->object);
free_context:
	slab_free(&context_cache, context);
	return status;
}

/* ---- Methods ---- */

/* `kept`: it was promised to that thread. */
static bool bind_through(struct context *context, struct gate *gate, struct thread *thread, bool kept)
{
	gate_get(gate);
	spin_lock(&context->lock);
	bool bound = !context->ended && context->promised == kept &&
		     lend_bind(&context->budget, thread, gate != NULL ? &gate->dead : NULL);
	struct gate *old = bound ? context->gate : gate;
	if (bound)
		context->gate = gate;
	if (kept)
		context->promised = false;
	spin_unlock(&context->lock);
	gate_put(old);
	return bound;
}

static enum status bind_to(struct context *context, struct rpc_request *request, struct thread *thread)
{
	return bind_through(context, kcall_own_gate(request), thread, false)
		       ? STATUS_OK
		       : rpc_raise(request, EXCEPTION_TYPE_FAILED, "one of the two is bound, or has ended",
				   NULL);
}

enum status scheduling_context_promise(struct rpc_request *request, int32_t index, struct object **promised)
{
	*promised = NULL;
	if (index < 0)
		return STATUS_OK;
	struct object *object = kcall_object(request, index, &scheduling_context_type,
					     1ull << SCHEDULING_CONTEXT_BIND);
	if (object == NULL)
		return object_raise_invalid(request, "not a SchedulingContext with the method bind",
					    "context");
	struct context *context = context_of(object);
	spin_lock(&context->lock);
	bool free = !context->ended && !context->promised && budget_look(&context->budget).depth == 0;
	context->promised |= free;
	spin_unlock(&context->lock);
	if (!free)
		return rpc_raise(request, EXCEPTION_TYPE_FAILED, "it has an owner, or has ended", "context");
	*promised = object;
	return STATUS_OK;
}

void scheduling_context_keep(struct rpc_request *request, int32_t index, struct object *promised,
			     struct thread *thread)
{
	/* If it ended meanwhile, that is as if it ended a moment later. */
	if (promised != NULL)
		(void)bind_through(context_of(promised), kcall_gate(request, index), thread, true);
}

void scheduling_context_drop(struct object *promised)
{
	if (promised == NULL)
		return;
	struct context *context = context_of(promised);
	spin_lock(&context->lock);
	context->promised = false;
	spin_unlock(&context->lock);
}

static enum status bind(void *self, struct rpc_request *request,
			struct scheduling_context_bind_params_reader params)
{
	struct object *object = kcall_object(request, scheduling_context_bind_params_reader_thread(params),
					     &thread_handle_type, 1ull << THREAD_HANDLE_INFO);

	if (object == NULL)
		return object_raise_invalid(request, "not a ThreadHandle with the method info", "thread");
	return bind_to(context_of(self), request, container_of(object, struct thread, object));
}

static enum status bind_self(void *self, struct rpc_request *request)
{
	return bind_to(context_of(self), request, kcall_of(request)->thread);
}

static enum status unbind(void *self, struct rpc_request *request)
{
	(void)request;
	budget_unbind(&context_of(self)->budget);
	return STATUS_OK;
}

static enum scheduling_context_state state_of(const struct budget_figures *figures)
{
	if (figures->over)
		return SCHEDULING_CONTEXT_STATE_ENDED;
	if (figures->depth == 0)
		return SCHEDULING_CONTEXT_STATE_FREE;
	if (figures->stale)
		return SCHEDULING_CONTEXT_STATE_STALE;
	return figures->waits ? SCHEDULING_CONTEXT_STATE_WAITING : SCHEDULING_CONTEXT_STATE_BOUND;
}

static enum status look(void *self, struct rpc_request *request,
			struct scheduling_context_look_results_builder results)
{
	struct budget *budget = &context_of(self)->budget;
	struct budget_figures now = budget_look(budget);
	struct scheduling_context_status_builder out = scheduling_context_look_results_builder_init_status(
		results);
	int64_t left = now.left_ticks;

	(void)request;
	left = left < 0 ? -(int64_t)clock_ticks_to_ns((uint64_t)-left)
			: (int64_t)clock_ticks_to_ns((uint64_t)left);
	scheduling_context_status_builder_set_cpu(out, (uint16_t)budget->cpu);
	scheduling_context_status_builder_set_state(out, state_of(&now));
	scheduling_context_status_builder_set_budget_ns(out, budget->quota_ns);
	scheduling_context_status_builder_set_period_ns(out, budget->period_ns);
	scheduling_context_status_builder_set_left_ns(out, left);
	scheduling_context_status_builder_set_period_end_ns(out, now.end_ns);
	scheduling_context_status_builder_set_periods(out, now.periods);
	scheduling_context_status_builder_set_used_ns(out, clock_ticks_to_ns(now.used_ticks));
	scheduling_context_status_builder_set_lent_ns(out, clock_ticks_to_ns(now.lent_ticks));
	scheduling_context_status_builder_set_lends(out, now.lends);
	scheduling_context_status_builder_set_depth(out, (uint8_t)now.depth);
	scheduling_context_status_builder_set_share(out, budget_millionths(budget->share));
	scheduling_context_status_builder_set_cpu_share(out, budget_millionths(budget_share_beside(budget)));
	scheduling_context_status_builder_set_least_wait_ns(out, now.least_wait_ns);
	scheduling_context_status_builder_set_most_wait_ns(out, now.most_wait_ns);
	return STATUS_OK;
}

static enum status events(void *self, struct rpc_request *request,
			  struct scheduling_context_events_results_builder results)
{
	struct budget_events taken = budget_take_events(&context_of(self)->budget);
	struct scheduling_context_events_builder out = scheduling_context_events_results_builder_init_events(
		results);

	(void)request;
	scheduling_context_events_builder_set_depleted(out, taken.depleted);
	scheduling_context_events_builder_set_overran(out, taken.overran);
	scheduling_context_events_builder_set_too_deep(out, taken.too_deep);
	scheduling_context_events_builder_set_last_ns(out, taken.last_ns);
	return STATUS_OK;
}

static enum status observe(void *self, struct rpc_request *request,
			   struct scheduling_context_observe_params_reader params)
{
	struct context *context = context_of(self);
	struct listener listener, old;
	enum status status = listener_init(&listener, request,
					   scheduling_context_observe_params_reader_notification(params),
					   scheduling_context_observe_params_reader_bits(params));

	if (status != STATUS_OK)
		return status;
	spin_lock(&context->lock);
	old = context->ended ? listener : context->listener;
	if (!context->ended)
		context->listener = listener;
	spin_unlock(&context->lock);
	listener_fini(old);
	return STATUS_OK;
}

static enum status end(void *self, struct rpc_request *request)
{
	(void)request;
	finish(context_of(self));
	return STATUS_OK;
}

static const struct scheduling_context_server_ops scheduling_context_ops = {.bind = bind,
									    .bind_self = bind_self,
									    .unbind = unbind,
									    .look = look,
									    .events = events,
									    .observe = observe,
									    .end = end};

OBJECT_TYPE(scheduling_context, SCHEDULING_CONTEXT, destroy);
