// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * CpuIsolation and CpuIsolationLease (core/isolation.h). A lease is an object with a timer: the timer, `end`, `revoke` and the last
 * reference each end the token, of which the first counts.
 */
#include "object_types.h"

#include <core/clock.h>
#include <core/isolation.h>
#include <core/timer.h>
#include <mm/slab.h>
#include <object/object.h>
#include <ring/thread.h>
#include <schema/kernel/cpu_isolation.capnp.h>

#define LEASE_MAX_NS 3600000000000ull

struct lease {
	struct object object;
	struct timer expiry; /* on the CPU that made the lease */
	uint32_t token;
	uint32_t state; /* enum cpu_isolation_lease_state; atomic: from active once */
	uint64_t expires_ns;
	uint64_t interrupts, switches, polls, poll_sleeps; /* of the CPU when it began */
};

static struct slab_cache lease_cache = SLAB_CACHE(lease);

static struct lease *lease_of(void *self)
{
	return container_of((struct object *)self, struct lease, object);
}

static void finish(struct lease *lease, enum cpu_isolation_lease_state how)
{
	uint32_t active = CPU_ISOLATION_LEASE_STATE_ACTIVE;

	if (atomic_cas(&lease->state, &active, (uint32_t)how))
		(void)isolation_end(lease->token);
}

static void expire(struct timer *timer)
{
	finish(container_of(timer, struct lease, expiry), CPU_ISOLATION_LEASE_STATE_EXPIRED);
}

/* The state, and what `revoke` did behind the lease's back. */
static enum cpu_isolation_lease_state state_of(struct lease *lease)
{
	if (load_acquire(&lease->state) == CPU_ISOLATION_LEASE_STATE_ACTIVE &&
	    !isolation_is_alive(lease->token))
		finish(lease, CPU_ISOLATION_LEASE_STATE_REVOKED);
	return (enum cpu_isolation_lease_state)load_acquire(&lease->state);
}

/* ---- CpuIsolationLease ---- */

static enum status bind(void *self, struct rpc_request *request)
{
	struct lease *lease = lease_of(self);
	struct thread *thread = kcall_of(request)->thread;

	if (state_of(lease) != CPU_ISOLATION_LEASE_STATE_ACTIVE)
		return rpc_raise(request, EXCEPTION_TYPE_FAILED, "the lease has ended", NULL);
	struct gate *old = thread->bound_through, *gate = kcall_own_gate(request);
	gate_get(gate);
	thread->bound_through = gate;
	isolation_bind(&thread->sched, lease->token, gate != NULL ? &gate->dead : NULL);
	gate_put(old); /* who looked at it did so while this thread did not run, and holds no lock any more */
	store_relaxed(&this_cpu()->need_resched, true); /* it is queued anew, and goes there */
	return STATUS_OK;
}

static enum status unbind(void *self, struct rpc_request *request)
{
	struct thread *thread = kcall_of(request)->thread;

	isolation_unbind(&thread->sched, lease_of(self)->token);
	store_relaxed(&this_cpu()->need_resched, true);
	return STATUS_OK;
}

static enum status poll(void *self, struct rpc_request *request,
			struct cpu_isolation_lease_poll_params_reader params)
{
	uint64_t idle = cpu_isolation_lease_poll_params_reader_idle_ns(params);
	struct lease *lease = lease_of(self);
	struct thread *thread = kcall_of(request)->thread;

	if (idle > POLL_IDLE_MAX_NS)
		return object_raise_invalid(request, "more than a second", "idleNs");
	if (load_relaxed(&thread->sched.pin) != lease->token ||
	    state_of(lease) != CPU_ISOLATION_LEASE_STATE_ACTIVE)
		return rpc_raise(request, EXCEPTION_TYPE_FAILED,
				 "the thread is not bound, or the lease has ended", NULL);
	thread_poll(thread, idle);
	return STATUS_OK;
}

static enum status look(void *self, struct rpc_request *request,
			struct cpu_isolation_lease_look_results_builder results)
{
	struct lease *lease = lease_of(self);
	const struct cpu *cpu = &cpus[isolation_cpu(lease->token)];
	struct cpu_isolation_lease_status_builder out = cpu_isolation_lease_look_results_builder_init_status(
		results);

