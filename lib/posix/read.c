// SPDX-License-Identifier: MIT OR Apache-2.0
/* The calls that read: a program that has none of them carries nothing of what only they need. */
#include "io.h"
#include "pipe_buffer.h"

#include <sys/uio.h>

/* Who reads may read much. */
[[gnu::used]] static const char *const with_buffers = &posix_buffers_pipes;
[[gnu::used]] static const char *const with_pipes = &posix_reads_pipes;

POSIX_CALL(read)
{
	return posix_transfer(a, POSIX_READ, &(struct iovec){POSIX_POINTER(b), (size_t)c}, 1, nullptr);
}

POSIX_CALL(readv)
{
	return posix_transfer(a, POSIX_READ, POSIX_POINTER(b), c, nullptr);
}

POSIX_CALL(pread64)
{
	return posix_transfer(a, POSIX_READ, &(struct iovec){POSIX_POINTER(b), (size_t)c}, 1, &d);
}

POSIX_CALL(preadv)
{
	return posix_transfer(a, POSIX_READ, POSIX_POINTER(b), c, &d);
}
