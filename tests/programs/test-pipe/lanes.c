// SPDX-License-Identifier: MIT OR Apache-2.0
/* Ends with memory of their holder's: the same rules, what is no such memory, and giving it up at any time. */
#include <pipe/server.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/memory_object.capnp.h>
#include <shared_buffer/shared_buffer.h>
#include <testing/impostor.h>

#include "pipes.h"

#define BYTES 65536u

struct lane {
	cap_id pipe;
	struct shared_buffer buffer;
	enum status status; /* of opening it */
};

enum status lane_open(cap_id end, cap_id memory, bool writes, cap_id *pipe)
{
	struct rpc_call call;
	enum status status;

	*pipe = CAP_ID_NULL;
	if (writes) {
		struct pipe_write_from_results_reader results;

		shared_buffer_builder_set_memory(
			pipe_write_from_params_builder_init_buffer(pipe_write_from_begin(&call, w.t, end)),
			rpc_add_cap(&call, memory));
		status = pipe_write_from_call(&call, &results);
		if (status == STATUS_OK)
			*pipe = rpc_result_cap(&call, pipe_write_from_results_reader_pipe(results));
	} else {
		struct pipe_read_into_results_reader results;

		shared_buffer_builder_set_memory(
			pipe_read_into_params_builder_init_buffer(pipe_read_into_begin(&call, w.t, end)),
			rpc_add_cap(&call, memory));
		status = pipe_read_into_call(&call, &results);
		if (status == STATUS_OK)
			*pipe = rpc_result_cap(&call, pipe_read_into_results_reader_pipe(results));
	}
	rpc_end(&call);
	return status;
}

static struct lane lane_make(cap_id end, bool writes)
{
	struct lane lane = {};
	cap_id memory;

	lane.status = shared_buffer_make(&lane.buffer, w.t, w.space, BYTES, 1, &memory);
	if (lane.status == STATUS_OK)
		lane.status = lane_open(end, memory, writes, &lane.pipe);
	ring_release(w.ring, memory);
	return lane;
}

static void lane_drop(struct lane *lane)
{
	ring_release(w.ring, lane->pipe);
	ring_flush(w.ring);
	shared_buffer_detach(&lane->buffer);
}

static void begin_move(struct rpc_call *call, const struct lane *lane, uint32_t count, bool now)
{
	struct buffered_pipe_move_params_builder p = buffered_pipe_move_begin(call, w.t, lane->pipe);

	buffered_pipe_move_params_builder_set_count(p, count);
	buffered_pipe_move_params_builder_set_now(p, now);
	rpc_set_deadline(call, soon());
	(void)buffered_pipe_move_send(call);
}

static struct outcome end_move(struct rpc_call *call)
{
	struct outcome o = {.status = rpc_wait(call)};

	if (o.status == STATUS_OK) {
		struct buffered_pipe_move_results_reader results = buffered_pipe_move_results(call);

		o.count = buffered_pipe_move_results_reader_count(results);
		o.outcome = (uint16_t)buffered_pipe_move_results_reader_outcome(results);
	}
	rpc_end(call);
	return o;
}

static struct outcome move(const struct lane *lane, uint32_t count)
{
	struct rpc_call call;

	begin_move(&call, lane, count, false);
	return end_move(&call);
}

