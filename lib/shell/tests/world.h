// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A small world for the interpreter: a timer, a console, pipes and a table of capabilities, behind the loopback
 * transport. Each line of test starts in a new one; what was said, and what was not released, can be looked at.
 */
#pragma once

#include <rpc/loopback.h>
#include <schema/kernel/console.capnp.h>
#include <schema/kernel/timer.capnp.h>
#include <schema/service/attenuator.capnp.h>
#include <schema/service/pipe.capnp.h>
#include <shell/shell.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct shell shell;
static struct registry registry;
static char said[32768];
static size_t said_len;

static struct {
	struct rpc_loopback loopback;
	uint64_t arena[16384];
	int references[RPC_LOOPBACK_OBJECTS + 1]; /* of each capability, as the shell should count them */
	uint64_t methods[RPC_LOOPBACK_OBJECTS + 1];
	uint64_t now;
	char pipe[256];
	uint32_t pipe_len;
	unsigned sent, waits, sent_before_wait; /* since the last line */
	unsigned polls, interrupt_at;           /* 0: never */
	bool no_pipelining;
	struct shell_run last_run;
	char grants[256], path[64];
} world;

static void world_say(void *self, const char *bytes, size_t len)
{
	(void)self;
	if (said_len + len < sizeof(said)) {
		memcpy(said + said_len, bytes, len);
		said_len += len;
		said[said_len] = '\0';
	}
}

static const struct text_out world_out = {world_say, nullptr, nullptr};

/* A capability in a place that nobody refers to any more, or a new one. */
static cap_id world_new(const struct rpc_interface *interface, const void *ops, uint64_t methods)
{
	cap_id id = CAP_ID_NULL;

	for (uint32_t i = 1; i <= world.loopback.count && !id.raw; i++)
		if (world.references[i] == 0)
			id.raw = i;
	if (id.raw)
		world.loopback.objects[id.raw - 1] = (struct rpc_loopback_object){interface, ops, nullptr, 0};
	else
		id = rpc_loopback_add(&world.loopback, interface, ops, nullptr);
	if (id.raw) {
		world.references[id.raw] = 1;
		world.methods[id.raw] = methods;
	}
	return id;
}

/* ---- Objects ---- */

static enum status world_now(void *self, struct rpc_request *r, struct timer_now_results_builder results)
{
	(void)self, (void)r;
	timer_now_results_builder_set_ns(results, ++world.now);
	return STATUS_OK;
}

static enum status world_sleep(void *self, struct rpc_request *r, struct timer_sleep_params_reader params)
{
	(void)self;
	if (timer_sleep_params_reader_ns(params) > 1'000'000'000'000)
		return rpc_raise(r, EXCEPTION_TYPE_INVALID_ARGUMENT, "that is too long", "ns");
	world.now += timer_sleep_params_reader_ns(params);
	return STATUS_OK;
}

static enum status world_write_line(void *self, struct rpc_request *r,
				    struct console_write_line_params_reader p)
{
	struct msg_text text = console_write_line_params_reader_text(p);

	(void)self, (void)r;
	world_say(nullptr, text.ptr, text.len);
	world_say(nullptr, "\n", 1);
	return STATUS_OK;
}

static const struct pipe_server_ops world_pipe_ops;
static const struct timer_server_ops world_timer_ops;

static enum status world_create(void *self, struct rpc_request *r,
				struct pipe_factory_create_results_builder b)
{
	(void)self;
	for (int i = 0; i < 2; i++) {
		cap_id id = world_new(&pipe_interface, &world_pipe_ops, i ? 0xa : 0x5);

		if (!id.raw)
			return rpc_raise(r, EXCEPTION_TYPE_OVERLOADED, "too many pipes", nullptr);
		int32_t index = rpc_request_copy_cap(r, id);
		if (i)
			pipe_factory_create_results_builder_set_writer(b, index);
		else
			pipe_factory_create_results_builder_set_reader(b, index);
	}
	return STATUS_OK;
}

