// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Sessions: on whose behalf a process runs. Immutable but for one cell: whether it lives.
 *
 * - A process has exactly one, from its creation, and holds a reference on it.
 * - A service sees session_reference(session, the endpoint's service number): stable for that service while the session lives,
 *   unrelated between services. It grants nothing; it is what a service may key its own state by.
 * - The subject (whose session it is) is known to who made it. A service learns fields of it only by asking, and only those
 *   that its endpoint's disclosure scope has (Endpoint.caller).
 * - Admission looks at `ended`; ending waits for one quiescence, then completes what was admitted before (ring/session.c).
 *   `gate` dies with it: capabilities that were bound to the session, wherever they have gone meanwhile.
 */
#pragma once

#include <cap/object.h>
#include <core/atomic.h>
#include <core/list.h>
#include <core/timer.h>
#include <core/types.h>

struct gate;

#define SESSION_TEXT_MAX 31u
#define SESSION_COUNT_MAX 1024u /* on the machine: looking one up by its reference is a walk */

struct session_subject {
	char account[SESSION_TEXT_MAX + 1];
	char profile[SESSION_TEXT_MAX + 1];
	uint64_t id;
	uint64_t authenticated_ns;
};

struct session {
	struct object object;
	uint64_t secret[2];             /* immutable, unpredictable */
	bool ended;                     /* atomic: once set, it stays */
	uint32_t aborted;               /* expiry: calls of processes with smaller numbers are completed */
	uint64_t expires_ns;            /* immutable; 0 = never */
	struct session_subject subject; /* immutable */
	struct gate *gate;              /* counted; NULL only in session_of_boot, which never ends */
	struct list link;               /* all sessions; under a lock of session.c */
	struct timer expiry;
	struct quiesce_node ending; /* expiry: what is left to do after a quiescence */
};

extern const struct object_type *session_object_type; /* set once at boot by the object room */
/* Where init, and whatever inherits from it, belongs. Never ends. */
extern struct session session_of_boot;

/* subject NULL: nobody in particular. NO_QUOTA, NO_MEMORY; AGAIN: there are SESSION_COUNT_MAX. */
enum status session_create(struct process *owner, const uint64_t secret[2],
			   const struct session_subject *subject, struct session **out);
/* The last reference is gone, and nobody sees it any more. Not for session_of_boot. */
void session_destroy(struct session *session);

static inline bool session_is_alive(const struct session *session)
{
	return !load_relaxed(&session->ended);
}

/* SipHash-1-2 of the service number under the session's secret (Aumasson and Bernstein, 2012, with fewer rounds: the input is one
 * word that the attacker does not choose). Odd, so never 0. */
uint64_t session_reference(const struct session *session, uint64_t service);

/* The living session with that reference at that service, with a reference for the caller; NULL: there is none (any more). */
struct session *session_find(uint64_t reference, uint64_t service);
