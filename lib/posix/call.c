// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Calls by number, for the few places where it is not a constant (syscall(3)). A program that has none of them does not carry
 * this table, and with it everything else.
 */
#include "posix.h"

#include <sys/syscall.h>

typedef long call(long a, long b, long c, long d, long e, long f);

static call *const calls[] = {
#define ROW(name) [SYS_##name] = sys_##name,
	POSIX_CALLS(ROW)
#undef ROW
};

long posix_call(long n, long a, long b, long c, long d, long e, long f)
{
	if (n < 0 || (unsigned long)n >= sizeof(calls) / sizeof(calls[0]) || !calls[n])
		return posix_unknown(n);
	return calls[n](a, b, c, d, e, f);
}
