// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Generated client stubs against generated server skeletons, through the loopback transport: values, text, capabilities
 * both ways, exceptions, absent methods and interfaces, answers used before they are read, answers that come later, and
 * the arena under calls that end in any order.
 */
#include <rpc/loopback.h>
#include <schema/kernel/console.capnp.h>
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/timer.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <stdio.h>
#include <string.h>

static int test_number, failures;

static void report(bool good, const char *what)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++test_number, what);
	failures += !good;
}

static struct rpc_loopback loop;
static uint64_t arena[1024];
static char written[256];
static cap_id memory_template;

static enum status timer_now_op(void *self, struct rpc_request *request,
				struct timer_now_results_builder results)
{
	(void)request;
	timer_now_results_builder_set_ns(results, *(uint64_t *)self);
	return STATUS_OK;
}

static enum status timer_sleep_op(void *self, struct rpc_request *request,
				  struct timer_sleep_params_reader params)
{
	(void)self;
	if (timer_sleep_params_reader_ns(params) > 1000)
		return rpc_raise(request, EXCEPTION_TYPE_INVALID_ARGUMENT, "too long for a test", "ns");
	return RPC_DEFERRED;
}

static const struct timer_server_ops timer_ops = {.now = timer_now_op, .sleep = timer_sleep_op};

static enum status console_write_op(void *self, struct rpc_request *request,
				    struct console_write_params_reader params)
{
	struct msg_text text = console_write_params_reader_text(params);

	(void)self;
	(void)request;
	snprintf(written, sizeof(written), "%.*s", (int)text.len, text.ptr);
	return STATUS_OK;
}

static const struct console_server_ops console_ops = {.write = console_write_op};

static enum status create_memory_op(void *self, struct rpc_request *request,
				    struct virtual_memory_create_memory_params_reader params,
				    struct virtual_memory_create_memory_results_builder results)
{
	(void)self;
	virtual_memory_create_memory_results_builder_set_memory(
		results, rpc_request_mint_cap(request, memory_template,
					      virtual_memory_create_memory_params_reader_bytes(params)));
	return STATUS_OK;
}

static enum status map_op(void *self, struct rpc_request *request,
			  struct virtual_memory_map_params_reader params,
			  struct virtual_memory_map_results_builder results)
{
	cap_id memory = rpc_request_cap(request, virtual_memory_map_params_reader_memory(params));
	(void)self;
	if (!memory.raw)
		return rpc_raise(request, EXCEPTION_TYPE_INVALID_ARGUMENT, nullptr, "memory");
	virtual_memory_map_results_builder_set_address(results, memory.raw << 12);
	return STATUS_OK;
}

static const struct virtual_memory_server_ops space_ops = {.create_memory = create_memory_op, .map = map_op};

static enum status size_op(void *self, struct rpc_request *request,
			   struct memory_object_size_results_builder results)
{
	(void)self;
	memory_object_size_results_builder_set_bytes(results, request->call->key);
	return STATUS_OK;
}

static enum status read_op(void *self, struct rpc_request *request,
			   struct memory_object_read_params_reader params,
			   struct memory_object_read_results_builder results)
{
	uint32_t count = memory_object_read_params_reader_count(params);
	uint8_t *to = memory_object_read_results_builder_init_bytes(results, count);
	(void)self;
	(void)request;
	if (to)
		memset(to, 0x5a, count);
	return STATUS_OK;
}

static const struct memory_object_server_ops memory_ops = {.size = size_op, .read = read_op};

static void one_liners(cap_id timer, cap_id console)
{
	uint64_t ns = 0;

	report(timer_now(&loop.transport, timer, &ns) == STATUS_OK && ns == 42, "a result comes back");
	report(console_write(&loop.transport, console, MSG_TEXT("hello")) == STATUS_OK &&
		       strcmp(written, "hello") == 0,
	       "a text goes over");
	report(timer_now(&loop.transport, CAP_ID_NULL, &ns) == STATUS_BAD_ID && ns == 0,
	       "the null capability");
	report(timer_now(&loop.transport, console, &ns) == STATUS_EXCEPTION,
	       "an interface that the object has not");
	report(timer_sleep_until(&loop.transport, timer, 1) == STATUS_EXCEPTION,
	       "a method that the object has not");
	report(loop.transport.next == RPC_QUICK_BYTES, "the arena is empty again");

	static char large[9000];
	memset(large, 'x', sizeof(large) - 1);
	report(console_write(&loop.transport, console, msg_text_from(large)) == STATUS_TOO_LARGE &&
		       loop.transport.next == RPC_QUICK_BYTES,
	       "a text that is larger than the arena");
	large[3000] = 0;
	report(console_write(&loop.transport, console, msg_text_from(large)) == STATUS_OK, "one that fits");
}

