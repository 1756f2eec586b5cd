// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What became of a call that did not succeed, in words: the status of the transport, or the object's
 * exception.
 */
#include <abi/status.h>

#include "prompt.h"

static const struct {
	enum status status;
	const char *name, *sentence;
} statuses[] = {
#define ROW(name, value, sentence) {STATUS_##name, #name, sentence},
	STATUS_LIST(ROW)
#undef ROW
};

void show_status(const char *what, enum status status)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		if (statuses[i].status == status) {
			text_print(&out, "%s: %s%s%s\n", statuses[i].name, what ? what : "", what ? ": " : "",
				   statuses[i].sentence);
			return;
		}
	}
	text_print(&out, "status %d: %s\n", status, what ? what : "");
}

static void show_denied(const struct name *target, const struct registry_method *method)
{
	uint64_t interface_id, methods;
	uint32_t giver;
	uint16_t provenance;

	text_put(&out, "DENIED: ");
	text_put_text(&out, registry_data_method_reader_name(method->method));
	text_put(&out, " was removed from this capability");
	if (target && capability_facts(target->id, &interface_id, &methods, &provenance, &giver)) {
		text_put(&out, " (it has: ");
		registry_print_methods(&registry, &out, method->interface, methods);
		text_put(&out, ")");
	}
	text_put(&out, "\n");
}

static void show_exception(struct rpc_call *call)
{
	static const char *const types[] = {"failed", "overloaded", "disconnected", "unimplemented",
					    "invalidArgument"};
	struct exception_reader e = rpc_exception(call);
	uint16_t type = (uint16_t)exception_reader_type(e);
	struct msg_text field = exception_reader_field(e), reason = exception_reader_reason(e);

	text_put(&out, type < sizeof(types) / sizeof(types[0]) ? types[type] : "exception");
	if (field.len > 0) {
		text_put(&out, " (");
		text_put_text(&out, field);
		text_put(&out, ")");
	}
	if (reason.len > 0) {
		text_put(&out, ": ");
		text_put_text(&out, reason);
	}
	text_put(&out, "\n");
}

void show_failure(struct rpc_call *call, enum status status, const struct name *target,
		  const struct registry_method *method)
{
	if (status == STATUS_EXCEPTION)
		show_exception(call);
	else if (status == STATUS_DENIED && method)
		show_denied(target, method);
	else
		show_status(nullptr, status);
}
