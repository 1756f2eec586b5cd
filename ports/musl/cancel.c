// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Cancelling threads, in place of musl's own, which sends a signal: a thread notices it at its next call that is a cancellation point. A
 * thread that waits in one already is not interrupted.
 */
#pragma clang diagnostic ignored "-Wunused-parameter" /* in the header */
#include "pthread_impl.h"

hidden long __cancel(void);
hidden void __testcancel(void);

long __cancel(void)
{
	pthread_t self = __pthread_self();

	if (self->canceldisable == PTHREAD_CANCEL_ENABLE || self->cancelasync)
		pthread_exit(PTHREAD_CANCELED);
	self->canceldisable = PTHREAD_CANCEL_DISABLE;
	return -ECANCELED;
}

void __testcancel(void)
{
	pthread_t self = __pthread_self();

	if (self->cancel && !self->canceldisable)
		__cancel();
}

int pthread_cancel(pthread_t thread)
{
	a_store(&thread->cancel, 1);
	if (thread == __pthread_self() && thread->canceldisable == PTHREAD_CANCEL_ENABLE &&
	    thread->cancelasync)
		pthread_exit(PTHREAD_CANCELED);
	return 0;
}
