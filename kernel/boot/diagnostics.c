// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The diagnostics console: a few read-only questions about the machine, typed on the debug UART.
 *
 * - It works from early boot on, and when user space is gone: it needs an interrupt of the UART and nothing else.
 * - Read-only and bounded: fixed commands, at most MAX_LINES lines of output each; no argument is ever an address.
 * - An answer ends with a line that is a dot. The line is lossy (arch_debug_write): who saw no dot asks again.
 * - Not there on machines whose only UART is the terminal's after hand-over.
 */
#include <arch/memory.h>
#include <arch/platform.h>
#include <boot/boot.h>
#include <cap/process.h>
#include <core/clock.h>
#include <core/cpu.h>
#include <core/log.h>
#include <mm/frame.h>
#include <mm/slab.h>
#include <object/object.h>
#include <ring/fault.h>

#define MAX_LINES 64u
#define LINE_MAX 32u

static char line[LINE_MAX];
static unsigned line_len;
static unsigned lines_left;

[[gnu::format(printf, 1, 2)]] static void say(const char *format, ...)
{
	char text[160];
	va_list args;

	if (lines_left == 0)
		return;
	lines_left--;
	va_start(args, format);
	size_t len = print_to_va(text, sizeof(text) - 2, format, args);
	va_end(args);
	len = len < sizeof(text) - 2 ? len : sizeof(text) - 3;
	text[len++] = '\r';
	text[len++] = '\n';
	arch_debug_write(text, len);
}

static void show_memory(void)
{
	static const char *const kinds[] = {[ARCH_MEMORY_USABLE] = "usable",
					    [ARCH_MEMORY_RESERVED] = "reserved",
					    [ARCH_MEMORY_ACPI] = "ACPI",
					    [ARCH_MEMORY_KERNEL] = "kernel",
					    [ARCH_MEMORY_PACKAGE] = "package"};
	struct frame_stats stats = frame_stats();

	for (unsigned i = 0; i < arch_memory_map_len; i++)
		say("  %012lx + %012lx  %s", (unsigned long)arch_memory_map[i].base.raw,
		    (unsigned long)arch_memory_map[i].size, kinds[arch_memory_map[i].kind]);
	say("  frames: %lu of %lu free; kernel objects: %lu", (unsigned long)stats.free,
	    (unsigned long)stats.total, (unsigned long)slab_objects_in_use());
}

static void show_cpus(void)
{
	say("  cpu  id  entries  interrupts  faults  switches  ipis  idle ms");
	for (unsigned i = 0; i < cpu_count; i++) {
		const struct cpu_stats *s = &cpus[i].stats;
		say("  %3u %3u  %lu  %lu  %lu  %lu  %lu  %lu", i, arch_cpu_hardware_id(i),
		    (unsigned long)s->entries, (unsigned long)s->interrupts, (unsigned long)s->faults,
		    (unsigned long)s->switches, (unsigned long)s->ipis_received,
		    (unsigned long)(s->idle_ns / 1000000));
	}
}

static void show_acpi(void)
{
	struct arch_acpi_table table;

	for (unsigned i = 0; i < MAX_LINES && arch_acpi_table(i, &table); i++)
		say("  %.4s  %u bytes", table.signature, table.length);
}

static void show_processes(void)
{
	struct process *process;
	uint32_t from = 0;

	say("  pid  threads  capabilities  pages  name");
	while (lines_left > 0 && (process = process_next(from)) != NULL) {
		say("  %3u  %u  %lu  %lu  %s", process->pid, process->thread_count,
		    (unsigned long)process->ledger.used[LEDGER_ENTRIES],
		    (unsigned long)process->ledger.used[LEDGER_PAGES], process->name);
		from = process->pid + 1;
		process_put(process);
	}
}

static void show_devices(void)
{
	for (unsigned i = 0; i < 16; i++)
		say("  ISA interrupt %2u: line %u%s", i, arch_irq_of_isa(i),
		    arch_irq_of_isa(i) == arch_debug_irq()   ? " (debug UART)"
		    : interrupt_is_bound(arch_irq_of_isa(i)) ? " (given out)"
							     : "");
}

static void show_faults(void)
{
	struct fault_record record;

	for (unsigned i = 0; fault_history(i, &record); i++)
		say("  %lu ms  %s (%u): vector %u at %lx, address %lx",
		    (unsigned long)(record.time_ns / 1000000), record.name, record.pid, record.vector,
		    (unsigned long)record.pc, (unsigned long)record.address);
}

static void show_help(void);

static const struct command {
	const char *name, *what;
	void (*run)(void);
} commands[] = {
	{"help", "this list", show_help},
	{"mem", "memory map, frames", show_memory},
	{"cpus", "processors and what they did", show_cpus},
	{"acpi", "firmware tables", show_acpi},
	{"devices", "interrupt lines", show_devices},
	{"procs", "processes", show_processes},
	{"faults", "the last faults", show_faults},
};

static void show_help(void)
{
	for (unsigned i = 0; i < array_size(commands); i++)
		say("  %-8s %s", commands[i].name, commands[i].what);
}

static bool equals(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b)
		a++, b++;
	return *a == *b;
}

static const struct command *find(const char *name)
{
	for (unsigned i = 0; i < array_size(commands); i++)
		if (equals(name, commands[i].name))
			return &commands[i];
	return NULL;
}

static void run_line(void)
{
	const struct command *command;

	lines_left = MAX_LINES;
	line[line_len] = '\0';
	line_len = 0;
	if (line[0] == '\0')
		return;
	say("diagnostics> %s", line);
	command = find(line);
	if (command)
		command->run();
	else
		say("  no such question; try: help");
	lines_left = 1;
	say(".");
}

/* At most a UART's worth of bytes each time. */
static void on_input(void)
{
	for (unsigned i = 0; i < 64; i++) {
		int byte = arch_debug_read();
		if (byte < 0)
			break;
		if (byte == '\r' || byte == '\n')
			run_line();
		else if (byte >= ' ' && byte < 127 && line_len < LINE_MAX - 1)
			line[line_len++] = (char)byte;
	}
	arch_irq_unmask(arch_debug_irq());
}

void diagnostics_init(void)
{
	unsigned irq = arch_debug_irq();

	if (irq == ~0u || arch_debug_is_shared() || !arch_irq_bind(irq, this_cpu()->id))
		return;
	interrupt_for_kernel(irq, on_input);
	arch_debug_listen();
	arch_irq_unmask(irq);
}
