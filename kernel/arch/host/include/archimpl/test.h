// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * How a unit test of a kernel room gets a machine. Three levels, each enough for more:
 *
 *   1. Direct calls. `host_test_boot(1, 0)` in main (or at the start of each test), then call the kernel's functions
 *      as CPU 0: this_cpu() works, arch_memory_map is filled, frame_init() and clock_init() have run. Nothing else
 *      runs; a loop that waits for another CPU ends the test with a message.
 *   2. Several CPUs in kernel mode: `host_test_run_cpus(n, fn, arg)` runs fn(arg) on each of n CPUs as coroutines that
 *      may switch at every atomic operation. With <archimpl/explorer.h> over thousands of seeded schedules.
 *   3. The whole machine with user programs: <archimpl/machine.h> and <archimpl/user.h>.
 *
 * Each boot starts afresh: memory is empty and all the kernel's variables are what they were at program start.
 * What the kernel writes to its debug UART is kept, and printed when the test dies (HOST_LOG=1 shows it at once).
 */
#pragma once

#include <core/types.h>

/* 1..MAX_CPUS CPUs, all marked online; `memory_bytes` 0 = 64 MiB. */
void host_test_boot(unsigned cpu_count, uint64_t memory_bytes);

/* As above, but leaves frame_init and clock_init to the test. arch_memory_map may be changed in between. */
void host_test_boot_bare(unsigned cpu_count, uint64_t memory_bytes);

/* This code is CPU `id` from here on. */
void host_test_as_cpu(unsigned id);

/* Moves simulated time on. Timers that become due are delivered when a CPU idles or runs user code; for direct
 * calls: see host_test_take_timer. */
void host_test_advance(uint64_t ns);

/* The deadline armed with arch_timer_arm on CPU `id`, absolute in nanoseconds; UINT64_MAX = none. */
uint64_t host_test_timer(unsigned id);
/* True if CPU `id`'s timer is due; disarms it. The test then calls kernel_on_timer or timer_run_expired itself. */
bool host_test_take_timer(unsigned id);

/* Which inter-processor requests (1 << enum arch_ipi) CPU `id` has pending; clears them. */
unsigned host_test_take_ipis(unsigned id);

/* Runs fn(arg) on CPUs 0..count-1, each in its own coroutine, and returns when all have returned. `on_ipi_call` (may be
 * NULL: then nobody may send ARCH_IPI_CALL) is called in arch_poll_ipi and arch_idle; a test passes kernel_on_ipi_call. */
void host_test_run_cpus(unsigned count, void (*fn)(void *), void *arg, void (*on_ipi_call)(void));

/* The seed of host_test_run_cpus and of arch_entropy; 0 (the default) switches CPUs only where they wait. */
void host_test_seed(uint64_t seed);

/* True if fn(arg), run in a child process, ends it with a failure (panic, kassert, arch_abort, a sanitizer). */
bool host_test_dies(void (*fn)(void *), void *arg);

/* What was written to the debug UART since boot, NUL-terminated, the last 64 KiB. */
const char *host_test_log(void);
/* The next bytes that arch_debug_read gives. */
void host_test_type(const char *text);
