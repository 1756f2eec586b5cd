// SPDX-License-Identifier: MIT OR Apache-2.0
/* Starting and stopping the other CPUs. */
#pragma once

#include <stdint.h>

/* Boot: takes the low page that starting CPUs need, if there are any to start. */
void smp_reserve(void);
/* A CPU told all others to stop for good. */
bool smp_is_halting(void);
[[noreturn]] void smp_halt_here(void);
/* In the stack window, but on no stack. */
bool smp_is_guard_page(uint64_t address);
