// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Calls that compose over processes, with generated stubs: a chain in one entry, order, failure, release, deadlines; calls
 * that are passed on; capabilities that come back to who made them.
 */
#include <runtime/ring.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/revoker.capnp.h>
#include <schema/kernel/timer.capnp.h>
#include <schema/service/maker.capnp.h>
#include <runtime/runtime.h>
#include <testing/tap.h>

#define MS 1'000'000ull

static struct rpc_transport *t;
static cap_id maker, timer, manager;

/* Sent and kept: what it makes can be used before it is there. */
static struct rpc_target send_make(struct rpc_call *make, uint64_t start)
{
	maker_make_params_builder_set_start(maker_make_begin(make, t, maker), start);
	rpc_keep(make);
	(void)!rpc_send(make);
	return maker_make_results_pipeline_thing(make);
}

static void begin_use(struct rpc_call *use, struct rpc_target thing, uint64_t by)
{
	thing_use_params_builder_set_by(thing_use_begin_on(use, t, thing), by);
}

static uint64_t value_of(struct rpc_call *use)
{
	if (rpc_wait(use) != STATUS_OK)
		return UINT64_MAX;
	return thing_use_results_reader_value(thing_use_results(use));
}

/* The capabilities of a kept answer go with it. */
static void end_make(struct rpc_call *make)
{
	if (rpc_wait(make) == STATUS_OK)
		for (int32_t i = 0; i < make->result_caps; i++)
			ring_release(runtime_ring(), rpc_result_cap(make, i));
	rpc_end(make);
}

static void test_chain(void)
{
	struct rpc_call make, use, deeper, child, last;
	struct thing_use_results_reader r;

	struct rpc_target thing = send_make(&make, 10);
	begin_use(&use, thing, 1);
	tap_is(thing_use_call(&use, &r), STATUS_OK, "maker.make(10).thing.use(1)");
	tap_ok(make.done && thing_use_results_reader_value(r) == 11,
	       "is 11, and the maker's answer came, too");
	rpc_end(&use);
	begin_use(&deeper, maker_make_results_pipeline_again_thing(&make), 5);
	tap_ok(thing_use_call(&deeper, &r) == STATUS_OK && thing_use_results_reader_value(r) == 16,
	       "the same thing, deeper in the message");
	rpc_end(&deeper);
	end_make(&make);

	thing = send_make(&make, 20);
	thing_child_begin_on(&child, t, thing);
	rpc_keep(&child);
	(void)!rpc_send(&child);
	struct rpc_target second = thing_child_results_pipeline_thing(&child);
	begin_use(&use, second, 1);
	(void)!rpc_send(&use);
	begin_use(&last, second, 1);
	tap_ok(thing_use_call(&last, &r) == STATUS_OK && thing_use_results_reader_value(r) == 22,
	       "a chain of four calls");
	tap_ok(value_of(&use) == 21, "in order");
	rpc_end(&last);
	rpc_end(&use);
	end_make(&child);
	end_make(&make);
}

static void test_argument(void)
{
	struct maker_add_results_reader r;
	struct rpc_call a, b, add;

	struct rpc_target first = send_make(&a, 30), second = send_make(&b, 12);
	struct maker_add_params_builder p = maker_add_begin(&add, t, maker);
	maker_add_params_builder_set_thing(p, rpc_add_answer(&add, first));
	maker_add_params_builder_set_other(p, rpc_add_answer(&add, second));
	tap_ok(maker_add_call(&add, &r) == STATUS_OK && maker_add_results_reader_sum(r) == 42,
	       "two answers to come as arguments: their server knows both as its own");
	rpc_end(&add);
	p = maker_add_begin(&add, t, maker);
	maker_add_params_builder_set_thing(p, rpc_add_answer(&add, first));
	maker_add_params_builder_set_other(p, rpc_add_cap(&add, maker));
	tap_ok(tap_raises(&add, EXCEPTION_TYPE_INVALID_ARGUMENT, "other"), "and what is none of its things");
	end_make(&b);
	end_make(&a);
}

static void test_failure(void)
{
	struct rpc_call refuse, use, child, last;

	maker_refuse_params_builder_set_reason(
		maker_refuse_begin_sized(&refuse, t, rpc_target_cap(maker), 16), MSG_TEXT("not today"));
	rpc_keep(&refuse);
	(void)!rpc_send(&refuse);
	struct rpc_target thing = maker_refuse_results_pipeline_thing(&refuse);
	thing_child_begin_on(&child, t, thing);
	rpc_keep(&child);
	(void)!rpc_send(&child);
	begin_use(&last, thing_child_results_pipeline_thing(&child), 1);
	begin_use(&use, thing, 1);
	tap_is(rpc_call(&use), STATUS_EXCEPTION, "what depends on a failed call fails");
	struct exception_reader e = rpc_exception(&use);
	tap_ok(exception_reader_type(e) == EXCEPTION_TYPE_OVERLOADED &&
		       msg_text_equal(exception_reader_reason(e), MSG_TEXT("not today")),
	       "with the same exception");
	tap_is(rpc_call(&last), STATUS_EXCEPTION, "and so does what depends on that");
	rpc_end(&use);
	rpc_end(&last);
	rpc_end(&child);
	rpc_end(&refuse);
}

