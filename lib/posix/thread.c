// SPDX-License-Identifier: MIT OR Apache-2.0
/* What the C library asks about its threads. Making them is clone.c, which few programs have. */
#include "posix.h"

#include <runtime/enter.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>

POSIX_CALL(exit)
{
	ring_flush(runtime_ring());
	runtime_cap_exit(a & 0xff, CAP_EXIT_THREAD);
}

POSIX_CALL(gettid)
{
	return 1;
}

POSIX_CALL(set_robust_list)
{
	return 0;
}

POSIX_CALL(sched_yield)
{
	(void)runtime_cap_enter(0, 0);
	return 0;
}
