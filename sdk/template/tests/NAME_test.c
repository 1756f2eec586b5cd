/* The service's methods through the generated stubs, on this machine: no kernel, no QEMU (rpc/loopback.h). */
#include "../@NAME@/@NAME@.h"

#include <rpc/loopback.h>
#include <stdio.h>
#include <string.h>

static int number, failures;

static void report(bool good, const char *what)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++number, what);
	failures += !good;
}

int main(void)
{
	static uint64_t arena[2048];
	static struct rpc_loopback loop;
	struct @NAME@ self = {};
	struct @NAME@_greet_results_reader results;
	struct rpc_call call;
	uint64_t greeted = 0;

	rpc_loopback_init(&loop, arena, sizeof(arena));
	cap_id @NAME@ = rpc_loopback_add(&loop, &@NAME@_interface, &@NAME@_ops, &self);

	struct @NAME@_greet_params_builder params = @NAME@_greet_begin(&call, &loop.transport, @NAME@);
	@NAME@_greet_params_builder_set_name(params, MSG_TEXT("you"));
	bool good = @NAME@_greet_call(&call, &results) == STATUS_OK &&
		    msg_text_equal(@NAME@_greet_results_reader_text(results), MSG_TEXT("hello, you"));
	rpc_end(&call);
	report(good, "greet answers with the name");

	(void)@NAME@_greet_begin(&call, &loop.transport, @NAME@);
	report(@NAME@_greet_call(&call, &results) == STATUS_EXCEPTION, "nobody is not greeted");
	rpc_end(&call);

	report(@NAME@_count(&loop.transport, @NAME@, &greeted) == STATUS_OK && greeted == 1, "count says how many were");
	printf("1..%d\n", number);
	return failures != 0;
}
