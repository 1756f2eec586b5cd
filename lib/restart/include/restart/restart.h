// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * When to start again what has ended: policy, backoff, and a limit within a window. No I/O and no clock: the caller says what time it
 * is, so a supervisor and its test decide alike (image.capnp, Restart, says what the numbers mean).
 */
#pragma once

#include <stdint.h>

#define RESTART_MAX_LIMIT 32u

struct restart_policy {
	enum restart_when : uint8_t { RESTART_NEVER, RESTART_ON_FAILURE, RESTART_ALWAYS } when;
	uint32_t delay_ms, max_delay_ms, limit, window_ms;
};

/* Zeroed at the start, and again when a person takes the thing up anew. */
struct restart_history {
	uint64_t at_ns[RESTART_MAX_LIMIT]; /* the latest restarts, oldest first */
	uint32_t count;
};

struct restart_decision {
	enum restart_verdict : uint8_t {
		RESTART_END,     /* it has ended as it should, for good */
		RESTART_AFTER,   /* at at_ns; the restart is in the history already */
		RESTART_GIVE_UP, /* too often */
	} verdict;
	uint64_t at_ns;
	uint32_t recent; /* restarts that counted, this one included */
};

/*
 * It has ended, now; failed: by anything but an exit with code 0. A delay doubles with each restart within the window that ends
 * now, so who runs longer than the window begins with the first delay again.
 */
struct restart_decision restart_decide(const struct restart_policy *policy, struct restart_history *history,
				       uint64_t now_ns, bool failed);

/* Restarts that still count at that time. */
uint32_t restart_recent(const struct restart_policy *policy, const struct restart_history *history,
			uint64_t now_ns);
