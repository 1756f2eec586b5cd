// SPDX-License-Identifier: MIT OR Apache-2.0
/* A service that ends in the way that a call asks for (schema/service/crasher.capnp). With the argument "loop" it ends at once. */
#include <runtime/enter.h>
#include <runtime/runtime.h>
#include <runtime/service.h>
#include <schema/kernel/endpoint.capnp.h>
#include <schema/kernel/timer.capnp.h>
#include <schema/service/crasher.capnp.h>

static struct {
	uint64_t started_ns, objects;
	cap_id endpoint, object_template;
} state;

[[noreturn, gnu::noinline]] static void crash_here(void)
{
	*(volatile uint64_t *)0x18 = 1;
	__builtin_unreachable();
}

[[noreturn]] static void end_by(enum crasher_how how)
{
	switch (how) {
	case CRASHER_HOW_PAGE_FAULT:
		crash_here();
	case CRASHER_HOW_ILLEGAL_INSTRUCTION:
		__builtin_trap();
	case CRASHER_HOW_EXIT_WITH_FAILURE:
		break;
	}
	runtime_exit(3);
}

static enum status started(void *self, struct rpc_request *request,
			   struct crasher_started_results_builder results)
{
	(void)self, (void)request;
	crasher_started_results_builder_set_ns(results, state.started_ns);
	return STATUS_OK;
}

static enum status end(void *self, struct rpc_request *request, struct crasher_end_params_reader params)
{
	cap_id timer;
	uint64_t ns;

	(void)self, (void)request;
	if (runtime_cap("timer", TIMER_INTERFACE_ID, &timer) == STATUS_OK)
		(void)!timer_now(runtime_transport(), timer, &ns);
	end_by(crasher_end_params_reader_how(params));
}

static enum status end_if_old(void *self, struct rpc_request *request,
			      struct crasher_end_if_old_params_reader params,
			      struct crasher_end_if_old_results_builder results)
{
	(void)self, (void)request;
	if (state.started_ns < crasher_end_if_old_params_reader_ns(params))
		end_by(crasher_end_if_old_params_reader_how(params));
	crasher_end_if_old_results_builder_set_ns(results, state.started_ns);
	return STATUS_OK;
}

static enum status end_once_if_old(void *self, struct rpc_request *request,
				   struct crasher_end_once_if_old_params_reader params,
				   struct crasher_end_once_if_old_results_builder results)
{
	(void)self, (void)request;
	if (state.started_ns < crasher_end_once_if_old_params_reader_ns(params))
		end_by(crasher_end_once_if_old_params_reader_how(params));
	crasher_end_once_if_old_results_builder_set_ns(results, state.started_ns);
	return STATUS_OK;
}

static enum status hold(void *self, struct rpc_request *request)
{
	static struct service_reply held;

	(void)self;
	return service_defer(request, &held);
}

static enum status open(void *self, struct rpc_request *request, struct crasher_open_results_builder results)
{
	static const uint64_t id = CRASHER_INTERFACE_ID;

	(void)self;
	if (!state.object_template.raw) {
		struct endpoint_template_results_reader made;
		struct rpc_call call;
		struct endpoint_template_params_builder p = endpoint_template_begin(
			&call, runtime_transport(), state.endpoint);
		struct endpoint_method_set_list_builder sets =
			endpoint_template_params_builder_init_interfaces(p, 1);

		endpoint_method_set_builder_set_interface_id(endpoint_method_set_list_builder_at(sets, 0),
							     id);
		if (endpoint_template_call(&call, &made) == STATUS_OK)
			state.object_template = rpc_result_cap(
				&call, endpoint_template_results_reader_template(made));
		rpc_end(&call);
	}
	/* Numbers from 100 on: a successor uses the same ones again. */
	crasher_open_results_builder_set_object(
		results, rpc_request_mint_cap(request, state.object_template, 100 + state.objects++));
	return STATUS_OK;
}

static enum status exit_with(void *self, struct rpc_request *request,
			     struct crasher_exit_params_reader params)
{
	(void)self, (void)request;
	runtime_exit(crasher_exit_params_reader_code(params));
}

/* Calls beyond the schema's limits never come here. */
static enum status limited(void *self, struct rpc_request *request,
			   struct crasher_limited_params_reader params,
			   struct crasher_limited_results_builder results)
{
	(void)self, (void)request;
	crasher_limited_results_builder_set_length(results, crasher_limited_params_reader_text(params).len);
	return STATUS_OK;
}

int main(void)
{
	static const struct crasher_server_ops ops = {
		.started = started,
		.end = end,
		.end_if_old = end_if_old,
		.end_once_if_old = end_once_if_old,
		.hold = hold,
		.open = open,
		.exit = exit_with,
		.limited = limited,
	};
	static const struct service_interface interfaces[] = {{&crasher_interface, &ops}};
	struct service service;

	if (msg_text_equal(runtime_argument(0), MSG_TEXT("loop")))
		crash_here();
	state.started_ns = runtime_now();
	state.endpoint = runtime_need("endpoint", ENDPOINT_INTERFACE_ID);

	enum status status = service_init(
		&service, runtime_ring(), state.endpoint,
		&(struct service_options){.interfaces = interfaces, .interface_count = 1, .context = &state});

	return status == STATUS_OK && service_run(&service) == STATUS_OK ? 0 : 1;
}
