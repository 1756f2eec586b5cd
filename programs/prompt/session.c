// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * logout NAME: ends a session that was made here. Its programs' calls fail from then on, those that wait complete, and what was bound to
 * it is dead wherever it is. When the prompt itself ends, so do the sessions that it still holds: what ran on somebody's behalf does not
 * outlive who let them in.
 */
#include <runtime/runtime.h>
#include <schema/kernel/session_context.capnp.h>

#include "prompt.h"

/* False: shell_fail was called. An account's name may be empty. */
static bool look(cap_id session, bool *alive, uint32_t *processes)
{
	struct session_context_info_results_reader results;
	struct rpc_call call;
	enum status status;

	(void)session_context_info_begin(&call, runtime_transport(), session);
	status = session_context_info_call(&call, &results);
	if (status == STATUS_OK) {
		*alive = session_context_info_results_reader_alive(results);
		*processes = session_context_info_results_reader_processes(results);
	}
	rpc_end(&call);
	return status == STATUS_OK || shell_fail_status(&shell, "looking at the session", status);
}

static bool end(struct shell_word name, cap_id session)
{
	uint32_t processes = 0;
	uint64_t calls = 0;
	bool alive = false;
	enum status status;

	if (!look(session, &alive, &processes))
		return false;
	if (!alive) {
		text_print(&out, "  %.*s had ended already\n", (int)name.len, name.ptr);
		return true;
	}
	status = session_context_end(runtime_transport(), session, &calls);
	if (status != STATUS_OK)
		return shell_fail_status(&shell, "ending it", status);
	text_print(&out, "  %.*s is logged out: %llu waiting %s ended", (int)name.len, name.ptr,
		   (unsigned long long)calls, calls == 1 ? "call" : "calls");
	if (processes > 0)
		text_print(&out, "; %u %s of it can call nobody any more", processes,
			   processes == 1 ? "program" : "programs");
	text_put(&out, "\n");
	return true;
}

bool command_logout(const struct shell_word *words, uint32_t count)
{
	const struct shell_value *value;

	if (count == 1)
		return shell_fail_at(&shell, words[0].at,
				     "logout NAME: ends a session that you made (sessions.create); there is "
				     "nothing else to leave: \"poweroff\" ends the machine");
	for (uint32_t i = 1; i < count; i++) {
		value = shell_variable(&shell, words[i]);
		if (!value || value->kind != SHELL_CAPABILITY ||
		    value->interface_id != SESSION_CONTEXT_INTERFACE_ID)
			return shell_fail_at(&shell, words[i].at,
					     "this is no session: \"let NAME = sessions.create(0, (account = "
					     "\"...\")).session\" makes one");
		if (!end(words[i], value->cap))
			return false;
	}
	return true;
}

void sessions_end(void)
{
	uint64_t calls;

	for (uint32_t i = 0; i < shell.variable_count; i++) {
		const struct shell_variable *v = &shell.variables[i];

		if (!v->function && v->value->kind == SHELL_CAPABILITY &&
		    v->value->interface_id == SESSION_CONTEXT_INTERFACE_ID)
			(void)!session_context_end(runtime_transport(), v->value->cap, &calls);
	}
}
