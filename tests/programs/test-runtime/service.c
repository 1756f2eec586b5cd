// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The service loop: a thread serves Timer and MemoryObject, this one calls through a facet. Schedules in all their
 * variety are tests/host/service_test.c's business; here it is real CPUs, and what needs a whole process.
 */
#include <runtime/service.h>
#include <runtime/thread.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/endpoint.capnp.h>
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/timer.capnp.h>

#include "test.h"

enum { LARGE = 6000 };

static cap_id endpoint;
static struct service_reply sleeping;

static enum status serve_now(void *self, struct rpc_request *request,
			     struct timer_now_results_builder results)
{
	(void)self;
	timer_now_results_builder_set_ns(results, request->call->key);
	return STATUS_OK;
}

/* The first to sleep is woken by the next; 99 ends the service. */
static enum status serve_sleep(void *self, struct rpc_request *request,
			       struct timer_sleep_params_reader params)
{
	uint64_t ns = timer_sleep_params_reader_ns(params);

	if (ns == 99)
		service_stop(self);
	else if (!sleeping.token)
		return service_defer(request, &sleeping);
	if (sleeping.token && service_reply_begin(&sleeping, 0, 0) == STATUS_OK) {
		timer_sleep_results_builder_root(&sleeping.results);
		(void)service_reply_send(&sleeping);
	}
	return STATUS_OK;
}

static enum status serve_read(void *self, struct rpc_request *request,
			      struct memory_object_read_params_reader params,
			      struct memory_object_read_results_builder results)
{
	uint32_t count = memory_object_read_params_reader_count(params);
	uint8_t *bytes = memory_object_read_results_builder_init_bytes(results, count);

	(void)self, (void)request;
	for (uint32_t i = 0; bytes && i < count; i++)
		bytes[i] = (uint8_t)i;
	return STATUS_OK;
}

static enum status serve_write(void *self, struct rpc_request *request,
			       struct memory_object_write_params_reader params)
{
	struct msg_data data = memory_object_write_params_reader_bytes(params);

	(void)self;
	for (uint32_t i = 0; i < data.len; i++)
		if (data.ptr[i] != (uint8_t)i)
			return rpc_raise(request, EXCEPTION_TYPE_FAILED, "other bytes than were sent",
					 "bytes");
	return data.len == LARGE ? STATUS_OK : rpc_raise(request, EXCEPTION_TYPE_FAILED, "length", "bytes");
}

static int64_t serve(void *argument)
{
	static const struct timer_server_ops timer_ops = {.now = serve_now, .sleep = serve_sleep};
	static const struct memory_object_server_ops memory_ops = {.read = serve_read, .write = serve_write};
	static const struct service_interface interfaces[] = {
		{&timer_interface, &timer_ops},
		{&memory_object_interface, &memory_ops},
	};
	struct service service;
	enum status status = service_init(&service, runtime_ring(), endpoint,
					  &(struct service_options){
						  .interfaces = interfaces,
						  .interface_count = 2,
						  .context = &service,
						  .max_message = 8192,
						  .max_caps = 2,
						  .max_reply = 8192,
					  });

	(void)argument;
	return status == STATUS_OK ? service_run(&service) : status;
}

static enum status make_facet(uint64_t interface_id, cap_id *template)
{
	struct endpoint_template_results_reader results;
	struct rpc_call call;
	struct endpoint_method_set_list_builder sets = endpoint_template_params_builder_init_interfaces(
		endpoint_template_begin(&call, runtime_transport(), endpoint), 1);

	endpoint_method_set_builder_set_interface_id(endpoint_method_set_list_builder_at(sets, 0),
						     interface_id);

	enum status status = endpoint_template_call(&call, &results);

	*template = rpc_result_cap(&call, endpoint_template_results_reader_template(results));
	rpc_end(&call);
	return status;
}

