// SPDX-License-Identifier: MIT OR Apache-2.0
/* What passes through: capabilities both ways, exceptions, ends, many calls at a time. */
#include <runtime/thread.h>

#include "attenuator.h"

static const struct rule often[] = {{ATTENUATOR_OP_USES, "", "", nullptr, 1000, 0}};

static void test_derived(void)
{
	static const struct rule rules[] = {{ATTENUATOR_OP_EQUAL, "end", "how", "exitWithFailure", 0, 0},
					    {ATTENUATOR_OP_USES, "", "", nullptr, 4, 0}};
	enum status status;
	bool kernel = true;
	cap_id narrow = where(w.steady, rules, 2, &status), object = CAP_ID_NULL;
	uint64_t ns = 0;
	struct rpc_call call;

	tap_is(crasher_open(w.t, narrow, &object), STATUS_OK, "an object from a wrapped service");
	tap_ok(object_of(object, &kernel) == object_of(narrow, &kernel) && !kernel, "is wrapped as well");
	crasher_end_params_builder_set_how(crasher_end_begin(&call, w.t, object), CRASHER_HOW_PAGE_FAULT);
	tap_ok(tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, "how"), "by the same rules");
	tap_ok(crasher_started(w.t, object, &ns) == STATUS_OK && ns != 0, "and works");
	tap_ok(crasher_started(w.t, narrow, &ns) == STATUS_OK &&
		       crasher_started(w.t, object, &ns) == STATUS_OK,
	       "both count for the same uses");
	crasher_started_begin(&call, w.t, narrow);
	tap_ok(tap_raises(&call, EXCEPTION_TYPE_OVERLOADED, ""), "which are used up together");
	ring_release(w.ring, narrow);
	ring_release(w.ring, object);
}

static void test_capabilities(void)
{
	enum status status;
	bool kernel = false, narrow_kernel = true;
	cap_id narrow = where(w.manager, often, 1, &status), notification = CAP_ID_NULL;
	struct capability_manager_describe_results_reader results;
	struct rpc_call call;

	(void)!object_of(narrow, &narrow_kernel);
	tap_is(capability_manager_create_notification(w.t, narrow, &notification), STATUS_OK,
	       "a capability of another interface");
	tap_ok(object_of(notification, &kernel) != 0 && kernel && !narrow_kernel, "passes as it is");
	struct capability_manager_describe_params_builder p = capability_manager_describe_begin(&call, w.t,
												narrow);
	capability_manager_describe_params_builder_set_capability(p, rpc_add_cap(&call, w.timer));
	tap_is(capability_manager_describe_call(&call, &results), STATUS_OK, "a capability as an argument");
	tap_ok(capability_manager_entry_reader_interface_id(
		       capability_manager_describe_results_reader_entry(results)) == TIMER_INTERFACE_ID,
	       "arrives");
	rpc_end(&call);
	capability_manager_drop_params_builder_set_id(capability_manager_drop_begin(&call, w.t, narrow), 0);
	tap_ok(tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, "id"),
	       "an exception of the object passes as it is");
	ring_release(w.ring, notification);
	ring_release(w.ring, narrow);
}

static void test_end_of_server(void)
{
	enum status status;
	cap_id narrow = where(w.steady, often, 1, &status);
	uint64_t ns = 0, now = runtime_now();
	struct rpc_call call;

	struct crasher_end_once_if_old_params_builder p = crasher_end_once_if_old_begin(&call, w.t, narrow);
	crasher_end_once_if_old_params_builder_set_ns(p, now);
	tap_ok(tap_raises(&call, EXCEPTION_TYPE_DISCONNECTED, ""), "the wrapped service ends: disconnected");
	now = runtime_now();
	tap_ok(crasher_end_if_old(w.t, narrow, now, CRASHER_HOW_PAGE_FAULT, &ns) == STATUS_OK && ns > now,
	       "an idempotent call is sent again from there");
	ring_release(w.ring, narrow);
}

struct holder {
	struct thread thread;
	cap_id service;
	enum status status;
};

static int64_t call_hold(void *argument)
{
	struct holder *h = argument;

	h->status = crasher_hold(runtime_transport(), h->service);
	return 0;
}

