// SPDX-License-Identifier: MIT OR Apache-2.0
/* Private to lib/sync. */
#pragma once

#include <sync/mutex.h>

/* Locks it as one that is waited for: threads that waited elsewhere may have been moved to it. */
void mutex_lock_again(struct mutex *mutex);
