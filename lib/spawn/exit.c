// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What comes after a start: waiting, killing, and saying in words how it ended. And seeds.
 */
#include <fmt/fmt.h>
#include <rpc/rpc.h>
#include <runtime/ring.h>
#include <schema/kernel/entropy_source.capnp.h>
#include <schema/kernel/process_handle.capnp.h>
#include <spawn/spawn.h>

enum status spawn_wait(struct rpc_transport *transport, cap_id handle, uint64_t deadline_ns,
		       struct spawn_exit *exit)
{
	struct process_handle_wait_results_reader results;
	struct rpc_call call;

	*exit = (struct spawn_exit){};
	process_handle_wait_begin(&call, transport, handle);
	rpc_set_deadline(&call, deadline_ns);

	enum status status = process_handle_wait_call(&call, &results);

	if (status == STATUS_OK) {
		struct process_handle_exit_reader e = process_handle_wait_results_reader_exit(results);

		*exit = (struct spawn_exit){
			.reason = process_handle_exit_reader_reason(e),
			.code = process_handle_exit_reader_code(e),
			.address = process_handle_exit_reader_address(e),
			.instruction = process_handle_exit_reader_instruction(e),
		};
		if (!msg_reader_ok(&call.results))
			status = STATUS_BAD_MESSAGE;
	}
	rpc_end(&call);
	return status;
}

enum status spawn_kill(struct rpc_transport *transport, cap_id handle, int64_t code)
{
	return process_handle_kill(transport, handle, code);
}

size_t spawn_exit_text(const struct spawn_exit *exit, char *buffer, size_t size)
{
	static const char *const faults[] = {
		[PROCESS_HANDLE_EXIT_REASON_ILLEGAL_INSTRUCTION] = "illegal instruction",
		[PROCESS_HANDLE_EXIT_REASON_PROTECTION_FAULT] = "protection fault",
		[PROCESS_HANDLE_EXIT_REASON_ARITHMETIC] = "arithmetic fault",
		[PROCESS_HANDLE_EXIT_REASON_DEBUG_TRAP] = "debug trap",
		[PROCESS_HANDLE_EXIT_REASON_OTHER_FAULT] = "fault",
		[PROCESS_HANDLE_EXIT_REASON_PROTOCOL] = "impossible ring indexes",
		[PROCESS_HANDLE_EXIT_REASON_OUT_OF_MEMORY] = "out of memory",
	};
	const char *fault = exit->reason < sizeof(faults) / sizeof(faults[0]) ? faults[exit->reason]
									      : nullptr;

	switch (exit->reason) {
	case PROCESS_HANDLE_EXIT_REASON_RUNNING:
		return fmt_print(buffer, size, "still running");
	case PROCESS_HANDLE_EXIT_REASON_EXIT:
		return fmt_print(buffer, size, "exited with code %lld", (long long)exit->code);
	case PROCESS_HANDLE_EXIT_REASON_KILLED:
		return fmt_print(buffer, size, "killed with code %lld", (long long)exit->code);
	case PROCESS_HANDLE_EXIT_REASON_PAGE_FAULT:
		return fmt_print(buffer, size, "page fault at 0x%llx, instruction 0x%llx",
				 (unsigned long long)exit->address, (unsigned long long)exit->instruction);
	default:
		return fmt_print(buffer, size, "%s, instruction 0x%llx", fault ? fault : "ended",
				 (unsigned long long)exit->instruction);
	}
}

uint64_t spawn_seed(struct rpc_transport *transport, cap_id entropy)
{
	struct entropy_source_fill_results_reader results;
	struct entropy_source_fill_params_builder params;
	struct rpc_call call;
	uint64_t seed = 0;

	if (entropy.raw) {
		params = entropy_source_fill_begin(&call, transport, entropy);
		entropy_source_fill_params_builder_set_count(params, sizeof(seed));
		if (entropy_source_fill_call(&call, &results) == STATUS_OK) {
			struct msg_data bytes = entropy_source_fill_results_reader_bytes(results);

			if (bytes.len == sizeof(seed))
				__builtin_memcpy(&seed, bytes.ptr, sizeof(seed));
		}
		rpc_end(&call);
	}
	return seed ? seed : __builtin_readcyclecounter();
}
