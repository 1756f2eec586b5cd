// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Calls. Several that use each other's answers are sent before any of them is waited for: one entry into the kernel.
 *
 * A server may be one whose answers cannot be used before they came: then the dependent call comes back with AGAIN, was
 * not delivered, and is made again when its target is there.
 */
#include <fmt/fmt.h>
#include <shell/decode.h>
#include <shell/encode.h>

#include "internal.h"

#define PARAMS_BYTES 2048u
#define MAX_CAPS 8u
#define RESULT_BYTES 8192u         /* of the last call */
#define BETWEEN_RESULT_BYTES 1024u /* of one whose answer is only used */

struct encoding {
	struct shell *shell;
	struct rpc_call *call;
	struct shell_error *error;
};

static bool add_capability(void *self, const struct shell_value *value, uint64_t interface_id, int32_t *index)
{
	struct encoding *e = self;
	struct shell *shell = e->shell;
	char wanted[24], held[24];

	if (interface_id != 0 && value->interface_id != interface_id &&
	    !registry_extends(shell->registry, value->interface_id, interface_id)) {
		struct msg_text a = registry_interface_name(shell->registry, interface_id, wanted);
		struct msg_text b = registry_interface_name(shell->registry, value->interface_id, held);

		e->error->at = value->word.at;
		fmt_print(e->error->text, sizeof(e->error->text), "%.*s is wanted here; %s%.*s%s is %.*s",
			  (int)a.len, a.ptr, value->word.len ? "\"" : "this",
			  (int)(value->word.len < 40 ? value->word.len : 40), value->word.ptr,
			  value->word.len ? "\"" : "", (int)b.len, b.ptr);
		return false;
	}
	*index = rpc_add_cap(e->call, value->cap);
	return true;
}

static const struct shell_value *find_variable(void *self, struct shell_word name)
{
	struct encoding *e = self;
	const struct shell_variable *variable = scope_find(e->shell, name);

	if (variable && !variable->function)
		return variable->value;
	scope_not_found(e->shell, name);
	e->error->at = e->shell->failure.at;
	__builtin_memcpy(e->error->text, e->shell->failure.text, sizeof(e->error->text) - 1);
	return nullptr;
}

/* Opens the call and fills in its parameters. */
static bool prepare(struct shell *shell, struct call_plan *plan, struct rpc_target target, bool last)
{
	struct shell_error error = {};
	struct encoding encoding = {shell, &plan->call, &error};
	struct shell_encoder encoder = {shell->registry, &error, add_capability, find_variable, &encoding};

	rpc_begin(&plan->call, shell->host->transport, target,
		  (struct rpc_shape){
			  .interface_id = registry_data_interface_reader_id(plan->method.interface),
			  .method = plan->method.ordinal,
			  .caps = MAX_CAPS,
			  .result_caps = MAX_CAPS,
			  .params_bytes = PARAMS_BYTES,
			  .result_bytes = last ? RESULT_BYTES : BETWEEN_RESULT_BYTES,
		  });
	plan->open = true;
	if (plan->call.block == RPC_NO_BLOCK)
		return shell_fail(shell, "size", "too many calls at once");

	struct msg_struct_builder b = msg_builder_root(&plan->call.params,
						       registry_data_struct_reader_data_words(plan->params),
						       registry_data_struct_reader_pointers(plan->params));
	if (!shell_encode_params(&encoder, plan->params, b, plan->arguments, plan->step->name.at)) {
		struct msg_text type = registry_data_interface_reader_name(plan->method.interface);
		struct msg_text name = registry_data_method_reader_name(plan->method.method);

		/* Damage of the registry cannot be told from a mistake here; both have a place. */
		if (plan->arguments)
			return shell_fail_at(shell, error.at, "%s", error.text);
		return shell_fail_at(shell, error.at, "%s; \"describe %.*s.%.*s\" says more", error.text,
				     (int)type.len, type.ptr, (int)name.len, name.ptr);
	}
	return true;
}

static struct rpc_target answer_of(const struct call_plan *plan)
{
	struct rpc_target target = rpc_answer(&plan->call);

	for (uint32_t i = 0; i < plan->path_len; i++)
		target = rpc_target_field(target, plan->path[i]);
	return target;
}

static void call_end(struct call_plan *plan)
{
	if (plan->open)
		rpc_end(&plan->call);
	plan->open = false;
}

/* All capabilities that came with an answer, once. */
static bool keep_result_caps(struct shell *shell, struct call_plan *plan)
{
	bool good = true;

	if (plan->call.status == STATUS_OK && rpc_was_sent(&plan->call) && !plan->kept)
		for (uint16_t i = 0; i < plan->call.result_caps; i++)
			good &= temporary_add(shell, rpc_result_cap(&plan->call, i));
	plan->kept = true;
	return good;
}

/* The capability in an answer that the next call goes to. */
static cap_id target_in(struct call_plan *plan)
{
	struct msg_pointer p = msg_reader_root_pointer(&plan->call.results);

	for (uint32_t i = 0; i < plan->path_len; i++)
		p = msg_struct_pointer(msg_read_struct(p), plan->path[i]);
	return rpc_result_cap(&plan->call, msg_read_cap(p));
}