static void test_bytes(void)
{
	struct ends e = pipe_make();
	struct lane in = lane_make(e.writer, true), out = lane_make(e.reader, false);
	struct rpc_call call, other;
	struct outcome o;

	tap_ok(in.status == STATUS_OK && out.status == STATUS_OK, "both ends with memory");
	fill_pattern(in.buffer.data, 0, BYTES);
	tap_ok(is(move(&in, BYTES), PIPE_OUTCOME_DONE, BYTES) &&
		       is(move(&out, BYTES), PIPE_OUTCOME_DONE, BYTES) &&
		       is_pattern(out.buffer.data, 0, BYTES),
	       "64 KiB in one call on each side");
	begin_move(&call, &out, 50000, false);
	ring_flush(w.ring);
	nap(2 * MS);
	tap_ok(!call.done && is(move(&in, BYTES), PIPE_OUTCOME_DONE, BYTES) &&
		       is(end_move(&call), PIPE_OUTCOME_DONE, 50000) && is_pattern(out.buffer.data, 0, 50000),
	       "who waits gets the first of them, from one memory into the other");
	tap_ok(is(move(&out, BYTES), PIPE_OUTCOME_DONE, BYTES - 50000) &&
		       is_pattern(out.buffer.data, 50000, BYTES - 50000),
	       "and the rest later");
	(void)move(&in, BYTES - 100);
	begin_move(&call, &in, BYTES, true);
	tap_ok(is(end_move(&call), PIPE_OUTCOME_DONE, 100), "what fits, at once");
	begin_move(&call, &in, BYTES, false);
	begin_move(&other, &in, BYTES, true);
	ring_flush(w.ring);
	tap_ok(is(end_move(&other), PIPE_OUTCOME_WOULD_WAIT, 0) && !call.done, "a full one: waiting, or not");
	o = read_now(e.reader, 700);
	tap_ok(is(o, PIPE_OUTCOME_DONE, 700) && is(end_move(&call), PIPE_OUTCOME_DONE, 700),
	       "messages and memory go together");
	tap_is(move(&in, BYTES + 1).status, STATUS_EXCEPTION, "more than the memory is refused");
	(void)!pipe_close_write(w.t, e.writer);
	tap_ok(is(move(&in, 1), PIPE_OUTCOME_CLOSED, 0), "a closed end writes nothing");
	while ((o = move(&out, 30000)).outcome == PIPE_OUTCOME_DONE && o.count > 0)
		;
	tap_ok(is(o, PIPE_OUTCOME_END, 0), "and the other sees the end");
	lane_drop(&in);
	lane_drop(&out);
	pipe_drop(e);
}

static bool refused(cap_id end, cap_id memory, bool writes, enum status wanted)
{
	cap_id pipe;
	enum status status = lane_open(end, memory, writes, &pipe);

	ring_release(w.ring, pipe);
	return status == wanted;
}

/* What could make the server fall, or is nothing that can be mapped. */
static void test_wrong(void)
{
	struct ends e = pipe_make();
	struct shared_buffer buffer, large;
	cap_id memory, less, no_write, big, plain;
	struct lane lanes[PIPE_SERVER_LANES / 2 + 1] = {};
	uint32_t made = 0;

	(void)!shared_buffer_make(&buffer, w.t, w.space, BYTES, 1, &memory);
	(void)!shared_buffer_make(&large, w.t, w.space, BYTES, 2, &big);
	(void)!shared_memory_make(w.t, w.space, 8192, &plain);
	(void)!capability_manager_attenuate(w.t, w.manager, memory, MEMORY_OBJECT_INTERFACE_ID,
					    1ull << MEMORY_OBJECT_SIZE | 1ull << MEMORY_OBJECT_READ, &less);
	(void)!shared_buffer_share(w.t, w.manager, memory, SHARED_BUFFER_READ, &no_write);
	tap_ok(refused(e.writer, less, true, STATUS_OK),
	       "the methods size and read are enough to write out of it");
	tap_ok(refused(e.reader, no_write, false, STATUS_EXCEPTION), "to read into memory without write");
	tap_ok(refused(e.writer, no_write, true, STATUS_OK), "to write out of it is enough");
	tap_ok(refused(e.writer, big, true, STATUS_EXCEPTION), "more than 64 KiB");
	tap_ok(refused(e.writer, plain, true, STATUS_EXCEPTION), "memory that is no shared buffer");
	tap_ok(refused(e.writer, e.reader, true, STATUS_EXCEPTION), "no memory at all");
	tap_ok(refused(e.reader, memory, true, STATUS_DENIED) &&
		       refused(e.writer, memory, false, STATUS_DENIED),
	       "each end has its own method");
	while (made <= PIPE_SERVER_LANES / 2 &&
	       lane_open(e.writer, memory, true, &lanes[made].pipe) == STATUS_OK)
		made++;
	tap_ok(made == PIPE_SERVER_LANES / 2, "a session gets half of all that can be (%u)", made);
	tap_ok(is(write_now(e.writer, 1, 10), PIPE_OUTCOME_DONE, 10), "who comes then uses messages");
	while (made > 0)
		ring_release(w.ring, lanes[--made].pipe);
	ring_flush(w.ring);
	lanes[0] = lane_make(e.writer, true);
	tap_is(lanes[0].status, STATUS_OK, "and has memory again when others gave it up");
	lane_drop(&lanes[0]);
	for (cap_id *c = (cap_id[]){memory, less, no_write, big, plain, {}}; c->raw; c++)
		ring_release(w.ring, *c);
	shared_buffer_detach(&buffer);
	shared_buffer_detach(&large);
	pipe_drop(e);
}

