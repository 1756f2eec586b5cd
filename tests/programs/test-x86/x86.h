// SPDX-License-Identifier: MIT OR Apache-2.0
/* What the parts of test-x86 share. */
#pragma once

#include <runtime/enter.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <runtime/string.h>
#include <runtime/thread.h>
#include <schema/kernel/process_handle.capnp.h>
#include <schema/kernel/timer.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <testing/child.h>
#include <testing/tap.h>
#include <testing/victim.h>

#define MS 1'000'000ull
#define FAULT(reason) PROCESS_HANDLE_EXIT_REASON_##reason

struct world {
	struct rpc_transport *t;
	cap_id timer, space;
};

extern struct world w;

extern const struct victim entries[]; /* entry.c: system calls in strange states */
extern const uint32_t entry_count;
extern const struct victim instructions[]; /* instructions.c: what user code may not do */
extern const uint32_t instruction_count;
extern const struct victim vectors[]; /* registers.c: vector registers, flags, segments */
extern const uint32_t vector_count;
