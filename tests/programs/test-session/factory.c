// SPDX-License-Identifier: MIT OR Apache-2.0
/* SessionFactory, SessionContext.info, and who may choose a child's session. */
#include <runtime/runtime.h>
#include <schema/kernel/process_spawner.capnp.h>

#include "session.h"

static bool create_raises(uint64_t expires_ns, const char *account, const char *field)
{
	struct rpc_call call;
	struct session_factory_create_params_builder p = session_factory_create_begin(&call, w.t, w.sessions);

	session_factory_create_params_builder_set_expires_ns(p, expires_ns);
	subject_builder_set_account(session_factory_create_params_builder_init_subject(p),
				    msg_text_from(account));
	return tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, field);
}

static void test_create(void)
{
	uint64_t expires = runtime_now() + 3600'000 * MS;
	cap_id session = new_session("alice", expires);
	struct session_context_info_results_reader results;
	struct rpc_call call;

	tap_ok(session.raw, "sessions.create");
	session_context_info_begin(&call, w.t, session);
	tap_is(session_context_info_call(&call, &results), STATUS_OK, "session.info");
	struct subject_reader subject = session_context_info_results_reader_subject(results);
	tap_ok(session_context_info_results_reader_alive(results) &&
		       session_context_info_results_reader_processes(results) == 0 &&
		       session_context_info_results_reader_expires_ns(results) == expires,
	       "it lives, is empty, and knows when it ends");
	tap_ok(msg_text_equal(subject_reader_account(subject), MSG_TEXT("alice")) &&
		       msg_text_equal(subject_reader_profile(subject), MSG_TEXT("tester")) &&
		       subject_reader_id(subject) == 4711 && subject_reader_authenticated_ns(subject) == 17,
	       "and whose it is");
	rpc_end(&call);
	end_session(session);
	tap_ok(create_raises(1, "bob", "expiresNs"), "an expiry that is past");
	tap_ok(create_raises(0, "a name that is one byte too long", "account"), "a long account");
}

static bool spawn_raises(cap_id session, enum exception_type type)
{
	struct rpc_call call;
	struct process_spawner_create_params_builder p = process_spawner_create_begin(&call, w.t, w.spawner);

	process_spawner_create_params_builder_set_name(p, MSG_TEXT("nobody"));
	process_spawner_create_params_builder_set_session(p, rpc_add_cap(&call, session));
	return tap_raises(&call, type, "session");
}

/* Only who holds a SessionContext with its method member chooses; anything else is refused by its type. */
static void test_choice(void)
{
	cap_id session = new_session("carol", 0), look_only = CAP_ID_NULL;
	uint32_t processes = 9;

	(void)!capability_manager_attenuate(w.t, w.manager, session, SESSION_CONTEXT_INTERFACE_ID,
					    1ull << SESSION_CONTEXT_INFO | 1ull << SESSION_CONTEXT_END,
					    &look_only);
	tap_ok(spawn_raises(w.timer, EXCEPTION_TYPE_INVALID_ARGUMENT), "a Timer is no session");
	tap_ok(spawn_raises(look_only, EXCEPTION_TYPE_INVALID_ARGUMENT),
	       "who may only look at a session and end it cannot put processes into it");

	cap_id child = start_child("asks", session, w.facet_template, nullptr);
	struct cap_cqe cqe = receive_at(w.endpoint);
	tap_ok(cqe.status == STATUS_OK && is_alive(session, &processes) && processes == 1,
	       "a child in it is counted (%u)", processes);
	(void)!answer(cqe.token);
	tap_ok(end_of(child) == 0 && is_alive(session, &processes) && processes == 0,
	       "and no longer when it has ended (%u)", processes);

	uint64_t calls = 9;
	tap_ok(session_context_end(w.t, look_only, &calls) == STATUS_OK && calls == 0, "session.end");
	tap_ok(!is_alive(session, &processes), "it has ended");
	tap_ok(spawn_raises(session, EXCEPTION_TYPE_FAILED), "no process begins in a session that has ended");
	calls = 9;
	tap_ok(session_context_end(w.t, session, &calls) == STATUS_OK && calls == 0,
	       "ending it again does nothing");
	ring_release(w.ring, look_only);
	ring_release(w.ring, session);
}

void test_factory(void)
{
	test_create();
	test_choice();
}