/* Who calls what a client serves waits for that client. */
static void test_impostor(void)
{
	struct ends e = pipe_make();
	struct impostor i;
	struct rpc_call call;

	tap_is(impostor_make(&i, w.t, w.manager, MEMORY_OBJECT_INTERFACE_ID), STATUS_OK,
	       "memory that its giver serves, and never answers for");
	shared_buffer_builder_set_memory(
		pipe_write_from_params_builder_init_buffer(pipe_write_from_begin(&call, w.t, e.writer)),
		rpc_add_cap(&call, i.facet));
	impostor_send(&call);
	tap_ok(impostor_refused(&call, is(write_now(e.writer, 1, 10), PIPE_OUTCOME_DONE, 10), "buffer"),
	       "refused, and nobody waits for it");
	impostor_drop(&i);
	pipe_drop(e);
}

/* The memory goes, or its end, while somebody waits. */
static void test_going(void)
{
	struct ends e = pipe_make();
	struct lane in = lane_make(e.writer, true), out = lane_make(e.reader, false);
	struct rpc_call call;

	begin_move(&call, &out, 10, false);
	ring_flush(w.ring);
	nap(2 * MS);
	lane_drop(&out);
	tap_is(end_move(&call).status, STATUS_EXCEPTION, "a read whose memory is given up");
	tap_ok(is(write_now(e.writer, 3, 10), PIPE_OUTCOME_DONE, 10) &&
		       is(read_now(e.reader, 10), PIPE_OUTCOME_DONE, 10),
	       "takes nothing");
	pipe_fill(e.writer);
	begin_move(&call, &in, 10, false);
	ring_flush(w.ring);
	nap(2 * MS);
	lane_drop(&in);
	tap_is(end_move(&call).status, STATUS_EXCEPTION, "a write whose memory is given up");
	(void)!pipe_close_write(w.t, e.writer);
	uint32_t sum = 0;
	for (struct outcome o; (o = read_now(e.reader, 896)).count > 0;)
		sum += o.count;
	tap_ok(sum == BYTES, "puts nothing in");
	pipe_drop(e);

	e = pipe_make();
	in = lane_make(e.writer, true);
	ring_release(w.ring, e.writer);
	e.writer = CAP_ID_NULL;
	ring_flush(w.ring);
	tap_ok(is(read_now(e.reader, 1), PIPE_OUTCOME_END, 0) && is(move(&in, 1), PIPE_OUTCOME_CLOSED, 0),
	       "memory does not keep an end open");
	(void)!pipe_close_read(w.t, e.reader);
	pipe_drop(e);
	e = pipe_make(); /* in its place */
	tap_is(move(&in, 1).status, STATUS_EXCEPTION, "nor does it belong to the next pipe");
	(void)!pipe_close_write(w.t, e.writer);
	tap_ok(is(read_now(e.reader, 1), PIPE_OUTCOME_END, 0), "of which nothing comes out");
	lane_drop(&in);
	pipe_drop(e);
}

void test_pipe_lanes(void)
{
	test_bytes();
	test_wrong();
	test_impostor();
	test_going();
}
