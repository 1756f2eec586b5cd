// SPDX-License-Identifier: MIT OR Apache-2.0
/* The one place where musl's header names this function itself: calls of sockets, which are not there. */
#pragma clang diagnostic ignored "-Wunused-parameter" /* in the header */
#include "syscall.h"

long(__syscall_cp)(syscall_arg_t n, syscall_arg_t a, syscall_arg_t b, syscall_arg_t c, syscall_arg_t d,
		   syscall_arg_t e, syscall_arg_t f)
{
	(void)n, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
	return -ENOSYS;
}