static enum status world_pipe_write(void *self, struct rpc_request *r, struct pipe_write_params_reader p,
				    struct pipe_write_results_builder b)
{
	struct msg_data bytes = pipe_write_params_reader_bytes(p);
	uint32_t len = bytes.len < sizeof(world.pipe) ? bytes.len : (uint32_t)sizeof(world.pipe);

	(void)self, (void)r;
	if (len > 0)
		memcpy(world.pipe, bytes.ptr, len);
	world.pipe_len = len;
	pipe_write_results_builder_set_count(b, len);
	return STATUS_OK;
}

static enum status world_pipe_read(void *self, struct rpc_request *r, struct pipe_read_params_reader p,
				   struct pipe_read_results_builder b)
{
	(void)self, (void)r, (void)p;
	pipe_read_results_builder_set_bytes(b,
					    (struct msg_data){(const uint8_t *)world.pipe, world.pipe_len});
	pipe_read_results_builder_set_outcome(b, PIPE_OUTCOME_END);
	return STATUS_OK;
}

static void world_put(const char *name, struct msg_text text)
{
	if (text.len > 0)
		text_print(&world_out, " %s=%.*s", name, (int)text.len, text.ptr);
}

/* Says the rules, and gives a capability with no method. */
static enum status world_where(void *self, struct rpc_request *r, struct attenuator_where_params_reader p,
			       struct attenuator_where_results_builder b)
{
	struct attenuator_rule_list_reader rules = attenuator_where_params_reader_rules(p);
	cap_id id = world_new(&timer_interface, &world_timer_ops, 1);

	(void)self;
	for (uint32_t i = 0; i < attenuator_rule_list_reader_count(rules); i++) {
		struct attenuator_rule_reader rule = attenuator_rule_list_reader_at(rules, i);

		text_print(&world_out, "RULE %u", (unsigned)attenuator_rule_reader_op(rule));
		world_put("method", attenuator_rule_reader_method(rule));
		world_put("field", attenuator_rule_reader_field(rule));
		world_put("text", attenuator_rule_reader_text(rule));
		text_print(&world_out, " %llu %llu\n",
			   (unsigned long long)attenuator_rule_reader_number(rule),
			   (unsigned long long)attenuator_rule_reader_per_ns(rule));
	}
	if (!id.raw)
		return rpc_raise(r, EXCEPTION_TYPE_OVERLOADED, "too much", nullptr);
	attenuator_where_results_builder_set_capability(b, rpc_request_copy_cap(r, id));
	return STATUS_OK;
}

static const struct attenuator_server_ops world_attenuator_ops = {.where = world_where};
static const struct pipe_server_ops world_pipe_ops = {.read = world_pipe_read, .write = world_pipe_write};
static const struct timer_server_ops world_timer_ops = {.now = world_now, .sleep = world_sleep};
static const struct console_server_ops world_console_ops = {.write_line = world_write_line};
static const struct pipe_factory_server_ops world_factory_ops = {.create = world_create};

/* ---- The transport, watched ---- */

static struct rpc_transport_ops world_transport_ops;
static const struct rpc_transport_ops *loopback_ops;

static bool may_call(const struct cap_sqe *sqe)
{
	return (sqe->flags & CAP_SQE_TARGET_IS_ANSWER) != 0 || sqe->target > RPC_LOOPBACK_OBJECTS ||
	       (world.methods[sqe->target] >> sqe->method & 1) != 0;
}

/* Answered at once, but nobody knows before it is waited for. */
static enum status world_finish(struct rpc_call *call)
{
	call->done = true;
	return STATUS_OK;
}

/* What refuses the call; OK: nothing. */
static enum status world_refusal(const struct cap_sqe *sqe)
{
	if (world.no_pipelining && (sqe->flags & CAP_SQE_TARGET_IS_ANSWER) != 0)
		return STATUS_AGAIN;
	return may_call(sqe) ? STATUS_OK : STATUS_DENIED;
}

