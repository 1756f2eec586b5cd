// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Generated server skeletons: struct X_server_ops with a function for each method, X_M_serve, which decodes the parameters of
 * method M, checks and calls, X_dispatch, which finds the method first, and the constant X_interface that describes the
 * interface. X_BIND makes a table of the methods of operations that the compiler knows.
 */
#include "gen.h"

static bool has_fields(struct node n)
{
	return struct_field_count(n) > 0;
}

static struct node super(struct gen *g, struct node n, uint32_t i)
{
	return schema_node(g->schema, msg_struct_u64(msg_list_struct(interface_supers(n), i), 0));
}

static void emit_op(struct gen *g, struct node n, uint32_t i)
{
	struct method m = interface_method(n, i);
	struct node params = schema_node(g->schema, method_params(m)),
		    results = schema_node(g->schema, method_results(m));

	emit_comment(g, schema_doc(g->schema, node_id(n), (int)i), "\t");
	emit(g, "\tenum status (*%s)(void *self, struct rpc_request *request",
	     identifier(snake(member_name(m.s))));
	if (has_fields(params))
		emit(g, ", struct %s_reader params", node_name(params));
	if (has_fields(results))
		emit(g, ",\n\t\tstruct %s_builder results", node_name(results));
	emit(g, ");\n");
}

static const char *one_of_condition(struct value value, const char *text)
{
	struct msg_list texts = msg_read_list(value_pointer(value), MSG_ELEM_POINTER);
	const char *condition = "true";

	for (uint32_t i = 0; i < texts.count; i++)
		condition = string("%s && !msg_text_equal(%s, MSG_TEXT(%s))", condition, text,
				   c_quote(msg_list_text(texts, i)));
	return condition;
}

static void emit_limit(struct gen *g, const char *condition, const char *reason, struct field f)
{
	emit(g,
	     "\tif (__builtin_expect(%s, 0))\n\t\treturn rpc_raise(request, EXCEPTION_TYPE_INVALID_ARGUMENT, %s, %s);\n",
	     condition, reason, c_quote(field_name(f)));
}

/* What the schema's annotations say of a parameter (schema/annotation.capnp). */
static void emit_limits(struct gen *g, struct node params)
{
	for (uint32_t i = 0; i < struct_field_count(params); i++) {
		struct field f = struct_field(params, i);
		const char *value = string("%s_reader_%s((struct %s_reader){root})", node_name(params),
					   field_c_name(f), node_name(params));
		enum type_kind kind = field_is_group(f) ? TYPE_ANY : type_kind(field_type(f));
		struct value limit;

		if (member_annotation(f.s, ANNOTATION_MAX_BYTES, &limit)) {
			if (kind != TYPE_TEXT && kind != TYPE_DATA)
				die("%s: maxBytes is for Text and Data", text_string(field_name(f)));
			emit_limit(g, string("%s.len > %u", value, (unsigned)value_bits(limit)),
				   string("\"at most %u bytes\"", (unsigned)value_bits(limit)), f);
		}
		if (member_annotation(f.s, ANNOTATION_AT_MOST, &limit)) {
			if (kind < TYPE_UINT8 || kind > TYPE_UINT64)
				die("%s: atMost is for unsigned numbers", text_string(field_name(f)));
			emit_limit(g, string("%s > %lluull", value, (unsigned long long)value_bits(limit)),
				   string("\"at most %llu\"", (unsigned long long)value_bits(limit)), f);
		}
		if (member_annotation(f.s, ANNOTATION_ONE_OF, &limit)) {
			if (kind != TYPE_TEXT)
				die("%s: oneOf is for Text", text_string(field_name(f)));
			emit_limit(g, one_of_condition(limit, value),
				   "\"none of the values that it may have\"", f);
		}
	}
}

/* All that its getters can lead to is a Text, a Data or a capability, which a check has looked at. */
static bool is_flat(struct node params)
{
	for (uint32_t i = 0; i < struct_field_count(params); i++) {
		struct field f = struct_field(params, i);

		if (field_is_group(f) || field_in_union(f))
			return false;
		if (type_is_pointer(field_type(f)) && type_kind(field_type(f)) != TYPE_TEXT &&
		    type_kind(field_type(f)) != TYPE_DATA && !type_is_cap(field_type(f)))
			return false;
	}
	return true;
}

