// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What is kept of a process that failed: everything that its ProcessHandle still tells, with the program's symbols, copied out of the
 * answers, so that a record needs neither the handle nor the flight recorder any more.
 */
#include <fmt/fmt.h>
#include <runtime/runtime.h>
#include <schema/kernel/process_handle.capnp.h>
#include <spawn/backtrace.h>

#include "init.h"

static void take_frame(void *context, const char *line)
{
	struct crash *crash = context;

	if (crash->frame_count < MAX_FRAMES)
		fmt_print(crash->frames[crash->frame_count++], sizeof(crash->frames[0]), "%s", line);
}

static void take_registers(struct init *init, cap_id handle, struct crash *crash)
{
	struct process_handle_registers_results_reader results;
	struct rpc_call call;

	process_handle_registers_begin(&call, init->transport, handle);
	if (process_handle_registers_call(&call, &results) == STATUS_OK) {
		struct process_handle_register_list_reader list =
			process_handle_registers_results_reader_registers(results);
		uint32_t count = process_handle_register_list_reader_count(list);

		crash->register_count = count < MAX_REGISTERS ? count : MAX_REGISTERS;
		for (uint32_t i = 0; i < crash->register_count; i++) {
			struct process_handle_register_reader r = process_handle_register_list_reader_at(list,
													 i);
			struct msg_text name = process_handle_register_reader_name(r);

			fmt_print(crash->registers[i].name, sizeof(crash->registers[i].name), "%.*s",
				  (int)name.len, name.ptr);
			crash->registers[i].value = process_handle_register_reader_value(r);
		}
	}
	rpc_end(&call);
}

#define EVENT_SCHEDULE 8u /* ProcessHandle.Event.kind */

/* The events come by CPU; the latest are wanted, in the order of their times. */
static void take_event(struct crash *crash, struct process_handle_event_reader e)
{
	uint64_t time = process_handle_event_reader_time_ns(e);
	uint32_t at = crash->call_count;

	if (process_handle_event_reader_kind(e) == EVENT_SCHEDULE) /* which is nothing that it did */
		return;
	if (at == MAX_CRASH_CALLS) {
		if (time < crash->calls[0].time_ns)
			return;
		for (at = 0; at + 1 < MAX_CRASH_CALLS; at++)
			crash->calls[at] = crash->calls[at + 1];
		crash->call_count--;
	}
	for (; at > 0 && crash->calls[at - 1].time_ns > time; at--)
		crash->calls[at] = crash->calls[at - 1];
	crash->call_count++;
	crash->calls[at] = (struct crash_call){
		.sequence = process_handle_event_reader_sequence(e),
		.time_ns = time,
		.interface_id = process_handle_event_reader_interface_id(e),
		.object = process_handle_event_reader_object(e),
		.message_bytes = process_handle_event_reader_message_bytes(e),
		.slot = process_handle_event_reader_slot(e),
		.thread = process_handle_event_reader_thread(e),
		.status = process_handle_event_reader_status(e),
		.method = process_handle_event_reader_method(e),
		.kind = process_handle_event_reader_kind(e),
	};
}

static void take_events(struct init *init, cap_id handle, struct crash *crash)
{
	struct process_handle_events_results_reader results;
	struct rpc_call call;

	/* The recorder is finite, but written meanwhile: no more pages than it can hold. */
	for (uint64_t from = 0, page = 0; from != UINT64_MAX && page < 4096; page++) {
		struct process_handle_events_params_builder p = process_handle_events_begin(
			&call, init->transport, handle);

		process_handle_events_params_builder_set_from(p, from);
		from = UINT64_MAX;
		if (process_handle_events_call(&call, &results) == STATUS_OK) {
			struct process_handle_event_list_reader list =
				process_handle_events_results_reader_events(results);

			for (uint32_t i = 0; i < process_handle_event_list_reader_count(list); i++)
				take_event(crash, process_handle_event_list_reader_at(list, i));
			from = process_handle_events_results_reader_next(results);
		}
		rpc_end(&call);
	}
}

void init_keep_crash(struct init *init, const struct process *process, const struct spawn_exit *exit)
{
	struct crash *crash = &init->crashes[init->crash_count % MAX_CRASHES];
	cap_id handle = process->spawned.handle;

	*crash = (struct crash){
		.number = init->crash_count++,
		.time_ns = runtime_now(),
		.process = process,
		.pid = process->pid,
		.exit = *exit,
		.load_address = process->spawned.load_address,
	};
	(void)spawn_backtrace(init->transport, handle, &process->program, process->spawned.load_address,
			      take_frame, crash);
	take_registers(init, handle, crash);
	take_events(init, handle, crash);
}

const struct crash *init_crash(const struct init *init, uint64_t number)
{
	if (number >= init->crash_count || init->crash_count - number > MAX_CRASHES)
		return nullptr;
	return &init->crashes[number % MAX_CRASHES];
}