static enum status wait(struct shell *shell, struct call_plan *plan)
{
	if (!plan->call.done)
		(void)!shell->host->wait(shell->host->self, &plan->call);
	return rpc_open_results(&plan->call);
}

/* The same call again, to a target that is there now. */
static bool repeat(struct shell *shell, struct call_plan *plan, cap_id target, bool last)
{
	call_end(plan);
	if (!prepare(shell, plan, rpc_target_cap(target), last))
		return false;
	if (!last)
		rpc_keep(&plan->call);
	(void)!rpc_send(&plan->call);
	(void)!wait(shell, plan);
	return true;
}

static bool send_all(struct shell *shell, struct call_plan *plans, uint32_t count, cap_id target)
{
	for (uint32_t i = 0; i < count; i++) {
		struct rpc_target to = i == 0 ? rpc_target_cap(target) : answer_of(&plans[i - 1]);

		if (!prepare(shell, &plans[i], to, i + 1 == count))
			return false;
		if (i + 1 < count)
			rpc_keep(&plans[i].call);
		(void)!rpc_send(&plans[i].call);
	}
	return true;
}

/* The answer may say why. */
static bool fail_without_target(struct shell *shell, struct call_plan *plan, const struct call_plan *next)
{
	const struct shell_value *answer;

	if (!call_results(shell, plan, &answer) || !answer_has(shell, answer, (struct shell_word){}))
		return false;
	return shell_fail_at(shell, next->step->name.at,
			     "there is nothing to call here: \"%.*s\" gave no capability",
			     (int)plan->step->name.len, plan->step->name.ptr);
}

/* Looks at the answers in order; the first failure is the one that counts. */
static bool look_at(struct shell *shell, struct call_plan *plans, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct call_plan *plan = &plans[i];
		bool last = i + 1 == count;
		enum status status = wait(shell, plan);

		if (status == STATUS_AGAIN && i > 0) {
			if (!repeat(shell, plan, plan->target, last))
				return false;
			status = plan->call.status;
		}
		if (status != STATUS_OK) {
			shell_fail_call(shell, &plan->call, status, plan->target, &plan->method);
			return false;
		}
		if (!keep_result_caps(shell, plan))
			return false;
		if (last)
			break;
		plans[i + 1].target = target_in(plan);
		if (!plans[i + 1].target.raw)
			return fail_without_target(shell, plan, &plans[i + 1]);
	}
	return true;
}

bool call_run(struct shell *shell, struct call_plan *plans, uint32_t count, cap_id target)
{
	bool good;

	plans[0].target = target;
	text_flush(shell->host->out); /* what was said before the call comes before what the call says */
	good = send_all(shell, plans, count, target);
	if (good) {
		/* Waiting for the last one hands all of them over; the others have come when it has, or will not. */
		(void)!wait(shell, &plans[count - 1]);
		good = look_at(shell, plans, count);
	}
	/* What came with answers that nobody looked at. */
	struct shell_failure failure = shell->failure;
	for (uint32_t i = 0; !good && i < count; i++)
		if (plans[i].open && rpc_was_sent(&plans[i].call) && wait(shell, &plans[i]) == STATUS_OK)
			(void)!keep_result_caps(shell, &plans[i]);
	if (!good)
		shell->failure = failure;
	return good;
}

void call_end_all(struct call_plan *plans, uint32_t count)
{
	/* The last first: the transport's room for calls is a stack. */
	while (count > 0)
		call_end(&plans[--count]);
}

/* ---- Results ---- */

static cap_id result_cap(void *self, int32_t index)
{
	return rpc_result_cap(self, index);
}

/* The kernel knows best what a capability is, above all where the schema says only Capability. */
static void learn_interfaces(const struct shell *shell, const struct shell_value *value)
{
	uint64_t interface_id, methods;

	if (value->kind == SHELL_CAPABILITY &&
	    shell->host->facts(shell->host->self, value->cap, &interface_id, &methods))
		((struct shell_value *)value)->interface_id = interface_id; /* just decoded: ours */
	if (value->kind == SHELL_LIST || value->kind == SHELL_STRUCT)
		for (const struct shell_value *m = value->first; m; m = m->next)
			learn_interfaces(shell, m);
}

bool call_results(struct shell *shell, struct call_plan *plan, const struct shell_value **value)
{
	struct shell_decoder decoder = {shell->registry, &shell->arena, result_cap, &plan->call};
	struct shell_value *v = shell_decode(&decoder, plan->results, msg_reader_root(&plan->call.results));

	if (!v)
		return shell_fail_at(shell, plan->step->name.at, "the result is too large to keep");
	if (!msg_reader_ok(&plan->call.results))
		return shell_fail(shell, "BAD_MESSAGE", "the answer is malformed");
	v->word.at = plan->step->name.at;
	v->word.ptr = v->name.ptr = "";
	if (plan->call.result_caps > 0)
		learn_interfaces(shell, v);
	*value = v;
	return true;
}
