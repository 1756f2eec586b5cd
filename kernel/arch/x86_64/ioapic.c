// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Interrupt lines: I/O APICs (Intel 82093AA data sheet, section 3) and the ISA interrupts behind them.
 *
 * - A line has one vector, VECTOR_LINES + line, and goes to one CPU.
 * - Level-triggered: masked in hardware while its handler is told and until it unmasks.
 * - Edge-triggered: hardware forgets an edge that comes while a line is masked, so an edge line stays open, and an edge
 *   during the masked time is remembered (only then the hardware is masked, too) and delivered on unmask.
 * - lines[] and the register window of each chip are under `lock`; it is a leaf lock.
 */
#include "ioapic.h"

#include "acpi.h"
#include "apic.h"
#include "layout.h"
#include "machine.h"
#include "paging.h"
#include "percpu.h"

#include <arch/cpu.h>
#include <arch/entry.h>
#include <arch/platform.h>
#include <core/atomic.h>
#include <core/cpu.h>
#include <core/log.h>

#define LINES ((unsigned)(VECTOR_LINE_END - VECTOR_LINES))

#define SELECT 0
#define WINDOW 4 /* in words */
#define REG_VERSION 1u
#define REG_ENTRY 0x10u

#define ENTRY_LOW_ACTIVE 0x2000u
#define ENTRY_LEVEL 0x8000u
#define ENTRY_MASKED 0x10000u

#define INTI_POLARITY_LOW 0x3u
#define INTI_LEVEL 0xcu

static struct chip {
	volatile uint32_t *registers;
	uint32_t first_line, lines;
} chips[ACPI_IOAPICS];
static unsigned chip_count;

static struct line {
	bool bound, level, low, masked, pending;
	uint8_t cpu;
} lines[LINES];

static uint32_t lock;

static void lock_lines(void)
{
	while (atomic_swap(&lock, 1u) != 0)
		arch_pause();
}

static void unlock_lines(void)
{
	store_release(&lock, 0u);
}

static uint32_t chip_read(const struct chip *chip, uint32_t reg)
{
	chip->registers[SELECT] = reg;
	return chip->registers[WINDOW];
}

static void chip_write(const struct chip *chip, uint32_t reg, uint32_t value)
{
	chip->registers[SELECT] = reg;
	chip->registers[WINDOW] = value;
}

static const struct chip *chip_of(unsigned line)
{
	for (unsigned i = 0; i < chip_count; i++)
		if (line >= chips[i].first_line && line - chips[i].first_line < chips[i].lines)
			return &chips[i];
	return NULL;
}

/* Writes the line's hardware entry from lines[]. */
static void write_entry(unsigned line, bool masked)
{
	const struct chip *chip = chip_of(line);
	const struct line *l = &lines[line];
	uint32_t reg, low = VECTOR_LINES + line;

	if (!chip)
		return;
	reg = REG_ENTRY + 2 * (line - chip->first_line);
	if (l->level)
		low |= ENTRY_LEVEL;
	if (l->low)
		low |= ENTRY_LOW_ACTIVE;
	chip_write(chip, reg, low | ENTRY_MASKED);
	if (masked)
		return;
	chip_write(chip, reg + 1, percpus[l->cpu].apic_id << 24);
	chip_write(chip, reg, low);
}

/* The 8259s, masked, and moved away from the exceptions in case they speak anyway (Intel 8259A data sheet). */
static void silence_pic(void)
{
	static const uint8_t first[] = {0x11, 0x20, 0x04, 0x01, 0xff},
			     second[] = {0x11, 0x28, 0x02, 0x01, 0xff};

	for (unsigned i = 0; i < sizeof(first); i++) {
		out8(i ? 0x21 : 0x20, first[i]);
		out8(i ? 0xa1 : 0xa0, second[i]);
	}
}

static void add_chip(uint64_t address, uint32_t first_line)
{
	struct chip chip = {.registers = device_map(address, 32), .first_line = first_line};
	uint32_t version;

	if (!chip.registers)
		return;
	version = chip_read(&chip, REG_VERSION);
	if (version == 0 || version == UINT32_MAX)
		return;
	chip.lines = (version >> 16 & 0xff) + 1;
	for (uint32_t i = 0; i < chip.lines; i++)
		chip_write(&chip, REG_ENTRY + 2 * i, ENTRY_MASKED);
	chips[chip_count++] = chip;
}

/* ACPI 6.5, 5.2.12.5: ISA lines are edge-triggered and active high unless an override says otherwise; others are PCI. */
static void describe_lines(void)
{
	for (unsigned i = 16; i < LINES; i++)
		lines[i].level = lines[i].low = true;
	for (unsigned i = 0; i < acpi.override_count; i++) {
		const struct acpi_override *o = &acpi.overrides[i];

		if (o->line >= LINES)
			continue;
		lines[o->line].low = (o->flags & INTI_POLARITY_LOW) == INTI_POLARITY_LOW;
		lines[o->line].level = (o->flags & INTI_LEVEL) == INTI_LEVEL;
	}
}

void ioapic_init(void)
{
	silence_pic();
	for (unsigned i = 0; i < acpi.ioapic_count; i++)
		add_chip(acpi.ioapics[i].address, acpi.ioapics[i].first_line);
	if (!acpi.has_madt)
		add_chip(0xfec00000, 0);
	describe_lines();
}

bool arch_irq_bind(unsigned line, unsigned cpu_id)
{
	bool ok = false;

	if (line >= LINES || cpu_id >= percpu_count || !chip_of(line))
		return false;
	if (percpus[cpu_id].apic_id > 254)
		cpu_id = 0; /* an entry names 8 bits of id */
	lock_lines();
	if (!lines[line].bound) {
		lines[line].bound = lines[line].masked = ok = true;
		lines[line].pending = false;
		lines[line].cpu = (uint8_t)cpu_id;
		write_entry(line, lines[line].level);
	}
	unlock_lines();
	return ok;
}

void arch_irq_unbind(unsigned line)
{
	if (line >= LINES)
		return;
	lock_lines();
	lines[line].bound = lines[line].pending = false;
	write_entry(line, true);
	unlock_lines();
}

void arch_irq_unmask(unsigned line)
{
	struct line *l;

	if (line >= LINES)
		return;
	l = &lines[line];
	lock_lines();
	if (l->bound && l->masked) {
		l->masked = false;
		if (l->level) {
			write_entry(line, false);
		} else if (l->pending) {
			l->pending = false;
			write_entry(line, false);
			apic_send(percpus[l->cpu].apic_id, VECTOR_LINES + line);
		}
	}
	unlock_lines();
}

unsigned arch_irq_of_isa(unsigned isa)
{
	for (unsigned i = 0; i < acpi.override_count; i++)
		if (acpi.overrides[i].isa == isa)
			return acpi.overrides[i].line;
	return isa;
}

void ioapic_interrupt(unsigned line)
{
	struct line *l = &lines[line];
	bool tell = false;

	lock_lines();
	if (!l->bound) {
		write_entry(line, true);
	} else if (l->masked) {
		l->pending = !l->level;
		write_entry(line, true);
	} else {
		l->masked = tell = true;
		if (l->level)
			write_entry(line, true);
	}
	unlock_lines();
	apic_end_of_interrupt();
	if (tell)
		kernel_on_interrupt(line);
}