static void call_all(cap_id timer, cap_id memory)
{
	struct rpc_call slow, call;
	struct memory_object_read_results_reader results;
	static uint8_t bytes[LARGE];
	uint64_t ns = 0;
	bool good = true;

	for (int i = 0; i < 200; i++)
		good &= timer_now(runtime_transport(), timer, &ns) == STATUS_OK && ns == 77;
	tap_ok(good, "200 calls to a service, with the facet's key");

	(void)timer_sleep_begin(&slow, runtime_transport(), timer);
	(void)timer_sleep_send(&slow);
	tap_ok(timer_now(runtime_transport(), timer, &ns) == STATUS_OK && !slow.done,
	       "a deferred call stays open");
	tap_is(timer_sleep(runtime_transport(), timer, 1), STATUS_OK, "another one releases it");
	tap_is(rpc_wait(&slow), STATUS_OK, "and it is answered");
	rpc_end(&slow);

	for (uint32_t i = 0; i < LARGE; i++)
		bytes[i] = (uint8_t)i;
	tap_is(memory_object_write(runtime_transport(), memory, 0, (struct msg_data){bytes, LARGE}),
	       STATUS_OK, "a call of 6000 bytes arrives");

	struct memory_object_read_params_builder p = memory_object_read_begin(&call, runtime_transport(),
									      memory);

	memory_object_read_params_builder_set_count(p, 900);
	good = memory_object_read_call(&call, &results) == STATUS_OK;
	struct msg_data data = memory_object_read_results_reader_bytes(results);
	for (uint32_t i = 0; i < data.len; i++)
		good &= data.ptr[i] == (uint8_t)i;
	tap_ok(good && data.len == 900, "an answer of 900 bytes comes back");
	rpc_end(&call);
	memory_object_read_params_builder_set_count(
		memory_object_read_begin(&call, runtime_transport(), memory), 5000);
	tap_is(rpc_call(&call), STATUS_EXCEPTION,
	       "one that is larger than the caller's buffer becomes an exception");
	rpc_end(&call);
	tap_is(timer_sleep_until(runtime_transport(), timer, 0), STATUS_EXCEPTION,
	       "a method that is not served raises");
	tap_is(timer_sleep(runtime_transport(), timer, 99), STATUS_OK, "the service is asked to stop");
}

/* attenuate(all methods) gives back a capability of its argument, which may be one that is minted for the call. */
static cap_id mint_for_us(cap_id template, uint64_t key)
{
	struct capability_manager_attenuate_results_reader results;
	struct rpc_call call;
	struct capability_manager_attenuate_params_builder p = capability_manager_attenuate_begin(
		&call, runtime_transport(),
		runtime_need("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID));
	cap_id facet = CAP_ID_NULL;

	capability_manager_attenuate_params_builder_set_capability(p, rpc_add_minted(&call, template, key));
	capability_manager_attenuate_params_builder_set_interface_id(
		p, key == 77 ? TIMER_INTERFACE_ID : MEMORY_OBJECT_INTERFACE_ID);
	capability_manager_attenuate_params_builder_set_methods(p, UINT64_MAX);
	if (capability_manager_attenuate_call(&call, &results) == STATUS_OK)
		facet = rpc_result_cap(&call,
				       capability_manager_attenuate_results_reader_capability(results));
	rpc_end(&call);
	return facet;
}

void test_service(void)
{
	const struct thread_options options = {.arena_bytes = 32768};
	cap_id manager = runtime_need("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID), timer = {},
	       memory = {};
	struct thread thread;
	int64_t code = -1;

	tap_is(capability_manager_create_endpoint(runtime_transport(), manager, 8192, 2, &endpoint),
	       STATUS_OK, "an endpoint");
	tap_ok(make_facet(TIMER_INTERFACE_ID, &timer) == STATUS_OK &&
		       make_facet(MEMORY_OBJECT_INTERFACE_ID, &memory) == STATUS_OK,
	       "two templates");
	timer = mint_for_us(timer, 77);
	memory = mint_for_us(memory, 78);
	tap_ok(timer.raw && memory.raw, "facets are minted");
	tap_is(thread_start(&thread, serve, nullptr, &options), STATUS_OK, "a thread serves them");
	call_all(timer, memory);
	tap_ok(thread_join(&thread, &code) == STATUS_OK && code == STATUS_OK, "the service loop ended");
}