static bool has_text_alone(struct node params)
{
	if (struct_pointers(params) != 1)
		return false;
	for (uint32_t i = 0; i < struct_field_count(params); i++)
		if (type_is_pointer(field_type(struct_field(params, i))))
			return type_kind(field_type(struct_field(params, i))) == TYPE_TEXT;
	return false;
}

/* One look may be the whole check, if the root has the sizes of the schema; then no reader is needed. */
static bool may_be_next(struct gen *g, struct node params)
{
	return has_check(g, params) && is_flat(params) && has_text_alone(params);
}

/* What has been checked as a whole is read without looking again. exact: the root has the sizes of the schema. */
static void emit_check_call(struct gen *g, struct node params, bool exact)
{
	const char *name = node_name(params);
	bool next = exact && may_be_next(g, params);

	if (!has_check(g, params))
		return;
	if (next)
		emit(g,
		     "\tif (__builtin_expect(!msg_text_is_next(message, bytes, %u), 0)) {\n"
		     "\troot = rpc_params_root(request, message, bytes, %u, 1);\n",
		     struct_data_words(params), struct_data_words(params));
	emit(g, "\tuint32_t budget = request->params.budget;\n\n\t%s_check((struct %s_reader){root});\n",
	     name, name);
	emit(g,
	     "\trequest->params.budget = budget;\n\tif (!msg_reader_ok(&request->params))\n\t\treturn STATUS_BAD_MESSAGE;\n%s",
	     next ? "\troot.msg = nullptr;\n\t}\n" : "");
	if (is_flat(params) && !next)
		emit(g, "\troot.msg = nullptr;\n");
}

/* Words that every caller has room for: RPC_EXCEPTION_BYTES. */
#define LEAST_RESULTS 32

/* The call of the operation, behind `return`. */
static void emit_operation(struct gen *g, struct node n, uint32_t i, bool exact)
{
	struct method m = interface_method(n, i);
	struct node params = schema_node(g->schema, method_params(m)),
		    results = schema_node(g->schema, method_results(m));
	unsigned data = struct_data_words(results), pointers = struct_pointers(results);

	emit_check_call(g, params, exact);
	emit_limits(g, params);
	if (1 + data + pointers > LEAST_RESULTS)
		emit(g,
		     "\tif (__builtin_expect(request->results.capacity < %u, 0))\n\t\treturn STATUS_TOO_LARGE;\n\n",
		     1 + data + pointers);
	emit(g,
	     "\t[[maybe_unused]] struct msg_struct_builder results = msg_builder_root_as(&request->results, %u, %u);\n\n",
	     data, pointers);
	/* What has no pointers fits, since its root does. */
	emit(g, "\treturn %sops->%s(self, request", pointers == 0 ? "" : "rpc_finish(request, ",
	     identifier(snake(member_name(m.s))));
	if (has_fields(params))
		emit(g, ", (struct %s_reader){root}", node_name(params));
	if (has_fields(results))
		emit(g, ", (struct %s_builder){results}", node_name(results));
	emit(g, ")%s;\n", pointers == 0 ? "" : ")");
}

/* In the header, so that it becomes part of whoever knows the operation: for what a writer with the same schema wrote, which one
 * comparison tells. */
static void emit_serve(struct gen *g, struct node n, uint32_t i)
{
	struct method m = interface_method(n, i);
	struct node params = schema_node(g->schema, method_params(m));
	const char *method = snake(member_name(m.s)), *name = node_name(n);
	unsigned data = struct_data_words(params), pointers = struct_pointers(params);

	emit(g,
	     "\nenum status %s_%s_serve_any(const struct %s_server_ops *ops, void *self, struct rpc_request *request,\n"
	     "\t\t\tuint32_t bytes);\n",
	     name, method, name);
	emit(g,
	     "\n[[gnu::always_inline]] static inline enum status %s_%s_serve(const struct %s_server_ops *ops, void *self,\n"
	     "\t\t\tstruct rpc_request *request, const uint8_t *message, uint32_t bytes)\n{\n",
	     name, method, name);
	emit(g, "\tif (!ops->%s || __builtin_expect(!msg_is(message, bytes, %u, %u), 0))\n",
	     identifier(method), data, pointers);
	emit(g, "\t\treturn %s_%s_serve_any(ops, self, request, bytes);\n", name, method);
	if (may_be_next(g, params))
		emit(g,
		     "\n\tstruct msg_struct root = {.data = message + 8, .data_bytes = %u, .pointers = 1, .depth = MSG_NESTING - 1};\n\n",
		     data * 8);
	else
		emit(g,
		     "\n\t[[maybe_unused]] struct msg_struct root = rpc_params_root(request, message, bytes, %u, %u);\n\n",
		     data, pointers);
	emit_operation(g, n, i, true);
	emit(g, "}\n");
}

