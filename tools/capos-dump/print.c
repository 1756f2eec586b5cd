// SPDX-License-Identifier: MIT OR Apache-2.0
/* A dump as text: what happened, who was there and held what, and the last events of each CPU, with names as far as they are known. */
#include <abi/ring.h>
#include <abi/status.h>
#include <inttypes.h>
#include <string.h>

#include "dump_tool.h"

#define PROCESSES 1024u

union content {
	struct cap_dump_machine machine;
	struct cap_dump_cpu cpu;
	struct cap_dump_process process;
	struct cap_dump_capability capability;
	struct cap_dump_event event;
	char text[512];
};

static struct {
	uint32_t number;
	char name[33];
} names[PROCESSES];
static unsigned name_count;

static const char *process_name(uint32_t number)
{
	for (unsigned i = 0; i < name_count; i++)
		if (names[i].number == number)
			return names[i].name;
	return "?";
}

static const char *status_of(int32_t status)
{
	static char other[16];

	switch (status) {
#define STATUS_CASE(name, value, sentence) \
	case value:                        \
		return #name;
		STATUS_LIST(STATUS_CASE)
#undef STATUS_CASE
	default:
		snprintf(other, sizeof(other), "%d", status);
		return other;
	}
}

static void print_interface(struct registry *registry, uint64_t id, FILE *out)
{
	char buffer[24];

	if (registry) {
		struct msg_text name = registry_interface_name(registry, id, buffer);
		fprintf(out, "%.*s", (int)name.len, name.ptr);
	} else {
		fprintf(out, "@0x%016" PRIx64, id);
	}
}

static void print_registers(const uint64_t registers[CAP_DUMP_REGISTERS], FILE *out)
{
	static const char *const register_names[CAP_DUMP_REGISTERS] = {
		"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8",
		"r9",  "r10", "r11", "r12", "r13", "r14", "r15", "rip"};

	for (unsigned i = 0; i < CAP_DUMP_REGISTERS; i++) {
		if (registers[i] == CAP_DUMP_HIDDEN)
			fprintf(out, "%s%-3s (kernel half)    ", i % 4 ? "  " : "    ", register_names[i]);
		else
			fprintf(out, "%s%-3s %016" PRIx64, i % 4 ? "  " : "    ", register_names[i],
				registers[i]);
		if (i % 4 == 3 || i == CAP_DUMP_REGISTERS - 1)
			fputc('\n', out);
	}
}

static void print_machine(const struct cap_dump_machine *m, FILE *out)
{
	fprintf(out, "panic on CPU %u of %u, %" PRIu64 ".%06" PRIu64 " s after boot\n", m->panicking, m->cpus,
		m->time_ns / 1000000000, m->time_ns / 1000 % 1000000);
	if (m->in_trap) {
		fprintf(out, "  registers at the exception in the kernel:\n");
		print_registers(m->registers, out);
	}
}

static void print_process(const struct cap_dump_process *p, FILE *out)
{
	static const char *const states[] = {"created", "running", "ending", "ended"};
	static const char *const resources[CAP_DUMP_LEDGER] = {"pages",   "capabilities", "objects",
							       "threads", "processes",    "calls"};

	fprintf(out, "\nprocess %u %.32s: %s, %u threads;", p->number, p->name,
		p->state < 4 ? states[p->state] : "?", p->threads);
	for (unsigned i = 0; i < CAP_DUMP_LEDGER && resources[i]; i++)
		fprintf(out, "%s %s %" PRIu64 "/%" PRIu64, i ? "," : "", resources[i], p->used[i],
			p->limit[i]);
	fputc('\n', out);
}

static void print_capability(const struct cap_dump_capability *c, struct registry *registry, FILE *out)
{
	static const char *const kinds[] = {"", ", facet", ", template"};

	fprintf(out, "  %4" PRIu64 ".%-4" PRIu64 " ", c->id & 0xffffffff, c->id >> 32);
	print_interface(registry, c->interface_id, out);
	if (c->interfaces > 1)
		fprintf(out, " and %u more", c->interfaces - 1u);
	fprintf(out, "  object %" PRIu64 "%s", c->object, c->kind < 3 ? kinds[c->kind] : "");
	if (c->kind == 1)
		fprintf(out, " with key %" PRIu64, c->key);
	if (c->methods != ~0ull)
		fprintf(out, ", methods 0x%" PRIx64, c->methods);
	fprintf(out, "%s\n", c->revocable ? ", revocable" : "");
}

