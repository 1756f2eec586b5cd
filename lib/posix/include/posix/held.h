// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * For code beside the C library that calls capabilities itself:
 *
 *	posix_enter();
 *	... calls ...
 *	result = posix_leave(result);
 *
 * Signals are held back in between, so that a handler finds nothing half done. At the end of the outermost pair they are handled; what
 * comes back is `result`, or, if that was POSIX_RESTART, POSIX_AGAIN (the handlers let the whole be made again) or -EINTR.
 */
#pragma once

#include <stdint.h>

struct rpc_call;

#define POSIX_HELD __attribute__((visibility("hidden")))

POSIX_HELD void posix_enter(void);
POSIX_HELD long posix_leave(long result);
/*
 * Waits for a call that was sent, as long as no signal wants to be handled. 0: it is done, whatever its status. POSIX_RESTART: it was
 * taken back, and has done nothing.
 */
POSIX_HELD long posix_wait(struct rpc_call *call);

#define POSIX_AGAIN INT64_MIN
/* A signal came before the call had done anything. */
#define POSIX_RESTART (-512l)
