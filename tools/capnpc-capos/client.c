// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Generated client stubs. For interface Foo with a method bar:
 *
 *   foo_bar_begin(call, transport, cap)            -> params builder; room for RPC_DEFAULT_VARIABLE bytes of text etc.
 *   foo_bar_begin_on(call, transport, target)      the same on an answer that has not come
 *   foo_bar_begin_sized(call, transport, target, variable)   with room for exactly that much
 *   foo_bar_send(call), foo_bar_results(call), foo_bar_call(call, &results)
 *   foo_bar_results_pipeline_x(call)               a capability in the answer, as target or argument
 *   foo_bar_wait(call)                             of an idempotent method: after send, in place of rpc_wait
 *   foo_bar(transport, cap, params..., results...) in one, where params are scalars, Text, Data and capabilities and
 *                                                  results scalars and capabilities
 */
#include "gen.h"

/* What a struct needs in a message, as far as the schema fixes it. */
struct extent {
	unsigned words;
	unsigned caps;
	bool variable;      /* has text, data, lists, AnyPointers */
	bool variable_caps; /* lists of, or AnyPointers to, capabilities */
};

static void measure(struct gen *g, struct node n, struct extent *e, unsigned depth)
{
	for (uint32_t i = 0; i < struct_field_count(n); i++) {
		struct field f = struct_field(n, i);

		if (field_is_group(f)) {
			measure(g, schema_node(g->schema, field_group_id(f)), e, depth);
			continue;
		}
		struct type t = field_type(f);
		if (type_is_cap(t)) {
			e->caps++;
		} else if (type_kind(t) == TYPE_STRUCT && depth < 4) {
			struct node of = schema_node(g->schema, type_id(t));

			e->words += struct_data_words(of) + struct_pointers(of);
			measure(g, of, e, depth + 1);
		} else if (type_is_pointer(t)) {
			e->variable = true;
			e->variable_caps |= type_kind(t) != TYPE_TEXT && type_kind(t) != TYPE_DATA;
		}
	}
}

static struct extent extent(struct gen *g, struct node n)
{
	struct extent e = {.words = 1u + struct_data_words(n) + struct_pointers(n)};

	measure(g, n, &e, 0);
	return e;
}

static const char *caps_text(struct extent e)
{
	return e.variable_caps ? string("%u + RPC_DEFAULT_CAPS", e.caps) : string("%u", e.caps);
}

struct stub {
	struct gen *g;
	const char *interface, *name; /* foo, foo_bar */
	struct node params, results;
	struct msg_text doc;
	bool idempotent; /* sent again if the server ends */
};

/* As fields of a struct rpc_shape. variable: an expression for what the params need beyond what the schema fixes. */
static void emit_shape(struct stub *s, const char *indent, const char *constant, const char *variable)
{
	struct gen *g = s->g;
	struct extent p = extent(g, s->params), r = extent(g, s->results);

	emit(g, "%s.interface_id = %s_INTERFACE_ID,\n%s.method = %s,\n", indent, upper(s->interface), indent,
	     constant);
	emit(g, "%s.caps = %s,\n%s.result_caps = %s,\n", indent, caps_text(p), indent, caps_text(r));
	emit(g, "%s.params_bytes = %u%s,\n", indent, p.words * 8, variable);
	emit(g, "%s.result_bytes = %u%s,\n", indent, r.words * 8,
	     r.variable ? " + RPC_DEFAULT_RESULT" : " + 64");
	if (s->idempotent)
		emit(g, "%s.again = true,\n", indent);
}