static void exceptions(cap_id timer)
{
	struct rpc_call call;
	struct timer_sleep_results_reader results;
	struct timer_sleep_params_builder p = timer_sleep_begin(&call, &loop.transport, timer);

	timer_sleep_params_builder_set_ns(p, 5000);
	report(timer_sleep_call(&call, &results) == STATUS_EXCEPTION, "an exception is raised");
	struct exception_reader e = rpc_exception(&call);
	report(exception_reader_type(e) == EXCEPTION_TYPE_INVALID_ARGUMENT &&
		       msg_text_equal(exception_reader_reason(e), MSG_TEXT("too long for a test")) &&
		       msg_text_equal(exception_reader_field(e), MSG_TEXT("ns")),
	       "with type, reason and field");
	rpc_end(&call);

	uint64_t buffer[64];
	struct msg_builder b;
	char reason[400];
	bool good = true;
	memset(reason, 'r', sizeof(reason));
	for (size_t len = 0; len < sizeof(reason); len++) {
		reason[len] = 0;
		msg_builder_init(&b, buffer, RPC_EXCEPTION_BYTES);
		rpc_exception_build(&b, EXCEPTION_TYPE_FAILED, reason, len % 2 ? reason : nullptr);
		good &= msg_builder_ok(&b) && msg_builder_size(&b) <= RPC_EXCEPTION_BYTES;
		reason[len] = 'r';
	}
	report(good, "an exception is at most 256 bytes, whatever its reason and field");
}

static void pipelines(cap_id space)
{
	struct rpc_call create, map, size;
	struct virtual_memory_map_results_reader mapped;
	struct memory_object_size_results_reader sized;

	virtual_memory_create_memory_params_builder_set_bytes(
		virtual_memory_create_memory_begin(&create, &loop.transport, space), 8192);
	rpc_keep(&create);
	report(virtual_memory_create_memory_send(&create) == STATUS_OK, "a call whose answer is kept");
	struct rpc_target memory = virtual_memory_create_memory_results_pipeline_memory(&create);

	(void)memory_object_size_begin_on(&size, &loop.transport, memory);
	report(memory_object_size_call(&size, &sized) == STATUS_OK &&
		       memory_object_size_results_reader_bytes(sized) == 8192,
	       "its answer as a target");
	rpc_end(&size);

	struct virtual_memory_map_params_builder p = virtual_memory_map_begin(&map, &loop.transport, space);
	virtual_memory_map_params_builder_set_memory(p, rpc_add_answer(&map, memory));
	enum status s = virtual_memory_map_call(&map, &mapped);
	struct virtual_memory_create_memory_results_reader made = virtual_memory_create_memory_results(
		&create);
	report(rpc_wait(&create) == STATUS_OK, "waiting for it afterwards");
	made = virtual_memory_create_memory_results(&create);
	cap_id id = rpc_result_cap(&create, virtual_memory_create_memory_results_reader_memory(made));
	report(s == STATUS_OK && virtual_memory_map_results_reader_address(mapped) == id.raw << 12,
	       "its answer as an argument");
	rpc_end(&map);
	rpc_end(&create);

	uint64_t address;
	report(virtual_memory_map(&loop.transport, space, CAP_ID_NULL, 0, 0, 0,
				  VIRTUAL_MEMORY_PROTECTION_READ, &address) == STATUS_EXCEPTION,
	       "a null capability as an argument");
	report(virtual_memory_map(&loop.transport, space, id, 0, 0, 0, VIRTUAL_MEMORY_PROTECTION_READ,
				  &address) == STATUS_OK &&
		       address == id.raw << 12,
	       "a capability as an argument");
	report(loop.transport.next == RPC_QUICK_BYTES, "the arena is empty again");
}