static struct rpc_target send_late(struct rpc_call *late, uint64_t ns)
{
	maker_late_params_builder_set_ns(maker_late_begin(late, t, maker), ns);
	rpc_keep(late);
	(void)!rpc_send(late);
	return maker_late_results_pipeline_thing(late);
}

static void test_giving_up(void)
{
	struct thing_use_results_reader r;
	struct rpc_call late, use;

	struct rpc_target thing = send_late(&late, 50 * MS);
	begin_use(&use, thing, 1);
	rpc_set_deadline(&use, runtime_now() + 5 * MS);
	tap_is(rpc_call(&use), STATUS_TIMED_OUT, "a held call has its deadline");
	rpc_end(&use);
	begin_use(&use, thing, 2);
	(void)!rpc_send(&use);
	ring_flush(runtime_ring());
	rpc_end(&use); /* cancels it */
	begin_use(&use, thing, 3);
	tap_ok(thing_use_call(&use, &r) == STATUS_OK && thing_use_results_reader_value(r) == 3,
	       "those that were given up never arrived");
	rpc_end(&use);
	end_make(&late);

	thing = send_late(&late, 50 * MS);
	begin_use(&use, thing, 1);
	(void)!rpc_send(&use);
	ring_flush(runtime_ring());
	struct cap_cqe cqe = ring_do(runtime_ring(),
				     &(struct cap_sqe){.op = CAP_OP_CANCEL, .target = late.sequence});
	tap_is((enum status)cqe.status, STATUS_OK, "CANCEL of a call with dependants");
	tap_ok(rpc_wait(&late) == STATUS_CANCELLED && rpc_wait(&use) == STATUS_CANCELLED,
	       "cancels them, too");
	rpc_end(&use);
	rpc_end(&late);
}

/* RELEASE_ANSWER before the answer came; then everything that came with it is gone. */
static void test_release(void)
{
	struct thing_use_results_reader r;
	struct rpc_call make, use, late;

	struct rpc_target thing = send_make(&make, 1);
	begin_use(&use, thing, 1);
	(void)!rpc_send(&use);
	struct cap_cqe cqe = ring_do(runtime_ring(), &(struct cap_sqe){.op = CAP_OP_RELEASE_ANSWER,
								       .flags = CAP_SQE_RELEASE_CAPS,
								       .target = make.sequence});
	tap_is((enum status)cqe.status, STATUS_OK, "RELEASE_ANSWER of an answer to come");
	begin_use(&late, thing, 1);
	tap_is(thing_use_call(&late, &r), STATUS_BAD_ID, "the name is gone at once");
	tap_ok(value_of(&use) == 2, "who named it before still gets it");
	tap_is(rpc_wait(&make), STATUS_OK, "the call itself goes on");
	cap_id id = rpc_result_cap(&make, 0);
	rpc_end(&late);
	begin_use(&late, rpc_target_cap(id), 1);
	tap_is(thing_use_call(&late, &r), STATUS_BAD_ID, "what came is released with it");
	rpc_end(&late);
	rpc_end(&use);
	rpc_end(&make);
}

/* The gate of the first call is that of all that comes of it. */
static void test_revoked(void)
{
	cap_id gated = CAP_ID_NULL, revoker = CAP_ID_NULL, whole = maker;
	uint64_t entries, calls, mappings;
	struct rpc_call late, use;

	tap_is(capability_manager_make_revocable(t, manager, maker, 0, &gated, &revoker), STATUS_OK,
	       "a revocable maker");
	maker = gated;
	struct rpc_target thing = send_late(&late, 30 * MS);
	begin_use(&use, thing, 1);
	(void)!rpc_send(&use);
	ring_flush(runtime_ring());
	tap_ok(revoker_revoke(t, revoker, &entries, &calls, &mappings) == STATUS_OK && calls == 1,
	       "revoking it while a call waits, and another for that");
	tap_ok(rpc_wait(&late) == STATUS_REVOKED && rpc_wait(&use) == STATUS_REVOKED, "both are REVOKED");
	rpc_end(&use);
	rpc_end(&late);
	maker = whole;
	ring_release(runtime_ring(), gated);
	ring_release(runtime_ring(), revoker);
}

static void test_passing_on(void)
{
	struct maker_pass_on_results_reader r;
	struct rpc_call call;
	uint64_t session = 0;

	for (unsigned i = 0; i < 3; i++) {
		maker_pass_on_params_builder_set_start(maker_pass_on_begin(&call, t, maker), 100);
		bool good = maker_pass_on_call(&call, &r) == STATUS_OK &&
			    maker_pass_on_results_reader_value(r) == 102;
		session = maker_pass_on_results_reader_session(r);
		rpc_end(&call);
		if (!good)
			break;
		tap_ok(good && session != 0, "passed on twice, answered by the third server (%u)", i);
	}
}

