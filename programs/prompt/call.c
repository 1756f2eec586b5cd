// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Expressions: from a name, step by step, to a result.
 *
 * What a step means depends on what it is applied to: on a capability it is a method (or `only`, which
 * attenuates); on the results of a call it is a member, and a member that is a capability can be called
 * again. Capabilities that came with results and were neither named by `let` nor used are released.
 */
#include <fmt/fmt.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <shell/encode.h>
#include <shell/nearest.h>

#include "prompt.h"

#define PARAMS_BYTES 1536u
#define RESULT_BYTES 2048u
#define MAX_CAPS 8u

/* What an expression has come to. */
struct current {
	const struct name *name; /* it has a name here; null: it came on the way */
	cap_id id;
	uint64_t interface_id;
	bool is_result;

	/* A result: the open call, and the struct in its message. */
	struct rpc_call call;
	struct registry_data_struct_reader type;
	struct msg_struct value;
};

/* ---- Results ---- */

static void release_result_caps(struct current *c, cap_id except)
{
	for (uint16_t i = 0; i < c->call.result_caps; i++) {
		cap_id id = rpc_result_cap(&c->call, i);

		if (id.raw != except.raw)
			ring_release(runtime_ring(), id);
	}
}

static void end_result(struct current *c, cap_id except)
{
	if (!c->is_result)
		return;
	release_result_caps(c, except);
	rpc_end(&c->call);
	c->is_result = false;
}

static void drop(struct current *c)
{
	if (c->is_result)
		end_result(c, CAP_ID_NULL);
	else if (!c->name)
		ring_release(runtime_ring(), c->id);
}

static bool is_capability(struct registry_data_field_reader field)
{
	struct registry_data_type_reader type = registry_data_field_reader_type(field);
	enum registry_data_kind kind = registry_data_type_reader_kind(type);

	return registry_data_type_reader_lists(type) == 0 &&
	       (kind == REGISTRY_DATA_KIND_INTERFACE || kind == REGISTRY_DATA_KIND_CAPABILITY);
}

/* The result becomes one of its capabilities. False: that one is null. */
static bool become_capability(struct current *c, struct registry_data_field_reader field)
{
	struct registry_data_type_reader type = registry_data_field_reader_type(field);
	cap_id id = rpc_result_cap(&c->call,
				   msg_struct_cap(c->value, registry_data_field_reader_offset(field)));
	uint64_t interface_id = registry_data_type_reader_id(type), methods;
	uint32_t giver;
	uint16_t provenance;

	end_result(c, id);
	c->name = nullptr;
	c->id = id;
	/* The kernel knows best what it is, above all where the schema says only Capability. */
	if (id.raw && !capability_facts(id, &c->interface_id, &methods, &provenance, &giver))
		c->interface_id = interface_id;
	return id.raw != 0;
}

/* ---- Steps ---- */

static bool fail_word(struct shell_word word, const char *text, struct msg_text what)
{
	struct shell_error error = {.at = word.at};

	fmt_print(error.text, sizeof(error.text), text, (int)(word.len < 40 ? word.len : 40), word.ptr,
		  (int)what.len, what.ptr);
	show_error(&error);
	return false;
}

static bool unknown_method(struct registry_data_interface_reader interface, struct shell_word word)
{
	struct shell_nearest nearest = shell_nearest(word.ptr, word.len);
	struct registry_method m;

	for (uint32_t i = 0; registry_method_at(&registry, interface, i, &m); i++) {
		struct msg_text name = registry_data_method_reader_name(m.method);

		shell_nearest_offer(&nearest, name.ptr, name.len);
	}
	if (nearest.found)
		return fail_word(word, "there is no method \"%.*s\"; did you mean \"%.*s\"?",
				 (struct msg_text){nearest.name, nearest.name_len});
	return fail_word(word, "there is no method \"%.*s\"; try \"describe %.*s\"",
			 registry_data_interface_reader_name(interface));
}

struct argument_context {
	struct rpc_call *call;
	struct shell_error *error;
};

static bool capability_argument(void *self, struct shell_word word, uint64_t interface_id, int32_t *index)
{
	struct argument_context *context = self;
	const struct name *name = names_find(word);
	char wanted[24], held[24];

	if (!name) {
		names_not_found(word, context->error);
		return false;
	}
	if (interface_id != 0 && name->interface_id != interface_id) {
		struct msg_text a = registry_interface_name(&registry, interface_id, wanted);
		struct msg_text b = registry_interface_name(&registry, name->interface_id, held);

		context->error->at = word.at;
		fmt_print(context->error->text, sizeof(context->error->text),
			  "%.*s is wanted here; \"%s\" is %.*s", (int)a.len, a.ptr, name->text, (int)b.len,
			  b.ptr);
		return false;
	}
	*index = rpc_add_cap(context->call, name->id);
	return true;
}