static void emit_begin(struct stub *s, const char *constant)
{
	struct gen *g = s->g;
	const char *builder = string("struct %s_builder", node_name(s->params));

	emit(g, "\n");
	emit_comment(g, s->doc, "");
	emit(g, "static inline %s %s_begin_sized(struct rpc_call *call, struct rpc_transport *transport,\n",
	     builder, s->name);
	emit(g,
	     "\tstruct rpc_target target, uint32_t variable)\n{\n\treturn (%s){rpc_begin_root(call, transport, target, "
	     "(struct rpc_shape){\n",
	     builder);
	emit_shape(s, "\t\t", constant, " + variable");
	emit(g, "\t}, %u, %u)};\n}\n", struct_data_words(s->params), struct_pointers(s->params));

	emit(g, "\nstatic inline %s %s_begin_on(struct rpc_call *call, struct rpc_transport *transport,\n",
	     builder, s->name);
	emit(g, "\tstruct rpc_target target)\n{\n\treturn %s_begin_sized(call, transport, target, %s);\n}\n",
	     s->name, extent(g, s->params).variable ? "RPC_DEFAULT_VARIABLE" : "0");
	emit(g, "\nstatic inline %s %s_begin(struct rpc_call *call, struct rpc_transport *transport,\n",
	     builder, s->name);
	emit(g, "\tcap_id cap)\n{\n\treturn %s_begin_on(call, transport, rpc_target_cap(cap));\n}\n",
	     s->name);
}

static void emit_rest(struct stub *s)
{
	struct gen *g = s->g;
	const char *reader = string("struct %s_reader", node_name(s->results));

	emit(g, "\nstatic inline enum status %s_send(struct rpc_call *call)\n{\n\treturn %s(call);\n}\n",
	     s->name, struct_pointers(s->params) == 0 ? "rpc_send_fixed" : "rpc_send");
	emit(g, "\nstatic inline %s %s_results(struct rpc_call *call)\n{\n", reader, s->name);
	emit(g, "\treturn (%s){rpc_results_root(call, %u, %u)};\n}\n", reader, struct_data_words(s->results),
	     struct_pointers(s->results));
	emit(g, "\nstatic inline enum status %s_call(struct rpc_call *call, %s *results)\n{\n", s->name,
	     reader);
	emit(g, "\tenum status status = %s(call);\n\n\t*results = (%s){};\n",
	     s->idempotent ? "rpc_call_idempotent" : "rpc_call", reader);
	emit(g, "\tif (status == STATUS_OK)\n\t\t*results = %s_results(call);\n\treturn status;\n}\n",
	     s->name);
}

/* Capabilities in the answer, through groups and structs; path: the pointers passed so far. */
static void emit_pipelines(struct stub *s, struct node n, const char *names, const char *path, unsigned depth)
{
	for (uint32_t i = 0; i < struct_field_count(n); i++) {
		struct field f = struct_field(n, i);
		const char *name = string("%s_%s", names, field_c_name(f));

		if (field_is_group(f)) {
			emit_pipelines(s, schema_node(s->g->schema, field_group_id(f)), name, path, depth);
			continue;
		}
		if (!type_is_pointer(field_type(f)) || field_offset(f) > 254)
			continue;
		const char *next = string("rpc_target_field(%s, %u)", path, field_offset(f));
		if (type_is_cap(field_type(f)))
			emit(s->g,
			     "\nstatic inline struct rpc_target %s_results_pipeline%s(const struct rpc_call *call)\n{\n"
			     "\treturn %s;\n}\n",
			     s->name, name, next);
		else if (type_kind(field_type(f)) == TYPE_STRUCT && depth < 3)
			emit_pipelines(s, schema_node(s->g->schema, type_id(field_type(f))), name, next,
				       depth + 1);
	}
}

/* ---- The call in one ---- */

static bool simple(struct node n, bool bytes_too)
{
	for (uint32_t i = 0; i < struct_field_count(n); i++) {
		struct field f = struct_field(n, i);
		enum type_kind k;

		if (field_is_group(f) || field_in_union(f))
			return false;
		k = type_kind(field_type(f));
		if (type_is_pointer(field_type(f)) && !type_is_cap(field_type(f)) &&
		    !(bytes_too && (k == TYPE_TEXT || k == TYPE_DATA)))
			return false;
	}
	return true;
}

static bool has_float(struct node n)
{
	for (uint32_t i = 0; i < struct_field_count(n); i++) {
		enum type_kind k = type_kind(field_type(struct_field(n, i)));

		if (k == TYPE_FLOAT32 || k == TYPE_FLOAT64)
			return true;
	}
	return false;
}

static const char *value_type(struct gen *g, struct type t)
{
	if (type_kind(t) == TYPE_TEXT)
		return "struct msg_text";
	if (type_kind(t) == TYPE_DATA)
		return "struct msg_data";
	return type_is_cap(t) ? "cap_id" : scalar_type(g, t);
}

