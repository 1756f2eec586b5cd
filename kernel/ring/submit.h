// SPDX-License-Identifier: MIT OR Apache-2.0
/* Private to the ring room: admission. */
#pragma once

#include <ring/thread.h>

#define RING_BOUND (1u << 30) /* submissions were left: enough was done for one entry */
#define RING_FULL (1u << 31)  /* submissions were left for want of completion slots */

static inline bool thread_is_dying(struct thread *thread)
{
	return load_relaxed(&thread->ring.signals) & RING_KILL;
}
