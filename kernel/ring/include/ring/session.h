// SPDX-License-Identifier: MIT OR Apache-2.0
/* Ending a session. */
#pragma once

#include <cap/session.h>

/* Synchronous: when it returns, no call of the session's processes is admitted, and those that waited have completed with REVOKED
 * (or were answered before). Returns how many it completed. The caller holds a counted reference on the session. */
uint64_t session_end(struct session *session);
