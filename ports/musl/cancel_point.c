// SPDX-License-Identifier: MIT OR Apache-2.0
/* A call at which a thread may be cancelled looks here (capos_cancel.h); __cancel is there in programs that cancel threads. */
#pragma clang diagnostic ignored "-Wunused-parameter" /* in the header */
#include "pthread_impl.h"

hidden weak long __cancel(void);

long capos_cancel_point(void)
{
	pthread_t self = __pthread_self();

	if (!&__cancel || !self->cancel || self->canceldisable == PTHREAD_CANCEL_DISABLE)
		return 0;
	return __cancel();
}
