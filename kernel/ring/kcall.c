// SPDX-License-Identifier: MIT OR Apache-2.0
/* What kernel objects need to answer calls: capabilities in and out, and answers that come later. */
#include "complete.h"
#include "ops.h"
#include "quick.h"

#include <ring/kcall.h>
#include <ring/notification.h>

#include "tail.h"

static struct kcall kcalls[MAX_CPUS];

void kcall_init(void)
{
	for (unsigned i = 0; i < MAX_CPUS; i++) {
		rpc_request_init(&kcalls[i].rpc, NULL, cpus[i].scratch_in, sizeof(uint64_t),
				 cpus[i].scratch_out, CPU_SCRATCH);
		cpus[i].kcall = &kcalls[i];
	}
}

struct object *kcall_object(struct rpc_request *request, int32_t index, const struct object_type *type,
			    uint64_t methods)
{
	struct view *view = kcall_view(request, index);

	if (view == NULL || view->kind == VIEW_TEMPLATE || view->object->type != type ||
	    (view_methods(view, type->interface_id) & methods) != methods)
		return NULL;
	return view->object;
}

enum status kcall_return_ref(struct rpc_request *request, struct cap_ref ref, int32_t *index)
{
	*index = rpc_request_add_cap(request, CAP_DESC_COPY, 0, 0);
	if (*index < 0) {
		cap_ref_put(ref);
		return STATUS_NO_SLOT;
	}
	struct kcall *kcall = kcall_of(request);
	kcall->given[kcall->given_len++] = ref;
	return STATUS_OK;
}

enum status kcall_return(struct rpc_request *request, struct view *view, int32_t *index)
{
	return kcall_return_ref(request, (struct cap_ref){view, NULL}, index);
}

enum status kcall_return_object(struct rpc_request *request, struct object *object, int32_t *index)
{
	struct view *view;
	enum status status = view_create_full(kcall_of(request)->thread->process, object, &view);

	return status == STATUS_OK ? kcall_return(request, view, index) : status;
}

/* A quick call's (quick.h). */
static struct request *make_request(const struct kcall *kcall)
{
	struct ring *ring = &kcall->thread->ring;
	struct request *request = ring->free;

	request->sequence = ring->sq_head - 1;
	request->words[0] = kcall->target->word;
	request->words[1] = kcall->target->id;
	request->words[2] = kcall->target->interface_id;
	request->words[3] = kcall->from[3];
	request->words[4] = quick_range_word(kcall->message);
	request->words[5] = quick_range_word(kcall->buffer);
	request->words[6] = 0;                             /* no capabilities */
	store_relaxed(&request->words[7], kcall->from[7]); /* a late deadline may look at it */
	request->memory.removals = REQUEST_FORGOTTEN;
	return request;
}

/* The request of the call waits from now on, and counts `object`. NULL: too many wait already. */
static struct request *take_request(struct rpc_request *rpc, struct object *object, struct spinlock *lock)
{
	struct kcall *kcall = kcall_of(rpc);
	struct request *request = kcall->request;
	struct ring *ring = &kcall->thread->ring;

	if (ring->pending >= ring->wait_max)
		return NULL;
	if (request == NULL)
		request = make_request(kcall);
	object_get(object);
	request->object = object;
	request->result = (struct completion){0};
	if (lock != NULL)
		ring_take_queued(ring, request, lock);
	else
		ring_take(ring, request);
	request->extras |= REQUEST_COUNTED;
	return request;
}

enum status kcall_defer(struct rpc_request *rpc, struct object *object, struct list *queue,
			struct spinlock *lock)
{
	if (unlikely(kcall_of(rpc)->passed != NULL))
		return tail_defer(kcall_of(rpc), object, queue, lock, 0);

	struct request *request = take_request(rpc, object, lock);
	if (request == NULL)
		return STATUS_AGAIN;
	store_release(&request->queue_lock, lock); /* who aborts it takes the lock first, after us */
	list_push_back(queue, &request->link);
	return RPC_DEFERRED;
}

enum status kcall_sleep(struct rpc_request *rpc, struct object *object, uint64_t until_ns)
{
	if (unlikely(kcall_of(rpc)->passed != NULL))
		return tail_defer(kcall_of(rpc), object, NULL, NULL, until_ns);

	struct request *request = take_request(rpc, object, NULL);
	if (request == NULL)
		return STATUS_AGAIN;
	request->sleep_until = until_ns;
	request_arm_deadline(request);
	return RPC_DEFERRED;
}

enum status kcall_sleep_then_signal(struct rpc_request *rpc, struct notification *notification, uint64_t bits,
				    struct gate *gate, uint64_t until_ns)
{
	struct kcall *kcall = kcall_of(rpc);
	if (unlikely(kcall->passed != NULL)) /* the bits would be another's to set than who waits */
		return STATUS_BAD_STATE;
	enum status status = gate == NULL ? STATUS_OK
					  : request_enter_gate(kcall->thread, kcall->request, gate);

	if (status != STATUS_OK)
		return status;
	kcall->request->key = bits;
	return kcall_sleep(rpc, &notification->object,
			   until_ns); /* refused: the gate goes with the submission */
}

/* An empty result struct: a root pointer to a struct without fields. */
static const uint64_t empty_struct = 0xfffffffcull;

void kcall_complete(struct request *request, uint64_t sequence)
{
	if (!request_claim(request, sequence))
		return;
	request_unlink(request);
	if (request->object->type == notification_object_type) /* Timer.signal */
		notification_set(container_of(request->object, struct notification, object), request->key);
	request_write_result(request, &empty_struct, sizeof(empty_struct));
	request->result.status = STATUS_OK;
	request_complete(request, NULL);
}

static void complete_claimed(struct request *request, enum status status, kcall_result_fn *build,
			     void *context)
{
	uint64_t words[KCALL_DEFERRED_WORDS]; /* not the CPU's scratch: a call may be using that */

	request->result = (struct completion){0};
	if (build != NULL)
		request_write_result(request, words, build(context, words, sizeof(words)));
	else
		request_write_result(request, &empty_struct, sizeof(empty_struct));
	request->result.status = status;
	request_complete(request, NULL);
}

void kcall_complete_all(struct list *queue, struct spinlock *lock, enum status status, kcall_result_fn *build,
			void *context)
{
	for (;;) {
		spin_lock(lock);
		struct list *node = list_pop_front(queue);
		struct request *request = node != NULL ? container_of(node, struct request, link) : NULL;
		/* Under the lock: who aborts it must take the lock to unlink before the request can be reused. */
		bool won = request != NULL && request_claim(request, request->sequence);
		spin_unlock(lock);
		if (node == NULL)
			return;
		if (won)
			complete_claimed(request, status, build, context);
	}
}
