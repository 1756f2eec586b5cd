// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What musl's sources take for the machine's system call: a call of the function of lib/posix that does the same
 * (posix/calls.h). The numbers are constants where musl uses them, so each call is a direct one, and a program carries
 * only what it can reach; a number that is computed goes through posix_call.
 */
#pragma once

#include <posix/calls.h>

#define __SYSCALL_LL_E(x) (x)
#define __SYSCALL_LL_O(x) (x)

#define CAPOS_ALWAYS static inline __attribute__((always_inline))

CAPOS_ALWAYS long capos_syscall(long n, long a, long b, long c, long d, long e, long f)
{
	if (!__builtin_constant_p(n))
		return posix_call(n, a, b, c, d, e, f);
	switch (n) {
#define CAPOS_CASE(name) \
	case SYS_##name: \
		return sys_##name(a, b, c, d, e, f);
		POSIX_CALLS(CAPOS_CASE)
#undef CAPOS_CASE
	default:
		return posix_unknown(n);
	}
}

CAPOS_ALWAYS long __syscall0(long n)
{
	return capos_syscall(n, 0, 0, 0, 0, 0, 0);
}

CAPOS_ALWAYS long __syscall1(long n, long a)
{
	return capos_syscall(n, a, 0, 0, 0, 0, 0);
}

CAPOS_ALWAYS long __syscall2(long n, long a, long b)
{
	return capos_syscall(n, a, b, 0, 0, 0, 0);
}

CAPOS_ALWAYS long __syscall3(long n, long a, long b, long c)
{
	return capos_syscall(n, a, b, c, 0, 0, 0);
}

CAPOS_ALWAYS long __syscall4(long n, long a, long b, long c, long d)
{
	return capos_syscall(n, a, b, c, d, 0, 0);
}

CAPOS_ALWAYS long __syscall5(long n, long a, long b, long c, long d, long e)
{
	return capos_syscall(n, a, b, c, d, e, 0);
}

CAPOS_ALWAYS long __syscall6(long n, long a, long b, long c, long d, long e, long f)
{
	return capos_syscall(n, a, b, c, d, e, f);
}

#define IPC_64 0
