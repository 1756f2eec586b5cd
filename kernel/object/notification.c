// SPDX-License-Identifier: MIT OR Apache-2.0
/* Notification as an interface; the operations SIGNAL and WAIT (ring/notification.c) are the fast way. */
#include "object_types.h"

#include <ring/notification.h>
#include <schema/kernel/notification.capnp.h>

static struct notification *notification_of(void *self)
{
	return container_of((struct object *)self, struct notification, object);
}

static uint64_t mask_of(struct rpc_request *request)
{
	return notification_mask(kcall_called(request));
}

/* 0 stands for the whole mask. */
static bool chosen(struct rpc_request *request, uint64_t *bits)
{
	uint64_t mask = mask_of(request);

	if (*bits == 0)
		*bits = mask;
	return (*bits & ~mask) == 0;
}

static enum status set(void *self, struct rpc_request *request,
		       struct notification_signal_params_reader params)
{
	uint64_t bits = notification_signal_params_reader_bits(params);

	if (!chosen(request, &bits))
		return object_raise_invalid(request, "a bit outside the facet's mask", "bits");
	notification_set(notification_of(self), bits);
	return STATUS_OK;
}

static enum status wait(void *self, struct rpc_request *request,
			struct notification_wait_params_reader params,
			struct notification_wait_results_builder results)
{
	uint64_t bits = notification_wait_params_reader_bits(params);

	if (!chosen(request, &bits))
		return object_raise_invalid(request, "a bit outside the facet's mask", "bits");
	uint64_t taken = notification_take(notification_of(self), bits);
	if (taken == 0)
		return rpc_raise(request, EXCEPTION_TYPE_UNIMPLEMENTED,
				 "no bit is set; to wait, use the operation WAIT", NULL);
	notification_wait_results_builder_set_taken(results, taken);
	return STATUS_OK;
}

static enum status poll(void *self, struct rpc_request *request,
			struct notification_poll_params_reader params,
			struct notification_poll_results_builder results)
{
	uint64_t bits = notification_poll_params_reader_bits(params);

	if (!chosen(request, &bits))
		return object_raise_invalid(request, "a bit outside the facet's mask", "bits");
	notification_poll_results_builder_set_taken(results, notification_take(notification_of(self), bits));
	return STATUS_OK;
}

static enum status facet(void *self, struct rpc_request *request,
			 struct notification_facet_params_reader params,
			 struct notification_facet_results_builder results)
{
	uint64_t mask = notification_facet_params_reader_mask(params);
	struct view *own = kcall_called(request), *view;
	int32_t index;

	if (mask == 0 || (mask & ~mask_of(request)) != 0)
		return object_raise_invalid(request, "empty, or a bit outside this facet's mask", "mask");
	(void)self;
	enum status status = view_derive(kcall_of(request)->thread->process, own, VIEW_FACET, mask, own->sets,
					 own->count, &view); /* V1: the same sets */
	if (status == STATUS_OK)
		status = kcall_return(request, view, &index);
	if (status == STATUS_OK)
		notification_facet_results_builder_set_facet(results, index);
	return status;
}

static enum status watched(void *self, struct rpc_request *request,
			   struct notification_watched_params_reader params,
			   struct notification_watched_results_builder results)
{
	uint64_t mask = notification_watched_params_reader_mask(params);
	uint64_t gone = notification_watched_params_reader_gone(params);
	struct process *process = kcall_of(request)->thread->process;
	struct view *own = kcall_called(request), *view;
	int32_t index;

	(void)self;
	if (mask == 0 || (mask & ~mask_of(request)) != 0)
		return object_raise_invalid(request, "empty, or a bit outside this facet's mask", "mask");
	if (gone == 0 || (gone & ~mask_of(request)) != 0)
		return object_raise_invalid(request, "empty, or a bit outside this facet's mask", "gone");
	if (request->caps_out_max < 1)
		return STATUS_NO_SLOT; /* before there is anything that could be gone */
	enum status status = view_derive(process, own, VIEW_FACET, mask, own->sets, own->count, &view);
	if (status != STATUS_OK)
		return status;
	status = notification_watch(process, view, gone);
	if (status != STATUS_OK) {
		view_put(view);
		return status;
	}
	status = kcall_return(request, view, &index);
	if (status == STATUS_OK)
		notification_watched_results_builder_set_facet(results, index);
	return status;
}

static const struct notification_server_ops notification_ops = {
	.signal = set, .wait = wait, .poll = poll, .facet = facet, .watched = watched};

NOTIFICATION_BIND(notification, notification_ops);

const struct object_type notification_type = {
	.name = "notification",
	.interface_id = NOTIFICATION_INTERFACE_ID,
	OBJECT_METHODS(notification),
	.destroy = notification_destroy,
	.view_created = notification_view_created,
	.view_gone = notification_view_gone,
};
