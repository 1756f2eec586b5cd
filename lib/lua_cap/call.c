// SPDX-License-Identifier: MIT OR Apache-2.0
/* A call from Lua: parameters by the registry's types, one call, results as values; failures as Lua errors. */
#include "lua_cap.h"

#include <posix/held.h>
#include <rpc/rpc.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <runtime/status.h>
#include <shell/decode.h>
#include <shell/encode.h>
#include <stdlib.h>

#define PARAMS_BYTES 2048u
#define RESULT_BYTES 4096u
#define MAX_CAPS 8u
#define ARENA_BYTES (128u * 1024)

struct failure {
	char kind[32], reason[200], field[40];
};

struct job {
	struct registry *registry;
	struct shell_arena arena;
	struct registry_method method;
	struct registry_data_struct_reader params, results;
	const struct shell_value *arguments;
	struct rpc_call call;
	struct failure failure;
	struct shell_error error;
	struct shell_value text; /* what the bare name that is being resolved stands for */
	struct shell_value *answer;
	bool named[MAX_CAPS]; /* capabilities that are somewhere in the answer */
};

static void copy_text(char *to, size_t size, struct msg_text text)
{
	size_t len = text.len < size - 1 ? text.len : size - 1;

	__builtin_memcpy(to, text.ptr, len);
	to[len] = '\0';
}

static bool add_capability(void *self, const struct shell_value *value, uint64_t interface_id, int32_t *index)
{
	struct job *job = self;
	char wanted[24];

	if (interface_id != 0 && value->interface_id != interface_id &&
	    !registry_extends(job->registry, value->interface_id, interface_id)) {
		copy_text(job->error.text, sizeof(job->error.text),
			  registry_interface_name(job->registry, interface_id, wanted));
		__builtin_strcat(job->error.text, " is wanted here");
		return false;
	}
	*index = rpc_add_cap(&job->call, value->cap);
	return true;
}

/* A Lua string that is no enumerant is a text. */
static const struct shell_value *text_of(void *self, struct shell_word name)
{
	struct job *job = self;

	job->text = (struct shell_value){.kind = SHELL_TEXT, .word = name, .name = {.ptr = ""}};
	return &job->text;
}

static bool fail(struct job *job, const char *kind, const char *reason)
{
	copy_text(job->failure.kind, sizeof(job->failure.kind), msg_text_from(kind));
	copy_text(job->failure.reason, sizeof(job->failure.reason), msg_text_from(reason));
	return false;
}

static bool fail_call(struct job *job, enum status status)
{
	static const char *const types[] = {"failed", "overloaded", "disconnected", "unimplemented",
					    "invalidArgument"};
	struct exception_reader e;
	uint16_t type;

	if (status != STATUS_EXCEPTION)
		return fail(job, status_name(status), status_text(status));
	e = rpc_exception(&job->call);
	type = (uint16_t)exception_reader_type(e);
	(void)fail(job, type < sizeof(types) / sizeof(types[0]) ? types[type] : "exception", "");
	copy_text(job->failure.reason, sizeof(job->failure.reason), exception_reader_reason(e));
	copy_text(job->failure.field, sizeof(job->failure.field), exception_reader_field(e));
	return false;
}

static cap_id result_cap(void *self, int32_t index)
{
	struct job *job = self;

	if (index >= 0 && index < (int32_t)MAX_CAPS)
		job->named[index] = true;
	return rpc_result_cap(&job->call, index);
}

/* What the answer holds, in the arena: the call's room can be given back then. */
static bool take_answer(struct job *job)
{
	struct shell_decoder decoder = {job->registry, &job->arena, result_cap, job};

	rpc_open(&job->call);
	job->answer = shell_decode(&decoder, job->results, msg_reader_root(&job->call.results));
	for (uint16_t i = 0; i < job->call.result_caps; i++)
		if (!job->answer || i >= MAX_CAPS || !job->named[i])
			ring_release(runtime_ring(), rpc_result_cap(&job->call, i));
	if (!job->answer)
		return fail(job, "size", "the result is too large to keep");
	return true;
}

