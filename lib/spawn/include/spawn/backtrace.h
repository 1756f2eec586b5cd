// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Where a process faulted, with names: ProcessHandle.backtrace gives addresses, the program's ELF file in the boot
 * package its symbols.
 */
#pragma once

#include <spawn/spawn.h>

typedef void spawn_line_fn(void *context, const char *line);

/* "0x7f... function+0x12"; the address alone if it is not in the program. Returns the length, as fmt_print does. */
size_t spawn_symbolize(const struct spawn_program *program, uint64_t load_address, uint64_t address,
		       char *buffer, size_t size);

/* Calls `line` for each frame, innermost first; not at all if the process did not fault. */
enum status spawn_backtrace(struct rpc_transport *transport, cap_id handle,
			    const struct spawn_program *program, uint64_t load_address, spawn_line_fn *line,
			    void *context);
