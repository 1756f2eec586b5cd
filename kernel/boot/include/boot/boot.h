// SPDX-License-Identifier: MIT OR Apache-2.0
/* Boot: what runs once. */
#pragma once

#include <abi/status.h>

/* Where the arch's start-up code ends: BSP on its kernel stack, direct map up, arch_memory_map filled. */
[[noreturn]] void kernel_main(void);

/* Checks the boot package, loads init from it and starts it. Logs what is wrong. */
enum status init_start(void);

/* From now on a panic leaves a dump (abi/dump.h). */
void dump_init(void);

/* Listens on the debug UART, where the kernel has one of its own. */
void diagnostics_init(void);
