// SPDX-License-Identifier: MIT OR Apache-2.0
/* From bytes to records to calls. Nothing of a file is believed: lengths are checked, what is damaged is refused. */
#include <errno.h>
#include <message/frame.h>
#include <registry/package.h>
#include <schema/service/trace.capnp.h>
#include <stdlib.h>
#include <string.h>

#include "trace_tool.h"

struct bytes {
	uint8_t *data;
	size_t len;
};

[[noreturn]] void fail(const char *what, const char *why)
{
	fprintf(stderr, "capos-trace: %s: %s\n", what, why);
	exit(1);
}

static void *need(void *memory)
{
	if (!memory)
		fail("memory", strerror(ENOMEM));
	return memory;
}

static struct bytes read_file(const char *name)
{
	struct bytes b = {};
	FILE *f = strcmp(name, "-") ? fopen(name, "rb") : stdin;
	size_t size = 0;

	if (!f)
		fail(name, strerror(errno));
	for (;;) {
		if (b.len == size)
			b.data = need(realloc(b.data, size = size ? size * 2 : 65536));
		size_t n = fread(b.data + b.len, 1, size - b.len, f);
		if (n == 0)
			break;
		b.len += n;
	}
	if (f != stdin)
		fclose(f);
	return b;
}

/* ---- Transcripts ---- */

static int digit(uint8_t c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : nullptr;

	return at ? (int)(at - digits) : -1;
}

/* Appends what the base64 in [from, to) stands for; whatever is no digit (line ends, colours) is passed over. */
static void decode(struct bytes *out, const uint8_t *from, const uint8_t *to)
{
	uint32_t bits = 0, count = 0;

	for (; from < to && *from != '='; from++) {
		int value = digit(*from);

		if (value < 0)
			continue;
		bits = bits << 6 | (uint32_t)value;
		count += 6;
		if (count >= 8) {
			count -= 8;
			out->data[out->len++] = (uint8_t)(bits >> count);
		}
	}
}

static const uint8_t *find(struct bytes in, size_t from, const char *what)
{
	return from < in.len ? memmem(in.data + from, in.len - from, what, strlen(what)) : nullptr;
}

/* All trace files of a transcript, one after the other; a binary file is what it is. */
static struct bytes extract(struct bytes in, const char *name)
{
	static const char begin[] = "-----BEGIN CAPOS TRACE ", end[] = "-----END CAPOS TRACE ";
	struct bytes out = {};
	size_t at = 0;

	if (!find(in, 0, begin))
		return in;
	out.data = need(malloc(in.len));
	for (const uint8_t *start; (start = find(in, at, begin)) != nullptr;) {
		const uint8_t *line = find(in, (size_t)(start - in.data), "\n");
		const uint8_t *stop = line ? find(in, (size_t)(line - in.data), end) : nullptr;
		size_t before = out.len;

		if (!stop)
			fail(name, "a trace begins and does not end");
		decode(&out, line, stop);
		if (out.len - before != strtoull((const char *)stop + sizeof(end) - 1, nullptr, 10))
			fail(name, "a trace is not as long as it says: lines are missing");
		at = (size_t)(stop - in.data) + 1;
	}
	return out;
}

/* ---- Chunks ---- */

static unsigned process_of(struct trace_file *file, struct trace_chunk_reader chunk, const char *name)
{
	struct msg_text text = trace_chunk_reader_process(chunk);
	uint32_t number = trace_chunk_reader_number(chunk);
	struct tool_process *p;

	for (unsigned i = 0; i < file->process_count; i++) {
		p = &file->processes[i];
		if (p->number == number && strlen(p->name) == text.len &&
		    !memcmp(p->name, text.ptr, text.len))
			return i;
	}
	if (file->process_count == 64 || text.len >= sizeof(p->name))
		fail(name, "too many processes, or a name that is too long");
	p = &file->processes[file->process_count];
	memcpy(p->name, text.ptr, text.len);
	p->number = number;
	p->lost = trace_chunk_reader_lost(chunk);
	return file->process_count++;
}