	(void)request;
	cpu_isolation_lease_status_builder_set_cpu(out, cpu->id);
	cpu_isolation_lease_status_builder_set_state(out, state_of(lease));
	cpu_isolation_lease_status_builder_set_expires_ns(out, lease->expires_ns);
	cpu_isolation_lease_status_builder_set_queued(out, load_relaxed(&cpu->runqueue_len));
	cpu_isolation_lease_status_builder_set_tick_stopped(out, load_relaxed(&cpu->tick_stopped));
	cpu_isolation_lease_status_builder_set_tick_stops(out, load_relaxed(&cpu->stats.tick_stops));
	cpu_isolation_lease_status_builder_set_tick_restarts(out, load_relaxed(&cpu->stats.tick_restarts));
	cpu_isolation_lease_status_builder_set_last_restart(
		out, (enum cpu_isolation_lease_restart)load_relaxed(&cpu->tick_restart));
	cpu_isolation_lease_status_builder_set_interrupts(out, load_relaxed(&cpu->stats.interrupts) -
								       lease->interrupts);
	cpu_isolation_lease_status_builder_set_switches(out,
							load_relaxed(&cpu->stats.switches) - lease->switches);
	cpu_isolation_lease_status_builder_set_polls(out, load_relaxed(&cpu->stats.polls) - lease->polls);
	cpu_isolation_lease_status_builder_set_poll_sleeps(out, load_relaxed(&cpu->stats.poll_sleeps) -
									lease->poll_sleeps);
	return STATUS_OK;
}

static enum status end(void *self, struct rpc_request *request)
{
	(void)request;
	finish(lease_of(self), CPU_ISOLATION_LEASE_STATE_ENDED);
	return STATUS_OK;
}

static void free_quiet(struct quiesce_node *node)
{
	struct lease *lease = container_of(node, struct lease, object.quiesce);

	object_fini(&lease->object);
	slab_free(&lease_cache, lease);
}

static void lease_destroy(struct object *object)
{
	struct lease *lease = lease_of(object);

	finish(lease, CPU_ISOLATION_LEASE_STATE_ENDED);
	/* It may be expiring right now, on another CPU. */
	if (lease->token != 0 && !timer_cancel(&lease->expiry))
		quiesce_free(&object->quiesce, free_quiet);
	else
		free_quiet(&object->quiesce);
}

static const struct cpu_isolation_lease_server_ops cpu_isolation_lease_ops = {
	.bind = bind, .unbind = unbind, .look = look, .end = end, .poll = poll};

OBJECT_TYPE(cpu_isolation_lease, CPU_ISOLATION_LEASE, lease_destroy);

enum status cpu_isolation_lease_of(struct rpc_request *request, int32_t index, uint32_t *token,
				   struct gate **gate)
{
	struct object *object = kcall_object(request, index, &cpu_isolation_lease_type,
					     1ull << CPU_ISOLATION_LEASE_BIND);

	if (object == NULL)
		return object_raise_invalid(request, "not a CpuIsolationLease with the method bind", "lease");
	*token = lease_of(object)->token;
	*gate = kcall_gate(request, index);
	return STATUS_OK;
}

/* ---- CpuIsolation ---- */

static uint32_t housekeeping_without(unsigned cpu_id)
{
	uint64_t leased = load_relaxed(&isolation_mask) | (cpu_id < cpu_count ? 1ull << cpu_id : 0);

	return cpu_count - (uint32_t)__builtin_popcountll(leased);
}

static enum status preflight(void *self, struct rpc_request *request,
			     struct cpu_isolation_preflight_params_reader params,
			     struct cpu_isolation_preflight_results_builder results)
{
	uint32_t cpu_id = cpu_isolation_preflight_params_reader_cpu(params);
	struct cpu_isolation_report_builder out = cpu_isolation_preflight_results_builder_init_report(
		results);

