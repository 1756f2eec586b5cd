// SPDX-License-Identifier: MIT OR Apache-2.0
/* Who takes all that it can get, and has something wrapped that never answers, leaves enough for another session. */
#include <schema/kernel/session_context.capnp.h>
#include <testing/impostor.h>

#include "attenuator.h"

#define CALLS 14u
#define SETS 16u

static const struct rule often[] = {{ATTENUATOR_OP_USES, "", "", nullptr, 1000, 0}};

/* The other client: 0 when all of this was done for it in time. */
int child_other(void)
{
	enum status status;
	cap_id narrow;
	uint64_t ns;

	w.t->deadline_ns = impostor_in_time(); /* of all its calls */
	narrow = where(w.timer, often, 1, &status);
	if (status != STATUS_OK)
		return status == STATUS_EXCEPTION ? 1 : 3;
	return timer_now(w.t, narrow, &ns) == STATUS_OK ? 0 : 2;
}

static int64_t other_in(cap_id session)
{
	struct spawn_grant grants[] = {child_grant("console"), child_grant("timer"),
				       child_grant("attenuator")};

	return child_run("test-attenuator", &(struct child_options){.grants = grants,
								    .grant_count = 3,
								    .arguments = {"other"},
								    .session = session})
		.code;
}

/* Calls that are answered with a refusal; the others wait. */
static uint32_t refused(struct rpc_call *calls)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < CALLS; i++)
		count += calls[i].done && calls[i].status == STATUS_EXCEPTION;
	return count;
}

static void test_waiting(cap_id session)
{
	static struct rpc_call calls[CALLS];
	struct impostor i;
	enum status status;
	cap_id narrow;
	uint64_t ns;

	(void)!impostor_make(&i, w.t, w.manager, TIMER_INTERFACE_ID);
	narrow = where(i.facet, often, 1, &status);
	tap_is(status, STATUS_OK, "what never answers is wrapped");
	for (uint32_t n = 0; n < CALLS; n++) {
		(void)timer_now_begin(&calls[n], w.t, narrow);
		impostor_send(&calls[n]);
	}
	/* Behind them at the same endpoint. */
	tap_ok(other_in(session) == 0, "while calls to it wait, another session is served");
	for (int turn = 0; turn < 100 && refused(calls) == 0; turn++)
		(void)!timer_sleep(w.t, w.timer, MS);
	tap_ok(refused(calls) == CALLS - 6, "six may wait, the others are refused (%u)", refused(calls));
	impostor_drop(&i);
	for (uint32_t n = 0; n < CALLS; n++) {
		(void)rpc_wait(&calls[n]);
		rpc_end(&calls[n]);
	}
	ring_release(w.ring, narrow);
	narrow = where(w.timer, often, 1, &status);
	tap_ok(status == STATUS_OK && timer_now(w.t, narrow, &ns) == STATUS_OK,
	       "and when they end, their places are free");
	ring_release(w.ring, narrow);
}

static void test_rules_taken(cap_id session)
{
	cap_id held[SETS + 1] = {};
	enum status status = STATUS_OK;
	uint32_t count = 0;

	while (count <= SETS && status == STATUS_OK) {
		held[count] = where(w.timer, often, 1, &status);
		count += status == STATUS_OK;
	}
	tap_ok(count == SETS && other_in(CAP_ID_NULL) == 1,
	       "one session gets half of the lists of rules, and no process of it more (%u)", count);
	tap_ok(other_in(session) == 0, "another session has the rest");
	for (uint32_t i = 0; i < count; i++)
		ring_release(w.ring, held[i]);
	ring_flush(w.ring);
}

void test_greedy(void)
{
	cap_id session = child_session(w.sessions, "other");
	uint64_t calls;

	test_waiting(session);
	test_rules_taken(session);
	(void)!session_context_end(w.t, session, &calls);
	ring_release(w.ring, session);
	ring_flush(w.ring);
}
