// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The end: a kernel invariant is broken. Takes the debug UART back, stops the other CPUs, prints what and where, and ends
 * the machine with a failure. The first CPU that panics prints; others stop; a panic within the panic only ends it.
 */
#include <core/log.h>

#include <arch/cpu.h>
#include <arch/platform.h>
#include <core/atomic.h>
#include <core/cpu.h>

#include "log_private.h"

#define BACKTRACE_MAX 24u

void (*panic_dump)(const char *text);

static uint32_t panicking; /* CPU number + 1 */

static void stop_others(unsigned self)
{
	for (unsigned i = 0; i < cpu_count; i++) {
		if (i != self && cpus[i].online)
			arch_ipi_send(i, ARCH_IPI_HALT);
	}
}

void panic(const char *format, ...)
{
	uint64_t pcs[BACKTRACE_MAX];
	char text[LOG_LINE_MAX];
	uint32_t nobody = 0;
	unsigned self = this_cpu()->id;
	va_list args;

	if (!atomic_cas(&panicking, &nobody, self + 1)) {
		if (nobody == self + 1)
			arch_abort();
		for (;;) {
			arch_poll_ipi();
			arch_pause();
		}
	}
	lock_debug_disable();
	stop_others(self);
	log_take_back();
	va_start(args, format);
	(void)print_to_va(text, sizeof(text), format, args);
	va_end(args);
	log_line(LOG_ERROR, "kernel panic on CPU %u: %s", self, text);
	log_backtrace(pcs, arch_backtrace(pcs, BACKTRACE_MAX));
	if (panic_dump)
		panic_dump(text);
	arch_abort();
}
