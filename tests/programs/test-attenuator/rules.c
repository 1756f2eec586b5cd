// SPDX-License-Identifier: MIT OR Apache-2.0
/* What rules do to calls. Which rules can be, and every operator, is lib/rules/tests' business. */
#include "attenuator.h"

static void test_argument(void)
{
	static const struct rule rules[] = {{ATTENUATOR_OP_AT_MOST, "sleep", "ns", nullptr, 1000, 0}};
	enum status status;
	cap_id narrow = where(w.timer, rules, 1, &status);
	uint64_t ns = 0;

	tap_is(status, STATUS_OK, "a Timer that sleeps at most 1000 ns");
	tap_is(timer_sleep(w.t, narrow, 1000), STATUS_OK, "so long");
	tap_ok(sleep_is_refused(narrow, 1001, EXCEPTION_TYPE_INVALID_ARGUMENT, "ns"),
	       "longer: invalidArgument, with the field's name");
	tap_ok(timer_now(w.t, narrow, &ns) == STATUS_OK && ns > 0,
	       "its other method goes through, and its answer");
	ring_release(w.ring, narrow);
}

static void test_all_methods(void)
{
	static const struct rule rules[] = {{ATTENUATOR_OP_AT_MOST, "", "ns", nullptr, 1000, 0},
					    {ATTENUATOR_OP_ALLOW, "now", "", nullptr, 0, 0}};
	enum status status;
	cap_id strict = where(w.timer, rules, 1, &status), allowed = where(w.timer, rules, 2, &status);
	uint64_t ns;

	tap_is(timer_now(w.t, strict, &ns), STATUS_DENIED, "a method without the field is DENIED");
	tap_is(timer_now(w.t, allowed, &ns), STATUS_OK, "unless it is allowed by name");
	ring_release(w.ring, strict);
	ring_release(w.ring, allowed);
}