static const char *parameter(struct stub *s, struct field f, bool is_result)
{
	/* A result may have the name of a parameter. */
	const char *name = identifier(field_c_name(f));

	if (is_result)
		for (uint32_t i = 0; i < struct_field_count(s->params); i++)
			if (msg_text_equal(field_name(struct_field(s->params, i)), field_name(f)))
				name = string("result_%s", field_c_name(f));
	return name;
}

static void emit_one_signature(struct stub *s)
{
	struct gen *g = s->g;

	emit(g, "\nstatic inline enum status %s(struct rpc_transport *transport, cap_id cap", s->name);
	for (uint32_t i = 0; i < struct_field_count(s->params); i++) {
		struct field f = struct_field(s->params, i);

		if (type_kind(field_type(f)) != TYPE_VOID)
			emit(g, ",\n\t%s %s", value_type(g, field_type(f)), parameter(s, f, false));
	}
	for (uint32_t i = 0; i < struct_field_count(s->results); i++) {
		struct field f = struct_field(s->results, i);

		if (type_kind(field_type(f)) != TYPE_VOID)
			emit(g, ",\n\t%s *%s", value_type(g, field_type(f)), parameter(s, f, true));
	}
	emit(g, ")\n{\n");
}

/* What Text and Data among the parameters take up: " + ..." for each. */
static const char *one_variable(struct stub *s)
{
	const char *sum = "";

	for (uint32_t i = 0; i < struct_field_count(s->params); i++) {
		struct field f = struct_field(s->params, i);

		if (type_kind(field_type(f)) == TYPE_TEXT)
			sum = string("%s + rpc_text_room(%s.len)", sum, parameter(s, f, false));
		if (type_kind(field_type(f)) == TYPE_DATA)
			sum = string("%s + rpc_data_room(%s.len)", sum, parameter(s, f, false));
	}
	return sum;
}

static void emit_one_params(struct stub *s, const char *indent)
{
	for (uint32_t i = 0; i < struct_field_count(s->params); i++) {
		struct field f = struct_field(s->params, i);
		const char *name = parameter(s, f, false);

		if (type_kind(field_type(f)) == TYPE_VOID)
			continue;
		emit(s->g, "%s%s_builder_set_%s(params_, ", indent, node_name(s->params), field_c_name(f));
		emit(s->g,
		     type_is_cap(field_type(f)) ? "rpc_quick_add_cap(&call_, shape_, %s));\n" : "%s);\n",
		     name);
	}
}

static void emit_one_fields(struct stub *s, const char *indent)
{
	for (uint32_t i = 0; i < struct_field_count(s->results); i++) {
		struct field f = struct_field(s->results, i);

		if (type_kind(field_type(f)) == TYPE_VOID)
			continue;
		emit(s->g, "%s*%s = ", indent, parameter(s, f, true));
		emit(s->g,
		     type_is_cap(field_type(f)) ? "rpc_quick_cap(&call_, shape_, %s_reader_%s(results_));\n"
						: "%s_reader_%s(results_);\n",
		     node_name(s->results), field_c_name(f));
	}
}

/* As a condition behind others: what results have of capabilities is that. */
static const char *caps_are_caps(struct stub *s)
{
	const char *condition = "";

	for (uint32_t i = 0; i < struct_field_count(s->results); i++) {
		struct field f = struct_field(s->results, i);

		if (type_is_cap(field_type(f)))
			condition = string("%s && rpc_quick_is_cap(&call_, results_.s, %u)", condition,
					   field_offset(f));
	}
	return condition;
}