static void take_record(struct trace_file *file, unsigned process, struct trace_chunk_record_reader r)
{
	struct tool_record *to = &file->records[file->record_count++];
	struct msg_data message = trace_chunk_record_reader_message(r);
	uint32_t kept = message.len < CAPTURE_BYTES ? message.len : CAPTURE_BYTES;

	*to = (struct tool_record){
		.process = process,
		.record =
			{
				.sequence = trace_chunk_record_reader_sequence(r),
				.time_ns = trace_chunk_record_reader_time_ns(r),
				.interface_id = trace_chunk_record_reader_interface_id(r),
				.method = trace_chunk_record_reader_method(r),
				.kind = (uint8_t)trace_chunk_record_reader_kind(r),
				.thread = trace_chunk_record_reader_thread(r),
				.call = trace_chunk_record_reader_call(r),
				.target = trace_chunk_record_reader_target(r),
				.status = trace_chunk_record_reader_status(r),
				.length = trace_chunk_record_reader_length(r),
				.caps = trace_chunk_record_reader_caps(r),
				.kept = kept,
			},
	};
	if (kept > 0)
		memcpy(to->record.message, message.ptr, kept);
}

static void take_chunk(struct trace_file *file, const uint8_t *message, size_t len, const char *name)
{
	struct msg_reader reader;

	msg_reader_init(&reader, message, len);

	struct trace_chunk_reader chunk = trace_chunk_reader_root(&reader);
	struct trace_chunk_record_list_reader list = trace_chunk_reader_records(chunk);
	uint32_t count = trace_chunk_record_list_reader_count(list);
	unsigned process = process_of(file, chunk, name);

	file->records = need(
		realloc(file->records, (file->record_count + count + 1) * sizeof(*file->records)));
	for (uint32_t i = 0; i < count; i++)
		take_record(file, process, trace_chunk_record_list_reader_at(list, i));
	if (!msg_reader_ok(&reader))
		fail(name, "a malformed chunk");
}

/* ---- Calls ---- */

static int by_time(const void *a, const void *b)
{
	const struct trace_call *x = &((const struct tool_call *)a)->call,
				*y = &((const struct tool_call *)b)->call;
	uint64_t s = x->start_ns ? x->start_ns : x->end_ns, t = y->start_ns ? y->start_ns : y->end_ns;

	return s < t ? -1 : s > t;
}

static long record_index(const struct trace_file *file, unsigned process, uint64_t sequence)
{
	for (size_t i = 0; i < file->record_count; i++)
		if (file->records[i].process == process && file->records[i].record.sequence == sequence)
			return (long)i;
	return -1;
}

static void join_calls(struct trace_file *file)
{
	static struct trace_calls open;

	file->calls = need(calloc(file->record_count + 1, sizeof(*file->calls)));
	for (unsigned p = 0; p < file->process_count; p++) {
		struct trace_call call;

		open = (struct trace_calls){};
		for (size_t i = 0; i < file->record_count; i++) {
			if (file->records[i].process != p ||
			    !trace_calls_take(&open, &file->records[i].record, &call))
				continue;
			file->calls[file->call_count++] = (struct tool_call){
				.call = call,
				.process = p,
				.params = record_index(file, p, call.call_record),
				.answer = (long)i,
			};
		}
		for (uint32_t n = 0; trace_calls_open(&open, n, &call); n++)
			file->calls[file->call_count++] = (struct tool_call){
				.call = call,
				.process = p,
				.params = record_index(file, p, call.call_record),
				.answer = -1,
			};
	}
	qsort(file->calls, file->call_count, sizeof(*file->calls), by_time);
}

void load_trace(struct trace_file *file, const char *name, const char *binary)
{
	struct bytes in = extract(read_file(name), name);
	FILE *copy = binary ? fopen(binary, "wb") : nullptr;

	if (binary && (!copy || fwrite(in.data, 1, in.len, copy) != in.len || fclose(copy) != 0))
		fail(binary, strerror(errno));
	*file = (struct trace_file){};
	for (size_t at = 0; at < in.len;) {
		uint64_t bytes;

		if (msg_frame_length(in.data + at, in.len - at, &bytes) != STATUS_OK || bytes > in.len - at ||
		    msg_load64(in.data + at) << 32 != 0 || bytes < 8)
			fail(name,
			     "no trace file: neither a transcript with a trace in it nor framed messages");
		/* Unaligned in the file, aligned for the reader. */
		void *message = need(malloc(bytes));
		memcpy(message, in.data + at + 8, bytes - 8);
		take_chunk(file, message, bytes - 8, name);
		free(message);
		at += bytes;
	}
	join_calls(file);
}

bool load_registry(struct registry *registry, const char *package)
{
	struct bytes in = read_file(package);

	return registry_open_package(registry, in.data, in.len);
}
