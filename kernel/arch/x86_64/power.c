// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Power-off, reboot, and the test harness's exit.
 *
 * ACPI 6.5: 4.8.3.2 (PM1 control), 4.8.3.7 (sleep control, hardware-reduced machines such as QEMU's microvm), 4.8.3.6
 * (reset register). The debug-exit device (QEMU isa-debug-exit at port 0xf4) is used only if the command line says so:
 * on another machine that port may be anything.
 */
#include "power.h"

#include "acpi.h"
#include "machine.h"
#include "paging.h"
#include "smp.h"
#include "stacks.h"

#include <arch/memory.h>
#include <arch/platform.h>
#include <core/clock.h>
#include <core/log.h>

#define SLEEP_TYPE_SHIFT_PM1 10u
#define SLEEP_ENABLE_PM1 0x2000u
#define PM1_ACPI_ENABLED 0x1u
#define SLEEP_TYPE_SHIFT_REDUCED 2u
#define SLEEP_ENABLE_REDUCED 0x20u
#define RESET_CONTROL 0xcf9
#define DEBUG_EXIT 0xf4
#define ENABLE_WAIT_MAX 100000u

static volatile uint8_t *sleep_register, *reset_register; /* if they are in memory */
static bool has_debug_exit;

static volatile uint8_t *map_register(const struct acpi_address *address)
{
	if (address->space != ACPI_SPACE_MEMORY || address->address == 0)
		return NULL;
	return device_map(address->address, 1);
}

/* A whole word of the command line. */
static bool command_line_has(const char *word)
{
	const char *at = arch_command_line;

	while (*at) {
		unsigned n = 0;

		while (*at == ' ')
			at++;
		while (word[n] && at[n] == word[n])
			n++;
		if (!word[n] && (at[n] == ' ' || at[n] == 0))
			return true;
		while (*at && *at != ' ')
			at++;
	}
	return false;
}

void power_init(void)
{
	has_debug_exit = command_line_has("debug-exit");
	sleep_register = map_register(&acpi.sleep_control);
	reset_register = map_register(&acpi.reset);
}

/* 0: not there, or no byte register. */
static bool write_register(const struct acpi_address *address, volatile uint8_t *mapped, uint8_t value)
{
	if (mapped)
		*mapped = value;
	else if (address->space == ACPI_SPACE_IO && address->address != 0 && address->address < 0x10000)
		out8((uint16_t)address->address, value);
	else
		return false;
	return true;
}

static void sleep_pm1(void)
{
	uint16_t a = (uint16_t)acpi.pm1a_control, b = (uint16_t)acpi.pm1b_control;

	if (!a)
		return;
	if (!(in16(a) & PM1_ACPI_ENABLED) && acpi.smi_command && acpi.acpi_enable) {
		out8((uint16_t)acpi.smi_command, acpi.acpi_enable);
		for (unsigned i = 0; !(in16(a) & PM1_ACPI_ENABLED) && i < ENABLE_WAIT_MAX; i++)
			__asm__ volatile("pause");
	}
	out16(a, (uint16_t)((unsigned)acpi.s5_type_a << SLEEP_TYPE_SHIFT_PM1 | SLEEP_ENABLE_PM1));
	if (b)
		out16(b, (uint16_t)((unsigned)acpi.s5_type_b << SLEEP_TYPE_SHIFT_PM1 | SLEEP_ENABLE_PM1));
}

static void wait_for_power(void)
{
	uint64_t start = arch_ticks();

	while (arch_ticks() - start < clock_ticks_per_second())
		__asm__ volatile("pause");
}

void arch_poweroff(void)
{
	stacks_report();
	if (acpi.has_s5) {
		if (acpi.hardware_reduced)
			(void)write_register(&acpi.sleep_control, sleep_register,
					     (uint8_t)((unsigned)acpi.s5_type_a << SLEEP_TYPE_SHIFT_REDUCED |
						       SLEEP_ENABLE_REDUCED));
		else
			sleep_pm1();
	}
	wait_for_power(); /* the write may take effect a little later */
	log_line(LOG_WARNING, "power: this machine cannot be switched off; it is safe to do it by hand");
	arch_debug_exit(0);
	smp_halt_here();
}

/* With an empty descriptor table the next exception has nowhere to go, and the processor resets. */
static void triple_fault(void)
{
	struct [[gnu::packed]] {
		uint16_t limit;
		uint64_t base;
	} nothing = {};

	__asm__ volatile("lidt %0; int3" ::"m"(nothing));
}

void arch_reboot(void)
{
	if (acpi.has_reset)
		(void)write_register(&acpi.reset, reset_register, acpi.reset_value);
	if (!acpi.hardware_reduced) {
		out8(RESET_CONTROL, 0x02);
		out8(RESET_CONTROL, 0x06);
	}
	wait_for_power();
	triple_fault();
	smp_halt_here();
}

void arch_debug_exit(unsigned code)
{
	if (has_debug_exit)
		out32(DEBUG_EXIT, code);
}

void arch_abort(void)
{
	arch_debug_exit(0x7f);
	smp_halt_here();
}
