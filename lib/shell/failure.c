// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What went wrong, in words: of the source, of a call's status, or the object's own exception. All that is said comes from
 * the statuses' one list, the registry and the exception.
 */
#include <abi/status.h>
#include <fmt/fmt.h>

#include "internal.h"

static const struct {
	enum status status;
	const char *name, *sentence;
} statuses[] = {
#define ROW(name, value, sentence) {STATUS_##name, #name, sentence},
	STATUS_LIST(ROW)
#undef ROW
};

static void start(struct shell *shell, const char *kind)
{
	shell->failure = (struct shell_failure){};
	fmt_print(shell->failure.kind, sizeof(shell->failure.kind), "%s", kind);
}

bool shell_fail(struct shell *shell, const char *kind, const char *format, ...)
{
	char text[sizeof(shell->failure.text)];
	va_list args;

	va_start(args, format);
	fmt_vprint(text, sizeof(text), format, args);
	va_end(args);
	start(shell, kind);
	__builtin_memcpy(shell->failure.text, text, sizeof(text));
	return false;
}

bool shell_fail_at(struct shell *shell, uint32_t at, const char *format, ...)
{
	char text[sizeof(shell->failure.text)];
	va_list args;

	va_start(args, format);
	fmt_vprint(text, sizeof(text), format, args);
	va_end(args);
	start(shell, "value");
	__builtin_memcpy(shell->failure.text, text, sizeof(text));
	shell->failure.placed = true;
	shell->failure.at = at;
	return false;
}

bool shell_fail_status(struct shell *shell, const char *what, enum status status)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (statuses[i].status == status)
			return shell_fail(shell, statuses[i].name, "%s%s%s", what ? what : "",
					  what ? ": " : "", statuses[i].sentence);
	return shell_fail(shell, "status", "%d%s%s", status, what ? ": " : "", what ? what : "");
}

bool answer_has(struct shell *shell, const struct shell_value *answer, struct shell_word member)
{
	const struct shell_value *outcome = shell_member(answer, (struct shell_word){"outcome", 7, 0});
	char kind[sizeof(shell->failure.kind)];
	const char *why;

	if (!answer->results || !outcome || outcome->kind != SHELL_ENUMERANT ||
	    shell_word_is(outcome->word, "done"))
		return true;
	why = shell->host->outcome ? shell->host->outcome(shell->host->self, outcome->word) : nullptr;
	fmt_print(kind, sizeof(kind), "%.*s", (int)outcome->word.len, outcome->word.ptr);
	if (member.len == 0)
		return shell_fail(shell, kind, "%s%sso there is nothing to call", why ? why : "",
				  why ? "; " : "");
	return shell_fail(shell, kind, "%s%sso there is no \"%.*s\"", why ? why : "", why ? "; " : "",
			  (int)member.len, member.ptr);
}

struct buffer {
	char *text;
	size_t size, len;
};

static void write_buffer(void *self, const char *bytes, size_t len)
{
	struct buffer *b = self;

	for (size_t i = 0; i < len && b->len + 1 < b->size; i++)
		b->text[b->len++] = bytes[i];
	b->text[b->len] = '\0';
}

static bool fail_denied(struct shell *shell, cap_id target, const struct registry_method *method)
{
	struct msg_text name = registry_data_method_reader_name(method->method);
	struct shell_failure *f = &shell->failure;
	struct buffer buffer = {f->text, sizeof(f->text), 0};
	struct text_out out = {write_buffer, &buffer, nullptr};
	uint64_t interface_id, methods;

	start(shell, "DENIED");
	text_put_text(&out, name);
	text_put(&out, " was removed from this capability");
	if (target.raw && shell->host->facts(shell->host->self, target, &interface_id, &methods)) {
		text_put(&out, " (it has: ");
		registry_print_methods(shell->registry, &out, method->interface, methods);
		text_put(&out, ")");
	}
	return false;
}

static bool fail_exception(struct shell *shell, struct rpc_call *call)
{
	static const char *const types[] = {"failed", "overloaded", "disconnected", "unimplemented",
					    "invalidArgument"};
	struct exception_reader e = rpc_exception(call);
	uint16_t type = (uint16_t)exception_reader_type(e);
	struct msg_text field = exception_reader_field(e), reason = exception_reader_reason(e);

	start(shell, type < sizeof(types) / sizeof(types[0]) ? types[type] : "exception");
	fmt_print(shell->failure.field, sizeof(shell->failure.field), "%.*s", (int)field.len, field.ptr);
	fmt_print(shell->failure.text, sizeof(shell->failure.text), "%.*s", (int)reason.len, reason.ptr);
	return false;
}

bool shell_fail_call(struct shell *shell, struct rpc_call *call, enum status status, cap_id target,
		     const struct registry_method *method)
{
	if (status == STATUS_EXCEPTION)
		return fail_exception(shell, call);
	if (status == STATUS_DENIED && method)
		return fail_denied(shell, target, method);
	return shell_fail_status(shell, nullptr, status);
}

void shell_failure_print(const struct shell_failure *f, const struct text_out *out)
{
	if (f->script[0])
		text_print(out, "%s:%u: ", f->script, f->line);
	if (!f->placed && f->kind[0]) {
		text_put(out, f->kind);
		if (f->field[0])
			text_print(out, " (%s)", f->field);
		text_put(out, f->text[0] ? ": " : "");
	}
	text_put(out, f->text);
	text_put(out, "\n");
}