static void test_many(void)
{
	static struct holder holders[3];
	enum status status;
	cap_id narrow = where(w.steady, often, 1, &status);
	uint64_t ns;
	unsigned good = 0;
	struct rpc_call call;

	for (unsigned i = 0; i < 3; i++) {
		holders[i].service = narrow;
		(void)!thread_start(&holders[i].thread, call_hold, &holders[i], nullptr);
	}
	(void)!timer_sleep(w.t, w.timer, 20 * MS);
	tap_is(crasher_started(w.t, narrow, &ns), STATUS_OK,
	       "calls that are never answered hold up no others");
	(void)!crasher_end(w.t, w.steady, CRASHER_HOW_PAGE_FAULT);
	for (unsigned i = 0; i < 3; i++) {
		(void)!thread_join(&holders[i].thread, nullptr);
		good += holders[i].status == STATUS_EXCEPTION;
	}
	tap_ok(good == 3, "and end with their server");
	ring_release(w.ring, narrow);
	narrow = where(w.timer, often, 1, &status);
	/* More than there are slots, each given up. */
	good = 0;
	for (unsigned i = 0; i < 12; i++) {
		timer_sleep_params_builder_set_ns(timer_sleep_begin(&call, w.t, narrow), 3600000 * MS);
		(void)!rpc_send(&call);
		ring_flush(w.ring);
		rpc_end(&call); /* cancels it */
		good += timer_now(w.t, narrow, &ns) == STATUS_OK;
	}
	tap_ok(good == 12, "calls that are given up give their places back");
	ring_release(w.ring, narrow);
}

static void test_room(void)
{
	cap_id held[20];
	enum status status = STATUS_OK;
	uint64_t ns;
	unsigned good = 0, count = 0;

	for (unsigned i = 0; i < 60; i++) {
		cap_id narrow = where(w.timer, often, 1, &status);

		good += status == STATUS_OK && timer_now(w.t, narrow, &ns) == STATUS_OK;
		ring_release(w.ring, narrow);
		ring_flush(w.ring);
	}
	tap_ok(good == 60, "what is released makes room (%u of 60)", good);
	while (count < 20) {
		held[count] = where(w.timer, often, 1, &status);
		if (status != STATUS_OK)
			break;
		count++;
	}
	tap_ok(count == 16 && status == STATUS_EXCEPTION, "sixteen lists of rules at a time (%u)", count);
	for (unsigned i = 0; i < count; i++)
		ring_release(w.ring, held[i]);
	ring_flush(w.ring);
	held[0] = where(w.timer, often, 1, &status);
	tap_is(status, STATUS_OK, "and again when they are released");
	ring_release(w.ring, held[0]);
}

/* Limits that the schema itself has: generated into every server. */
static bool limited_is_refused(const char *text, uint32_t bytes, uint32_t size, const char *kind,
			       const char *field)
{
	struct rpc_call call;
	struct crasher_limited_params_builder p = crasher_limited_begin(&call, w.t, w.steady);

	crasher_limited_params_builder_set_text(p, msg_text_from(text));
	crasher_limited_params_builder_set_bytes(p, (struct msg_data){(const uint8_t *)"12345678", bytes});
	crasher_limited_params_builder_set_size(p, size);
	crasher_limited_params_builder_set_kind(p, msg_text_from(kind));
	return tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, field);
}

static void test_schema_limits(void)
{
	uint32_t length = 0;
	struct msg_data four = {(const uint8_t *)"1234", 4};

	tap_ok(crasher_limited(w.t, w.steady, MSG_TEXT("12345678"), four, 100, MSG_TEXT("red"), &length) ==
			       STATUS_OK &&
		       length == 8,
	       "a call at the schema's limits");
	tap_ok(limited_is_refused("123456789", 4, 1, "red", "text"), "a longer Text than $maxBytes");
	tap_ok(limited_is_refused("1", 5, 1, "red", "bytes"), "longer Data");
	tap_ok(limited_is_refused("1", 1, 101, "red", "size"), "a larger number than $atMost");
	tap_ok(limited_is_refused("1", 1, 1, "green", "kind"), "none of $oneOf");
}

void test_calls(void)
{
	test_derived();
	test_capabilities();
	test_end_of_server();
	test_many();
	test_room();
	test_schema_limits();
}
