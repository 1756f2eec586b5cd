// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The end of musl's syscall.h (ports/musl/prepare appends it): calls at which a thread may be cancelled, with constant
 * numbers, too.
 */
#ifndef CAPOS_CANCEL_H
#define CAPOS_CANCEL_H

/* Ends the thread if it is to be cancelled; else 0, or -ECANCELED. */
hidden long capos_cancel_point(void);

CAPOS_ALWAYS long capos_syscall_cp(long n, long a, long b, long c, long d, long e, long f)
{
	long cancelled = n == SYS_close ? 0 : capos_cancel_point();

	return cancelled ? cancelled : capos_syscall(n, a, b, c, d, e, f);
}

#undef __syscall_cp0
#undef __syscall_cp1
#undef __syscall_cp2
#undef __syscall_cp3
#undef __syscall_cp4
#undef __syscall_cp5
#undef __syscall_cp6
#define __syscall_cp0(n) capos_syscall_cp(n, 0, 0, 0, 0, 0, 0)
#define __syscall_cp1(n, a) capos_syscall_cp(n, __scc(a), 0, 0, 0, 0, 0)
#define __syscall_cp2(n, a, b) capos_syscall_cp(n, __scc(a), __scc(b), 0, 0, 0, 0)
#define __syscall_cp3(n, a, b, c) capos_syscall_cp(n, __scc(a), __scc(b), __scc(c), 0, 0, 0)
#define __syscall_cp4(n, a, b, c, d) capos_syscall_cp(n, __scc(a), __scc(b), __scc(c), __scc(d), 0, 0)
#define __syscall_cp5(n, a, b, c, d, e) \
	capos_syscall_cp(n, __scc(a), __scc(b), __scc(c), __scc(d), __scc(e), 0)
#define __syscall_cp6(n, a, b, c, d, e, f) \
	capos_syscall_cp(n, __scc(a), __scc(b), __scc(c), __scc(d), __scc(e), __scc(f))

#endif