RPC_ASIDE static void world_advance(struct rpc_transport *t)
{
	struct cap_sqe *sqe = t->slot - 1; /* the one that was filled */
	struct rpc_call *call = (struct rpc_call *)(uintptr_t)sqe->user_data;
	enum status status = world_refusal(sqe);

	if (status == STATUS_OK) {
		loopback_ops->advance(t);
	} else {
		rpc_complete(call, status, 0, 0);
		t->slot = sqe;
		t->left = 1;
	}
	world.sent++;
	call->done = false;
}

/* Calls in one are not what is watched. */
static struct rpc_outcome world_call(struct rpc_transport *t)
{
	struct rpc_outcome outcome;

	t->ops = loopback_ops;
	outcome = loopback_ops->call(t);
	t->ops = &world_transport_ops;
	return outcome;
}

/* ---- The host ---- */

static enum status world_wait(void *self, struct rpc_call *call)
{
	(void)self;
	if (world.waits++ == 0)
		world.sent_before_wait = world.sent;
	return rpc_wait(call);
}

static bool world_facts(void *self, cap_id id, uint64_t *interface_id, uint64_t *methods)
{
	(void)self;
	if (id.raw == 0 || id.raw > world.loopback.count)
		return false;
	*interface_id = world.loopback.objects[id.raw - 1].interface->id;
	*methods = world.methods[id.raw];
	return true;
}

static enum status world_copy(cap_id id, uint64_t methods, cap_id *out)
{
	const struct rpc_loopback_object *o;

	if (id.raw == 0 || id.raw > world.loopback.count || world.references[id.raw] <= 0)
		return STATUS_BAD_ID;
	o = &world.loopback.objects[id.raw - 1];
	*out = world_new(o->interface, o->ops, methods);
	return out->raw ? STATUS_OK : STATUS_NO_SLOT;
}

static enum status world_attenuate(void *self, cap_id id, uint64_t interface_id, uint64_t methods,
				   cap_id *out)
{
	(void)self, (void)interface_id;
	return world_copy(id, id.raw <= RPC_LOOPBACK_OBJECTS ? methods & world.methods[id.raw] : 0, out);
}

static enum status world_duplicate(void *self, cap_id id, cap_id *out)
{
	(void)self;
	return world_copy(id, id.raw <= RPC_LOOPBACK_OBJECTS ? world.methods[id.raw] : 0, out);
}

static void world_release(void *self, cap_id id)
{
	(void)self;
	if (id.raw == 0 || id.raw > RPC_LOOPBACK_OBJECTS || --world.references[id.raw] < 0)
		abort(); /* released twice */
}

static const char *world_forbidden(void *self, cap_id id, uint64_t interface_id, uint16_t method)
{
	(void)self, (void)id, (void)interface_id;
	return method == TIMER_SLEEP_UNTIL && interface_id == TIMER_INTERFACE_ID ? "not from here" : nullptr;
}

static bool world_interrupted(void *self)
{
	(void)self;
	return world.interrupt_at != 0 && ++world.polls >= world.interrupt_at;
}

static int world_command(void *self, struct shell *s, const struct shell_word *words, uint32_t count)
{
	const char *text;
	uint32_t len;

	(void)self;
	if (shell_word_is(words[0], "drop"))
		return count == 2 && shell_drop(s, words[1]) ? 1 : shell_fail(s, "", "no such name") - 1;
	if (shell_word_is(words[0], "source") && count == 2)
		return s->host->script(nullptr, words[1], &text, &len) && shell_script(s, words[1], text, len)
			       ? 1
			       : -1;
	if (!shell_word_is(words[0], "echo"))
		return 0;
	for (uint32_t i = 1; i < count; i++)
		text_print(&world_out, "%s%.*s", i > 1 ? " " : "", (int)words[i].len, words[i].ptr);
	text_put(&world_out, "\n");
	return 1;
}

static void world_offer(void *self, struct shell_nearest *nearest)
{
	(void)self;
	shell_nearest_offer(nearest, "echo", 4);
}

