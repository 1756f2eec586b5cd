// SPDX-License-Identifier: MIT OR Apache-2.0
/* Cancellation of threads (ports/musl/internal/capos_cancel.h): a program without threads has none. */
long capos_cancel_point(void);

long capos_cancel_point(void)
{
	return 0;
}
