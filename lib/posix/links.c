// SPDX-License-Identifier: MIT OR Apache-2.0
/* What file systems of Unix have besides: links and owners, which are not there; sizes of file systems, which nobody tells; locks. */
#include "descriptor.h"

#include <sys/statfs.h>

POSIX_PLAIN_CALL(link)
{
	return -EPERM;
}

POSIX_PLAIN_CALL(linkat)
{
	return -EPERM;
}

POSIX_PLAIN_CALL(symlink)
{
	return -EPERM;
}

POSIX_PLAIN_CALL(symlinkat)
{
	return -EPERM;
}

/* Everything is owned by 0, and -1 leaves it so. */
static long own(long user, long group)
{
	return ((uint32_t)user == 0 || (int)user == -1) && ((uint32_t)group == 0 || (int)group == -1)
		       ? 0
		       : -EPERM;
}

POSIX_PLAIN_CALL(chown)
{
	return own(b, c);
}

POSIX_PLAIN_CALL(lchown)
{
	return own(b, c);
}

POSIX_CALL(fchown)
{
	return posix_close_on_exec(a, -1) < 0 ? -EBADF : own(b, c);
}

POSIX_PLAIN_CALL(fchownat)
{
	return own(c, d);
}

static void describe(struct statfs *to)
{
	*to = (struct statfs){.f_bsize = 4096, .f_frsize = 4096, .f_namelen = 255};
}

POSIX_CALL(statfs)
{
	long error = sys_access(a, 0, 0, 0, 0, 0);

	if (error == 0)
		describe(POSIX_POINTER(b));
	return error;
}

POSIX_CALL(fstatfs)
{
	if (posix_close_on_exec(a, -1) < 0)
		return -EBADF;
	describe(POSIX_POINTER(b));
	return 0;
}

/* As locks by fcntl. */
POSIX_CALL(flock)
{
	return posix_close_on_exec(a, -1) < 0 ? -EBADF : 0;
}

/* Nothing is kept back here; fsync of a file asks the one who keeps it. */
POSIX_PLAIN_CALL(sync)
{
	return 0;
}