static bool call_method(struct current *c, const struct shell_statement *st, const struct shell_step *step,
			const struct registry_method *m)
{
	struct registry_data_struct_reader params = {}, results = {};
	struct shell_error error = {};
	struct argument_context context = {&c->call, &error};
	struct shell_encoder encoder = {&registry, &st->values, &error, capability_argument, &context};

	if (!registry_struct(&registry, registry_data_method_reader_params(m->method), &params) ||
	    !registry_struct(&registry, registry_data_method_reader_results(m->method), &results))
		return fail_word(step->name, "the registry does not know the types of \"%.*s\"%.*s",
				 MSG_TEXT(""));
	rpc_begin(&c->call, runtime_transport(), rpc_target_cap(c->id),
		  (struct rpc_shape){
			  .interface_id = registry_data_interface_reader_id(m->interface),
			  .method = m->ordinal,
			  .caps = MAX_CAPS,
			  .result_caps = MAX_CAPS,
			  .params_bytes = PARAMS_BYTES,
			  .result_bytes = RESULT_BYTES,
		  });

	struct msg_struct_builder b = msg_builder_root(&c->call.params,
						       registry_data_struct_reader_data_words(params),
						       registry_data_struct_reader_pointers(params));
	if (!shell_encode_params(&encoder, params, b, step->first, step->count, step->name.at)) {
		rpc_end(&c->call);
		show_error(&error);
		return false;
	}

	enum status status = terminal_call(&c->call);
	if (status != STATUS_OK) {
		struct name here = {.id = c->id};

		show_failure(&c->call, status, &here, m);
		rpc_end(&c->call);
		return false;
	}
	if (!c->name)
		ring_release(runtime_ring(), c->id);
	c->is_result = true;
	c->type = results;
	c->value = msg_reader_root(&c->call.results);
	return true;
}

/* capability.only(method, ...) */
static bool attenuate(struct current *c, const struct shell_statement *st, const struct shell_step *step,
		      struct registry_data_interface_reader interface)
{
	uint64_t methods = 0;
	cap_id manager, id;

