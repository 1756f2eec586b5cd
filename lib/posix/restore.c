// SPDX-License-Identifier: MIT OR Apache-2.0
/* musl gives Linux these addresses to return to from a signal handler. Here handlers are called (signal.c), and nobody goes there. */
void __restore(void);
void __restore_rt(void);

void __restore(void)
{
	__builtin_trap();
}

void __restore_rt(void)
{
	__builtin_trap();
}