static void later(cap_id timer)
{
	struct rpc_call call;
	struct timer_sleep_results_reader results;
	uint64_t empty[1];
	struct msg_builder b;

	timer_sleep_params_builder_set_ns(timer_sleep_begin(&call, &loop.transport, timer), 10);
	report(timer_sleep_send(&call) == STATUS_OK && !call.done, "an answer that comes later");
	msg_builder_init(&b, empty, sizeof(empty));
	(void)timer_sleep_results_builder_root(&b);
	uint64_t sequence = loop.transport.sequence;
	report(rpc_loopback_answer(&loop, empty, sizeof(empty)) == STATUS_OK &&
		       timer_sleep_call(&call, &results) == STATUS_OK && loop.transport.sequence == sequence,
	       "comes; what was sent is not sent again");
	rpc_end(&call);
	timer_sleep_params_builder_set_ns(timer_sleep_begin(&call, &loop.transport, timer), 10);
	report(timer_sleep_call(&call, &results) == STATUS_TIMED_OUT, "or never comes");
	rpc_end(&call);
}

static void malformed(cap_id console)
{
	struct rpc_call call;
	struct console_write_results_reader results;

	struct console_write_params_builder p = console_write_begin(&call, &loop.transport, console);
	console_write_params_builder_set_text(p, MSG_TEXT("unchanged"));
	p.b.data[2] = 0x7f; /* the text pointer now leads elsewhere */
	strcpy(written, "before");
	report(console_write_call(&call, &results) == STATUS_BAD_MESSAGE && strcmp(written, "before") == 0,
	       "malformed parameters are refused before the method runs");
	rpc_end(&call);
}

static void variable_results(cap_id space)
{
	struct rpc_call create, read;
	struct memory_object_read_results_reader results;

	virtual_memory_create_memory_params_builder_set_bytes(
		virtual_memory_create_memory_begin(&create, &loop.transport, space), 4096);
	rpc_keep(&create);
	(void)virtual_memory_create_memory_send(&create);
	struct rpc_target memory = virtual_memory_create_memory_results_pipeline_memory(&create);
	memory_object_read_params_builder_set_count(
		memory_object_read_begin_on(&read, &loop.transport, memory), 960);
	report(memory_object_read_call(&read, &results) == STATUS_OK &&
		       memory_object_read_results_reader_bytes(results).len == 960,
	       "data comes back");
	rpc_end(&read);
	memory_object_read_params_builder_set_count(
		memory_object_read_begin_on(&read, &loop.transport, memory), 5000);
	report(memory_object_read_call(&read, &results) == STATUS_TOO_LARGE, "more than was reserved");
	rpc_end(&read);
	rpc_end(&create);
}

/* The queue's next slot is where a call is built; another one may want it first. */
static void interleaved(cap_id timer, cap_id space)
{
	struct rpc_call now, create, unsent;
	struct virtual_memory_create_memory_params_builder p;
	uint64_t ns = 0;
	cap_id made;

	p = virtual_memory_create_memory_begin(&create, &loop.transport, space);
	(void)timer_now_begin(&now, &loop.transport, timer);
	virtual_memory_create_memory_params_builder_set_bytes(p, 4096);
	report(timer_now_send(&now) == STATUS_OK && virtual_memory_create_memory_send(&create) == STATUS_OK &&
		       rpc_wait(&now) == STATUS_OK && rpc_wait(&create) == STATUS_OK &&
		       timer_now_results_reader_ns(timer_now_results(&now)) == 42,
	       "two calls are begun, and sent in the other order");
	made = rpc_result_cap(&create, virtual_memory_create_memory_results_reader_memory(
					       virtual_memory_create_memory_results(&create)));
	report(made.raw != 0, "each with what was set for it");
	rpc_end(&now);
	rpc_end(&create);

	p = virtual_memory_create_memory_begin(&create, &loop.transport, space);
	virtual_memory_create_memory_params_builder_set_bytes(p, 12288);
	report(timer_now(&loop.transport, timer, &ns) == STATUS_OK && ns == 42,
	       "a call in one while another is being built");
	rpc_keep(&create);
	(void)virtual_memory_create_memory_send(&create);
	(void)memory_object_size_begin_on(&now, &loop.transport,
					  virtual_memory_create_memory_results_pipeline_memory(&create));
	report(memory_object_size_send(&now) == STATUS_OK && rpc_wait(&now) == STATUS_OK &&
		       memory_object_size_results_reader_bytes(memory_object_size_results(&now)) == 12288,
	       "which goes on from where it was");
	rpc_end(&now);
	rpc_end(&create);

	(void)timer_now_begin(&unsent, &loop.transport, timer);
	report(rpc_wait(&unsent) == STATUS_BAD_STATE, "waiting for what was not sent");
	rpc_end(&unsent);
	(void)timer_now_begin(&unsent, &loop.transport, timer);
	rpc_end(&unsent);
	report(timer_now(&loop.transport, timer, &ns) == STATUS_OK && loop.transport.next == RPC_QUICK_BYTES,
	       "a call that was begun and given up leaves slot and room");
}

