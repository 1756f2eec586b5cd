// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What every capOS program stands on: its entry, the capabilities that it was started with, its launch parameters,
 * and its end.
 *
 * - A program defines `int main(void)`; what it returns is its exit code.
 * - Nothing is ambient: a program reaches the world only through the capabilities of its CapSet, by name. Asking for
 *   a name that was not granted is a typed refusal by this library; the kernel is not entered.
 * - Each thread has a ring of its own (runtime/ring.h). runtime_transport() is the calling thread's; what it hands
 *   out (calls, buffers) belongs to that thread.
 */
#pragma once

#include <abi/cap.h>
#include <abi/region.h>
#include <abi/status.h>
#include <message/message.h>

struct rpc_transport;
struct ring_client;

/* ---- The CapSet ---- */

/*
 * The capability granted as `name`, if it serves `interface_id`. interface_id 0 accepts any.
 * Errors: NOT_GRANTED (no such name; *cap is CAP_ID_NULL), WRONG_TYPE (granted, but another interface).
 */
enum status runtime_cap(const char *name, uint64_t interface_id, cap_id *cap);

/* The same where the program cannot go on without it: says so and exits with RUNTIME_EXIT_NOT_GRANTED. */
cap_id runtime_need(const char *name, uint64_t interface_id);
#define RUNTIME_EXIT_NOT_GRANTED 125

struct runtime_grant {
	struct msg_text name;
	cap_id id;
	uint64_t interface_id;
	uint32_t max_message; /* of an Endpoint: its limits */
	uint16_t max_caps;
};

/* The whole CapSet, in the creator's order. */
uint32_t runtime_grant_count(void);
struct runtime_grant runtime_grant_at(uint32_t index);
/* All of them, as far as there is room; how many. */
uint32_t runtime_grants(struct runtime_grant list[], uint32_t room); /* beyond the end: empty name, null id */

/* The grant that has this id. */
bool runtime_grant_of(cap_id id, struct runtime_grant *grant);

/* ---- Launch parameters: absent means empty ---- */

uint32_t runtime_argument_count(void);
struct msg_text runtime_argument(uint32_t index);
uint32_t runtime_arguments(struct msg_text list[], uint32_t room); /* beyond the end: empty */
/* False (and an empty text) if there is no such variable. */
bool runtime_environment(const char *name, struct msg_text *value);

struct runtime_variable {
	struct msg_text name, value;
};

uint32_t runtime_variable_count(void);
struct runtime_variable runtime_variable_at(uint32_t index);
uint32_t runtime_variables(struct runtime_variable list[], uint32_t room); /* beyond the end: empty */

/* ---- This thread ---- */

struct rpc_transport *runtime_transport(void);
struct ring_client *runtime_ring(void);
const struct cap_region *runtime_region(void);

/* Monotonic nanoseconds since boot, without entering the kernel. */
uint64_t runtime_now(void);

/* Where the program was loaded; for backtraces. */
uint64_t runtime_load_address(void);

/* ---- The end ---- */

[[noreturn]] void runtime_exit(int64_t code); /* the process */
/* Says `message` on the console (if one was granted) and faults, so that there is a backtrace. */
[[noreturn]] void runtime_abort(const char *message);

/* For conditions that only a mistake in this program can break; never for what came from outside. */
#define runtime_assert(condition) \
	((condition) ? (void)0 : runtime_abort("assertion failed: " #condition " (" __FILE_NAME__ ")"))
