// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Making a process, in one entry into the kernel: create it, fill its memory, grant, start, as one batch of calls
 * that use each other's answers.
 *
 * - Programs come from the boot package (spawn/package.h): text is mapped from it in place, data is copied by the
 *   kernel, so that a program's bytes never pass through the caller.
 * - The child's table slots are chosen here (grant i in slot i + 1, generation 1), so its start message can be
 *   written before any of them exists.
 * - One memory object holds data, start message (mapped read-only) and stack; guard pages are around the stack. All of
 *   it lies in one randomly placed window, so that small programs need one page table.
 */
#pragma once

#include <abi/cap.h>
#include <abi/status.h>
#include <message/message.h>
#include <spawn/package.h>

struct rpc_transport;

#define SPAWN_MAX_GRANTS 64u
#define SPAWN_START_BYTES 8192u /* largest start message */

struct spawn_grant {
	struct msg_text name;
	uint64_t interface_id;
	enum spawn_grant_kind : uint8_t {
		SPAWN_GRANT_COPY,      /* a copy of cap */
		SPAWN_GRANT_MINT,      /* a new facet of the template cap, naming key */
		SPAWN_GRANT_OWN_SPACE, /* the child's own VirtualMemory */
	} kind;
	cap_id cap;
	uint64_t key;
	uint32_t note;        /* kept with it in the child's table (ProcessHandle.grant) */
	uint32_t max_message; /* of an Endpoint: its limits, for the service loop; otherwise 0 */
	uint16_t max_caps;
};

struct spawn_variable {
	struct msg_text name, value;
};

/* 0: the kernel's default (ProcessSpawner.Limits). */
struct spawn_limits {
	uint64_t pages;
	uint32_t capabilities, threads, calls, objects, processes;
};

struct spawn_request {
	const struct spawn_program *program;
	struct msg_text name; /* for logs; empty: the program's */
	cap_id spawner;       /* ProcessSpawner */
	const struct spawn_grant *grants;
	uint32_t grant_count;
	const struct msg_text *arguments;
	uint32_t argument_count;
	const struct spawn_variable *environment;
	uint32_t environment_count;
	struct spawn_limits limits;
	cap_id session; /* SessionContext with its method member; null: the caller's own session */
	cap_id capture; /* MemoryObject for the messages of its calls (ProcessSpawner.create); null: none */
	cap_id context; /* SchedulingContext with its method bind, for the first thread; null: none */
	uint64_t seed;  /* unpredictable; places the program (spawn_seed) */
};

struct spawn_process {
	cap_id handle;         /* ProcessHandle, the caller's to release */
	uint64_t load_address; /* what was added to the program's addresses */
};

/*
 * Starts a process. On failure nothing of it remains; *why (may be null) then says which step refused.
 * Errors: INVALID (too many grants, parameters beyond LaunchParameters' bounds), and the status of the step.
 */
enum status spawn_start(struct rpc_transport *transport, const struct spawn_request *request,
			struct spawn_process *process, const char **why);

/*
 * This process goes on as that program (ProcessSpawner.replace, on request->spawner), with the grants as its CapSet: they are its own
 * capabilities, which keep their ids, and all others go. `space` is its own VirtualMemory. The process has one thread, and no call in
 * flight. It only returns if it failed; then everything is as before.
 */
enum status spawn_replace(struct rpc_transport *transport, const struct spawn_request *request, cap_id space);

/* Unpredictable bits from an EntropySource; without one (null), from the clock, which is not unpredictable. */
uint64_t spawn_seed(struct rpc_transport *transport, cap_id entropy);

/* ---- Afterwards ---- */

struct spawn_exit {
	uint16_t reason; /* enum process_handle_exit_reason */
	int64_t code;
	uint64_t address;
	uint64_t instruction;
};

/* Waits for the end (deadline_ns 0: for ever). Errors: TIMED_OUT and the call's. */
enum status spawn_wait(struct rpc_transport *transport, cap_id handle, uint64_t deadline_ns,
		       struct spawn_exit *exit);
enum status spawn_kill(struct rpc_transport *transport, cap_id handle, int64_t code);
/* One line, for people: "exited with code 3", "page fault at 0x... (instruction 0x...)". Returns its length. */
size_t spawn_exit_text(const struct spawn_exit *exit, char *buffer, size_t size);
