// SPDX-License-Identifier: MIT OR Apache-2.0
/* What a service learns about who calls: a reference; and more only if it asks, and may know. */
#include <runtime/runtime.h>

#include "session.h"

int role_asks(void)
{
	struct cap_cqe cqe = raw_do(&w.raw,
				    raw_call(&w.raw, granted("door"), DOOR_ASK, raw_fill(&w.raw, 1, 1)));

	return -cqe.status;
}

/* The reference that `endpoint` sees of a new process in that session. */
static uint64_t reference(cap_id endpoint, cap_id facet_template, cap_id session)
{
	cap_id child = start_child("asks", session, facet_template, nullptr);
	struct cap_cqe cqe = receive_at(endpoint);
	uint64_t seen = cqe.status == STATUS_OK ? raw_header(&w.raw)->session : 0;

	(void)!answer(cqe.token);
	return end_of(child) == 0 ? seen : 0;
}

static void test_references(void)
{
	cap_id alice = new_session("alice", 0), again = new_session("alice", 0), other, other_template;

	(void)!raw_endpoint(1024, 4, &other, &other_template);
	uint64_t first = reference(w.endpoint, w.facet_template, alice);
	tap_ok(first != 0 && first == reference(w.endpoint, w.facet_template, alice),
	       "two processes of a session have one reference");
	tap_ok(first != reference(w.endpoint, w.facet_template, again),
	       "another session of the same subject has another");
	uint64_t ours = reference(w.endpoint, w.facet_template, CAP_ID_NULL);
	tap_ok(ours != 0 && ours != first, "without a session a child inherits ours");
	uint64_t there = reference(other, other_template, alice);
	tap_ok(there != 0 && there != first, "another service sees another reference");
	ring_release(w.ring, other);
	ring_release(w.ring, other_template);
	end_session(again);
	end_session(alice);
}

static cap_id successor_of(cap_id endpoint, cap_id *facet_template)
{
	struct endpoint_template_results_reader made;
	struct rpc_call call;
	cap_id next = CAP_ID_NULL;

	(void)!endpoint_successor(w.t, endpoint, 1024, 4, &next);
	struct endpoint_template_params_builder p = endpoint_template_begin(&call, w.t, next);
	endpoint_method_set_builder_set_interface_id(
		endpoint_method_set_list_builder_at(endpoint_template_params_builder_init_interfaces(p, 1),
						    0),
		RAW_INTERFACE);
	if (endpoint_template_call(&call, &made) == STATUS_OK)
		*facet_template = rpc_result_cap(&call, endpoint_template_results_reader_template(made));
	rpc_end(&call);
	return next;
}

/* A server is replaced by one with an endpoint of its own: those who come back are recognised. */
static void test_replacement(void)
{
	cap_id alice = new_session("alice", 0), old, old_template, next, next_template = CAP_ID_NULL;

	(void)!raw_endpoint(1024, 4, &old, &old_template);
	uint64_t before = reference(old, old_template, alice);
	next = successor_of(old, &next_template);
	ring_release(w.ring, old);
	ring_release(w.ring, old_template);
	tap_ok(before != 0 && reference(next, next_template, alice) == before,
	       "a service's successor sees the reference that it saw");
	end_session(alice);
	cap_id renewed = new_session("alice", 0);
	tap_ok(reference(next, next_template, renewed) != before, "but not for a session that is new");
	end_session(renewed);
	ring_release(w.ring, next);
	ring_release(w.ring, next_template);
}

struct known {
	bool alive;
	uint32_t disclosed;
	bool account, profile;
	uint64_t id, authenticated_ns;
};

static struct known ask(uint64_t session, uint32_t fields)
{
	struct endpoint_caller_results_reader r;
	struct rpc_call call;
	struct endpoint_caller_params_builder p = endpoint_caller_begin(&call, w.t, w.endpoint);
	struct known known = {.disclosed = ~0u};

	endpoint_caller_params_builder_set_session(p, session);
	endpoint_caller_params_builder_set_fields(p, fields);
	if (endpoint_caller_call(&call, &r) == STATUS_OK)
		known = (struct known){
			.alive = endpoint_caller_results_reader_alive(r),
			.disclosed = endpoint_caller_results_reader_disclosed(r),
			.account = msg_text_equal(endpoint_caller_results_reader_account(r),
						  MSG_TEXT("dora")),
			.profile = msg_text_equal(endpoint_caller_results_reader_profile(r),
						  MSG_TEXT("tester")),
			.id = endpoint_caller_results_reader_id(r),
			.authenticated_ns = endpoint_caller_results_reader_authenticated_ns(r),
		};
	rpc_end(&call);
	return known;
}

static bool is_nothing(struct known k)
{
	return k.alive && k.disclosed == 0 && !k.account && !k.profile && k.id == 0 &&
	       k.authenticated_ns == 0;
}

/* All four of (request, scope): only both disclose. */
static void test_disclosure(void)
{
	cap_id dora = new_session("dora", 0), facet = CAP_ID_NULL;
	uint64_t session = reference(w.endpoint, w.facet_template, dora);
	struct rpc_call call;

	tap_ok(is_nothing(ask(session, 0)), "nothing asked, no scope: only that the session lives");
	tap_ok(is_nothing(ask(session, 15)), "everything asked, no scope: the same");
	tap_is(session_factory_disclose(w.t, w.sessions, w.endpoint, 5), STATUS_OK,
	       "the scope of this service is account and id");
	tap_ok(is_nothing(ask(session, 0)), "nothing asked, a scope: the same");
	struct known k = ask(session, 15);
	tap_ok(k.alive && k.disclosed == 5 && k.account && !k.profile && k.id == 4711 &&
		       k.authenticated_ns == 0,
	       "everything asked, a scope: what is in both");
	k = ask(session, 8 | 4);
	tap_ok(k.disclosed == 4 && !k.account && k.id == 4711, "some asked: what is in both");
	tap_ok(!ask(session ^ 1, 15).alive && ask(session ^ 1, 15).disclosed == 0,
	       "a reference that nobody has");

	(void)!raw_mint(&w.raw, w.endpoint, w.facet_template, 1, &facet);
	session_factory_disclose_params_builder_set_endpoint(
		session_factory_disclose_begin(&call, w.t, w.sessions), rpc_add_cap(&call, facet));
	tap_ok(tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, "endpoint"),
	       "a facet is not the service: its clients do not set its scope");
	end_session(dora);
	k = ask(session, 15);
	tap_ok(!k.alive && k.disclosed == 0 && !k.account, "a session that has ended is nobody");
	(void)!session_factory_disclose(w.t, w.sessions, w.endpoint, 0);
	ring_release(w.ring, facet);
}

void test_identity(void)
{
	test_references();
	test_replacement();
	test_disclosure();
}
