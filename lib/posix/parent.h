// SPDX-License-Identifier: MIT OR Apache-2.0
/* Signals to the process that has started this one (parent.c). */
#pragma once

#include <abi/cap.h>

/* The grant's name: a ThreadHandle of which nothing but interrupt is left. */
#define POSIX_PARENT "posix_parent"

/* What those that this process starts get to signal it; null: nothing. */
cap_id posix_parent_facet(void);
/* What this process has itself. */
cap_id posix_parent_of(void);
/* In a clone. */
void posix_parent_forked(void);
/* kill of the parent: 0, or EPERM (it did not grant that), ESRCH (it has ended). */
long posix_kill_parent(int signal);
