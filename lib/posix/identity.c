// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Who a program is. None of it grants anything: user and group are 0 unless the session's profile says otherwise, and a process
 * number is a name among those that know each other.
 */
#include "inherit.h"

#include <runtime/start.h>

/*
 * Whoever starts a program chooses its seed, and from that both know the number of the process without a word: 22 bits, so that
 * two of them are hardly ever the same. (The kernel's own number is for those who hold a ProcessHandle.)
 */
POSIX_CALL(getpid)
{
	return posix_own_number ? posix_own_number : posix_process_number(runtime_start_seed());
}

POSIX_CALL(getppid)
{
	return posix_parent_number ? posix_parent_number : 1;
}

POSIX_CALL(getuid)
{
	return 0;
}

POSIX_CALL(geteuid)
{
	return 0;
}

POSIX_CALL(getgid)
{
	return 0;
}

POSIX_CALL(getegid)
{
	return 0;
}
