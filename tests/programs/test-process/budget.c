// SPDX-License-Identifier: MIT OR Apache-2.0
/* Processes that are started with CPU time of their own: who has it, from when to when, and what cannot be given. */
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/revoker.capnp.h>
#include <schema/kernel/scheduling_context.capnp.h>
#include <schema/kernel/scheduling_policy.capnp.h>
#include <schema/kernel/timer.capnp.h>

#include "process.h"

static enum scheduling_context_state state_of(cap_id context, uint64_t *used_ns)
{
	struct scheduling_context_look_results_reader r;
	enum scheduling_context_state state = 99;
	struct rpc_call call;

	scheduling_context_look_begin(&call, w.t, context);
	if (scheduling_context_look_call(&call, &r) == STATUS_OK) {
		struct scheduling_context_status_reader s = scheduling_context_look_results_reader_status(r);

		state = scheduling_context_status_reader_state(s);
		*used_ns = scheduling_context_status_reader_used_ns(s);
	}
	rpc_end(&call);
	return state;
}

/* It has an owner, who has used some of it; false after some seconds. */
static bool is_used(cap_id context)
{
	uint64_t used = 0;

	for (unsigned i = 0; i < 500; i++) {
		enum scheduling_context_state state = state_of(context, &used);

		if ((state == SCHEDULING_CONTEXT_STATE_BOUND || state == SCHEDULING_CONTEXT_STATE_WAITING) &&
		    used > 0)
			return true;
		(void)!timer_sleep(w.t, w.timer, 10 * MS);
	}
	return false;
}

static enum status start_on(cap_id context, cap_id *handle)
{
	struct spawn_grant grants[] = {child_grant("console"), child_grant("timer")};
	struct child_options options = {
		.grants = grants, .grant_count = 2, .context = context, .arguments = {"stands by"}};

	return child_start("test-process", &options, handle);
}

static void end_child(cap_id handle)
{
	(void)!spawn_kill(w.t, handle, 0);
	(void)child_wait(handle);
}

static void test_revoked(cap_id context)
{
	cap_id lent = CAP_ID_NULL, revoker = CAP_ID_NULL, child;
	uint64_t used;

	(void)!capability_manager_make_revocable(w.t, w.manager, context, 0, &lent, &revoker);
	tap_ok(start_on(lent, &child) == STATUS_OK && is_used(context), "through a revocable capability");
	struct revoker_revoke_results_reader r;
	struct rpc_call call;
	revoker_revoke_begin(&call, w.t, revoker);
	tap_is(revoker_revoke_call(&call, &r), STATUS_OK, "which is revoked");
	rpc_end(&call);
	tap_ok(state_of(context, &used) == SCHEDULING_CONTEXT_STATE_STALE, "the context gives nothing more");
	end_child(child);
	ring_release(w.ring, lent);
	ring_release(w.ring, revoker);
}

static void test_refused(cap_id context)
{
	cap_id less = CAP_ID_NULL, child;

	(void)!capability_manager_attenuate(w.t, w.manager, context, SCHEDULING_CONTEXT_INTERFACE_ID,
					    1ull << SCHEDULING_CONTEXT_LOOK, &less);
	tap_is(start_on(less, &child), STATUS_EXCEPTION, "who may only look at a context cannot give it");
	tap_is(start_on(w.timer, &child), STATUS_EXCEPTION, "nor what is none");
	(void)!scheduling_context_end(w.t, context);
	tap_is(start_on(context, &child), STATUS_EXCEPTION, "nor one that has ended");
	ring_release(w.ring, less);
}

void test_cpu_time(void)
{
	cap_id policy = runtime_need("schedulingPolicy", SCHEDULING_POLICY_INTERFACE_ID), context, child,
	       other;
	struct child_counts before = child_counts();
	uint64_t used = 0;

	tap_is(scheduling_policy_create_context(w.t, policy, 5 * MS, 20 * MS, -1, CAP_ID_NULL, &context),
	       STATUS_OK, "CPU time is set aside");
	tap_is(start_on(context, &child), STATUS_OK, "a process is started with it");
	tap_ok(is_used(context), "and runs on it, without a capability of its own");
	tap_is(scheduling_context_bind_self(w.t, context), STATUS_EXCEPTION, "so nobody else can");
	tap_is(start_on(context, &other), STATUS_EXCEPTION, "nor another process be started with it");
	end_child(child);
	tap_ok(state_of(context, &used) == SCHEDULING_CONTEXT_STATE_FREE,
	       "when it ends, the context is free");
	tap_is(start_on(context, &child), STATUS_OK, "for another");
	tap_ok(is_used(context), "who has it then");
	end_child(child);
	test_revoked(context);
	test_refused(context);
	ring_release(w.ring, context);
	ring_flush(w.ring);
	tap_ok(child_counts_return(&before), "counts return to the baseline");
}
