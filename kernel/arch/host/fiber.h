// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Coroutines: what simulated CPUs and user threads run on. One runs at a time, on the one OS thread; a switch is
 * explicit. Stacks are pooled, with a guard page below each.
 *
 * AddressSanitizer and ThreadSanitizer are told about every switch when the build has them. Switches between CPUs do
 * not synchronise (`sync` false), so that a missing barrier is still a race to ThreadSanitizer.
 */
#pragma once

#include <core/types.h>

struct host_fiber;

/* Runs fn(arg) when first switched to. fn never returns: it switches away for good. */
struct host_fiber *host_fiber_new(void (*fn)(void *), void *arg, void *data);
/* Not the running one; it is never resumed. */
void host_fiber_free(struct host_fiber *fiber);

struct host_fiber *host_fiber_current(void);
/* The one that main() runs on. */
struct host_fiber *host_fiber_main(void);
void *host_fiber_data(const struct host_fiber *fiber);
/* True if `p` lies in the running coroutine's stack. */
bool host_fiber_owns(const void *p);

void host_fiber_switch(struct host_fiber *to, bool sync);
/* From here on, until false: a look at the machine from outside, which stands still. It is no part of any race, and orders nothing. */
void host_fiber_look(bool begins);