static void test_counted(void)
{
	static const struct rule uses[] = {{ATTENUATOR_OP_USES, "", "", nullptr, 3, 0}};
	static const struct rule rate[] = {{ATTENUATOR_OP_RATE, "", "", nullptr, 2, 100'000'000'000ull}};
	enum status status;
	cap_id narrow = where(w.timer, uses, 1, &status);
	unsigned good = 0;
	uint64_t ns;

	for (unsigned i = 0; i < 3; i++)
		good += timer_now(w.t, narrow, &ns) == STATUS_OK;
	tap_ok(good == 3 && sleep_is_refused(narrow, 1, EXCEPTION_TYPE_OVERLOADED, ""),
	       "three uses, and no fourth");
	ring_release(w.ring, narrow);
	narrow = where(w.timer, rate, 1, &status);
	good = 0;
	for (unsigned i = 0; i < 2; i++)
		good += timer_now(w.t, narrow, &ns) == STATUS_OK;
	tap_ok(good == 2 && sleep_is_refused(narrow, 1, EXCEPTION_TYPE_OVERLOADED, ""),
	       "two in 100 s, and no third");
	ring_release(w.ring, narrow);
}

static void test_expires(void)
{
	struct rule rules[] = {{ATTENUATOR_OP_EXPIRES, "", "", nullptr, 0, 0}};
	enum status status;
	uint64_t ns;

	rules[0].number = runtime_now() + 200 * MS;
	cap_id narrow = where(w.timer, rules, 1, &status);
	tap_is(timer_now(w.t, narrow, &ns), STATUS_OK, "before it expires");
	(void)!timer_sleep(w.t, w.timer, 250 * MS);
	tap_is(timer_now(w.t, narrow, &ns), STATUS_REVOKED, "after it has expired: REVOKED");
	ring_release(w.ring, narrow);
	rules[0].number = 1;
	(void)where(w.timer, rules, 1, &status);
	tap_is(status, STATUS_EXCEPTION, "one that is past already");
}

static void test_composed(void)
{
	static const struct rule first[] = {{ATTENUATOR_OP_USES, "", "", nullptr, 2, 0}};
	static const struct rule second[] = {{ATTENUATOR_OP_AT_MOST, "sleep", "ns", nullptr, 1000, 0}};
	enum status status;
	cap_id inner = where(w.timer, first, 1, &status), outer = where(inner, second, 1, &status);
	uint64_t ns;

	tap_is(status, STATUS_OK, "wrapped twice");
	tap_ok(sleep_is_refused(outer, 2000, EXCEPTION_TYPE_INVALID_ARGUMENT, "ns"),
	       "the outer rule refuses, and uses nothing");
	tap_ok(timer_now(w.t, outer, &ns) == STATUS_OK && timer_sleep(w.t, outer, 1) == STATUS_OK &&
		       sleep_is_refused(outer, 1, EXCEPTION_TYPE_OVERLOADED, ""),
	       "the inner one counts what came through");
	ring_release(w.ring, inner);
	tap_ok(sleep_is_refused(outer, 1, EXCEPTION_TYPE_OVERLOADED, ""),
	       "and does so when nobody else holds it");
	ring_release(w.ring, outer);
}

static void test_refused_rules(void)
{
	static const struct rule bad[] = {
		{ATTENUATOR_OP_WITHIN, "sleep", "ns", "x", 0, 0},
		{ATTENUATOR_OP_AT_MOST, "sleep", "absent", nullptr, 0, 0},
		{ATTENUATOR_OP_USES, "absent", "", nullptr, 0, 0},
	};
	enum status status;
	unsigned refused = 0;

	for (unsigned i = 0; i < 3; i++) {
		(void)where(w.timer, &bad[i], 1, &status);
		refused += status == STATUS_EXCEPTION;
	}
	(void)where(w.timer, bad, 0, &status);
	tap_ok(refused == 3 && status == STATUS_EXCEPTION, "rules that cannot be are refused");
	static const struct rule fine[] = {{ATTENUATOR_OP_USES, "", "", nullptr, 1, 0}};
	(void)where(CAP_ID_NULL, fine, 1, &status);
	tap_is(status, STATUS_EXCEPTION, "and no capability at all");
}

static void test_log(void)
{
	static const struct rule rules[] = {{ATTENUATOR_OP_USES, "", "", nullptr, 9, 0},
					    {ATTENUATOR_OP_AT_MOST, "sleep", "ns", nullptr, 1000, 0}};
	struct attenuator_refusals_results_reader results;
	enum status status;
	uint64_t next = 0, before;
	struct rpc_call call;

	for (before = UINT64_MAX; next != before;) {
		struct attenuator_refusals_params_builder p = attenuator_refusals_begin(&call, w.t,
											w.attenuator);

		before = next;
		attenuator_refusals_params_builder_set_from(p, next);
		if (attenuator_refusals_call(&call, &results) == STATUS_OK)
			next = attenuator_refusals_results_reader_next(results);
		rpc_end(&call);
	}
	tap_ok(next > 3, "earlier refusals are in the log (%llu)", (unsigned long long)next);
	cap_id narrow = where(w.timer, rules, 2, &status);
	(void)sleep_is_refused(narrow, 4711, EXCEPTION_TYPE_INVALID_ARGUMENT, "ns");
	struct attenuator_refusals_params_builder p = attenuator_refusals_begin(&call, w.t, w.attenuator);
	attenuator_refusals_params_builder_set_from(p, next);
	tap_is(attenuator_refusals_call(&call, &results), STATUS_OK, "a further one");
	struct attenuator_refusal_list_reader list = attenuator_refusals_results_reader_refusals(results);
	struct attenuator_refusal_reader r = attenuator_refusal_list_reader_at(list, 0);
	tap_ok(attenuator_refusal_list_reader_count(list) == 1 &&
		       attenuator_refusal_reader_number(r) == next &&
		       attenuator_refusal_reader_interface_id(r) == TIMER_INTERFACE_ID &&
		       attenuator_refusal_reader_method(r) == TIMER_SLEEP &&
		       attenuator_refusal_reader_rule(r) == 1 &&
		       attenuator_refusal_reader_op(r) == ATTENUATOR_OP_AT_MOST &&
		       msg_text_equal(attenuator_refusal_reader_field(r), MSG_TEXT("ns")) &&
		       msg_text_equal(attenuator_refusal_reader_value(r), MSG_TEXT("4711")),
	       "is a typed record: interface, method, rule, operator, field and value");
	rpc_end(&call);
	ring_release(w.ring, narrow);
}

void test_rules(void)
{
	test_argument();
	test_all_methods();
	test_counted();
	test_expires();
	test_composed();
	test_refused_rules();
	test_log();
}
