// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Transfer scopes: any, session, process. A message that would take a capability further than its scope is refused as a
 * whole, with a status of its own: what it would have moved is still here, and what it would have copied is nowhere.
 */
#include <runtime/runtime.h>
#include <schema/kernel/process_handle.capnp.h>
#include <schema/kernel/process_spawner.capnp.h>

#include "session.h"

static cap_id confined(cap_id what, enum capability_manager_transfer_scope scope)
{
	cap_id made = CAP_ID_NULL;

	(void)!capability_manager_confine(w.t, w.manager, what, scope, &made);
	return made;
}

static enum status use(cap_id timer)
{
	uint64_t ns;

	return timer_now(w.t, timer, &ns);
}

/* A call with a copy of a capability that may go anywhere, and a move of `scoped`. */
static enum status send_both(cap_id to, cap_id scoped)
{
	struct cap_desc *descs = raw_at(&w.raw, w.raw.caps);
	struct cap_sqe sqe = raw_call(&w.raw, to, DOOR_SEND, raw_fill(&w.raw, 1, 1));

	descs[0] = (struct cap_desc){.id = w.timer.raw, .kind = CAP_DESC_COPY};
	descs[1] = (struct cap_desc){.id = scoped.raw, .kind = CAP_DESC_MOVE};
	sqe.caps_off = w.raw.caps;
	sqe.caps_len = 2;
	sqe.deadline_ns = runtime_now() + 10'000 * MS;
	return raw_status(&w.raw, sqe);
}

/* ---- Children ---- */

/* The exit code: 0 if it went, 1 if it was refused and is whole here; 2 and up: something else. */
static int send_scoped(enum capability_manager_transfer_scope scope)
{
	cap_id door = granted("door"), scoped = confined(w.timer, scope);
	enum status status = send_both(door, scoped);

	if (status == STATUS_OK)
		return use(scoped) == STATUS_BAD_ID ? 0 : 2;
	if (status != STATUS_OUT_OF_SCOPE)
		return 3;
	return use(scoped) == STATUS_OK && use(w.timer) == STATUS_OK ? 1 : 4;
}

int role_sends(void)
{
	int session = send_scoped(CAPABILITY_MANAGER_TRANSFER_SCOPE_SESSION);
	int process = send_scoped(CAPABILITY_MANAGER_TRANSFER_SCOPE_PROCESS);
	int any = send_scoped(CAPABILITY_MANAGER_TRANSFER_SCOPE_ANY);

	(void)raw_do(&w.raw, raw_call(&w.raw, granted("door"), DOOR_LEAVE, raw_fill(&w.raw, 1, 1)));
	return any * 100 + session * 10 + process;
}

/* Serves; the exit code is how many capabilities came that work. */
int role_receives(void)
{
	cap_id endpoint = granted("endpoint");
	int works = 0;

	for (;;) {
		struct cap_cqe cqe = receive_at(endpoint);

		if (cqe.status != STATUS_OK)
			return 100;
		uint16_t method = raw_header(&w.raw)->method;
		for (uint32_t i = 0; i < cqe.caps; i++)
			works += use(raw_received_cap(&w.raw, i)) == STATUS_OK;
		(void)!answer(cqe.token);
		if (method == DOOR_LEAVE)
			return works;
	}
}

/* Serves one call; tries to return with a capability of each scope, then without. Bits: 1 process was refused, 2 session was refused. */
int role_returns(void)
{
	struct cap_desc *descs = raw_at(&w.raw, w.raw.caps);
	struct cap_cqe cqe = receive_at(granted("endpoint"));
	int refused = 0;

	for (int scope = CAPABILITY_MANAGER_TRANSFER_SCOPE_PROCESS; scope >= 0; scope--) {
		cap_id scoped = confined(w.timer, (enum capability_manager_transfer_scope)scope);
		struct cap_sqe ret = raw_return(&w.raw, cqe.token, raw_fill(&w.raw, 1, (uint64_t)refused));

		descs[0] = (struct cap_desc){.id = scoped.raw, .kind = CAP_DESC_MOVE};
		ret.caps_off = w.raw.caps;
		ret.caps_len = 1;
		enum status status = raw_status(&w.raw, ret);
		if (status == STATUS_OK)
			return refused;
		if (status != STATUS_OUT_OF_SCOPE || use(scoped) != STATUS_OK)
			return 100;
		refused |= scope;
	}
	return 101;
}

/* ---- Their parent ---- */

/* One child sends to another: their exit codes. */
static void between(cap_id from, cap_id to, int64_t *sender, int64_t *receiver)
{
	cap_id endpoint, facet_template;

	(void)!raw_endpoint(1024, 4, &endpoint, &facet_template);
	struct spawn_grant more = child_grant_as("endpoint", endpoint, ENDPOINT_INTERFACE_ID);
	cap_id server = start_child("receives", to, w.facet_template, &more);
	cap_id client = start_child("sends", from, facet_template, nullptr);

	ring_release(w.ring, endpoint);
	ring_release(w.ring, facet_template);
	ring_flush(w.ring);
	*sender = end_of(client);
	*receiver = end_of(server);
}

