// SPDX-License-Identifier: MIT OR Apache-2.0
/* Threads of the C library are made by this function of musl's. */
#include "posix.h"

int __clone(int (*body)(void *), void *stack, int flags, void *argument, ...);

int __clone(int (*body)(void *), void *stack, int flags, void *argument, ...)
{
	(void)body, (void)stack, (void)flags, (void)argument;
	return -ENOSYS;
}