	(void)self, (void)request;
	cpu_isolation_report_builder_set_verdict(out, (enum cpu_isolation_verdict)isolation_check(cpu_id));
	cpu_isolation_report_builder_set_housekeeping(out, housekeeping_without(cpu_id));
	cpu_isolation_report_builder_set_clock_ppm(out, clock_rate().uncertainty_ppm);
	cpu_isolation_report_builder_set_tick_stops(out, true);
	if (cpu_id < cpu_count) {
		const struct cpu *cpu = &cpus[cpu_id];

		cpu_isolation_report_builder_set_runnable(out, load_relaxed(&cpu->runqueue_len) +
								       (load_relaxed(&cpu->current) != NULL));
		cpu_isolation_report_builder_set_timers(out, timer_is_any_armed(cpu_id));
	}
	return STATUS_OK;
}

static enum status refuse(struct rpc_request *request, enum isolation_refusal refusal)
{
	static const char *const sentences[] = {
		[ISOLATION_NO_SUCH_CPU] = "there is no such CPU",
		[ISOLATION_HOUSEKEEPING] = "this CPU is for everything else",
		[ISOLATION_LEASED] = "it is leased",
		[ISOLATION_RESERVED] = "scheduling contexts are admitted there",
	};

	return object_raise_invalid(request, sentences[refusal], "cpu");
}

static enum status take(void *self, struct rpc_request *request,
			struct cpu_isolation_take_params_reader params,
			struct cpu_isolation_take_results_builder results)
{
	uint32_t cpu_id = cpu_isolation_take_params_reader_cpu(params);
	uint64_t duration = cpu_isolation_take_params_reader_duration_ns(params);
	enum isolation_refusal refusal = isolation_check(cpu_id);
	int32_t index;

	(void)self;
	if (refusal != ISOLATION_ACCEPTED)
		return refuse(request, refusal);
	if (duration == 0 || duration > LEASE_MAX_NS)
		return object_raise_invalid(request, "nothing, or more than an hour", "durationNs");
	if (request->caps_out_max < 1)
		return STATUS_NO_SLOT;
	struct lease *lease = slab_alloc(&lease_cache);
	if (lease == NULL)
		return STATUS_NO_MEMORY;
	enum status made = object_init(&lease->object, &cpu_isolation_lease_type,
				       kcall_of(request)->thread->process);
	if (made != STATUS_OK) {
		slab_free(&lease_cache, lease);
		return made;
	}
	timer_init(&lease->expiry, expire);
	lease->interrupts = load_relaxed(&cpus[cpu_id].stats.interrupts);
	lease->switches = load_relaxed(&cpus[cpu_id].stats.switches);
	lease->polls = load_relaxed(&cpus[cpu_id].stats.polls);
	lease->poll_sleeps = load_relaxed(&cpus[cpu_id].stats.poll_sleeps);
	lease->expires_ns = clock_now_ns() + duration;
	lease->token = 0;
	lease->state = CPU_ISOLATION_LEASE_STATE_ACTIVE;
	refusal = isolation_begin(cpu_id, &lease->token);
	if (refusal != ISOLATION_ACCEPTED) { /* somebody was quicker */
		lease->state = CPU_ISOLATION_LEASE_STATE_ENDED;
		object_put(&lease->object);
		return refuse(request, refusal);
	}
	timer_arm(&lease->expiry, lease->expires_ns);
	uint64_t expires = lease->expires_ns;
	made = kcall_return_object(request, &lease->object, &index);
	if (made == STATUS_OK) {
		cpu_isolation_take_results_builder_set_lease(results, index);
		cpu_isolation_take_results_builder_set_expires_ns(results, expires);
	}
	return made;
}

static enum status revoke(void *self, struct rpc_request *request,
			  struct cpu_isolation_revoke_params_reader params,
			  struct cpu_isolation_revoke_results_builder results)
{
	uint32_t cpu_id = cpu_isolation_revoke_params_reader_cpu(params);

	(void)self;
	if (cpu_id >= cpu_count)
		return refuse(request, ISOLATION_NO_SUCH_CPU);
	uint32_t token = load_acquire(&isolation_token[cpu_id]);
	cpu_isolation_revoke_results_builder_set_ended(results, token != 0 && isolation_end(token));
	return STATUS_OK;
}

static const struct cpu_isolation_server_ops cpu_isolation_ops = {
	.preflight = preflight, .take = take, .revoke = revoke};

OBJECT_TYPE(cpu_isolation, CPU_ISOLATION, object_destroy_never);

struct object cpu_isolation_object = {.type = &cpu_isolation_type, .refs = 1};
