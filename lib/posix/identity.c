// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Who a program is. None of it grants anything: user and group are 0 unless the session's profile says otherwise, and a process
 * number is a name among those that know each other.
 */
#include "inherit.h"

#include <runtime/start.h>
#include <unistd.h>

/*
 * Whoever starts a program chooses its seed, and from that both know the number of the process without a word: 22 bits, so that
 * two of them are hardly ever the same. (The kernel's own number is for those who hold a ProcessHandle.)
 */
POSIX_PLAIN_CALL(getpid)
{
	return posix_own_number ? posix_own_number : posix_process_number(runtime_start_seed());
}

POSIX_PLAIN_CALL(getppid)
{
	return posix_parent_number ? posix_parent_number : 1;
}

POSIX_PLAIN_CALL(getuid)
{
	return 0;
}

POSIX_PLAIN_CALL(geteuid)
{
	return 0;
}

/* One may become who one is. */
POSIX_PLAIN_CALL(setuid)
{
	return a == 0 ? 0 : -EPERM;
}

POSIX_PLAIN_CALL(setgid)
{
	return a == 0 ? 0 : -EPERM;
}

POSIX_PLAIN_CALL(getgroups)
{
	if (a < 0)
		return -EINVAL;
	if (a > 0)
		*(gid_t *)POSIX_POINTER(b) = 0;
	return 1;
}

/* Each process is a group and a session of its own, and with what it has started a family (signal.h). */
POSIX_PLAIN_CALL(getpgid)
{
	return a == 0 ? sys_getpid(0, 0, 0, 0, 0, 0) : a;
}

POSIX_PLAIN_CALL(setpgid)
{
	return b == 0 || a == b || (a == 0 && b == sys_getpid(0, 0, 0, 0, 0, 0)) ? 0 : -EPERM;
}

POSIX_PLAIN_CALL(getsid)
{
	return sys_getpgid(a, 0, 0, 0, 0, 0);
}

POSIX_PLAIN_CALL(setsid)
{
	return sys_getpid(0, 0, 0, 0, 0, 0);
}

POSIX_PLAIN_CALL(getgid)
{
	return 0;
}

POSIX_PLAIN_CALL(getegid)
{
	return 0;
}
