// SPDX-License-Identifier: MIT OR Apache-2.0
/* Private to the ring room: calls that their server passed on (tail.c). */
#pragma once

#include <ring/record.h>
#include <ring/thread.h>

/* A call may be passed on that often. */
#define TAIL_MAX_HOPS 32u

/* What the server gave along: kept with the request until it completes. */
struct passed {
	uint32_t giver;          /* process number of the server */
	struct session *session; /* its session; counted */
	uint32_t len;            /* bytes of message */
	uint64_t words[];
};

/* What a TAIL needs, and has, before it acts. */
struct tail {
	struct service_record *record;
	struct carried carried[CAP_MESSAGE_MAX_CAPS + 1]; /* the first is the target */
	unsigned count;                                   /* of carried */
	struct object *object;                            /* of the kernel; NULL: it goes to `endpoint` */
	struct endpoint *endpoint;
	struct passed *passed;
	struct carried *sent;       /* for the request: count - 1, or NULL */
	struct gate *gate;          /* counted; NULL: it stays under the one that it is under */
	struct gate_spares *spares; /* if it had none, and may need some */
	uint64_t session;           /* the caller's reference at the endpoint */
};

/* PENDING -> PASSING: nobody completes it until it is PENDING again. */
bool tail_begin_passing(struct request *call, uint64_t sequence);
/* Of a call that is PASSING: it is under tail->gate from now on, if there is one. */
void tail_change_gate(struct request *call, struct tail *tail);
/* tail_object.c: the claimed record's call goes to tail->object, which answers it, now or later. Ends what `tail` has. */
void tail_to_object(struct thread *thread, struct request *request, struct tail *tail);
/* kcall_defer and kcall_sleep of such a call: its caller's own request waits. */
struct kcall;
enum status tail_defer(struct kcall *kcall, struct object *object, struct list *queue, struct spinlock *lock,
		       uint64_t until_ns);

/* RETURN with TAIL. */
enum status tail_call(struct thread *thread, struct request *request);
/* The request ends, or is passed on once more. */
void passed_free(struct passed *passed);
