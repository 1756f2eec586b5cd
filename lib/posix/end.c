// SPDX-License-Identifier: MIT OR Apache-2.0
/* The end of the process. */
#include "posix.h"

#include <runtime/runtime.h>

POSIX_CALL(exit_group)
{
	runtime_exit(a & 0xff);
}