/* What the event's method is: of an interface, or an operation. */
static void print_what(const struct cap_dump_event *e, struct registry *registry, FILE *out)
{
	static const char *const ops[] = {"NOP",         "CALL",    "RECV",           "RETURN",
					  "RETURN_RECV", "RELEASE", "RELEASE_ANSWER", "DUP",
					  "CANCEL",      "WAKE",    "SIGNAL",         "WAIT"};
	struct registry_data_interface_reader interface;
	struct registry_method method;

	if (e->interface_id == 0) {
		fprintf(out, "%s", e->method < sizeof(ops) / sizeof(*ops) ? ops[e->method] : "?");
		return;
	}
	print_interface(registry, e->interface_id, out);
	if (registry && registry_interface(registry, e->interface_id, &interface) &&
	    registry_method_at(registry, interface, e->method, &method)) {
		struct msg_text name = registry_data_method_reader_name(method.method);
		fprintf(out, ".%.*s", (int)name.len, name.ptr);
	} else {
		fprintf(out, ".%u", e->method);
	}
}

/* RECORDER_SCHEDULE */
static void print_schedule(const struct cap_dump_event *e, FILE *out)
{
	switch (e->method) {
	case 1:
		fprintf(out, "thread %u moves from CPU %u to CPU %u\n", e->thread, e->slot, e->message_bytes);
		return;
	case 2:
		fprintf(out, "thread %u has weight %u, class %u\n", e->thread, e->message_bytes, e->slot);
		return;
	case 3:
		fprintf(out, "thread %u is woken on CPU %u by CPU %u", e->thread, e->message_bytes, e->slot);
		if (e->object != 0)
			fprintf(out, ", where %s (%u) runs", process_name((uint32_t)e->object),
				(uint32_t)e->object);
		fputc('\n', out);
		return;
	case 4:
		fprintf(out, "thread %u makes way on CPU %u\n", e->thread, e->slot);
		return;
	default:
		fprintf(out, "thread %u, %u\n", e->thread, e->method);
	}
}

static void print_event(const struct cap_dump_event *e, const struct cap_dump_machine *m,
			struct registry *registry, FILE *out)
{
	static const char *const kinds[] = {"?",     "call", "deliver",   "return",  "refused",
					    "fault", "exit", "operation", "schedule"};
	uint64_t us = m->ticks_per_ms ? (m->ticks - e->ticks) * 1000 / m->ticks_per_ms : 0;

	fprintf(out, "    %10" PRIu64 " us before  %s (%u)  %-9s ", us, process_name(e->process), e->process,
		e->kind < sizeof(kinds) / sizeof(*kinds) ? kinds[e->kind] : "?");
	if (e->kind == 5) { /* RECORDER_FAULT: the status is the vector */
		fprintf(out, "vector %d at 0x%" PRIx64 "\n", e->status, e->detail);
		return;
	}
	if (e->kind == 8) {
		print_schedule(e, out);
		return;
	}
	print_what(e, registry, out);
	fprintf(out, "  %s", status_of(e->status));
	if (e->message_bytes)
		fprintf(out, ", %u bytes", e->message_bytes);
	if (e->detail)
		fprintf(out, ", 0x%" PRIx64, e->detail);
	fputc('\n', out);
}

static uint64_t count_events(const struct dump *dump, size_t at)
{
	union content content;
	uint16_t kind;
	uint64_t n = 0;

	while (next_record(dump, &at, &kind, &content, sizeof(content)) && kind == CAP_DUMP_EVENT)
		n++;
	return n;
}

void print_dump(const struct dump *dump, struct registry *registry, unsigned long events, FILE *out)
{
	struct cap_dump_machine machine = {};
	union content content;
	uint64_t skip = 0;
	uint16_t kind;

	for (size_t at = 0; next_record(dump, &at, &kind, &content, sizeof(content));) {
		switch (kind) {
		case CAP_DUMP_MACHINE:
			machine = content.machine;
			print_machine(&machine, out);
			break;
		case CAP_DUMP_TEXT:
			fprintf(out, "  %.*s\n", (int)sizeof(content.text) - 1, content.text);
			break;
		case CAP_DUMP_CPU:
			fprintf(out,
				"\nCPU %u: %" PRIu64 " entries, %" PRIu64 " interrupts, %" PRIu64
				" faults, %" PRIu64 " switches",
				content.cpu.id, content.cpu.entries, content.cpu.interrupts,
				content.cpu.faults, content.cpu.switches);
			if (content.cpu.in_user) {
				fprintf(out, "; it ran %s (%u), which had entered the kernel with\n",
					process_name(content.cpu.process), content.cpu.process);
				print_registers(content.cpu.registers, out);
			} else {
				fprintf(out, "; it was idle\n");
			}
			skip = count_events(dump, at);
			skip = skip > events ? skip - events : 0;
			break;
		case CAP_DUMP_PROCESS:
			if (name_count < PROCESSES) {
				names[name_count].number = content.process.number;
				memcpy(names[name_count++].name, content.process.name, 32);
			}
			print_process(&content.process, out);
			break;
		case CAP_DUMP_CAPABILITY:
			print_capability(&content.capability, registry, out);
			break;
		case CAP_DUMP_EVENT:
			if (skip > 0)
				skip--;
			else
				print_event(&content.event, &machine, registry, out);
			break;
		default:
			break;
		}
	}
	if (!dump->ended)
		fprintf(out, "\nthe dump ends here, before its end: something it looked at was broken\n");
}
