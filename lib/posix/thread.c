// SPDX-License-Identifier: MIT OR Apache-2.0
/* What the C library asks about its threads. Making them is clone.c, which few programs have. */
#include "posix.h"

#include <runtime/enter.h>
#include <runtime/runtime.h>

POSIX_CALL(exit)
{
	runtime_exit_thread(a & 0xff);
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
