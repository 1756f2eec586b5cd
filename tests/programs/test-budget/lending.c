// SPDX-License-Identifier: MIT OR Apache-2.0
/* Who has a budget while calls are served: the server, and its server; and nobody but the caller when a call is over. */
#include "budget.h"

enum status ask(const struct raw *raw, cap_id facet, uint64_t what, uint64_t ms, uint64_t deadline_ns)
{
	uint32_t length = raw_fill(raw, 2, 0);
	uint64_t *words = (uint64_t *)raw_at(raw, raw->message) + 1;

	words[0] = what;
	words[1] = ms;
	struct cap_sqe sqe = raw_call(raw, facet, 0, length);
	sqe.deadline_ns = deadline_ns;
	return raw_status(raw, sqe);
}

/* False: it serves no more. */
static bool serve_one(struct server *server, const struct raw *raw)
{
	struct cap_cqe cqe = raw_do(raw, raw_recv(raw, server->endpoint));

	if (cqe.status != STATUS_OK)
		return false;
	if (cqe.flags & (CAP_CQE_KIND_RELEASED | CAP_CQE_KIND_CANCELLED))
		return true;
	const uint64_t *words = (const uint64_t *)raw_message_of(raw) + 1;
	uint64_t what = words[0], ms = words[1];

	if (what == SERVE_DIE)
		return false;
	if (what == SERVE_ASK_NEXT && server->next.raw != 0)
		(void)!ask(raw, server->next, SERVE_ASK_NEXT, ms, 0);
	else
		burn_ms(ms);
	(void)!raw_status(raw, raw_return(raw, cqe.token, raw_fill(raw, 1, 0)));
	__atomic_fetch_add(&server->done, 1, __ATOMIC_RELEASE);
	return what != SERVE_END;
}

static int64_t serve(void *argument)
{
	struct raw raw = raw_start();

	while (serve_one(argument, &raw))
		;
	return 0;
}

static bool server_start(struct server *server, const struct raw *raw)
{
	*server = (struct server){};
	return raw_endpoint(256, 2, &server->endpoint, &server->facet_template) == STATUS_OK &&
	       raw_mint(raw, server->endpoint, server->facet_template, 1, &server->facet) == STATUS_OK &&
	       thread_start(&server->thread, serve, server, nullptr) == STATUS_OK;
}

static void server_stop(struct server *server, const struct raw *raw)
{
	(void)!ask(raw, server->facet, SERVE_END, 0, runtime_now() + 5000 * MS);
	(void)!thread_join(&server->thread, nullptr);
	ring_release(runtime_ring(), server->facet);
	ring_release(runtime_ring(), server->facet_template);
	ring_release(runtime_ring(), server->endpoint);
	ring_flush(runtime_ring());
}

/* What one alone does in `ms` was done: to be seen only by a clock that counts this CPU's instructions. */
static bool near(uint64_t ns, uint64_t ms)
{
	return w.alone ? ns * 10 >= ms * MS * 8 && ns * 10 <= ms * MS * 13 : ns > 0;
}

/* Of a context: what is used since. */
static uint64_t lent_since(cap_id context, struct figures before)
{
	return look(context).lent_ns - before.lent_ns;
}

static void test_lent(const struct raw *raw, struct server servers[2], cap_id context)
{
	struct figures before = look(context);
	uint64_t worst = 0;

	hogs_start();
	sleep_ms(20);
	for (unsigned i = 0; i < 10; i++) {
		uint64_t began = runtime_now();

		(void)!ask(raw, servers[0].facet, SERVE_BURN, 5, 0);
		worst = runtime_now() - began > worst ? runtime_now() - began : worst;
		sleep_ms(10);
	}
	hogs_stop();
	struct figures after = look(context);
	tap_ok(near(after.lent_ns - before.lent_ns, 50) && after.lends == before.lends + 10,
	       "what a server uses for its caller is the caller's: %lu us, lent %lu times",
	       (after.lent_ns - before.lent_ns) / 1000, after.lends - before.lends);
	tap_ok(after.used_ns - before.used_ns >= after.lent_ns - before.lent_ns && after.depth == 1,
	       "and the budget the caller's again");
	tap_ok(!w.alone || worst < 8 * MS, "a call of 5 ms takes that among busy threads: at most %lu us",
	       worst / 1000);
	before = look(context);
	servers[0].next = servers[1].facet;
	tap_is(ask(raw, servers[0].facet, SERVE_ASK_NEXT, 5, 0), STATUS_OK, "a server that calls a server");
	servers[0].next = CAP_ID_NULL;
	after = look(context);
	tap_ok(near(after.lent_ns - before.lent_ns, 5) && after.lends == before.lends + 2 && after.depth == 1,
	       "both run on the caller's budget: %lu us", (after.lent_ns - before.lent_ns) / 1000);
}

