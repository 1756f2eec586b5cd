// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Sessions: on whose behalf a process runs. Immutable but for one bit: whether it lives.
 *
 * - A process has exactly one, from its creation, and holds a reference on it.
 * - A service sees session_reference(session, endpoint's salt): stable for that endpoint while the session lives, unrelated between
 *   endpoints. It grants nothing; it is what a service may key its own state by.
 * - Admission looks at `ended`; ending waits for one quiescence, then completes what was admitted before (ring/session.c).
 */
#pragma once

#include <cap/object.h>
#include <core/atomic.h>
#include <core/types.h>

struct session {
	struct object object;
	uint64_t secret[2]; /* immutable, unpredictable */
	bool ended;         /* atomic: once set, it stays */
};

extern const struct object_type *session_object_type; /* set once at boot by the object room */
/* Where init, and whatever inherits from it, belongs. Never ends. */
extern struct session session_of_boot;

enum status session_create(struct process *owner, const uint64_t secret[2], struct session **out);
void session_destroy(struct object *object);

static inline bool session_is_alive(const struct session *session)
{
	return !load_relaxed(&session->ended);
}

/* SipHash-1-2 of the salt under the session's secret (Aumasson and Bernstein, 2012, with fewer rounds: the input is one word
 * that the attacker does not choose). Never 0. */
uint64_t session_reference(const struct session *session, uint64_t salt);
