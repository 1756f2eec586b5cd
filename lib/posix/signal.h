// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Signals of this process: dispositions, masks, and what is pending.
 *
 * A signal is delivered at the end of a call of this library, or in between if an upcall finds the program's own code running: always
 * on the stack of the thread, as a call of its handler.
 */
#pragma once

#include <stdint.h>

/* Makes a signal pending for this process. */
void posix_signal_post(int signal);
/* Delivers what is pending and not blocked. Gives whether a handler ran. */
bool posix_signal_deliver(void);

/* kill of another process; null in programs that start none. */
[[gnu::weak, gnu::visibility("hidden")]] long posix_kill_other(long number, int signal);

/* What ends by a signal says so in its exit code. */
#define POSIX_EXIT_SIGNAL 0x100
