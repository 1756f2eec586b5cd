// SPDX-License-Identifier: MIT OR Apache-2.0
/* The seam to threads, on the machine: handles and wake permits. */
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <runtime/thread.h>

#include "waiters.h"

#define NAP_NS 20000u

void sync_bucket_lock(struct sync_bucket *bucket)
{
	spin_lock_acquire((struct spin_lock *)(void *)&bucket->lock);
}

void sync_bucket_unlock(struct sync_bucket *bucket)
{
	spin_lock_release((struct spin_lock *)(void *)&bucket->lock);
}

uint64_t sync_self(void)
{
	cap_id handle;

	return thread_self(&handle) == STATUS_OK ? handle.raw : 0;
}

bool sync_sleep(uint64_t deadline_ns)
{
	return thread_park(deadline_ns) == STATUS_TIMED_OUT;
}

bool sync_nap(uint64_t deadline_ns)
{
	uint64_t now = runtime_now(), until = now + NAP_NS;

	if (deadline_ns != 0 && deadline_ns < until)
		until = deadline_ns;
	if (now < until)
		(void)ring_wait(runtime_ring(), until);
	return deadline_ns != 0 && runtime_now() >= deadline_ns;
}

void sync_rouse(uint64_t thread)
{
	(void)thread_unpark((cap_id){thread}); /* one that has ended needs no waking */
}