/* The queue is full when a call in one is made: making room completes something whose function begins a call. */
static struct rpc_call begun;
static cap_id begun_on;

static void make_room_and_begin(struct rpc_transport *t)
{
	t->building = nullptr;
	console_write_params_builder_set_text(console_write_begin(&begun, t, begun_on), MSG_TEXT("another"));
	(void)console_write_send(&begun);
}

static void full_queue(cap_id console)
{
	const struct rpc_transport_ops *usual = loop.transport.ops;
	struct rpc_transport_ops ops = *usual;

	ops.make_room = make_room_and_begin;
	begun_on = console;
	loop.transport.ops = &ops;
	loop.transport.building = RPC_FULL;
	report(console_write(&loop.transport, console, MSG_TEXT("as it was built")) == STATUS_OK &&
		       strcmp(written, "as it was built") == 0,
	       "a call in one, when another begins in the midst of it");
	loop.transport.ops = usual;
	report(rpc_wait(&begun) == STATUS_OK, "and so does that");
	rpc_end(&begun);
}

/* A window of calls that end in order, out of order, and at random; the arena never runs out. */
static void windows(cap_id timer)
{
	enum { WINDOW = 16 };
	static struct rpc_call calls[WINDOW];
	bool open[WINDOW] = {}, good = true;
	unsigned seed = 1;

	for (unsigned i = 0; i < 20000; i++) {
		unsigned slot = i % WINDOW;

		if (i > 10000) {
			seed = seed * 1103515245 + 12345;
			slot = seed >> 16 & (WINDOW - 1);
		}
		if (open[slot]) {
			good &= rpc_wait(&calls[slot]) == STATUS_OK;
			good &= timer_now_results_reader_ns(timer_now_results(&calls[slot])) == 42;
			rpc_end(&calls[slot]);
		}
		(void)timer_now_begin_sized(&calls[slot], &loop.transport, rpc_target_cap(timer),
					    (i % 5) * 16);
		good &= timer_now_send(&calls[slot]) == STATUS_OK;
		open[slot] = true;
	}
	for (unsigned i = 0; i < WINDOW; i++)
		if (open[i])
			rpc_end(&calls[i]);
	report(good, "calls that end in any order leave no holes that stay");
	(void)timer_now_begin_sized(&calls[0], &loop.transport, rpc_target_cap(timer),
				    sizeof(arena) - RPC_QUICK_BYTES - 512);
	report(timer_now_send(&calls[0]) == STATUS_OK, "the whole arena can be had again");
	rpc_end(&calls[0]);
}

int main(void)
{
	uint64_t now = 42;

	rpc_loopback_init(&loop, arena, sizeof(arena));
	cap_id timer = rpc_loopback_add(&loop, &timer_interface, &timer_ops, &now);
	cap_id console = rpc_loopback_add(&loop, &console_interface, &console_ops, nullptr);
	cap_id space = rpc_loopback_add(&loop, &virtual_memory_interface, &space_ops, nullptr);
	memory_template = rpc_loopback_add(&loop, &memory_object_interface, &memory_ops, nullptr);
	one_liners(timer, console);
	exceptions(timer);
	pipelines(space);
	later(timer);
	malformed(console);
	variable_results(space);
	interleaved(timer, space);
	full_queue(console);
	windows(timer);
	printf("1..%d\n", test_number);
	return failures != 0;
}
