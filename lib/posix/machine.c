// SPDX-License-Identifier: MIT OR Apache-2.0
/* What programs ask about the machine and their limits. */
#include "descriptor.h"

#include <sys/resource.h>
#include <sys/utsname.h>

POSIX_PLAIN_CALL(uname)
{
	struct utsname *to = POSIX_POINTER(a);

	*to = (struct utsname){
		.sysname = "capOS", .nodename = "capos", .release = "1", .version = "1", .machine = "x86_64"};
	return 0;
}

static struct rlimit limit_of(long resource)
{
	switch (resource) {
	case RLIMIT_NOFILE:
		return (struct rlimit){POSIX_DESCRIPTORS, POSIX_DESCRIPTORS};
	case RLIMIT_STACK:
		return (struct rlimit){65536, 65536};
	default: /* memory and the like are bounded by the ledger, which is not ours to know */
		return (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
	}
}

POSIX_PLAIN_CALL(prlimit64)
{
	if (POSIX_POINTER(c))
		return -EPERM;
	if (POSIX_POINTER(d))
		*(struct rlimit *)POSIX_POINTER(d) = limit_of(b);
	return 0;
}

POSIX_PLAIN_CALL(getrlimit)
{
	*(struct rlimit *)POSIX_POINTER(b) = limit_of(a);
	return 0;
}

POSIX_PLAIN_CALL(getrusage)
{
	*(struct rusage *)POSIX_POINTER(b) = (struct rusage){};
	return 0;
}
