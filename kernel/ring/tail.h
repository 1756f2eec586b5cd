// SPDX-License-Identifier: MIT OR Apache-2.0
/* Private to the ring room: calls that their server passed on (tail.c). */
#pragma once

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

/* RETURN with TAIL. */
enum status tail_call(struct thread *thread, struct request *request);
/* The request ends, or is passed on once more. */
void passed_free(struct passed *passed);
