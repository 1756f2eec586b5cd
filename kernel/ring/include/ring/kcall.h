// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What the implementation of a kernel object (kernel/object) sees of the call that it answers.
 *
 * The rpc_request that generated code hands to it is the first member of a struct kcall. Capabilities that came are views
 * (rpc_request.caps_in holds the addresses of struct cap_ref, valid during the call); those that go are given to kcall_return,
 * which takes the references over.
 */
#pragma once

#include <cap/process.h>
#include <cap/view.h>
#include <ring/request.h>
#include <ring/target.h>
#include <rpc/rpc.h>

struct service_record;
struct thread;

/* One for each CPU. Between calls it is plain: its buffers are the CPU's scratch, and it carries no capabilities. */
struct kcall {
	struct rpc_request rpc;           /* first; interface_id and method are not set for kernel objects */
	struct thread *thread;            /* the caller */
	struct request *request;          /* of the call; NULL: it has none yet */
	const struct call_target *target; /* what was called */
	struct service_record *
		passed; /* the call that a server passes on to the object (tail_object.c); NULL: it is none */
	/* Of a call that has no request yet, should it need one: words 4 and 5 of its submission, which were checked; and where the
	 * others are, not read yet. */
	struct quick_range {
		uint32_t offset, len;
	} message, buffer;
	const volatile uint64_t *from;
	struct carried carried[CAP_MESSAGE_MAX_CAPS]; /* what came */
	struct cap_ref given[CAP_MESSAGE_MAX_CAPS];   /* what goes; caps_out[i] stands for given[i] */
	unsigned
		given_len; /* also of a method that then raises an exception, which goes without capabilities */
	uint64_t caps_in[CAP_MESSAGE_MAX_CAPS];
	struct cap_desc caps_out[CAP_MESSAGE_MAX_CAPS];
	struct call_target other; /* what was called, if it is not remembered: its view */
};

/* Once, before the first call. */
void kcall_init(void);

static inline struct kcall *kcall_of(struct rpc_request *request)
{
	return container_of(request, struct kcall, rpc);
}

/* The view that was called; its key is a Notification facet's mask. */
static inline struct view *kcall_called(struct rpc_request *request)
{
	return kcall_of(request)->target->view;
}

/* The view that a capability field's index names, or NULL. */
static inline struct view *kcall_view(struct rpc_request *request, int32_t index)
{
	const struct cap_ref *ref = (const struct cap_ref *)(uintptr_t)rpc_request_cap_raw(request, index);

	return ref != NULL ? ref->view : NULL;
}

/* The caller's id for it; 0 if none came. */
static inline cap_id kcall_id(struct rpc_request *request, int32_t index)
{
	const struct carried *carried = (const struct carried *)(uintptr_t)rpc_request_cap_raw(request,
											       index);

	return carried != NULL ? carried->id : CAP_ID_NULL;
}

static inline bool kcall_is_minted(struct rpc_request *request, int32_t index)
{
	const struct carried *carried = (const struct carried *)(uintptr_t)rpc_request_cap_raw(request,
											       index);

	return carried != NULL && carried->minted;
}

/* Its gate, which what is derived from it must be under, too. */
static inline struct gate *kcall_gate(struct rpc_request *request, int32_t index)
{
	const struct cap_ref *ref = (const struct cap_ref *)(uintptr_t)rpc_request_cap_raw(request, index);

	return ref != NULL ? ref->gate : NULL;
}

/* The gate through which the object was called, or NULL. */
static inline struct gate *kcall_own_gate(struct rpc_request *request)
{
	const struct request *call = kcall_of(request)->request;

	return call != NULL && (call->extras & REQUEST_GATED) ? call->gate : NULL;
}

/* The object behind it, if it is of that type and the view holds the methods; NULL otherwise. */
struct object *kcall_object(struct rpc_request *request, int32_t index, const struct object_type *type,
			    uint64_t methods);

/* Gives a capability to the caller; takes over the reference on view, also when it fails. *index is for the generated setter.
 * NO_SLOT: the caller reserved none (buf_caps). */
enum status kcall_return(struct rpc_request *request, struct view *view, int32_t *index);
/* The same under a gate (NULL = none), whose reference is taken over, too. */
enum status kcall_return_ref(struct rpc_request *request, struct cap_ref ref, int32_t *index);
/* A full capability to a new object; takes over the reference. */
enum status kcall_return_object(struct rpc_request *request, struct object *object, int32_t *index);

/* The answer comes later: the request waits in `queue` under its lock (which the caller holds) and counts `object`. Returns
 * what the operation must return (RPC_DEFERRED, or AGAIN: too many waiting). */
enum status kcall_defer(struct rpc_request *request, struct object *object, struct list *queue,
			struct spinlock *lock);

/* As kcall_defer, in no queue: completes with an empty struct when the clock has reached until_ns. */
enum status kcall_sleep(struct rpc_request *request, struct object *object, uint64_t until_ns);

/* The same, and sets bits before it completes. `gate` (NULL: none) is what the notification came through: revoking it ends the call;
 * the call itself must not be made through another one. */
struct notification;
enum status kcall_sleep_then_signal(struct rpc_request *request, struct notification *notification,
				    uint64_t bits, struct gate *gate, uint64_t until_ns);

/* Completes every request of a queue: takes the lock itself. `build` fills the result message of each; NULL: an empty struct. */
#define KCALL_DEFERRED_WORDS 16u /* largest result of a deferred call: any buffer has room for it */
static_assert(KCALL_DEFERRED_WORDS * 8 <= CAP_MIN_RESULT_BUF);
typedef size_t kcall_result_fn(void *context, uint64_t *words, size_t bytes);
void kcall_complete_all(struct list *queue, struct spinlock *lock, enum status status, kcall_result_fn *build,
			void *context);
/* Completes one deferred request with an empty struct, from a timer or interrupt. */
void kcall_complete(struct request *request, uint64_t sequence);
