// SPDX-License-Identifier: MIT OR Apache-2.0
/* What every program asks about its threads, be it only one. */
#include "thread.h"
#include "posix.h"

#include <runtime/enter.h>
#include <runtime/foreign.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>

POSIX_PLAIN_CALL(exit)
{
	if (posix_thread_clear)
		posix_thread_clear();
	runtime_foreign_end();
	if (ring_has_queued(runtime_ring()))
		ring_flush(runtime_ring());
	runtime_cap_exit(a & 0xff, CAP_EXIT_THREAD);
}

/* The word of musl's thread block that follows the canary. */
POSIX_PLAIN_CALL(gettid)
{
	uint32_t number;

	__asm__ volatile("movl %%fs:0x30, %0" : "=r"(number));
	return number;
}

POSIX_PLAIN_CALL(set_robust_list)
{
	return 0;
}

POSIX_PLAIN_CALL(sched_yield)
{
	(void)runtime_cap_enter(0, 0);
	return 0;
}
