// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What the machine offers besides CPUs and memory: time, interrupt lines, I/O ports, the debug UART, power.
 */
#pragma once

#include <core/types.h>

/* --- time ------------------------------------------------------------------------------------------------- */
/* The counter that cap_clock is based on. Same rate on all CPUs. */
/* <archimpl/platform.h>: static inline uint64_t arch_ticks(void); void arch_ticks_store(uint64_t *to), the same to where it is kept. */
#include <archimpl/platform.h>

/* Ticks per second, measured in at most 1 ms at boot; `uncertainty_ppm` of it. */
struct arch_clock_rate {
	uint64_t ticks_per_second;
	uint32_t uncertainty_ppm;
	const char *source; /* what it was measured against */
};
struct arch_clock_rate arch_clock_calibrate(void);

/* kernel_on_timer on this CPU when `ns_from_now` have passed; replaces an earlier one; UINT64_MAX = none. */
void arch_timer_arm(uint64_t ns_from_now);
const char *arch_timer_name(void); /* which device that is */

/* --- interrupt lines (global system interrupts) ------------------------------------------------------------- */
/* Binds `line` so that kernel_on_interrupt(line) is called on `cpu_id`; it starts masked. false: no such line. */
bool arch_irq_bind(unsigned line, unsigned cpu_id);
void arch_irq_unbind(unsigned line);
/* A line is masked by the arch before kernel_on_interrupt is called, and stays so until unmasked. */
void arch_irq_unmask(unsigned line);
/* The line of an ISA interrupt (0..15), after the firmware's overrides. */
unsigned arch_irq_of_isa(unsigned isa);

/* --- I/O ports; `width` 1, 2 or 4 bytes. No ports on this machine: reads give all ones. ---------------------- */
uint32_t arch_io_read(uint16_t port, unsigned width);
void arch_io_write(uint16_t port, unsigned width, uint32_t value);

/* --- debug UART: the kernel's own (log, diagnostics, test output, panic) ------------------------------------- */
void arch_debug_write(const char *bytes,
		      size_t len); /* blocks until sent; may be called before anything else */
int arch_debug_read(void);         /* a byte, or -1 */
unsigned arch_debug_irq(void);     /* its line, for the diagnostics console; ~0u = none */
void arch_debug_listen(void);      /* interrupts for what is typed, unless the UART is shared */
bool arch_debug_is_shared(void);   /* one UART only: it is the terminal's after hand-over */

/* --- power -------------------------------------------------------------------------------------------------- */
[[noreturn]] void arch_poweroff(void);
[[noreturn]] void arch_reboot(void);
/* Ends the machine with a failure that a test harness sees (isa-debug-exit where there is one), or halts. */
[[noreturn]] void arch_abort(void);
/* Ends the machine with `code`, if there is a debug-exit device; returns if not. */
void arch_debug_exit(unsigned code);

/* --- backtraces ---------------------------------------------------------------------------------------------- */
/* Return addresses of the calling kernel function and its callers; returns how many. */
unsigned arch_backtrace(uint64_t *pcs, unsigned max);

/* --- mitigations of speculation ------------------------------------------------------------------------------- */
struct arch_mitigation {
	const char *name;
	enum arch_mitigation_state {
		ARCH_MITIGATION_OFF,
		ARCH_MITIGATION_ON,
		ARCH_MITIGATION_NOT_NEEDED,
		ARCH_MITIGATION_UNAVAILABLE, /* needed or asked for, but the processor has no means */
	} state;
	bool forced; /* by a word of the command line */
	const char *reason;
};
/* The index-th that this kernel knows; false: there are no more. */
bool arch_mitigation(unsigned index, struct arch_mitigation *out);
/* How often a barrier between two address spaces was executed on that CPU. */
uint64_t arch_switch_barriers(unsigned cpu_id);

/* --- for the diagnostics console ------------------------------------------------------------------------------ */
struct arch_acpi_table {
	char signature[4]; /* printable, not NUL-terminated */
	uint32_t length;
};
/* The index-th table that the firmware names; false: there are no more (or none at all on this machine). */
bool arch_acpi_table(unsigned index, struct arch_acpi_table *out);
/* What the hardware calls this CPU (local APIC id). */
uint32_t arch_cpu_hardware_id(unsigned cpu_id);
/* Where a CPU sits. CPUs with the same package and core are threads of one core. */
struct arch_cpu_place {
	uint32_t package, core, thread; /* core: within the package; thread: within the core */
};
struct arch_cpu_place arch_cpu_place(unsigned cpu_id);