static bool send(struct job *job, cap_id target)
{
	struct shell_encoder encoder = {job->registry, &job->error, add_capability, text_of, job};
	struct msg_struct_builder b;

	rpc_begin(&job->call, runtime_transport(), rpc_target_cap(target),
		  (struct rpc_shape){.interface_id = registry_data_interface_reader_id(job->method.interface),
				     .method = job->method.ordinal,
				     .caps = MAX_CAPS,
				     .result_caps = MAX_CAPS,
				     .params_bytes = PARAMS_BYTES,
				     .result_bytes = RESULT_BYTES});
	b = msg_builder_root(&job->call.params, registry_data_struct_reader_data_words(job->params),
			     registry_data_struct_reader_pointers(job->params));
	if (job->call.block != RPC_NO_BLOCK &&
	    !shell_encode_params(&encoder, job->params, b, job->arguments, 0))
		return fail(job, "value", job->error.text);
	(void)!rpc_send(&job->call);
	return true;
}

/* 0, POSIX_RESTART, or -EIO: `failure` says how. */
static long make_call(struct job *job, cap_id target)
{
	long result = 0;
	bool good = send(job, target);

	if (good)
		result = posix_wait(&job->call);
	if (good && result == 0)
		good = job->call.status == STATUS_OK ? take_answer(job) : fail_call(job, job->call.status);
	rpc_end(&job->call);
	return result ? result : good ? 0 : -1;
}

/* ---- Lua's side ---- */

static bool is_parameter(const struct job *job, struct shell_word name)
{
	struct registry_data_field_reader field;

	return registry_field_named(job->params, (struct msg_text){name.ptr, name.len}, &field);
}

/* f{name = value}: a single struct all of whose members are parameters. */
static bool is_all_parameters(const struct job *job, const struct shell_value *v)
{
	if (!v || v->next || v->kind != SHELL_STRUCT)
		return false;
	for (const struct shell_value *m = v->first; m; m = m->next)
		if (!is_parameter(job, m->name))
			return false;
	return true;
}

static void take_arguments(lua_State *L, struct job *job, int count)
{
	const struct shell_value **end = &job->arguments;

	for (int i = 2; i <= count; i++) {
		struct shell_value *v = lua_cap_from_lua(L, &job->arena, i);

		*end = v;
		end = &v->next;
	}
	if (is_all_parameters(job, job->arguments))
		job->arguments = job->arguments->first;
}

static void find_method(lua_State *L, struct job *job, const struct lua_cap *cap, const char *name)
{
	struct registry_data_interface_reader interface;
	bool known = registry_interface(job->registry, cap->interface_id, &interface);

	if (!known)
		lua_cap_raise(L, "unknown", "the registry does not know this interface", "");
	if (!registry_method_named(job->registry, interface, msg_text_from(name), &job->method))
		lua_cap_raise(L, "unimplemented", lua_pushfstring(L, "there is no method %s", name), "");
	known = registry_struct(job->registry, registry_data_method_reader_params(job->method.method),
				&job->params) &&
		registry_struct(job->registry, registry_data_method_reader_results(job->method.method),
				&job->results);
	if (!known)
		lua_cap_raise(L, "unknown", "the registry lacks this method's types", "");
}

/* Nothing, the one member, or a table of them by name. */
static int push_answer(lua_State *L, const struct shell_value *answer)
{
	if (answer->count == 0)
		return 0;
	lua_cap_to_lua(L, answer->count == 1 ? answer->first : answer);
	return 1;
}

int lua_cap_call(lua_State *L)
{
	const char *name = lua_tostring(L, lua_upvalueindex(1));
	const struct lua_cap *cap = luaL_checkudata(L, 1, LUA_CAP_TYPE);
	int arguments = lua_gettop(L);
	struct job *job;
	long result;

	if (!cap->id.raw)
		lua_cap_raise(L, "BAD_ID", "this capability was released", "");
	/* Lua's memory: it goes with the call, however that ends. */
	job = lua_newuserdatauv(L, sizeof(*job) + ARENA_BYTES, 0);
	*job = (struct job){.registry = lua_cap_registry(L), .arena = {(uint8_t *)(job + 1), ARENA_BYTES, 0}};
	find_method(L, job, cap, name);
	take_arguments(L, job, arguments);
	do {
		posix_enter();
		result = posix_leave(make_call(job, cap->id));
	} while (result == POSIX_AGAIN);
	if (result == -1)
		lua_cap_raise(L, job->failure.kind, job->failure.reason, job->failure.field);
	if (result)
		lua_cap_raise(L, "CANCELLED", "a signal came", "");
	return push_answer(L, job->answer);
}
