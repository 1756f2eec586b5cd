/* The object behind the interface, as the service and its test see it. */
#pragma once

#include <schema/@NAME@.capnp.h>

struct @NAME@ {
	uint64_t greeted;
};

/* Each function gets the decoded parameters and a builder of the results. What is not in the table answers `unimplemented`. */
static enum status @NAME@_greet_op(void *self, struct rpc_request *request, struct @NAME@_greet_params_reader params,
				   struct @NAME@_greet_results_builder results)
{
	static const char hello[] = "hello, ";
	struct msg_text name = @NAME@_greet_params_reader_name(params);

	if (name.len == 0)
		return rpc_raise(request, EXCEPTION_TYPE_INVALID_ARGUMENT, "whom?", "name");
	uint32_t len = (uint32_t)sizeof(hello) - 1;
	char *text = @NAME@_greet_results_builder_init_text(results, len + name.len);
	if (text) { /* null: there was no room, and the caller is told so */
		__builtin_memcpy(text, hello, len);
		__builtin_memcpy(text + len, name.ptr, name.len);
	}
	((struct @NAME@ *)self)->greeted++;
	return STATUS_OK;
}

static enum status @NAME@_count_op(void *self, struct rpc_request *request, struct @NAME@_count_results_builder results)
{
	(void)request;
	@NAME@_count_results_builder_set_greeted(results, ((struct @NAME@ *)self)->greeted);
	return STATUS_OK;
}

static const struct @NAME@_server_ops @NAME@_ops = {.greet = @NAME@_greet_op, .count = @NAME@_count_op};
