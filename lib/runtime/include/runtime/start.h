// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The start message (schema/service/start.capnp), as the entry code finds it. Programs use runtime/runtime.h; this is
 * for that code and for tests.
 */
#pragma once

#include <message/types.h>
#include <stddef.h>
#include <stdint.h>

/* Launch parameters beyond these are not shown to the program. */
#define RUNTIME_MAX_PARAMETERS 64u
#define RUNTIME_MAX_PARAMETER_BYTES 4096u

/* From now on the runtime answers from this message, which must stay. null: an empty one. */
void runtime_start_message(const void *message, size_t bytes);

uint64_t runtime_start_seed(void);
/* The first thread's stack; all zero: the creator did not say. */
struct runtime_stack {
	uint64_t address, bytes; /* from the lowest address on */
};
struct runtime_stack runtime_start_stack(void);
/* The name that this program was started by; empty: nobody said. */
struct msg_text runtime_program(void);

/*
 * What the first thread runs when the runtime is ready; its result is the exit code of the process. The runtime's own calls
 * main; a library that begins programs in another way has one of its own and is linked before it.
 */
int runtime_main(void);
