/* @NAME@_client: greets each of its arguments, or the world. */
#include <runtime/print.h>
#include <runtime/runtime.h>
#include <runtime/status.h>
#include <schema/kernel/console.capnp.h>
#include <schema/@NAME@.capnp.h>

static bool greet(cap_id @NAME@, struct msg_text name)
{
	struct @NAME@_greet_results_reader results;
	struct rpc_call call;

	struct @NAME@_greet_params_builder params = @NAME@_greet_begin(&call, runtime_transport(), @NAME@);
	@NAME@_greet_params_builder_set_name(params, name);
	enum status status = @NAME@_greet_call(&call, &results);
	if (status == STATUS_OK) {
		struct msg_text text = @NAME@_greet_results_reader_text(results);
		runtime_print("%.*s\n", (int)text.len, text.ptr);
	} else {
		runtime_print("@NAME@.greet: %s\n", status_text(status));
	}
	rpc_end(&call);
	return status == STATUS_OK;
}

int main(void)
{
	cap_id @NAME@ = runtime_need("@NAME@", @UPPER@_INTERFACE_ID);

	runtime_need("console", CONSOLE_INTERFACE_ID);
	return greet(@NAME@, MSG_TEXT("world")) ? 0 : 1;
}
