// SPDX-License-Identifier: MIT OR Apache-2.0
/* Pipes as capabilities, served by a thread: every rule of schema/service/pipe.capnp, with calls that wait meanwhile. */
#include <pipe/server.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/process_handle.capnp.h>
#include <schema/service/pipe.capnp.h>

#include "pipes.h"

static struct {
	struct thread thread;
	struct service service;
	struct pipe_server pipes;
	cap_id endpoint, facets, factory;
	bool stop;
} server;

static void look(void *context)
{
	(void)context;
	if (__atomic_load_n(&server.stop, __ATOMIC_ACQUIRE))
		service_stop(&server.service);
}

static int64_t serve(void *argument)
{
	struct service_options options = {.max_message = 1024, .max_caps = 4, .idle = look};
	enum status status = pipe_server_init(&server.pipes, runtime_transport(), server.endpoint, w.space,
					      w.manager);

	(void)argument;
	pipe_server_options(&server.pipes, &options);
	if (status == STATUS_OK)
		status = service_init(&server.service, runtime_ring(), server.endpoint, &options);
	if (status == STATUS_OK)
		status = service_run(&server.service);
	pipe_server_fini(&server.pipes, runtime_transport());
	return status;
}

/* ---- Single calls ---- */

void begin_read(struct rpc_call *call, cap_id pipe, uint32_t max)
{
	pipe_read_params_builder_set_max(pipe_read_begin(call, w.t, pipe), max);
	rpc_set_deadline(call, soon());
	(void)pipe_read_send(call);
}

struct outcome end_read(struct rpc_call *call)
{
	struct pipe_read_results_reader results;
	struct outcome o = {.status = rpc_wait(call)};

	if (o.status == STATUS_OK) {
		results = pipe_read_results(call);
		struct msg_data bytes = pipe_read_results_reader_bytes(results);

		o.count = bytes.len;
		o.first = bytes.len ? bytes.ptr[0] : 0;
		o.outcome = pipe_read_results_reader_outcome(results);
	}
	rpc_end(call);
	return o;
}

struct outcome read_now(cap_id pipe, uint32_t max)
{
	struct rpc_call call;

	begin_read(&call, pipe, max);
	return end_read(&call);
}

void begin_write(struct rpc_call *call, cap_id pipe, uint8_t first, uint32_t len)
{
	static uint8_t bytes[896];

	__builtin_memset(bytes, first, len);
	struct pipe_write_params_builder p = pipe_write_begin_sized(call, w.t, rpc_target_cap(pipe), 928);
	pipe_write_params_builder_set_bytes(p, (struct msg_data){bytes, len});
	rpc_set_deadline(call, soon());
	(void)pipe_write_send(call);
}

struct outcome end_write(struct rpc_call *call)
{
	struct outcome o = {.status = rpc_wait(call)};

	if (o.status == STATUS_OK) {
		struct pipe_write_results_reader results = pipe_write_results(call);

		o.count = pipe_write_results_reader_count(results);
		o.outcome = pipe_write_results_reader_outcome(results);
	}
	rpc_end(call);
	return o;
}

struct outcome write_now(cap_id pipe, uint8_t first, uint32_t len)
{
	struct rpc_call call;

	begin_write(&call, pipe, first, len);
	return end_write(&call);
}

bool is(struct outcome o, uint16_t outcome, uint32_t count)
{
	if (o.status == STATUS_OK && o.outcome == outcome && o.count == count)
		return true;
	tap_note("%s, outcome %u, %u bytes", tap_status_name(o.status), o.outcome, o.count);
	return false;
}

struct ends pipe_make(void)
{
	struct pipe_factory_create_results_reader results;
	struct rpc_call call;
	struct ends e = {};

