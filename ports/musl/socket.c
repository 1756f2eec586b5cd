// SPDX-License-Identifier: MIT OR Apache-2.0
/* The one place where musl's header names this function itself: calls of sockets at which a thread may be cancelled. */
#pragma clang diagnostic ignored "-Wunused-parameter" /* in the header */
#include "syscall.h"

long(__syscall_cp)(syscall_arg_t n, syscall_arg_t a, syscall_arg_t b, syscall_arg_t c, syscall_arg_t d,
		   syscall_arg_t e, syscall_arg_t f)
{
	switch (n) {
	case SYS_connect:
		return sys_connect(a, b, c, d, e, f);
	case SYS_accept:
		return sys_accept(a, b, c, d, e, f);
	case SYS_sendto:
		return sys_sendto(a, b, c, d, e, f);
	case SYS_recvfrom:
		return sys_recvfrom(a, b, c, d, e, f);
	case SYS_sendmsg:
		return sys_sendmsg(a, b, c, d, e, f);
	case SYS_recvmsg:
		return sys_recvmsg(a, b, c, d, e, f);
	default:
		return -ENOSYS;
	}
}