static void emit_bind(struct gen *g, struct node n)
{
	const char *name = node_name(n);
	uint32_t methods = node_members(n).count;

	emit(g,
	     "\n/* Defines NAME_bound: the methods of `ops`, a constant known to the compiler, by ordinal. */\n"
	     "#define %s_BIND(name, ops) \\\n",
	     upper(name));
	for (uint32_t i = 0; i < methods; i++) {
		const char *method = snake(member_name(interface_method(n, i).s));

		emit(g,
		     "\tstatic enum status name##_bound_%s(void *self, struct rpc_request *request, \\\n"
		     "\t\t\tconst uint8_t *restrict message, uint32_t bytes) \\\n"
		     "\t{ \\\n\t\treturn %s_%s_serve(&(ops), self, request, message, bytes); \\\n\t} \\\n",
		     method, name, method);
	}
	emit(g, "\tstatic rpc_method_fn *const name##_bound[] = {");
	for (uint32_t i = 0; i < methods; i++)
		emit(g, " \\\n\t\tname##_bound_%s,", snake(member_name(interface_method(n, i).s)));
	emit(g, " \\\n\t}\n");
}

void emit_server(struct gen *g, struct node n)
{
	const char *name = node_name(n);
	uint32_t methods = node_members(n).count, supers = interface_supers(n).count;

	emit(g, "\n");
	emit_comment(g, schema_doc(g->schema, node_id(n), -1), "");
	emit(g, "struct %s_server_ops {\n", name);
	for (uint32_t i = 0; i < supers; i++)
		emit(g, "\tconst struct %s_server_ops *super_%s;\n", node_name(super(g, n, i)),
		     node_name(super(g, n, i)));
	for (uint32_t i = 0; i < methods; i++)
		emit_op(g, n, i);
	if (methods + supers == 0)
		emit(g, "\tchar none;\n");
	emit(g, "};\n");
	for (uint32_t i = 0; i < methods; i++)
		emit_serve(g, n, i);
	if (methods > 0)
		emit_bind(g, n);
	emit(g,
	     "\n/* A method that is null in ops, and an interface that this is not, raise `unimplemented`. */\n");
	emit(g,
	     "enum status %s_dispatch(const struct %s_server_ops *ops, void *self, struct rpc_request *request);\n",
	     name, name);
	emit(g, "extern const struct rpc_interface %s_interface;\n/* What the methods do, by ordinal. */\n",
	     name);
	emit(g, "extern const char *const %s_docs[];\n", name);
}

/* A function for each method, so that none pays for the registers and the stack that another one needs. */
static void emit_method(struct gen *g, struct node n, uint32_t i)
{
	const char *name = node_name(n), *method = snake(member_name(interface_method(n, i).s));

	emit(g,
	     "\nenum status %s_%s_serve_any(const struct %s_server_ops *ops, void *self, struct rpc_request *request,\n"
	     "\t\t\tuint32_t bytes)\n{\n",
	     name, method, name);
	emit(g, "\tif (!ops->%s)\n\t\treturn rpc_unimplemented(request, \"%s\");\n\n", identifier(method),
	     node_schema_name(n));
	emit(g, "\trpc_open_params(request, bytes);\n");
	emit(g, "\n\t[[maybe_unused]] struct msg_struct root = msg_reader_root(&request->params);\n\n");
	emit(g, "\tif (!msg_reader_ok(&request->params))\n\t\treturn STATUS_BAD_MESSAGE;\n\n");
	emit_operation(g, n, i, false);
	emit(g, "}\n");
	emit(g,
	     "\n[[gnu::noinline]] static enum status run_%s_%s(const struct %s_server_ops *ops, void *self,\n"
	     "\t\t\tstruct rpc_request *request)\n{\n"
	     "\treturn %s_%s_serve(ops, self, request, request->params.base, request->params.words * 8);\n}\n",
	     name, method, name, name, method);
}