static bool world_run(void *self, struct shell *s, const struct shell_run *run, struct shell_value *result)
{
	struct text_out out = {world_say, nullptr, nullptr};

	(void)self;
	world.last_run = *run;
	text_print(&out, "RUN %.*s%s:", (int)run->program.len, run->program.ptr, run->with ? "" : " without");
	for (uint32_t i = 0; i < run->grant_count; i++)
		text_print(&out, " %.*s%s", (int)run->grants[i].name.len, run->grants[i].name.ptr,
			   run->grants[i].own_space ? "(own)" : "");
	for (uint32_t i = 0; i < run->argument_count; i++)
		text_print(&out, " [%.*s]", (int)run->arguments[i].len, run->arguments[i].ptr);
	text_print(&out, "%s\n", run->background ? " &" : "");
	if (shell_word_is(run->program, "missing"))
		return shell_fail_at(s, run->program.at, "there is no program");
	s->status = shell_word_is(run->program, "three") ? 3 : 0;
	return shell_add_integer(s, result, (struct shell_word){"code", 4, 0}, s->status);
}

static const char *world_script_text;
static bool world_attenuates;

static bool world_script(void *self, struct shell_word name, const char **text, uint32_t *len)
{
	(void)self;
	*text = world_script_text ? world_script_text : "";
	*len = (uint32_t)strlen(*text);
	return !shell_word_is(name, "missing") || shell_fail_at(&shell, name.at, "there is no script");
}

/* Every path leads to a pipe; "none" nowhere, and "text" to a text. */
static bool world_path(void *self, struct shell_word path, struct shell_value *value)
{
	(void)self;
	snprintf(world.path, sizeof(world.path), "%.*s", (int)path.len, path.ptr);
	if (path.len > 5 && memcmp(path.ptr + path.len - 5, "/none", 5) == 0)
		return shell_fail(&shell, "notFound", "nothing has that name");
	if (path.len > 5 && memcmp(path.ptr + path.len - 5, "/text", 5) == 0) {
		value->kind = SHELL_TEXT;
		value->word = (struct shell_word){shell_arena_bytes(&shell.arena, "bound", 5), 5, 0};
		return true;
	}
	value->cap = world_new(&pipe_interface, &world_pipe_ops, ~0ull);
	value->interface_id = pipe_interface.id;
	return value->cap.raw || shell_fail(&shell, "noSpace", "too many pipes");
}

static struct shell_host world_host = {
	.out = &world_out,
	.wait = world_wait,
	.facts = world_facts,
	.attenuate = world_attenuate,
	.duplicate = world_duplicate,
	.release = world_release,
	.forbidden = world_forbidden,
	.interrupted = world_interrupted,
	.command = world_command,
	.offer_commands = world_offer,
	.run = world_run,
	.path = world_path,
	.script = world_script,
};

static void world_give(const char *name, const struct rpc_interface *interface, const void *ops)
{
	cap_id id = world_new(interface, ops, ~0ull);

	if (!shell_give(&shell, msg_text_from(name), id, interface->id))
		abort();
}

static void world_start(void)
{
	memset(&world, 0, sizeof(world));
	rpc_loopback_init(&world.loopback, world.arena, sizeof(world.arena));
	loopback_ops = world.loopback.transport.ops;
	world_transport_ops = *loopback_ops;
	world_transport_ops.advance = world_advance;
	world_transport_ops.call = world_call;
	world_transport_ops.wait = world_finish;
	world.loopback.transport.ops = &world_transport_ops;
	world_host.transport = &world.loopback.transport;
	shell_init(&shell, &world_host, &registry);
	world_give("timer", &timer_interface, &world_timer_ops);
	world_give("console", &console_interface, &world_console_ops);
	world_give("pipes", &pipe_factory_interface, &world_factory_ops);
	if (world_attenuates)
		world_give("attenuator", &attenuator_interface, &world_attenuator_ops);
}

static void world_open_registry(void)
{
	static uint64_t space[131072];
	FILE *file = fopen("out/gen/registry.bin", "rb");

	if (!file || !registry_open(&registry, space, fread(space, 1, sizeof(space), file)))
		abort();
	fclose(file);
}

/* How many capabilities are held, and how many variables hold some. */
static int world_held(void)
{
	int held = 0;

	for (unsigned i = 1; i <= RPC_LOOPBACK_OBJECTS; i++)
		held += world.references[i];
	return held;
}
