// SPDX-License-Identifier: MIT OR Apache-2.0
/* The end of the process. */
#include "descriptor.h"
#include "removed.h"

#include <runtime/runtime.h>

POSIX_PLAIN_CALL(exit_group)
{
	if (posix_removed_end)
		posix_removed_end();
	posix_unshare_positions();
	runtime_exit(a & 0xff);
}
