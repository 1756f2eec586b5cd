// SPDX-License-Identifier: MIT OR Apache-2.0
/* maker: serves Maker. Hands out things of its own, and passes on what the one behind it should answer. */
#include <runtime/runtime.h>
#include <runtime/service.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/endpoint.capnp.h>
#include <schema/kernel/timer.capnp.h>
#include <schema/service/maker.capnp.h>

#define MAX_THINGS 64u
#define FIRST_KEY 100u

struct thing {
	uint64_t key; /* 0: free */
	uint64_t value;
	uint64_t mints; /* not retired by notices yet */
};

static struct thing things[MAX_THINGS];
static uint64_t next_key = FIRST_KEY;
static cap_id endpoint, things_template, next, timer, manager;

static struct thing *find(uint64_t key)
{
	for (unsigned i = 0; i < MAX_THINGS; i++)
		if (things[i].key == key)
			return &things[i];
	return nullptr;
}

static struct thing *make(uint64_t value)
{
	struct thing *thing = find(0);

	if (thing)
		*thing = (struct thing){next_key++, value, 0};
	return thing;
}

static int32_t mint(struct rpc_request *request, struct thing *thing)
{
	int32_t index = thing ? rpc_request_mint_cap(request, things_template, thing->key) : -1;

	if (index >= 0)
		thing->mints++;
	return index;
}

static enum status do_make(void *, struct rpc_request *request, struct maker_make_params_reader p,
			   struct maker_make_results_builder r)
{
	struct thing *thing = make(maker_make_params_reader_start(p));

	maker_make_results_builder_set_thing(r, mint(request, thing));
	maker_box_builder_set_thing(maker_make_results_builder_init_again(r), mint(request, thing));
	return STATUS_OK;
}

static enum status do_refuse(void *, struct rpc_request *request, struct maker_refuse_params_reader p,
			     struct maker_refuse_results_builder)
{
	char reason[64] = {};
	struct msg_text text = maker_refuse_params_reader_reason(p);

	__builtin_memcpy(reason, text.ptr, text.len < 63 ? text.len : 63);
	return rpc_raise(request, EXCEPTION_TYPE_OVERLOADED, reason, nullptr);
}

static struct thing *identify(struct rpc_request *request, int32_t index)
{
	uint64_t key = 0, methods = 0;

	if (service_identify(runtime_transport(), endpoint, rpc_request_cap(request, index),
			     THING_INTERFACE_ID, &key, &methods) != STATUS_OK ||
	    key < FIRST_KEY)
		return nullptr;
	return find(key);
}

static enum status do_add(void *, struct rpc_request *request, struct maker_add_params_reader p,
			  struct maker_add_results_builder r)
{
	struct thing *a = identify(request, maker_add_params_reader_thing(p)),
		     *b = identify(request, maker_add_params_reader_other(p));

	if (!a || !b)
		return rpc_raise(request, EXCEPTION_TYPE_INVALID_ARGUMENT, "no thing of mine",
				 a ? "other" : "thing");
	maker_add_results_builder_set_sum(r, a->value + b->value);
	return STATUS_OK;
}

static enum status do_pass_on(void *, struct rpc_request *request, struct maker_pass_on_params_reader p,
			      struct maker_pass_on_results_builder r)
{
	uint64_t start = maker_pass_on_params_reader_start(p);
	struct rpc_call call;

	if (!next.raw) {
		maker_pass_on_results_builder_set_value(r, start);
		maker_pass_on_results_builder_set_session(r, request->call->session);
		return STATUS_OK;
	}
	maker_pass_on_params_builder_set_start(maker_pass_on_begin(&call, runtime_transport(), next),
					       start + 1);
	return service_pass_on(request, &call);
}

static enum status do_late(void *, struct rpc_request *request, struct maker_late_params_reader p,
			   struct maker_late_results_builder r)
{
	uint64_t until = runtime_now() + maker_late_params_reader_ns(p);

	while (runtime_now() < until)
		(void)ring_wait(runtime_ring(), until);
	maker_late_results_builder_set_thing(r, mint(request, make(0)));
	return STATUS_OK;
}

static enum status do_numbers(void *, struct rpc_request *request, struct maker_numbers_results_builder r)
{
	maker_numbers_results_builder_set_thing(r, mint(request, make(request->call->deadline_ns)));
	return STATUS_OK;
}

/* ---- What objects of the kernel answer ---- */

static enum status do_now(void *, struct rpc_request *request, struct maker_now_results_builder)
{
	struct rpc_call call;

	timer_now_begin(&call, runtime_transport(), timer);
	return service_pass_on(request, &call);
}

static enum status do_nap(void *, struct rpc_request *request, struct maker_nap_params_reader p)
{
	struct rpc_call call;

	timer_sleep_params_builder_set_ns(timer_sleep_begin(&call, runtime_transport(), timer),
					  maker_nap_params_reader_ns(p));
	return service_pass_on(request, &call);
}

static enum status do_notification(void *, struct rpc_request *request,
				   struct maker_notification_results_builder)
{
	struct rpc_call call;

	capability_manager_create_notification_begin(&call, runtime_transport(), manager);
	return service_pass_on(request, &call);
}

static enum status do_use(void *self, struct rpc_request *, struct thing_use_params_reader p,
			  struct thing_use_results_builder r)
{
	struct thing *thing = self;

	thing->value += thing_use_params_reader_by(p);
	thing_use_results_builder_set_value(r, thing->value);
	return STATUS_OK;
}

static enum status do_child(void *self, struct rpc_request *request, struct thing_child_results_builder r)
{
	const struct thing *thing = self;

	thing_child_results_builder_set_thing(r, mint(request, make(thing->value)));
	return STATUS_OK;
}

static void *object(void *, uint64_t key)
{
	return key < FIRST_KEY ? &things : (void *)find(key);
}

static void released(void *, uint64_t key, uint64_t mints)
{
	struct thing *thing = key ? find(key) : nullptr;

	if (!thing)
		return;
	thing->mints -= mints < thing->mints ? mints : thing->mints;
	if (thing->mints == 0)
		thing->key = 0;
}

int main(void)
{
	static const struct maker_server_ops maker_ops = {
		.make = do_make,
		.refuse = do_refuse,
		.add = do_add,
		.pass_on = do_pass_on,
		.late = do_late,
		.numbers = do_numbers,
		.now = do_now,
		.nap = do_nap,
		.notification = do_notification,
	};
	static const struct thing_server_ops thing_ops = {.use = do_use, .child = do_child};
	static const struct service_interface interfaces[] = {{&maker_interface, &maker_ops},
							      {&thing_interface, &thing_ops}};
	static struct service service;

	endpoint = runtime_need("endpoint", ENDPOINT_INTERFACE_ID);
	(void)!runtime_cap("next", MAKER_INTERFACE_ID, &next);
	(void)!runtime_cap("timer", TIMER_INTERFACE_ID, &timer);
	(void)!runtime_cap("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID, &manager);
	enum status status = service_template(runtime_transport(), endpoint, THING_INTERFACE_ID, UINT64_MAX,
					      &things_template);
	if (status == STATUS_OK)
		status = service_init(&service, runtime_ring(), endpoint,
				      &(struct service_options){.interfaces = interfaces,
								.interface_count = 2,
								.object = object,
								.released = released});
	return (int)(status == STATUS_OK ? service_run(&service) : status);
}