	for (uint16_t i = 0, index = step->first; i < step->count;
	     i++, index = st->values.value[index].next) {
		const struct shell_value *value = &st->values.value[index];
		struct registry_method m;

		if (value->kind != SHELL_NAME || value->name.len > 0)
			return fail_word(value->word, "only wants names of methods, not \"%.*s\"%.*s",
					 MSG_TEXT(""));
		if (!registry_method_named(&registry, interface,
					   (struct msg_text){value->word.ptr, value->word.len}, &m))
			return unknown_method(interface, value->word);
		if (registry_data_interface_reader_id(m.interface) != c->interface_id || m.ordinal > 63)
			return fail_word(value->word,
					 "\"%.*s\" is inherited: only() keeps methods of %.*s itself",
					 registry_data_interface_reader_name(interface));
		methods |= 1ull << m.ordinal;
	}
	if (!names_need("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID, &manager))
		return false;

	enum status status = capability_manager_attenuate(runtime_transport(), manager, c->id,
							  c->interface_id, methods, &id);
	if (status != STATUS_OK) {
		show_status("only", status);
		return false;
	}
	drop(c);
	c->name = nullptr;
	c->id = id;
	return true;
}

static bool step_on_capability(struct current *c, const struct shell_statement *st,
			       const struct shell_step *step)
{
	struct registry_data_interface_reader interface;
	struct registry_method m;

	if (!registry_interface(&registry, c->interface_id, &interface))
		return fail_word(step->name,
				 "its interface is not in the registry, so nothing is known of \"%.*s\"%.*s",
				 MSG_TEXT(""));
	if (registry_method_named(&registry, interface, (struct msg_text){step->name.ptr, step->name.len},
				  &m))
		return call_method(c, st, step, &m);
	if (shell_word_is(step->name, "only"))
		return attenuate(c, st, step, interface);
	return unknown_method(interface, step->name);
}

static bool step_on_result(struct current *c, const struct shell_step *step)
{
	struct registry_data_field_reader field;
	struct registry_data_type_reader type;

	if (step->called ||
	    !registry_field_named(c->type, (struct msg_text){step->name.ptr, step->name.len}, &field))
		return fail_word(step->name, "the result has no member \"%.*s\"%.*s", MSG_TEXT(""));
	type = registry_data_field_reader_type(field);
	if (is_capability(field)) {
		if (!become_capability(c, field))
			return fail_word(step->name, "\"%.*s\" is null%.*s", MSG_TEXT(""));
		return true;
	}
	if (registry_data_type_reader_lists(type) > 0 ||
	    registry_data_type_reader_kind(type) != REGISTRY_DATA_KIND_STRUCT ||
	    !registry_struct(&registry, registry_data_type_reader_id(type), &c->type))
		return fail_word(step->name, "\"%.*s\" has no members of its own%.*s", MSG_TEXT(""));
	c->value = msg_struct_struct(c->value, registry_data_field_reader_offset(field));
	return true;
}

/* ---- The whole ---- */

/* Takes over the capability. */
static void name_capability(struct shell_word word, cap_id id, uint64_t declared)
{
	struct shell_error error;
	uint64_t interface_id, methods;
	uint32_t giver;
	uint16_t provenance;
	char buffer[24];

	/* The kernel knows best what it is, above all where the schema says only Capability. */
	if (!capability_facts(id, &interface_id, &methods, &provenance, &giver))
		interface_id = declared;
	if (!names_set(word, id, interface_id, &error)) {
		ring_release(runtime_ring(), id);
		show_error(&error);
		return;
	}
	text_print(&out, "  %.*s = <", (int)word.len, word.ptr);
	text_put_text(&out, registry_interface_name(&registry, interface_id, buffer));
	text_put(&out, ">\n");
}

/* The capabilities among the members of a result, one for each name, in their order. */
static void name_members(struct current *c, const struct shell_statement *st)
{
	struct registry_data_field_list_reader fields = registry_data_struct_reader_fields(c->type);
	cap_id found[SHELL_MAX_LET];
	uint64_t declared[SHELL_MAX_LET];
	uint32_t count = 0;

	for (uint32_t i = 0; i < registry_data_field_list_reader_count(fields); i++) {
		struct registry_data_field_reader field = registry_data_field_list_reader_at(fields, i);

		if (!is_capability(field))
			continue;
		if (count < SHELL_MAX_LET) {
			found[count] = rpc_result_cap(
				&c->call, msg_struct_cap(c->value, registry_data_field_reader_offset(field)));
			declared[count] = registry_data_type_reader_id(
				registry_data_field_reader_type(field));
		}
		count++;
	}
	if (count != st->let_count) {
		text_print(&out, "the result holds %u %s; let gives each a name: let a, b = ...\n", count,
			   count == 1 ? "capability" : "capabilities");
		drop(c);
		return;
	}
	rpc_end(&c->call);
	c->is_result = false;
	for (uint32_t i = 0; i < count; i++) {
		if (found[i].raw)
			name_capability(st->let[i], found[i], declared[i]);
		else
			text_print(&out, "  %.*s: null\n", (int)st->let[i].len, st->let[i].ptr);
	}
}

static void name_result(struct current *c, const struct shell_statement *st)
{
	if (c->is_result) {
		name_members(c, st);
		return;
	}
	if (st->let_count > 1) {
		text_put(&out, "that is one capability: it gets one name\n");
		drop(c);
		return;
	}
	if (c->name && ring_dup(runtime_ring(), c->id, &c->id) != STATUS_OK) {
		text_put(&out, "the capability could not be duplicated\n");
		return;
	}
	name_capability(st->let[0], c->id, c->interface_id);
}

static void show_result(struct current *c)
{
	char buffer[24];

	if (c->is_result) {
		registry_print_results(&registry, &out, c->type, c->value);
		if (!msg_reader_ok(&c->call.results))
			text_put(&out, "  (the answer is malformed)\n");
		if (c->call.result_caps > 0)
			text_put(&out, "  capabilities were dropped; \"let x = ...\" keeps one\n");
	} else {
		text_put(&out, "  <");
		text_put_text(&out, registry_interface_name(&registry, c->interface_id, buffer));
		text_put(&out, ">\n");
	}
	drop(c);
}

void call_expression(const struct shell_statement *st)
{
	const struct name *name = names_find(st->target);
	struct shell_error error;
	static struct current c;

	if (!name) {
		names_not_found(st->target, &error);
		show_error(&error);
		return;
	}
	c = (struct current){.name = name, .id = name->id, .interface_id = name->interface_id};
	for (uint32_t i = 0; i < st->step_count; i++) {
		bool good = c.is_result ? step_on_result(&c, &st->steps[i])
					: step_on_capability(&c, st, &st->steps[i]);

		if (!good) {
			drop(&c);
			return;
		}
	}
	if (st->let_count > 0)
		name_result(&c, st);
	else
		show_result(&c);
}
