// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Sessions, as a broker uses them: who makes them, what services see of them, how they end, and where capabilities may
 * go. Children are this program with another argument, in sessions that the parent chooses.
 */
#include <runtime/runtime.h>
#include <schema/kernel/process_spawner.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>

#include "session.h"

struct world w;

cap_id granted(const char *name)
{
	cap_id id = CAP_ID_NULL;

	(void)!runtime_cap(name, 0, &id);
	return id;
}

static int child(void)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} roles[] = {
		{"asks", role_asks},       {"retains", role_retains},
		{"waits", role_waits},     {"uses-bound", role_uses_bound},
		{"sends", role_sends},     {"receives", role_receives},
		{"returns", role_returns},
	};

	for (unsigned i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		if (msg_text_equal(runtime_argument(0), msg_text_from(roles[i].name)))
			return roles[i].run();
	return 99;
}

cap_id new_session(const char *account, uint64_t expires_ns)
{
	struct session_factory_create_results_reader results;
	struct rpc_call call;
	struct session_factory_create_params_builder p = session_factory_create_begin(&call, w.t, w.sessions);
	struct subject_builder subject = session_factory_create_params_builder_init_subject(p);
	cap_id session = CAP_ID_NULL;

	session_factory_create_params_builder_set_expires_ns(p, expires_ns);
	subject_builder_set_account(subject, msg_text_from(account));
	subject_builder_set_profile(subject, MSG_TEXT("tester"));
	subject_builder_set_id(subject, 4711);
	subject_builder_set_authenticated_ns(subject, 17);
	if (session_factory_create_call(&call, &results) == STATUS_OK)
		session = rpc_result_cap(&call, session_factory_create_results_reader_session(results));
	rpc_end(&call);
	return session;
}

bool is_alive(cap_id session, uint32_t *processes)
{
	struct session_context_info_results_reader results;
	struct rpc_call call;
	bool alive = false;

	session_context_info_begin(&call, w.t, session);
	if (session_context_info_call(&call, &results) == STATUS_OK) {
		alive = session_context_info_results_reader_alive(results);
		*processes = session_context_info_results_reader_processes(results);
	}
	rpc_end(&call);
	return alive;
}

cap_id start_child(const char *role, cap_id session, cap_id door_template, const struct spawn_grant *more)
{
	struct spawn_grant grants[] = {
		child_grant("timer"),
		child_grant("capabilityManager"),
		{.name = MSG_TEXT("door"), .kind = SPAWN_GRANT_MINT, .cap = door_template, .key = 5},
		more ? *more : (struct spawn_grant){}};
	cap_id handle = CAP_ID_NULL;

	(void)!child_start("test-session",
			   &(struct child_options){.grants = grants,
						   .grant_count = more ? 4 : 3,
						   .arguments = {role},
						   .session = session},
			   &handle);
	return handle;
}

int64_t end_of(cap_id handle)
{
	struct spawn_exit e = child_wait(handle);

	return e.reason == 1 ? e.code : -1000;
}

struct cap_cqe receive_until(cap_id endpoint, uint64_t deadline_ns)
{
	struct cap_sqe sqe = raw_recv(&w.raw, endpoint);
	struct cap_cqe cqe;

	sqe.deadline_ns = deadline_ns;
	do
		cqe = raw_do(&w.raw, sqe);
	while (cqe.status == STATUS_OK && (cqe.flags & (CAP_CQE_KIND_RELEASED | CAP_CQE_KIND_CANCELLED)));
	return cqe;
}

struct cap_cqe receive_at(cap_id endpoint)
{
	return receive_until(endpoint, runtime_now() + 10'000 * MS);
}

enum status answer(uint64_t token)
{
	return raw_status(&w.raw, raw_return(&w.raw, token, raw_fill(&w.raw, 1, 1)));
}

void end_session(cap_id session)
{
	uint64_t calls;

	(void)!session_context_end(w.t, session, &calls);
	ring_release(w.ring, session);
}

int main(void)
{
	w.t = runtime_transport();
	w.ring = runtime_ring();
	w.raw = raw_start();
	w.timer = granted("timer");
	w.manager = granted("capabilityManager");
	if (runtime_argument_count() > 0)
		return child();
	tap_start();
	w.spawner = runtime_need("processSpawner", PROCESS_SPAWNER_INTERFACE_ID);
	w.sessions = runtime_need("sessions", SESSION_FACTORY_INTERFACE_ID);
	child_start_up();
	tap_is(raw_endpoint(1024, 4, &w.endpoint, &w.facet_template), STATUS_OK, "an endpoint");
	test_factory();
	test_identity();
	test_life();
	test_scopes();
	return tap_end();
}
