// SPDX-License-Identifier: MIT OR Apache-2.0
/* Who takes all pipes, all ends with memory and all places to wait in leaves enough for another session, and nothing for its own. */
#include <pipe/server.h>
#include <schema/kernel/session_context.capnp.h>
#include <shared_buffer/shared_buffer.h>

#include "pipes.h"

#define BYTES 65536u
/* What a child could do: bits of its exit code. */
#define MAKES 1
#define SHARES 2
#define WAITS 4

static bool make(cap_id factory, struct ends *e)
{
	struct pipe_factory_create_results_reader results;
	struct rpc_call call;
	bool good;

	*e = (struct ends){};
	(void)pipe_factory_create_begin(&call, w.t, factory);
	good = pipe_factory_create_call(&call, &results) == STATUS_OK;
	if (good) {
		e->reader = rpc_result_cap(&call, pipe_factory_create_results_reader_reader(results));
		e->writer = rpc_result_cap(&call, pipe_factory_create_results_reader_writer(results));
	}
	rpc_end(&call);
	return good;
}

int pipe_other(void)
{
	struct shared_buffer buffer;
	cap_id memory, pipe, spare = granted("reader");
	struct rpc_call call;
	struct ends e;
	int could = make(granted("factory"), &e) ? MAKES : 0;

	if (shared_buffer_make(&buffer, w.t, w.space, BYTES, 1, &memory) == STATUS_OK &&
	    lane_open(could ? e.reader : spare, memory, false, &pipe) == STATUS_OK)
		could |= SHARES;
	begin_read(&call, could & MAKES ? e.reader : spare, 10);
	ring_flush(w.ring);
	nap(5 * MS);
	if (!call.done || call.status != STATUS_EXCEPTION)
		could |= WAITS;
	rpc_end(&call);
	return could;
}

static int64_t other_in(cap_id session, cap_id factory, cap_id reader)
{
	struct spawn_grant grants[] = {child_grant("console"), child_grant_space(),
				       child_grant_as("factory", factory, PIPE_FACTORY_INTERFACE_ID),
				       child_grant_as("reader", reader, PIPE_INTERFACE_ID)};

	return child_run("test-pipe", &(struct child_options){.grants = grants,
							      .grant_count = 4,
							      .arguments = {"pipe", "other"},
							      .session = session})
		.code;
}

static uint32_t done(struct rpc_call *calls, uint32_t count)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < count; i++)
		n += calls[i].done;
	return n;
}

void test_pipe_shares(cap_id factory)
{
	static struct ends all[PIPE_SERVER_PIPES];
	static cap_id lanes[PIPE_SERVER_LANES];
	static struct rpc_call calls[PIPE_SERVER_WAITING / 2 + 1];
	cap_id session = child_session(w.sessions, "other"), memory = {};
	uint32_t made = 0, opened = 0;
	struct shared_buffer buffer;
	uint64_t ended;

	while (made < PIPE_SERVER_PIPES && make(factory, &all[made]))
		made++;
	(void)!shared_buffer_make(&buffer, w.t, w.space, BYTES, 1, &memory);
	while (opened < PIPE_SERVER_LANES &&
	       lane_open(all[0].writer, memory, true, &lanes[opened]) == STATUS_OK)
		opened++;
	tap_ok(made == PIPE_SERVER_PIPES / 2 && opened == PIPE_SERVER_LANES / 2,
	       "one session gets half: %u pipes, %u ends with memory", made, opened);
	for (uint32_t i = 0; i < PIPE_SERVER_WAITING / 2 + 1; i++)
		begin_read(&calls[i], all[1 + i / 4].reader, 1);
	ring_flush(w.ring);
	nap(5 * MS);
	tap_ok(done(calls, PIPE_SERVER_WAITING / 2) == 0 &&
		       end_read(&calls[PIPE_SERVER_WAITING / 2]).status == STATUS_EXCEPTION,
	       "and half of the places to wait in");
	tap_ok(other_in(CAP_ID_NULL, factory, all[20].reader) == 0, "another process of it gets nothing");
	tap_ok(other_in(session, factory, all[20].reader) == (MAKES | SHARES | WAITS),
	       "one of another session makes a pipe, shares memory and waits");
	for (uint32_t i = 0; i < PIPE_SERVER_WAITING / 2; i++)
		rpc_end(&calls[i]);
	while (opened > 0)
		ring_release(w.ring, lanes[--opened]);
	while (made > 0)
		pipe_drop(all[--made]);
	nap(5 * MS);
	(void)make(factory, &all[0]);
	tap_ok(other_in(CAP_ID_NULL, factory, all[0].reader) == (MAKES | SHARES | WAITS),
	       "what was given back is there for all");
	pipe_drop(all[0]);
	shared_buffer_detach(&buffer);
	ring_release(w.ring, memory);
	(void)!session_context_end(w.t, session, &ended);
	ring_release(w.ring, session);
	ring_flush(w.ring);
}