	pipe_factory_create_begin(&call, w.t, server.factory);
	rpc_set_deadline(&call, runtime_now() + 2'000 * MS);
	if (pipe_factory_create_call(&call, &results) == STATUS_OK) {
		e.reader = rpc_result_cap(&call, pipe_factory_create_results_reader_reader(results));
		e.writer = rpc_result_cap(&call, pipe_factory_create_results_reader_writer(results));
	}
	rpc_end(&call);
	return e;
}

void pipe_drop(struct ends e)
{
	if (e.reader.raw && e.reader.raw != e.writer.raw)
		(void)!pipe_close_read(w.t, e.reader);
	if (e.writer.raw)
		(void)!pipe_close_write(w.t, e.writer);
	ring_release(w.ring, e.reader);
	ring_release(w.ring, e.writer);
	ring_flush(w.ring);
}

/* Until the pipe is full. */
void pipe_fill(cap_id writer)
{
	for (uint32_t i = 0; i <= PIPE_BUFFER / 896; i++)
		(void)write_now(writer, (uint8_t)i, 896);
}

/* ---- The rules ---- */

static void test_bytes(void)
{
	struct ends e = pipe_make();
	struct outcome o;

	tap_ok(e.reader.raw && e.writer.raw, "a pipe, two capabilities");
	tap_ok(write_now(e.reader, 0, 1).status == STATUS_DENIED &&
		       read_now(e.writer, 1).status == STATUS_DENIED,
	       "each can do what its end can");
	tap_ok(is(write_now(e.writer, 7, 800), PIPE_OUTCOME_DONE, 800), "800 bytes are written");
	o = read_now(e.reader, 300);
	tap_ok(is(o, PIPE_OUTCOME_DONE, 300) && o.first == 7, "300 are read");
	tap_ok(is(read_now(e.reader, 0), PIPE_OUTCOME_DONE, 0) &&
		       is(write_now(e.writer, 0, 0), PIPE_OUTCOME_DONE, 0),
	       "none is read, and none written, at once");
	for (uint32_t i = 0; i < (PIPE_BUFFER - 500) / 896; i++)
		o = write_now(e.writer, 1, 896);
	tap_ok(is(o, PIPE_OUTCOME_DONE, 896), "as much more as is whole");
	tap_ok(is(write_now(e.writer, 2, 896), PIPE_OUTCOME_DONE, (PIPE_BUFFER - 500) % 896),
	       "of the next 896 what fits: a partial write says its count");
	(void)!pipe_close_write(w.t, e.writer);
	tap_ok(is(write_now(e.writer, 2, 1), PIPE_OUTCOME_CLOSED, 0), "a closed end writes nothing");
	uint32_t sum = 0;
	while ((o = read_now(e.reader, 700)).outcome == PIPE_OUTCOME_DONE && o.count > 0)
		sum += o.count;
	tap_ok(sum == PIPE_BUFFER && is(o, PIPE_OUTCOME_END, 0),
	       "what was written is read before the end (%u)", sum);
	(void)!pipe_close_read(w.t, e.reader);
	tap_ok(is(read_now(e.reader, 1), PIPE_OUTCOME_CLOSED, 0), "a closed end reads nothing");
	pipe_drop(e);
}

static void test_waiting(void)
{
	struct rpc_call call, other;
	struct ends e = pipe_make();
	struct outcome o;

	begin_read(&call, e.reader, 100);
	ring_flush(w.ring);
	nap(2 * MS);
	tap_ok(!call.done, "a read waits for the first byte");
	tap_ok(is(write_now(e.writer, 9, 50), PIPE_OUTCOME_DONE, 50), "which comes");
	o = end_read(&call);
	tap_ok(is(o, PIPE_OUTCOME_DONE, 50) && o.first == 9, "and it completes with what there is");
	pipe_fill(e.writer);
	begin_write(&call, e.writer, 3, 100);
	begin_write(&other, e.writer, 4, 100);
	ring_flush(w.ring);
	nap(2 * MS);
	tap_ok(!call.done && !other.done, "writes wait for room");
	(void)read_now(e.reader, 150);
	tap_ok(is(end_write(&call), PIPE_OUTCOME_DONE, 100) && is(end_write(&other), PIPE_OUTCOME_DONE, 50),
	       "and get it in turn: all of the first, a part of the second");
	begin_write(&call, e.writer, 3, 100);
	(void)!pipe_close_read(w.t, e.reader);
	tap_ok(is(end_write(&call), PIPE_OUTCOME_BROKEN, 0), "closing the reader breaks a write that waits");
	tap_ok(is(write_now(e.writer, 1, 1), PIPE_OUTCOME_BROKEN, 0), "and the next");
	pipe_drop(e);

	e = pipe_make();
	pipe_fill(e.writer);
	begin_write(&call, e.writer, 3, 100);
	(void)!pipe_close_write(w.t, e.writer);
	tap_ok(is(end_write(&call), PIPE_OUTCOME_CLOSED, 0),
	       "closing an end completes who waits to write at it");
	pipe_drop(e);
	e = pipe_make();
	begin_read(&call, e.reader, 10);
	begin_read(&other, e.reader, 10);
	(void)!pipe_close_read(w.t, e.reader);
	tap_ok(is(end_read(&call), PIPE_OUTCOME_CLOSED, 0) && is(end_read(&other), PIPE_OUTCOME_CLOSED, 0),
	       "and who waits to read");
	pipe_drop(e);
}

static void test_many(void)
{
	struct rpc_call calls[PIPE_WAITERS];
	struct ends e = pipe_make();
	bool good = true;

	for (uint32_t i = 0; i < PIPE_WAITERS; i++)
		begin_read(&calls[i], e.reader, 10);
	ring_flush(w.ring);
	tap_is(read_now(e.reader, 10).status, STATUS_EXCEPTION, "one more than can wait is refused");
	(void)write_now(e.writer, 1, 25);
	good = is(end_read(&calls[0]), PIPE_OUTCOME_DONE, 10) &&
	       is(end_read(&calls[1]), PIPE_OUTCOME_DONE, 10) &&
	       is(end_read(&calls[2]), PIPE_OUTCOME_DONE, 5);
	tap_ok(good, "25 bytes serve three of those that wait");
	(void)!pipe_close_write(w.t, e.writer);
	for (uint32_t i = 3; i < PIPE_WAITERS; i++)
		good &= is(end_read(&calls[i]), PIPE_OUTCOME_END, 0);
	tap_ok(good, "and closing the writer ends all others");
	pipe_drop(e);
}

/* A capability that is both ends. */
static void test_both(void)
{
	struct pipe_factory_create_both_results_reader results;
	struct rpc_call call, reading;
	cap_id both = {};

	pipe_factory_create_both_begin(&call, w.t, server.factory);
	if (pipe_factory_create_both_call(&call, &results) == STATUS_OK)
		both = rpc_result_cap(&call, pipe_factory_create_both_results_reader_pipe(results));
	rpc_end(&call);
	tap_ok(is(write_now(both, 5, 20), PIPE_OUTCOME_DONE, 20) &&
		       is(read_now(both, 30), PIPE_OUTCOME_DONE, 20),
	       "one capability that is both ends");
	begin_read(&reading, both, 10);
	(void)!pipe_close_write(w.t, both);
	tap_ok(is(end_read(&reading), PIPE_OUTCOME_END, 0), "closing its writing end ends its own read");
	(void)!pipe_close_read(w.t, both);
	ring_release(w.ring, both);
}

/* The last capability to an end goes, by release and with its process. */
static void test_gone(void)
{
	struct ends e = pipe_make();
	struct rpc_call call;
	cap_id copy = {};

	(void)!ring_dup(w.ring, e.writer, &copy);
	(void)write_now(e.writer, 1, 10);
	ring_release(w.ring, e.writer);
	ring_flush(w.ring);
	tap_ok(is(read_now(e.reader, 10), PIPE_OUTCOME_DONE, 10), "what a released writer wrote is read");
	begin_read(&call, e.reader, 10);
	ring_flush(w.ring);
	nap(5 * MS);
	tap_ok(!call.done, "no end while a copy of it is left");
	ring_release(w.ring, copy);
	ring_flush(w.ring);
	tap_ok(is(end_read(&call), PIPE_OUTCOME_END, 0),
	       "when that is gone, too, a read that waits sees the end");
	e.writer = CAP_ID_NULL;
	pipe_drop(e);

	e = pipe_make();
	pipe_fill(e.writer);
	begin_write(&call, e.writer, 1, 10);
	ring_release(w.ring, e.reader);
	ring_flush(w.ring);
	tap_ok(is(end_write(&call), PIPE_OUTCOME_BROKEN, 0), "the last reader is gone: broken pipe");
	e.reader = CAP_ID_NULL;
	pipe_drop(e);
}

/* ---- A client process that dies while it waits ---- */

int pipe_child(struct msg_text what)
{
	if (msg_text_equal(what, MSG_TEXT("other")))
		return pipe_other();

	cap_id pipe = granted("pipe");

	if (msg_text_equal(what, MSG_TEXT("write")))
		return is(write_now(pipe, 1, 10), PIPE_OUTCOME_DONE, 10) ? 0 : 1;
	if (msg_text_equal(what, MSG_TEXT("read")))
		return (int)read_now(pipe, 10).outcome; /* waits for ever */
	return 98;
}

static bool start(const char *what, cap_id pipe, cap_id *handle)
{
	struct spawn_grant grants[] = {child_grant("console"),
				       child_grant_as("pipe", pipe, PIPE_INTERFACE_ID)};

	return child_start("test-pipe",
			   &(struct child_options){
				   .grants = grants, .grant_count = 2, .arguments = {"pipe", what}},
			   handle) == STATUS_OK;
}

static void test_processes(void)
{
	struct ends e = pipe_make();
	cap_id handle;

	(void)start("write", e.writer, &handle);
	ring_release(w.ring, e.writer); /* the child's is the last */
	ring_flush(w.ring);
	tap_ok(is(read_now(e.reader, 100), PIPE_OUTCOME_DONE, 10), "a process writes");
	tap_ok(is(read_now(e.reader, 100), PIPE_OUTCOME_END, 0), "and with its end comes the stream's");
	(void)child_wait(handle);
	e.writer = CAP_ID_NULL;
	pipe_drop(e);

	e = pipe_make();
	(void)start("read", e.reader, &handle);
	nap(30 * MS); /* it waits */
	(void)!spawn_kill(w.t, handle, 1);
	(void)child_wait(handle);
	nap(5 * MS);
	tap_ok(is(write_now(e.writer, 6, 10), PIPE_OUTCOME_DONE, 10), "a reader is killed while it waits");
	tap_ok(is(read_now(e.reader, 10), PIPE_OUTCOME_DONE, 10),
	       "what was written then goes to the next, not to the dead");
	pipe_drop(e);
}

static void run_all(bool first)
{
	const struct thread_options options = {.arena_bytes = 32768};
	int64_t code = -1;
	bool good;

	__atomic_store_n(&server.stop, false, __ATOMIC_RELEASE);
	good = capability_manager_create_endpoint(w.t, w.manager, 1024, 4, &server.endpoint) == STATUS_OK &&
	       make_template(server.endpoint, PIPE_FACTORY_INTERFACE_ID, &server.facets) == STATUS_OK &&
	       make_facet(server.facets, PIPE_FACTORY_INTERFACE_ID, PIPE_FACTORY_KEY, &server.factory) ==
		       STATUS_OK &&
	       thread_start(&server.thread, serve, nullptr, &options) == STATUS_OK;
	if (!tap_ok(good, "a thread that serves pipes"))
		return;
	test_bytes();
	test_waiting();
	test_many();
	test_both();
	test_gone();
	test_processes();
	test_pipe_lanes();
	test_pipe_shares(server.factory);
	if (first)
		test_pipe_races();
	__atomic_store_n(&server.stop, true, __ATOMIC_RELEASE);
	struct ends last = pipe_make(); /* makes it look */
	ring_release(w.ring, last.reader);
	ring_release(w.ring, last.writer);
	ring_release(w.ring, server.factory);
	ring_flush(w.ring);
	tap_ok(thread_join(&server.thread, &code) == STATUS_OK, "the server ends (%lld)", (long long)code);
	ring_release(w.ring, server.facets);
	ring_release(w.ring, server.endpoint);
}

void test_pipes(void)
{
	struct child_counts before;

	run_all(true);  /* what is made once is made now */
	run_all(false); /* and at the addresses of every later time */
	before = child_counts();
	run_all(false);
	tap_ok(child_counts_return(&before), "counts return to the baseline");
}
