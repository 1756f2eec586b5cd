// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * trace NAME | export: what is captured as a trace file (schema/service/trace.capnp), in base64 over the terminal:
 *
 *	-----BEGIN CAPOS TRACE counter-----
 *	(lines of 76 characters)
 *	-----END CAPOS TRACE 12345 bytes-----
 *
 * A terminal is the one way out that every machine has. The host's capos-trace finds such blocks in whatever else was on it.
 */
#include <message/frame.h>
#include <schema/service/trace.capnp.h>

#include "view.h"

#define CHUNK_RECORDS 16u
#define CHUNK_BYTES 8192u
#define LINE_BYTES 57u /* 76 characters */

struct encoder {
	uint8_t line[LINE_BYTES];
	uint32_t len;
	uint64_t total;
};

static void flush_line(struct encoder *e)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char text[80];
	uint32_t n = 0;

	for (uint32_t i = 0; i < e->len; i += 3) {
		uint32_t left = e->len - i;
		uint32_t bits = (uint32_t)e->line[i] << 16 | (left > 1 ? (uint32_t)e->line[i + 1] << 8 : 0) |
				(left > 2 ? e->line[i + 2] : 0u);

		text[n++] = digits[bits >> 18 & 63];
		text[n++] = digits[bits >> 12 & 63];
		text[n++] = left > 1 ? digits[bits >> 6 & 63] : '=';
		text[n++] = left > 2 ? digits[bits & 63] : '=';
	}
	text[n++] = '\n';
	out.write(out.self, text, n);
	e->len = 0;
}

static void put_bytes(struct encoder *e, const uint8_t *bytes, size_t len)
{
	e->total += len;
	for (size_t i = 0; i < len; i++) {
		e->line[e->len++] = bytes[i];
		if (e->len == LINE_BYTES)
			flush_line(e);
	}
}

static void fill_record(struct trace_chunk_record_builder to, const struct capture_record *from)
{
	trace_chunk_record_builder_set_sequence(to, from->sequence);
	trace_chunk_record_builder_set_time_ns(to, from->time_ns);
	trace_chunk_record_builder_set_interface_id(to, from->interface_id);
	trace_chunk_record_builder_set_method(to, from->method);
	trace_chunk_record_builder_set_kind(to, (enum trace_chunk_kind)from->kind);
	trace_chunk_record_builder_set_thread(to, from->thread);
	trace_chunk_record_builder_set_call(to, from->call);
	trace_chunk_record_builder_set_target(to, from->target);
	trace_chunk_record_builder_set_status(to, from->status);
	trace_chunk_record_builder_set_length(to, from->length);
	trace_chunk_record_builder_set_caps(to, from->caps);
	trace_chunk_record_builder_set_message(to,
					       (struct msg_data){(const uint8_t *)from->message, from->kept});
}

/* Builds a chunk of up to CHUNK_RECORDS records; false: there were none. */
static bool put_chunk(struct encoder *e, const struct traced *t, struct trace_source *source, uint64_t lost)
{
	static _Alignas(8) uint8_t bytes[CHUNK_BYTES];
	static struct capture_record records[CHUNK_RECORDS];
	struct msg_builder builder;
	uint32_t count = 0;
	uint8_t header[8];

	while (count < CHUNK_RECORDS && trace_source_next(source, &records[count]))
		count++;
	if (count == 0)
		return false;
	msg_builder_init(&builder, bytes, sizeof(bytes));

	struct trace_chunk_builder chunk = trace_chunk_builder_root(&builder);
	trace_chunk_builder_set_process(chunk, msg_text_from(t->name));
	trace_chunk_builder_set_number(chunk, t->order);
	trace_chunk_builder_set_lost(chunk, lost);
	struct trace_chunk_record_list_builder list = trace_chunk_builder_init_records(chunk, count);
	for (uint32_t i = 0; i < count; i++)
		fill_record(trace_chunk_record_list_builder_at(list, i), &records[i]);
	msg_frame_header(header, msg_builder_size(&builder));
	put_bytes(e, header, sizeof(header));
	put_bytes(e, bytes, msg_builder_size(&builder));
	return true;
}

bool trace_export(const struct traced *t)
{
	static struct encoder encoder;
	struct trace_source source = t->source;
	uint64_t lost;

	encoder = (struct encoder){};
	trace_source_rewind(&source);
	lost = source.next - 1;
	text_print(&out, "-----BEGIN CAPOS TRACE %s-----\n", t->name);
	while (!terminal_interrupted() && put_chunk(&encoder, t, &source, lost))
		;
	if (encoder.len > 0)
		flush_line(&encoder);
	text_print(&out, "-----END CAPOS TRACE %llu bytes-----\n", (unsigned long long)encoder.total);
	return true;
}
