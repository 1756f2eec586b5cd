// SPDX-License-Identifier: MIT OR Apache-2.0
/* The C library's close, in place of musl's own: the quick way of the call that descriptor.c has. */
#include "descriptor.h"
#include "signal.h"

#include <unistd.h>

int close(int fd)
{
	struct ring_client *ring = posix_begin();

	return (int)posix_result(posix_end(ring, posix_drop(ring, fd)));
}
