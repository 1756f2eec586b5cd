// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The two system calls, bare. Everything else in user space goes through the ring client (runtime/ring.h).
 *
 * runtime_cap_enter is the seam to another kernel: the host simulator supplies its own.
 */
#pragma once

#include <abi/ring.h>
#include <stdint.h>

struct cap_enter_result {
	int64_t consumed; /* submissions taken, or a negative enum status */
	uint64_t reason;  /* enum cap_enter_reason bits */
};

/* Returns when `min` completions are unreaped, at the absolute deadline (0: none), or as reason says. */
struct cap_enter_result runtime_cap_enter(uint64_t min, uint64_t deadline_ns);

[[noreturn]] void runtime_cap_exit(int64_t code, enum cap_exit_scope scope);

/* One entry that waits for nothing, then the end of this thread; no memory is touched in between: the entry may unmap the stack. */
[[noreturn]] void runtime_cap_enter_and_exit(int64_t code);
