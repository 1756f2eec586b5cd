// SPDX-License-Identifier: MIT OR Apache-2.0
/* Ending a session. */
#pragma once

#include <cap/session.h>

/* Synchronous: when it returns, no call of the session's processes is admitted, those that waited have completed with REVOKED (or
 * were answered before), and what was bound to the session is revoked. Returns how many it completed. The caller holds a counted
 * reference on the session. Never for session_of_boot. */
uint64_t session_end(struct session *session);

/* The session ends at that time: admission fails from then on, and what waits is completed one quiescence later. Once, before it is
 * handed out. */
void session_expire_at(struct session *session, uint64_t deadline_ns);

/* For the object type: nobody is in the session, and nobody can put anybody into it. What was bound to it ends, too. */
void session_gone(struct object *object);