/* What a writer with the same schema wrote is taken as it lies; anything else the general way. */
static void emit_one_results(struct stub *s)
{
	struct gen *g = s->g;
	unsigned data = struct_data_words(s->results), pointers = struct_pointers(s->results);
	const char *reader = string("struct %s_reader", node_name(s->results));
	bool any = false;

	for (uint32_t i = 0; i < struct_field_count(s->results); i++)
		any |= type_kind(field_type(struct_field(s->results, i))) != TYPE_VOID;
	if (!any)
		return;
	emit(g, "\t%s results_ = {};\n\n", reader);
	emit(g,
	     "\tif (__builtin_expect(status_ == STATUS_OK, 1))\n\t\tresults_.s = rpc_quick_results(&call_, "
	     "shape_, %u, %u);\n",
	     data, pointers);
	emit(g, "\tif (__builtin_expect(results_.s.data != nullptr%s, 1)) {\n", caps_are_caps(s));
	emit_one_fields(s, "\t\t");
	emit(g, "\t\trpc_quick_end(&call_);\n\t\treturn STATUS_OK;\n\t}\n\n");
	emit(g, "\tstruct msg_reader reader_ = {};\n\n\tif (status_ == STATUS_OK) {\n");
	emit(g,
	     "\t\trpc_quick_open(&call_, shape_, &reader_);\n\t\tresults_ = %s_reader_root(&reader_);\n\t}\n",
	     node_name(s->results));
	emit_one_fields(s, "\t");
	emit(g,
	     "\tif (status_ == STATUS_OK && !msg_reader_ok(&reader_))\n\t\tstatus_ = STATUS_BAD_MESSAGE;\n");
}

/* The parts from the message to the status, once or, of an idempotent method, again if the server ends. */
static void emit_one_call(struct stub *s)
{
	struct gen *g = s->g;
	const char *indent = s->idempotent ? "\t\t" : "\t";

	if (s->idempotent)
		emit(g,
		     "\tfor (unsigned tries_ = 0; tries_ <= RPC_REPEATS && status_ == STATUS_DISCONNECTED; tries_++) {\n"
		     "\t\tif (tries_ != 0)\n\t\t\trpc_quick_end(&call_);\n");
	emit(g, "%sparams_.b = rpc_quick_begin(&call_, &message_, transport, shape_, %u, %u);\n", indent,
	     struct_data_words(s->params), struct_pointers(s->params));
	emit_one_params(s, indent);
	emit(g, "%sstatus_ = rpc_quick_call(&call_, &message_, cap, shape_);\n", indent);
	if (s->idempotent)
		emit(g, "\t}\n");
}

static void emit_one(struct stub *s, const char *constant)
{
	struct gen *g = s->g;
	bool floats;

	if (!simple(s->params, true) || !simple(s->results, false))
		return;
	floats = has_float(s->params) || has_float(s->results);
	if (floats)
		emit(g, "\n#if MSG_FLOAT");
	emit_one_signature(s);
	emit(g, "\tconst struct rpc_shape shape_ = {\n");
	emit_shape(s, "\t\t", constant, one_variable(s));
	emit(g,
	     "\t};\n\tRPC_UNCLEARED struct rpc_quick call_;\n\tRPC_UNCLEARED struct msg_builder message_;\n"
	     "\t[[maybe_unused]] struct %s_builder params_;\n\tenum status status_%s;\n\n",
	     node_name(s->params), s->idempotent ? " = STATUS_DISCONNECTED" : "");
	emit_one_call(s);
	emit_one_results(s);
	emit(g, "\trpc_quick_end(&call_);\n\treturn status_;\n}\n");
	if (floats)
		emit(g, "#endif\n");
}

void emit_client(struct gen *g, struct node n)
{
	const char *interface = node_name(n);

	for (uint32_t i = 0; i < node_members(n).count; i++) {
		struct method m = interface_method(n, i);
		const char *method = snake(member_name(m.s));
		struct stub s = {g,
				 interface,
				 string("%s_%s", interface, method),
				 schema_node(g->schema, method_params(m)),
				 schema_node(g->schema, method_results(m)),
				 schema_doc(g->schema, node_id(n), (int)i),
				 method_is_idempotent(m)};

		emit_begin(&s, upper(s.name));
		emit_rest(&s);
		if (method_is_idempotent(m))
			emit(g,
			     "\nstatic inline enum status %s_wait(struct rpc_call *call)\n{\n\treturn "
			     "rpc_wait_idempotent(call);\n}\n",
			     s.name);
		emit_pipelines(&s, s.results, "", "rpc_answer(call)", 0);
		emit_one(&s, upper(s.name));
	}
}
