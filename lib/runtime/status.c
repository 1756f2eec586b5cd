// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Status codes and exceptions as text.
 */
#include <fmt/fmt.h>
#include <rpc/rpc.h>
#include <runtime/status.h>

struct entry {
	const char *name, *text;
};

/* Indexed by the negated status. */
static const struct entry entries[] = {
#define STATUS_ENTRY(name, value, sentence) [-(value)] = {#name, sentence},
	STATUS_LIST(STATUS_ENTRY)
#undef STATUS_ENTRY
};

static const struct entry *find(enum status status)
{
	static const struct entry unknown = {"?", "unknown status"};
	size_t index = (size_t)-(int64_t)status;

	return index < sizeof(entries) / sizeof(entries[0]) && entries[index].name ? &entries[index]
										   : &unknown;
}

const char *status_name(enum status status)
{
	return find(status)->name;
}

const char *status_text(enum status status)
{
	return find(status)->text;
}

static const char *exception_name(enum exception_type type)
{
	switch (type) {
	case EXCEPTION_TYPE_FAILED:
		return "failed";
	case EXCEPTION_TYPE_OVERLOADED:
		return "overloaded";
	case EXCEPTION_TYPE_DISCONNECTED:
		return "disconnected";
	case EXCEPTION_TYPE_UNIMPLEMENTED:
		return "unimplemented";
	case EXCEPTION_TYPE_INVALID_ARGUMENT:
		return "invalidArgument";
	default:
		return "exception";
	}
}

size_t status_describe(struct rpc_call *call, char *buffer, size_t size)
{
	if (call->status != STATUS_EXCEPTION)
		return fmt_print(buffer, size, "%s: %s", status_name(call->status),
				 status_text(call->status));

	struct exception_reader e = rpc_exception(call);
	struct msg_text reason = exception_reader_reason(e), field = exception_reader_field(e);

	return fmt_print(buffer, size, "%s%s%.*s%s%.*s%s", exception_name(exception_reader_type(e)),
			 reason.len ? ": " : "", (int)reason.len, reason.ptr, field.len ? " (" : "",
			 (int)field.len, field.ptr, field.len ? ")" : "");
}