static void test_calls(cap_id alice, cap_id bob)
{
	int64_t sender, receiver;

	between(alice, alice, &sender, &receiver);
	tap_ok(sender == 1 && receiver == 4,
	       "inside a session: scopes any and session go, process does not (%lld, %lld)",
	       (long long)sender, (long long)receiver);
	between(alice, bob, &sender, &receiver);
	tap_ok(sender == 11 && receiver == 2,
	       "into another: only any goes, what is refused stays whole (%lld, %lld)", (long long)sender,
	       (long long)receiver);
}

static int64_t returned_to_us(cap_id session)
{
	cap_id endpoint, facet_template, facet;
	struct cap_sqe sqe;

	(void)!raw_endpoint(1024, 4, &endpoint, &facet_template);
	(void)!raw_mint(&w.raw, endpoint, facet_template, 1, &facet);
	struct spawn_grant more = child_grant_as("endpoint", endpoint, ENDPOINT_INTERFACE_ID);
	cap_id child = start_child("returns", session, w.facet_template, &more);
	sqe = raw_call(&w.raw, facet, DOOR_ASK, raw_fill(&w.raw, 1, 1));
	sqe.buf_caps = 1;
	struct cap_cqe cqe = raw_do(&w.raw, sqe);
	cap_id came = raw_result_cap(&w.raw, &cqe, 0);
	int64_t refused = end_of(child);
	bool good = cqe.status == STATUS_OK && cqe.caps == 1 && use(came) == STATUS_OK;

	ring_release(w.ring, came);
	ring_release(w.ring, facet);
	ring_release(w.ring, facet_template);
	ring_release(w.ring, endpoint);
	return good ? refused : -1;
}

/* The grant's status, into a process that was not started. */
static enum status grant_into(cap_id session, cap_id capability)
{
	struct process_spawner_create_results_reader r;
	struct rpc_call call;
	struct process_spawner_create_params_builder p = process_spawner_create_begin(&call, w.t, w.spawner);
	enum status status;
	uint64_t id = 0;

	process_spawner_create_params_builder_set_name(p, MSG_TEXT("empty"));
	if (session.raw)
		process_spawner_create_params_builder_set_session(p, rpc_add_cap(&call, session));
	status = process_spawner_create_call(&call, &r);
	cap_id process = status == STATUS_OK
				 ? rpc_result_cap(&call, process_spawner_create_results_reader_process(r))
				 : CAP_ID_NULL;
	cap_id space = status == STATUS_OK
			       ? rpc_result_cap(&call, process_spawner_create_results_reader_space(r))
			       : CAP_ID_NULL;
	rpc_end(&call);
	if (status == STATUS_OK)
		status = process_handle_grant(w.t, process, 0, capability, 0, &id);
	ring_release(w.ring, space);
	ring_release(w.ring, process);
	return status;
}

static void test_grants(cap_id alice)
{
	cap_id session = confined(w.timer, CAPABILITY_MANAGER_TRANSFER_SCOPE_SESSION);
	cap_id process = confined(session, CAPABILITY_MANAGER_TRANSFER_SCOPE_PROCESS);
	cap_id wider = confined(process, CAPABILITY_MANAGER_TRANSFER_SCOPE_ANY), less = CAP_ID_NULL;

	tap_ok(session.raw && process.raw && use(process) == STATUS_OK, "manager.confine");
	tap_is(grant_into(CAP_ID_NULL, session), STATUS_OK, "scope session: a grant inside the session");
	tap_is(grant_into(alice, session), STATUS_OUT_OF_SCOPE, "none into another");
	tap_is(grant_into(CAP_ID_NULL, process), STATUS_OUT_OF_SCOPE, "scope process: none at all");
	tap_is(grant_into(alice, w.timer), STATUS_OK, "scope any: everywhere");
	tap_is(grant_into(CAP_ID_NULL, wider), STATUS_OUT_OF_SCOPE, "a scope is never widened again");
	(void)!capability_manager_attenuate(w.t, w.manager, process, TIMER_INTERFACE_ID, 1, &less);
	tap_ok(less.raw && grant_into(CAP_ID_NULL, less) == STATUS_OUT_OF_SCOPE, "attenuation keeps it");
	ring_release(w.ring, less);
	ring_release(w.ring, wider);
	ring_release(w.ring, process);
	ring_release(w.ring, session);
}

void test_scopes(void)
{
	cap_id alice = new_session("alice", 0), bob = new_session("bob", 0);
	struct child_counts before = child_counts();

	test_grants(alice);
	test_calls(alice, bob);
	tap_ok(returned_to_us(CAP_ID_NULL) == 2, "a RETURN inside the session: process is refused");
	tap_ok(returned_to_us(alice) == 3, "into another: session is refused, too, and the call stays open");
	tap_ok(child_counts_return(&before), "counts return to the baseline");
	end_session(alice);
	end_session(bob);
}
