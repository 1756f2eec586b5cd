// SPDX-License-Identifier: MIT OR Apache-2.0
/* CapSet, launch parameters, clock. */
#include <schema/kernel/console.capnp.h>
#include <schema/kernel/timer.capnp.h>

#include "test.h"

static _Thread_local int initialised = 42;
static const char *const relocated[] = {"first", "second"};

void test_start(void)
{
	cap_id cap = {1};
	struct msg_text value;
	uint64_t before, kernel = 0;

	tap_ok(runtime_cap("timer", TIMER_INTERFACE_ID, &cap) == STATUS_OK && cap.raw,
	       "a granted capability is found");
	tap_ok(runtime_cap("timer", CONSOLE_INTERFACE_ID, &cap) == STATUS_WRONG_TYPE && cap.raw == 0,
	       "under another interface it is refused");
	tap_is(runtime_cap("absent", TIMER_INTERFACE_ID, &cap), STATUS_NOT_GRANTED,
	       "an optional grant may be absent");
	tap_ok(runtime_argument_count() == 3 && msg_text_equal(runtime_argument(0), MSG_TEXT("one")) &&
		       runtime_argument(1).len == 0 && msg_text_equal(runtime_argument(2), MSG_TEXT("three")),
	       "the image's arguments arrive");
	tap_ok(runtime_environment("COLOUR", &value) && msg_text_equal(value, MSG_TEXT("red")),
	       "a variable arrives");
	tap_ok(runtime_environment("EMPTY", &value) && value.len == 0, "an empty variable is there");
	tap_ok(!runtime_environment("SIZE", &value), "another is not");
	tap_ok(runtime_load_address() != 0 && runtime_load_address() % 4096 == 0,
	       "the load address is known");
	tap_ok(initialised == 42, "thread-local variables have their initial values");
	tap_ok(relocated[1][0] == 's', "pointers in data are relocated");

	before = runtime_now();
	(void)runtime_cap("timer", TIMER_INTERFACE_ID, &cap);
	tap_is(timer_now(runtime_transport(), cap, &kernel), STATUS_OK, "Timer.now");
	tap_ok(before <= kernel && kernel <= runtime_now(),
	       "the clock read without the kernel agrees with it");
	tap_is(timer_sleep(runtime_transport(), cap, 2'000'000), STATUS_OK, "Timer.sleep");
	tap_ok(runtime_now() - kernel >= 2'000'000, "sleeps as long as it says");
}
