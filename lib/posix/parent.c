// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Signals to the process that has started this one. What a process gives to those that it starts is a handle of its first thread with no other
 * method than interrupt: it can be told something in between, and neither ended, woken nor looked at. It is worth nothing when that thread
 * has ended, and so after an exec.
 *
 * Who may give it is the image's business: making it takes a ThreadSpawner (current) and a CapabilityManager (attenuate). A program that
 * has not been granted both starts others that cannot signal it (EPERM, and a line that says so).
 */
#include "parent.h"
#include "posix.h"
#include "signal.h"
#include "thread.h"

#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <runtime/thread.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/thread.capnp.h>

POSIX_TOGETHER static cap_id facet;  /* of this process; null: none was made */
POSIX_TOGETHER static cap_id parent; /* the parent's, if `known`; null: none was given */
POSIX_TOGETHER static bool tried;    /* facet is what it will be */
POSIX_TOGETHER static bool known;    /* looked for, or this process is a clone, whose CapSet is another's */

cap_id posix_parent_facet(void)
{
	cap_id manager, self;

	if (tried || (posix_thread_signals && posix_thread_signals())) /* not the first thread */
		return facet;
	tried = true;
	(void)posix_parent_of(); /* once for all clones, which do not keep it */
	manager = posix_grant_quiet("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID);
	if (!manager.raw || !posix_grant_quiet("threadSpawner", THREAD_SPAWNER_INTERFACE_ID).raw ||
	    thread_self(&self) != STATUS_OK ||
	    capability_manager_attenuate(runtime_transport(), manager, self, THREAD_HANDLE_INTERFACE_ID,
					 1ull << THREAD_HANDLE_INTERRUPT, &facet) != STATUS_OK)
		facet = CAP_ID_NULL;
	if (facet.raw)
		posix_signals_begin(); /* from now on it takes them */
	return facet;
}

cap_id posix_parent_of(void)
{
	if (!known)
		parent = posix_grant_quiet(POSIX_PARENT, THREAD_HANDLE_INTERFACE_ID);
	known = true;
	return parent;
}

void posix_parent_forked(void)
{
	ring_release(runtime_ring(), parent);
	parent = facet;
	facet = CAP_ID_NULL;
	tried = false;
}

long posix_kill_parent(int signal)
{
	cap_id cap = posix_parent_of();

	if (!cap.raw) {
		posix_missing(POSIX_PARENT, "ThreadHandle", "kill of the parent");
		return -EPERM;
	}
	if (signal == 0)
		return 0;
	if (!(POSIX_UPCALL_SIGNALS & 1ull << signal % 64) || signal >= 64)
		return -EPERM;
	return thread_handle_interrupt(runtime_transport(), cap, 1ull << signal) == STATUS_OK ? 0 : -ESRCH;
}