/* However the call ends, the server goes on with its own time. */
static void test_taken_back(const struct raw *raw, struct server *server, cap_id context)
{
	uint64_t done = server->done;
	struct figures before = look(context);

	tap_is(ask(raw, server->facet, SERVE_BURN, 60, runtime_now() + 10 * MS), STATUS_TIMED_OUT,
	       "a call that takes too long");
	struct figures after = look(context);
	tap_ok(after.depth == 1 && (!w.alone || after.lent_ns - before.lent_ns < 20 * MS),
	       "its caller has the budget when it gives up: %lu us were lent",
	       lent_since(context, before) / 1000);
	before = look(context);
	for (unsigned i = 0; i < 100 && __atomic_load_n(&server->done, __ATOMIC_ACQUIRE) == done; i++)
		sleep_ms(10);
	tap_ok(server->done == done + 1 && lent_since(context, before) == 0,
	       "and the server goes on with its own time");
	struct server mortal;
	tap_ok(server_start(&mortal, raw), "a server");
	tap_is(ask(raw, mortal.facet, SERVE_DIE, 0, runtime_now() + 20 * MS), STATUS_TIMED_OUT,
	       "that ends with the call");
	tap_ok(look(context).depth == 1, "takes nothing along");
	(void)!thread_join(&mortal.thread, nullptr);
}

static void test_overrun(const struct raw *raw, struct server *server)
{
	cap_id context;
	uint64_t began;

	tap_is(make(10 * MS, 200 * MS, -1, &context), STATUS_OK, "a small budget");
	tap_is(scheduling_context_bind_self(w.t, context), STATUS_OK, "for this thread");
	sleep_ms(1);
	began = runtime_now();
	tap_is(ask(raw, server->facet, SERVE_BURN, 30, 0), STATUS_OK, "a call that uses more");
	uint64_t took = runtime_now() - began;
	tap_ok(took >= 150 * MS && (!w.alone || took < 260 * MS),
	       "its caller goes on in the next period: after %lu ms", (unsigned long)(took / MS));
	struct events e = events_of(context);
	struct figures f = look(context);
	tap_ok(e.overran == 1 && e.depleted >= 1 && near(f.lent_ns, 10),
	       "the server used it up, and went on with its own time: %lu us", f.lent_ns / 1000);
	(void)!scheduling_context_unbind(w.t, context);
	ring_release(runtime_ring(), context);
}

#define MANY 8u

static void test_depth(const struct raw *raw, cap_id context)
{
	static struct server servers[MANY];
	bool started = true;

	for (unsigned i = 0; i < MANY; i++)
		started &= server_start(&servers[i], raw);
	for (unsigned i = 0; i + 1 < MANY; i++)
		servers[i].next = servers[i + 1].facet;
	(void)events_of(context);
	tap_ok(started && ask(raw, servers[0].facet, SERVE_ASK_NEXT, 2, 0) == STATUS_OK,
	       "a call through eight servers");
	uint64_t deep = events_of(context).too_deep; /* none, if the budget was spent on the way */
	tap_ok((deep == 1 || (!w.alone && deep == 0)) && look(context).depth == 1,
	       "seven of them have the caller's budget, the last its own");
	for (unsigned i = 0; i < MANY; i++) {
		servers[i].next = CAP_ID_NULL;
		server_stop(&servers[i], raw);
	}
}

void test_lending(void)
{
	static struct server servers[2];
	struct raw raw = raw_start();
	cap_id context;

	tap_ok(server_start(&servers[0], &raw) && server_start(&servers[1], &raw), "two servers");
	sleep_ms(5);
	tap_is(make(60 * MS, 100 * MS, -1, &context), STATUS_OK, "six tenths of a CPU");
	tap_is(scheduling_context_bind_self(w.t, context), STATUS_OK, "for this thread");
	test_lent(&raw, servers, context);
	test_taken_back(&raw, &servers[0], context);
	test_depth(&raw, context);
	tap_is(scheduling_context_unbind(w.t, context), STATUS_OK, "unbound");
	test_overrun(&raw, &servers[0]);
	server_stop(&servers[0], &raw);
	server_stop(&servers[1], &raw);
	ring_release(runtime_ring(), context);
}