/* Passed on to objects of the kernel, which answer instead of the server. */
static void test_passing_on_to_the_kernel(void)
{
	uint64_t before = runtime_now(), ns = 0, taken = 0;
	cap_id notification = CAP_ID_NULL;
	struct rpc_call nap;

	tap_ok(maker_now(t, maker, &ns) == STATUS_OK && ns >= before && ns <= runtime_now(),
	       "Timer.now answers for the server");

	maker_nap_params_builder_set_ns(maker_nap_begin(&nap, t, maker), 20 * MS);
	tap_ok(maker_nap_send(&nap) == STATUS_OK && maker_now(t, maker, &ns) == STATUS_OK && !nap.done,
	       "the server is out of a nap, and takes the next call");
	tap_ok(rpc_wait(&nap) == STATUS_OK && runtime_now() >= before + 20 * MS,
	       "Timer.sleep answers when it is over");
	rpc_end(&nap);

	maker_nap_params_builder_set_ns(maker_nap_begin(&nap, t, maker), 3600'000 * MS);
	rpc_set_deadline(&nap, runtime_now() + 20 * MS);
	tap_is(rpc_call(&nap), STATUS_TIMED_OUT, "a nap has the deadline of its caller");
	rpc_end(&nap);

	maker_nap_params_builder_set_ns(maker_nap_begin(&nap, t, maker), 3600'000 * MS);
	(void)!rpc_send(&nap);
	(void)!maker_now(t, maker, &ns); /* behind it: the server has passed it on */
	rpc_end(&nap);                   /* which cancels it, and waits until it is */
	tap_ok(maker_now(t, maker, &ns) == STATUS_OK, "and can be given up");

	tap_is(maker_notification(t, maker, &notification), STATUS_OK,
	       "a capability comes from the kernel's object");
	ring_signal_bits(runtime_ring(), notification, 8);
	tap_ok(ring_wait_bits(runtime_ring(), notification, 0, 0, &taken) == STATUS_OK && taken == 8,
	       "and works here");
	ring_release(runtime_ring(), notification);

	uint64_t entries, calls, mappings;
	cap_id gated = CAP_ID_NULL, revoker = CAP_ID_NULL;
	tap_is(capability_manager_make_revocable(t, manager, maker, 0, &gated, &revoker), STATUS_OK,
	       "through a revocable capability");
	tap_is(maker_notification(t, gated, &notification), STATUS_OK, "it comes, too");
	maker_nap_params_builder_set_ns(maker_nap_begin(&nap, t, gated), 3600'000 * MS);
	(void)!rpc_send(&nap);
	(void)!maker_now(t, maker, &ns);
	tap_is(revoker_revoke(t, revoker, &entries, &calls, &mappings), STATUS_OK, "revoked");
	tap_is(rpc_wait(&nap), STATUS_REVOKED, "the nap in the kernel ends");
	rpc_end(&nap);
	tap_is(ring_wait_bits(runtime_ring(), notification, 0, runtime_now() + MS, &taken), STATUS_REVOKED,
	       "and so does what came back");
	ring_release(runtime_ring(), notification);
	ring_release(runtime_ring(), gated);
	ring_release(runtime_ring(), revoker);
}

/* The deadline of the call that a server is in is that of the calls that it makes, unless theirs is earlier. */
static void test_deadlines(void)
{
	uint64_t deadline = runtime_now() + 500 * MS, ns;
	struct rpc_call call;

	t->deadline_ns = deadline; /* as the service loop does */
	timer_now_begin(&call, t, timer);
	tap_ok(rpc_sqe(&call)->deadline_ns == deadline,
	       "a nested call has the deadline of the call that is served");
	rpc_set_deadline(&call, deadline - 1);
	tap_ok(rpc_sqe(&call)->deadline_ns == deadline - 1, "or its own, if that is earlier");
	rpc_set_deadline(&call, deadline + 1);
	tap_ok(rpc_sqe(&call)->deadline_ns == deadline, "not if it is later");
	rpc_end(&call);
	t->deadline_ns = 0;
	tap_is(timer_now(t, timer, &ns), STATUS_OK, "without one there is none");

	struct thing_use_results_reader r;
	struct rpc_call numbers, use;
	maker_numbers_begin(&numbers, t, maker);
	rpc_set_deadline(&numbers, deadline);
	rpc_keep(&numbers);
	(void)!rpc_send(&numbers);
	begin_use(&use, maker_numbers_results_pipeline_thing(&numbers), 0);
	tap_ok(thing_use_call(&use, &r) == STATUS_OK && thing_use_results_reader_value(r) == deadline,
	       "a server reads the deadline of its call");
	rpc_end(&use);
	end_make(&numbers);
}

int main(void)
{
	tap_start();
	t = runtime_transport();
	timer = runtime_need("timer", TIMER_INTERFACE_ID);
	maker = runtime_need("maker", MAKER_INTERFACE_ID);
	manager = runtime_need("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID);
	test_chain();
	test_argument();
	test_failure();
	test_giving_up();
	test_release();
	test_revoked();
	test_passing_on();
	test_passing_on_to_the_kernel();
	test_deadlines();
	return tap_end();
}
