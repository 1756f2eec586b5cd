// SPDX-License-Identifier: MIT OR Apache-2.0
/* Calls as text: one line each, as the shell's trace prints them. */
#include <abi/status.h>
#include <schema/exception.capnp.h>
#include <string.h>

#include "trace_tool.h"

static FILE *to;

static void write_to(void *self, const char *bytes, size_t len)
{
	(void)self;
	fwrite(bytes, 1, len, to);
}

static const struct text_out text = {.write = write_to};

static const char *status_name(int32_t status)
{
	switch (status) {
#define ROW(name, value, sentence) \
	case value:                \
		return #name;
		STATUS_LIST(ROW)
#undef ROW
	default:
		return "?";
	}
}

static bool find_method(struct registry *registry, uint64_t interface_id, uint16_t method,
			struct registry_data_interface_reader *interface,
			struct registry_data_method_reader *m)
{
	if (!registry || !registry_interface(registry, interface_id, interface))
		return false;

	struct registry_data_method_list_reader list = registry_data_interface_reader_methods(*interface);
	if (method >= registry_data_method_list_reader_count(list))
		return false;
	*m = registry_data_method_list_reader_at(list, method);
	return true;
}

void method_name(struct registry *registry, uint64_t interface_id, uint16_t method, char out[96])
{
	struct registry_data_interface_reader interface;
	struct registry_data_method_reader m;

	if (!find_method(registry, interface_id, method, &interface, &m)) {
		snprintf(out, 96, "0x%llx.%u", (unsigned long long)interface_id, method);
		return;
	}
	struct msg_text i = registry_data_interface_reader_name(interface),
			n = registry_data_method_reader_name(m);
	snprintf(out, 96, "%.*s.%.*s", (int)i.len, i.ptr, (int)n.len, n.ptr);
}

static void print_message(struct registry *registry, const struct capture_record *r, uint64_t struct_id)
{
	struct registry_data_struct_reader type;
	struct msg_reader reader;

	if (r->length == 0 || !registry_struct(registry, struct_id, &type)) {
		fputs(r->length ? "(?)" : "()", to);
		return;
	}
	msg_reader_init(&reader, r->message, r->kept);
	msg_reader_set_caps(&reader, r->caps);
	registry_print_struct(registry, &text, type, msg_reader_root(&reader));
	if (r->kept < r->length)
		fprintf(to, "... (%u bytes)", r->length);
}

static void print_failure(const struct capture_record *r)
{
	static const char *const types[] = {"failed", "overloaded", "disconnected", "unimplemented",
					    "invalidArgument"};
	struct msg_reader reader;

	if (r->status != STATUS_EXCEPTION || r->kept == 0) {
		fputs(status_name(r->status), to);
		return;
	}
	msg_reader_init(&reader, r->message, r->kept);
	struct exception_reader e = exception_reader_root(&reader);
	struct msg_text field = exception_reader_field(e), reason = exception_reader_reason(e);
	uint16_t type = (uint16_t)exception_reader_type(e);

	fputs(type < 5 ? types[type] : "exception", to);
	if (field.len)
		fprintf(to, " (%.*s)", (int)field.len, field.ptr);
	if (reason.len)
		fprintf(to, ": %.*s", (int)reason.len, reason.ptr);
}

static void print_call(const struct trace_file *file, struct registry *registry, const struct tool_call *c)
{
	struct registry_data_interface_reader interface;
	struct registry_data_method_reader m;
	bool known = find_method(registry, c->call.interface_id, c->call.method, &interface, &m);
	uint64_t at = c->call.start_ns ? c->call.start_ns : c->call.end_ns;
	char name[96];

	method_name(registry, c->call.interface_id, c->call.method, name);
	fprintf(to, "[%5llu.%06llu] %s.%u %s", (unsigned long long)at / 1000000000,
		(unsigned long long)at / 1000 % 1000000, file->processes[c->process].name, c->call.thread,
		name);
	if (known && c->params >= 0)
		print_message(registry, &file->records[c->params].record,
			      registry_data_method_reader_params(m));
	else
		fputs("(...)", to);
	fputs(" -> ", to);
	if (c->answer < 0)
		fputs("(waiting)", to);
	else if (c->call.status != STATUS_OK)
		print_failure(&file->records[c->answer].record);
	else if (known)
		print_message(registry, &file->records[c->answer].record,
			      registry_data_method_reader_results(m));
	else
		fputs("OK", to);
	if (c->call.start_ns && c->call.end_ns)
		fprintf(to, "  %.1f us", (double)(c->call.end_ns - c->call.start_ns) / 1000);
	fputc('\n', to);
}

void print_calls(const struct trace_file *file, struct registry *registry, FILE *out)
{
	to = out;
	for (size_t i = 0; i < file->call_count; i++)
		print_call(file, registry, &file->calls[i]);
	for (unsigned i = 0; i < file->process_count; i++)
		if (file->processes[i].lost)
			fprintf(to, "(%llu older records of %s were overwritten)\n",
				(unsigned long long)file->processes[i].lost, file->processes[i].name);
}

void print_stats(const struct trace_file *file, struct registry *registry, FILE *out)
{
	static struct trace_stats stats;

	for (unsigned p = 0; p < file->process_count; p++) {
		stats = (struct trace_stats){};
		for (size_t i = 0; i < file->call_count; i++)
			if (file->calls[i].process == p && file->calls[i].answer >= 0)
				trace_stats_add(&stats, &file->calls[i].call);
		fprintf(out, "%-36s %8s %7s %10s %10s %10s\n", file->processes[p].name, "calls", "errors",
			"p50 us", "p99 us", "max us");
		for (uint32_t i = 0; i < stats.count; i++) {
			const struct trace_method *m = &stats.methods[i];
			char name[96];

			method_name(registry, m->interface_id, m->method, name);
			fprintf(out, "  %-34s %8llu %7llu %10.1f %10.1f %10.1f\n", name,
				(unsigned long long)m->count, (unsigned long long)m->errors,
				(double)trace_percentile(m, 50) / 1000,
				(double)trace_percentile(m, 99) / 1000, (double)m->longest_ns / 1000);
		}
	}
}
