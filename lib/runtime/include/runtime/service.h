// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The service loop: receives calls at an endpoint, hands them to generated server skeletons, returns the results.
 *
 *   static const struct console_server_ops ops = {.write = my_write, ...};
 *   CONSOLE_BIND(console, ops);
 *   static const struct service_interface interfaces[] = {{&console_interface, &ops}};
 *   static rpc_method_fn *const *const bound[] = {console_bound};
 *   struct service s;
 *   service_init(&s, runtime_ring(), runtime_need("console", ENDPOINT_INTERFACE_ID),
 *                &(struct service_options){.interfaces = interfaces, .interface_count = 1, .bound = bound,
 *                                          .context = &my_state});
 *   service_run(&s);
 *
 * - A method's `self` is what options.object gives for the key of the facet called, or options.context without it.
 * - The normal path is one kernel entry a call: RETURN_RECV. A RECV is posted only as the loop goes to wait, so none
 *   is posted while a method runs and makes calls of its own.
 * - With options.slots, that many RECVs are posted: calls that come together are one entry for all of them, and one for all
 *   their answers. They are served in the order in which they came. While a method makes calls of its own, the other slots may
 *   receive what another thread that serves the same endpoint would be free for; so leave it at one there.
 * - A method may answer later: it calls service_defer, and returns its result (RPC_DEFERRED). Any number may be open
 *   (as far as the process's ledger has service records).
 * - Any other status than OK, EXCEPTION and RPC_DEFERRED becomes the exception `failed`.
 * - Capabilities that came with a call are released after the method; service_keep gives one that stays.
 * - What takes long is done in pieces between calls: see service_work.
 * - The loop waits with ring_wait, so other operations of the same ring (a notification's WAIT, calls under way)
 *   complete meanwhile: post them with ring_submit, and look at them in options.idle.
 */
#pragma once

#include <rpc/rpc.h>
#include <runtime/ring.h>

/* An endpoint's limits where its creator said nothing (NamedCap.maxMessage). */
#define SERVICE_DEFAULT_MESSAGE 1024u
#define SERVICE_DEFAULT_CAPS 4u
#define SERVICE_DEFAULT_REPLY 1024u
#define SERVICE_REPLY_CAPS 4u /* most capabilities with results */

struct service_interface {
	const struct rpc_interface *interface;
	const void *ops; /* its X_server_ops */
};

struct service_options {
	const struct service_interface *interfaces;
	uint32_t interface_count;
	/*
	 * May be absent. For each interface what X_BIND made of its operations: each method compiled together with the
	 * decoding of its parameters, which takes half of the instructions between call and answer away. The first
	 * interface is the quickest to find.
	 */
	rpc_method_fn *const *const *bound;
	void *context;
	/* The object of a key; null: there is none (exception disconnected). May be absent. */
	void *(*object)(void *context, uint64_t key);
	/*
	 * The last facet of key is gone; mints as in the notice. Also, with mints 1, for each facet that a method minted into an
	 * answer which could not be delivered (what was to be moved with it is released). May be absent.
	 */
	void (*released)(void *context, uint64_t key, uint64_t mints);
	/* The caller of a deferred call no longer waits; it still wants an answer (an exception will do). May be absent. */
	void (*cancelled)(void *context, uint64_t token);
	/* After each entry into the kernel, before calls are handled: the place to look at other operations. May be absent. */
	void (*idle)(void *context);
	/* The endpoint's limits; 0: as its creator noted in the CapSet, or the defaults above. */
	uint32_t max_message;
	uint16_t max_caps;
	uint32_t max_reply; /* largest results; 0: the default */
	/* Memory for so many calls at a time, each with a buffer for the call and one for its results. May be absent: one. */
	struct service_slot *slots;
	uint32_t slot_count;
};

struct service;

/* One call at a time: its buffers, and what becomes of it. */
struct service_slot {
	struct ring_op receive; /* first: its completions are the loop's */
	struct service *service;
	const struct cap_call_header *in; /* the received call, in the arena */
	struct rpc_request request;       /* of the running method; what is the same for all calls stays */
	struct cap_sqe
		answer; /* a RETURN_RECV but for what it returns; its target is the call that came last, or 0 */
	/* The last call: what its header said of interface, method and room, which the next one's most often says again. */
	uint64_t interface_id, shape;
	rpc_method_fn *method;
	struct cap_cqe received;
	uint64_t
		posted; /* sequence number of the RECV or RETURN_RECV under way; it answers answer.target, or nothing */
	uint32_t caps_off; /* arena: descriptors of results */
	enum : uint8_t {
		SERVICE_IDLE,
		SERVICE_RECEIVING,
		SERVICE_RECEIVED
	} state;                    /* RECEIVING also while the usual turn handles its call */
	bool plain;                 /* what is posted is a RETURN that receives nothing */
	struct service_slot *after; /* the next slot, in a circle */
	struct service_slot *later; /* RECEIVED: what came next */
};

/* A bounded piece. */
typedef bool service_work_fn(void *context);

struct service {
	struct ring_client *ring;
	struct service_options options;
	service_work_fn *work;              /* or null */
	struct service_slot *first, **last; /* RECEIVED, in their order */
	uint32_t max_results;               /* bytes */
	/* Together, so that one comparison shows the usual state: all of them zero. */
	uint16_t idle;           /* slots in that state */
	bool stopping;           /* a method said so */
	uint8_t unusual;         /* enum service_unusual */
	struct service_slot own; /* without options.slots */
};

/* Takes its buffers from the ring's arena, for good. Must not move. Errors: TOO_LARGE if they do not fit. */
enum status service_init(struct service *service, struct ring_client *ring, cap_id endpoint,
			 const struct service_options *options);

/* Serves until service_stop, or until receiving fails (BAD_ID, DENIED, REVOKED...), whose status it gives. */
enum status service_run(struct service *service);
/* Serves all that has come; waits for at most one entry, not beyond deadline_ns (0: none). Errors: as service_run. */
enum status service_step(struct service *service, uint64_t deadline_ns);
/* For methods and op functions: service_run returns OK after the present call. */
void service_stop(struct service *service);

/*
 * For methods: from now on `work` is called, with options.context, after the calls that each entry brought, and the loop does not wait,
 * until it gives false: it has done all, or will never be able to. Null: no more.
 */
void service_work(struct service *service, service_work_fn *work);

/*
 * For methods: the capability that a getter's index names, to stay: the service's, until it releases it. Null: none came, or there is
 * no room for it, which is for the method to say. What one client may have kept is for the service to bound (pool/shares.h).
 */
cap_id service_keep(struct rpc_request *request, int32_t index);

/*
 * For methods that make capabilities which stay: whether there is still room for all that a call may bring. If not, the service must
 * release what it made, and refuse: it could receive nothing more. Some kernel calls for each capability that a call may bring.
 */
bool service_has_room(const struct service *service);

/* ---- Facets of one's own ---- */

/* What facets with these methods of one interface are minted from. Errors: those of Endpoint.template. */
enum status service_template(struct rpc_transport *transport, cap_id endpoint, uint64_t interface_id,
			     uint64_t methods, cap_id *made);
/*
 * A capability that came as an argument: if it is a facet of this endpoint, its key and what it may call of that interface
 * (0: nothing). Errors: NOT_FOUND when it is somebody else's, and those of the call.
 */
enum status service_identify(struct rpc_transport *transport, cap_id endpoint, cap_id facet,
			     uint64_t interface_id, uint64_t *key, uint64_t *methods);

/*
 * `return service_pass_on(request, &call)`: the call was begun with a generated stub and not sent; it goes on in place of the
 * one that is served, and whoever answers it answers that one's caller, with the caller's own session and deadline. An object of the
 * kernel sees this process as its caller, and answers that one. Ends the call. If it was refused, the status says why and the method still
 * has to answer.
 */
enum status service_pass_on(struct rpc_request *request, struct rpc_call *call);

/* ---- Answers that come later ---- */

struct service_reply {
	struct service *service;
	uint64_t token;
	uint32_t max_bytes; /* what the caller can take */
	uint16_t max_caps;
	/* While it is built: */
	uint32_t block;
	uint16_t caps_len;
	struct msg_builder results;
};

/* `return service_defer(request, &reply)`: remembers the call. */
enum status service_defer(struct rpc_request *request, struct service_reply *reply);
/*
 * Room for the results, to be built with the method's results builder over &reply->results: at most bytes (0: the
 * default), and caps descriptors. Errors: TOO_LARGE.
 */
enum status service_reply_begin(struct service_reply *reply, uint32_t bytes, uint16_t caps);
int32_t service_reply_add_cap(struct service_reply *reply, struct cap_desc desc); /* index, or -1 */
/* Sends it. If the status is not OK, the call has been answered with an exception, or was gone. */
enum status service_reply_send(struct service_reply *reply);
/* In place of begin and send. */
enum status service_reply_raise(struct service_reply *reply, enum exception_type type, const char *reason,
				const char *field);
