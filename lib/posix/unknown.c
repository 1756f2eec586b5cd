// SPDX-License-Identifier: MIT OR Apache-2.0
#include "posix.h"

long posix_unknown(long n)
{
	(void)n;
	return -ENOSYS;
}
