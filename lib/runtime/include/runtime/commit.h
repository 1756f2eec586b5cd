// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Taking memory before it is touched (VirtualMemory.commit): a process that serves others is refused a page in a call, where it can say
 * so to who asked, and never ended by a fault because somebody made its ledger, or the machine, run out.
 *
 * - Its program, once, before it serves: commit_program.
 * - What it maps later, before its first use: commit_range. Pools do (pool/mapped.h), and buffers that it is handed
 *   (shared_buffer_take).
 * - Rings need nothing: the kernel enters all pages of a region when it makes it.
 */
#pragma once

#include <abi/cap.h>
#include <abi/status.h>

struct rpc_transport;

/* The pages that [address, address + bytes) lies in. Errors: NO_QUOTA, NO_MEMORY (what was taken before stays), EXCEPTION (not all
 * of it is mapped, or without access). */
enum status commit_range(struct rpc_transport *transport, cap_id space, uint64_t address, uint64_t bytes);

/* This program's image and its first thread's stack; errors as commit_range. */
enum status commit_program(struct rpc_transport *transport, cap_id space);

/* The same for a program that is not to run without: says so, and exits with RUNTIME_EXIT_NO_MEMORY. */
void commit_program_or_exit(struct rpc_transport *transport, cap_id space);
#define RUNTIME_EXIT_NO_MEMORY 124
