// SPDX-License-Identifier: MIT OR Apache-2.0
/* TAP: numbered lines, and the plan at the end. */
#include <fmt/fmt.h>
#include <runtime/runtime.h>
#include <schema/kernel/console.capnp.h>
#include <testing/tap.h>

#define LINE 220u

static cap_id console;
static unsigned tests, failed;

static void say(const char *line)
{
	/* Nobody else would hear that it failed: the plan will not be met. */
	(void)!console_write_line(runtime_transport(), console, msg_text_from(line));
}

void tap_start(void)
{
	console = runtime_need("console", CONSOLE_INTERFACE_ID);
}

static bool report(bool good, const char *text, va_list args)
{
	char line[LINE];
	size_t len;

	tests++;
	failed += !good;
	len = fmt_print(line, sizeof(line), "%sok %u - ", good ? "" : "not ", tests);
	fmt_vprint(line + len, sizeof(line) - len, text, args);
	say(line);
	return good;
}

bool tap_ok(bool good, const char *text, ...)
{
	va_list args;

	va_start(args, text);
	report(good, text, args);
	va_end(args);
	return good;
}

const char *tap_status_name(enum status status)
{
	switch (status) {
#define NAME(name, value, sentence) \
	case STATUS_##name:         \
		return #name;
		STATUS_LIST(NAME)
#undef NAME
	}
	return "?";
}

bool tap_is(enum status status, enum status expected, const char *text, ...)
{
	va_list args;

	va_start(args, text);
	report(status == expected, text, args);
	va_end(args);
	if (status != expected)
		tap_note("got %s (%d), expected %s", tap_status_name(status), status,
			 tap_status_name(expected));
	return status == expected;
}

void tap_note(const char *text, ...)
{
	char line[LINE] = "# ";
	va_list args;

	va_start(args, text);
	fmt_vprint(line + 2, sizeof(line) - 2, text, args);
	va_end(args);
	say(line);
}

int tap_end(void)
{
	char line[LINE];

	fmt_print(line, sizeof(line), "1..%u", tests);
	say(line);
	return failed ? 1 : 0;
}

bool tap_raised(struct rpc_call *call, enum exception_type type, const char *field)
{
	enum status status = rpc_wait(call);
	bool good = status == STATUS_EXCEPTION;

	if (good) {
		struct exception_reader e = rpc_exception(call);
		struct msg_text at = exception_reader_field(e), reason = exception_reader_reason(e);

		good = exception_reader_type(e) == type &&
		       (!field || msg_text_equal(at, msg_text_from(field)));
		if (!good)
			tap_note("raised type %u field \"%.*s\": %.*s", (unsigned)exception_reader_type(e),
				 (int)at.len, at.ptr, (int)reason.len, reason.ptr);
	} else {
		tap_note("no exception, but %s", tap_status_name(status));
	}
	rpc_end(call);
	return good;
}

bool tap_raises(struct rpc_call *call, enum exception_type type, const char *field)
{
	(void)rpc_send(call); /* what cannot be sent has a status, too */
	return tap_raised(call, type, field);
}
