// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What a panic leaves to look at (abi/dump.h): registers, CPUs, processes with their ledgers and capability tables, and what the flight
 * recorder holds, as lines of text on the debug UART.
 *
 * Runs when nothing else does: takes no lock, allocates nothing, counts no reference, and believes what it finds. If that is what is
 * broken, the exception ends the machine, and the dump ends in the middle. Loops are bounded, so that a list with a ring in it ends, too.
 */
#include <abi/dump.h>
#include <arch/entry.h>
#include <arch/platform.h>
#include <boot/boot.h>
#include <cap/process.h>
#include <cap/view.h>
#include <core/clock.h>
#include <core/log.h>
#include <core/recorder.h>
#include <ring/thread.h>

#define LINE_BYTES 48u
#define MAX_PROCESSES 256u
#define MAX_CAPABILITIES 4096u /* in all */

static uint8_t line[LINE_BYTES];
static unsigned line_len;

static void put_line(void)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char text[sizeof(CAP_DUMP_PREFIX) + LINE_BYTES / 3 * 4 + 2] = CAP_DUMP_PREFIX;
	unsigned n = sizeof(CAP_DUMP_PREFIX) - 1;

	for (unsigned i = 0; i < line_len;
	     i += 3) { /* records are multiples of 8: pads are zeroes, which begin no record */
		uint32_t bits = (uint32_t)line[i] << 16 | (uint32_t)line[i + 1] << 8 | line[i + 2];
		for (int shift = 18; shift >= 0; shift -= 6)
			text[n++] = digits[bits >> shift & 63];
	}
	text[n++] = '\r';
	text[n++] = '\n';
	arch_debug_write(text, n);
	__builtin_memset(line, 0, sizeof(line));
	line_len = 0;
}

static void put_bytes(const void *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		line[line_len++] = ((const uint8_t *)bytes)[i];
		if (line_len == LINE_BYTES)
			put_line();
	}
}

static void put_record(enum cap_dump_kind kind, const void *content, size_t bytes)
{
	struct cap_dump_record record = {.kind = kind, .bytes = (uint16_t)bytes};

	put_bytes(&record, sizeof(record));
	put_bytes(content, bytes);
}

static uint64_t hide(uint64_t value)
{
	return value >> 47 == 0 ? value : CAP_DUMP_HIDDEN;
}

static void copy_registers(uint64_t out[CAP_DUMP_REGISTERS], const struct arch_registers *from)
{
	for (unsigned i = 0; i < array_size(from->general); i++)
		out[i] = hide(from->general[i]);
	out[array_size(from->general)] = hide(from->pc);
}

static void dump_machine(const char *text)
{
	struct cap_dump_machine machine = {
		.version = CAP_DUMP_VERSION,
		.cpus = cpu_count,
		.panicking = this_cpu()->id,
		.time_ns = clock_now_ns(),
		.ticks = arch_ticks(),
		.ticks_per_ms = clock_ticks_per_second() / 1000,
	};
	static uint64_t message[LOG_LINE_MAX / 8];
	struct arch_registers registers;

	machine.in_trap = arch_kernel_registers(&registers);
	if (machine.in_trap)
		copy_registers(machine.registers, &registers);
	put_record(CAP_DUMP_MACHINE, &machine, sizeof(machine));
	size_t len = __builtin_strlen(text);
	__builtin_memcpy(message, text, len < sizeof(message) ? len : sizeof(message));
	put_record(CAP_DUMP_TEXT, message, sizeof(message));
}

static void dump_events(const struct cpu *cpu)
{
	struct recorder_event event;

	static_assert(sizeof(struct recorder_event) == sizeof(struct cap_dump_event) &&
		      offsetof(struct recorder_event, status) == offsetof(struct cap_dump_event, status) &&
		      offsetof(struct recorder_event, method) == offsetof(struct cap_dump_event, method) &&
		      offsetof(struct recorder_event, detail) == offsetof(struct cap_dump_event, detail));
	for (uint64_t from = 0, n = 0; n < RECORDER_EVENTS && recorder_read(cpu->id, from, &event); n++) {
		put_record(CAP_DUMP_EVENT, &event, sizeof(event));
		from = event.sequence + 1;
	}
}

static void dump_cpu(const struct cpu *cpu)
{
	struct cap_dump_cpu record = {
		.id = cpu->id,
		.entries = cpu->stats.entries,
		.interrupts = cpu->stats.interrupts,
		.faults = cpu->stats.faults,
		.switches = cpu->stats.switches,
	};

	if (cpu->current_context) {
		const struct thread *thread = container_of(cpu->current_context, struct thread, context);
		struct arch_registers registers;
		record.in_user = 1;
		record.process = thread->process->pid;
		arch_context_registers(&thread->context, &registers);
		copy_registers(record.registers, &registers);
	}
	put_record(CAP_DUMP_CPU, &record, sizeof(record));
	dump_events(cpu);
}

/* Returns how many may follow. */
static unsigned dump_table(const struct cap_table *table, unsigned left)
{
	struct cap_array *array = table->array;

	for (uint32_t slot = 1; array && slot < array->capacity && left > 0; slot++) {
		const struct cap_entry *entry = &cap_array_entries(array)[slot];
		const struct view *view = entry->view;
		if (!view)
			continue;
		struct cap_dump_capability record = {
			.id = (uint64_t)entry->generation << 32 | slot,
			.object = view->object->id,
			.key = view->key,
			.interface_id = view->sets[0].interface_id,
			.methods = view->sets[0].methods,
			.kind = view->kind,
			.interfaces = view->count,
			.revocable = entry->gate != NULL,
		};
		put_record(CAP_DUMP_CAPABILITY, &record, sizeof(record));
		left--;
	}
	return left;
}

static void dump_processes(void)
{
	const struct process *process = NULL;
	unsigned left = MAX_CAPABILITIES;

	static_assert(LEDGER_COUNT <= CAP_DUMP_LEDGER);
	for (unsigned n = 0; n < MAX_PROCESSES && (process = process_peek(process)) != NULL; n++) {
		struct cap_dump_process record = {
			.number = process->pid,
			.threads = process->thread_count,
			.state = process->state,
		};
		static_assert(sizeof(record.name) == sizeof(process->name));
		__builtin_memcpy(record.name, process->name, sizeof(record.name));
		__builtin_memcpy(record.used, process->ledger.used, sizeof(process->ledger.used));
		__builtin_memcpy(record.limit, process->ledger.limit, sizeof(process->ledger.limit));
		put_record(CAP_DUMP_PROCESS, &record, sizeof(record));
		left = dump_table(&process->table, left);
	}
}

static void dump(const char *text)
{
	dump_machine(text);
	dump_processes();
	for (unsigned i = 0; i < cpu_count; i++)
		dump_cpu(&cpus[i]);
	if (line_len)
		put_line();
	put_line();
}

void dump_init(void)
{
	panic_dump = dump;
}
