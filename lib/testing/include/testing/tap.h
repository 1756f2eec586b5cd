// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Tests that run inside capOS: TAP through the Console granted as "console", one line for each behaviour.
 *
 *   int main(void)
 *   {
 *           tap_start();
 *           tap_ok(1 + 1 == 2, "one and one are two");
 *           return tap_end();
 *   }
 */
#pragma once

#include <abi/status.h>
#include <rpc/rpc.h>

void tap_start(void);
/* One test. Gives `good` back. The text is formatted as lib/fmt does. */
bool tap_ok(bool good, const char *text, ...) __attribute__((format(printf, 2, 3)));
/* The same for a status; what came instead is shown. */
bool tap_is(enum status status, enum status expected, const char *text, ...)
	__attribute__((format(printf, 3, 4)));
/* A line that is no test. */
void tap_note(const char *text, ...) __attribute__((format(printf, 1, 2)));
/* The plan; the exit code: 0 if all tests passed. */
int tap_end(void);

/*
 * Makes a call that was begun, and ends it: did the object raise this type of exception, about this field?
 * field null: any, "" for none.
 */
bool tap_raises(struct rpc_call *call, enum exception_type type, const char *field);
/* Of a call that was sent. */
bool tap_raised(struct rpc_call *call, enum exception_type type, const char *field);

/* What a status is called. */
const char *tap_status_name(enum status status);