static void emit_case(struct gen *g, struct node n, uint32_t i)
{
	const char *name = node_name(n), *method = snake(member_name(interface_method(n, i).s));

	emit(g, "\tcase %s_%s:\n\t\treturn run_%s_%s(ops, self, request);\n", upper(name), upper(method),
	     name, method);
}

/* Is the id that of interface n or of one that it extends? */
static void emit_ids(struct gen *g, struct node n)
{
	emit(g, "request->call->interface_id == 0x%016llxull", (unsigned long long)node_id(n));
	for (uint32_t i = 0; i < interface_supers(n).count; i++) {
		emit(g, " || ");
		emit_ids(g, super(g, n, i));
	}
}

static void emit_interface(struct gen *g, struct node n, const char *name)
{
	uint32_t methods = node_members(n).count, supers = interface_supers(n).count;

	emit(g,
	     "\nstatic enum status %s_dispatch_any(const void *ops, void *self, struct rpc_request *request)\n{\n",
	     name);
	emit(g, "\treturn %s_dispatch(ops, self, request);\n}\n", name);
	emit(g, "\nstatic const struct rpc_method %s_methods[] = {\n", name);
	for (uint32_t i = 0; i < methods; i++) {
		struct method m = interface_method(n, i);

		emit(g, "\t{%s, 0x%016llxull, 0x%016llxull, %u},\n", c_quote(member_name(m.s)),
		     (unsigned long long)method_params(m), (unsigned long long)method_results(m), i);
	}
	emit(g, "%s};\n", methods ? "" : "\t{},\n");
	emit(g, "\nconst char *const %s_docs[] = {\n", name);
	for (uint32_t i = 0; i < methods; i++)
		emit(g, "\t%s,\n", c_quote(schema_doc(g->schema, node_id(n), (int)i)));
	emit(g, "%s};\n", methods ? "" : "\t\"\",\n");
	if (supers) {
		emit(g, "\nstatic const struct rpc_interface *const %s_supers[] = {\n", name);
		for (uint32_t i = 0; i < supers; i++)
			emit(g, "\t&%s_interface,\n", node_name(super(g, n, i)));
		emit(g, "};\n");
	}
	emit(g,
	     "\nconst struct rpc_interface %s_interface = {\n\t.id = %s_INTERFACE_ID,\n\t.name = \"%s\",\n",
	     name, upper(name), node_schema_name(n));
	emit(g, "\t.methods = %s_methods,\n\t.method_count = %u,\n\t.dispatch = %s_dispatch_any,\n", name,
	     methods, name);
	if (supers)
		emit(g, "\t.supers = %s_supers,\n\t.super_count = %u,\n", name, supers);
	emit(g, "};\n");
}

void emit_dispatch(struct gen *g, struct node n)
{
	const char *name = node_name(n);

	for (uint32_t i = 0; i < node_members(n).count; i++)
		emit_method(g, n, i);
	emit(g,
	     "\nenum status %s_dispatch([[maybe_unused]] const struct %s_server_ops *ops, [[maybe_unused]] void *self,\n"
	     "\t\t\tstruct rpc_request *request)\n{\n",
	     name, name);
	for (uint32_t i = 0; i < interface_supers(n).count; i++) {
		struct node s = super(g, n, i);

		emit(g, "\tif (ops->super_%s && (", node_name(s));
		emit_ids(g, s);
		emit(g, "))\n\t\treturn %s_dispatch(ops->super_%s, self, request);\n", node_name(s),
		     node_name(s));
	}
	if (node_members(n).count) {
		emit(g,
		     "\tif (request->call->interface_id != %s_INTERFACE_ID)\n\t\treturn rpc_unimplemented(request, \"%s\");\n",
		     upper(name), node_schema_name(n));
		emit(g, "\tswitch (request->call->method) {\n");
		for (uint32_t i = 0; i < node_members(n).count; i++)
			emit_case(g, n, i);
		emit(g, "\tdefault:\n\t\tbreak;\n\t}\n");
	}
	emit(g, "\treturn rpc_unimplemented(request, \"%s\");\n}\n", node_schema_name(n));
	emit_interface(g, n, name);
}
