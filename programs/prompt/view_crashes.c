// SPDX-License-Identifier: MIT OR Apache-2.0
/* crashes: processes of the image that failed; crashes N: all that init remembers of one: where it was, and what it called last. */
#include <runtime/runtime.h>
#include <schema/service/supervisor.capnp.h>
#include <spawn/spawn.h>

#include "view.h"

/* A summary does not say at which addresses: "page fault at 0x0, instruction 0x0" is a page fault. */
static void cut_addresses(char *text)
{
	while (*text && __builtin_strncmp(text, " at 0x", 6) != 0 &&
	       __builtin_strncmp(text, ", instr", 7) != 0)
		text++;
	*text = '\0';
}

static void show_summary(struct supervisor_summary_reader s)
{
	struct msg_text name = supervisor_summary_reader_name(s),
			where = supervisor_summary_reader_function(s);
	struct spawn_exit exit = {
		.reason = (uint16_t)supervisor_summary_reader_reason(s),
		.code = supervisor_summary_reader_code(s),
	};
	char text[160];

	spawn_exit_text(&exit, text, sizeof(text));
	cut_addresses(text);
	text_print(&out, "  %llu ", (unsigned long long)supervisor_summary_reader_number(s));
	view_put_time(supervisor_summary_reader_time_ns(s));
	text_print(&out, "%.*s (%u): %s", (int)name.len, name.ptr, supervisor_summary_reader_pid(s), text);
	if (where.len > 0)
		text_print(&out, " in %.*s", (int)where.len, where.ptr);
	text_put(&out, "\n");
}

static bool list(cap_id supervisor)
{
	uint64_t from = 0, shown = 0;
	bool more = true;

	while (more) {
		struct supervisor_crashes_results_reader results;
		struct rpc_call call;

		supervisor_crashes_params_builder_set_from(
			supervisor_crashes_begin(&call, runtime_transport(), supervisor), from);

		enum status status = supervisor_crashes_call(&call, &results);
		more = false;
		if (status == STATUS_OK) {
			struct supervisor_summary_list_reader list =
				supervisor_crashes_results_reader_crashes(results);
			uint32_t n = supervisor_summary_list_reader_count(list);

			for (uint32_t i = 0; i < n; i++)
				show_summary(supervisor_summary_list_reader_at(list, i));
			shown += n;
			more = n > 0 && supervisor_crashes_results_reader_next(results) > from;
			from = supervisor_crashes_results_reader_next(results);
		} else {
			show_failure(&call, status);
		}
		rpc_end(&call);
	}
	text_put(&out, shown ? "  \"crashes N\" says all that is known of one\n" : "  none\n");
	return true;
}

/* ---- One ---- */

static void show_where(struct supervisor_crash_reader c)
{
	struct process_handle_exit_reader e = supervisor_crash_reader_exit(c);
	struct msg_list frames = supervisor_crash_reader_backtrace(c);
	struct msg_text name = supervisor_crash_reader_name(c), program = supervisor_crash_reader_program(c);
	struct spawn_exit exit = {
		.reason = (uint16_t)process_handle_exit_reader_reason(e),
		.code = process_handle_exit_reader_code(e),
		.address = process_handle_exit_reader_address(e),
		.instruction = process_handle_exit_reader_instruction(e),
	};
	char text[160];

	spawn_exit_text(&exit, text, sizeof(text));
	text_put(&out, "  ");
	view_put_time(supervisor_crash_reader_time_ns(c));
	text_print(&out, "%.*s (%u, program %.*s): %s\n", (int)name.len, name.ptr,
		   supervisor_crash_reader_pid(c), (int)program.len, program.ptr, text);
	for (uint32_t i = 0; i < frames.count; i++) {
		text_put(&out, "    ");
		text_put_text(&out, msg_list_text(frames, i));
		text_put(&out, "\n");
	}
}

static bool show_calls(cap_id supervisor, uint64_t number)
{
	static const char *const kinds[] = {"", "calls", "gets", "returns", "was refused"};
	struct supervisor_calls_results_reader results;
	struct rpc_call call;

	supervisor_calls_params_builder_set_number(
		supervisor_calls_begin(&call, runtime_transport(), supervisor), number);

	enum status status = supervisor_calls_call(&call, &results);
	if (status == STATUS_OK) {
		struct process_handle_event_list_reader events = supervisor_calls_results_reader_calls(
			results);
		uint32_t count = process_handle_event_list_reader_count(events);

		if (count > 0)
			text_put(&out, "  the last that it did:\n");
		for (uint32_t i = 0; i < count; i++) {
			struct process_handle_event_reader e = process_handle_event_list_reader_at(events, i);
			uint8_t kind = process_handle_event_reader_kind(e);
			char name[80];

			if (kind < 1 || kind > 4)
				continue;
			text_put(&out, "    ");
			view_put_time(process_handle_event_reader_time_ns(e));
			trace_method_name(process_handle_event_reader_interface_id(e),
					  process_handle_event_reader_method(e), name);
			text_print(&out, "%s %s", kinds[kind], name);
			if (process_handle_event_reader_status(e) != STATUS_OK)
				text_print(&out, " -> %s",
					   view_status_name(process_handle_event_reader_status(e)));
			text_put(&out, "\n");
		}
	}
	rpc_end(&call);
	return status == STATUS_OK;
}

static bool show_one(cap_id supervisor, uint64_t number)
{
	struct supervisor_crash_results_reader results;
	struct rpc_call call;

	supervisor_crash_params_builder_set_number(
		supervisor_crash_begin(&call, runtime_transport(), supervisor), number);

	enum status status = supervisor_crash_call(&call, &results);
	if (status == STATUS_OK)
		show_where(supervisor_crash_results_reader_crash(results));
	else
		shell_fail_call(&shell, &call, status, supervisor, nullptr);
	rpc_end(&call);
	return status == STATUS_OK && show_calls(supervisor, number);
}

bool view_crashes(const struct shell_word *words, uint32_t count)
{
	uint64_t number;
	cap_id supervisor;

	if (!names_need("supervisor", SUPERVISOR_INTERFACE_ID, &supervisor))
		return false;
	if (count == 1)
		return list(supervisor);
	if (count > 2 || !view_word_is_number(words[1], &number))
		return shell_fail_at(&shell, words[1].at,
				     "crashes, or crashes N: \"crashes\" shows the numbers");
	return show_one(supervisor, number);
}
