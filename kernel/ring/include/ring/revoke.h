// SPDX-License-Identifier: MIT OR Apache-2.0
/* Revoking a gate: what dies, and when it is certain (docs/abi.md, "Revocation"). */
#pragma once

#include <cap/gate.h>

struct revoke_report {
	uint64_t entries;  /* capabilities that no longer work */
	uint64_t calls;    /* waiting calls completed with REVOKED */
	uint64_t mappings; /* mappings removed */
};

/* Synchronous: see ring/revoke.c for the promise. Waits for the other CPUs; the caller holds a reference on the gate, no lock,
 * and nothing else that it found by look-up. Doing it again reports zeros. */
void gate_revoke(struct gate *gate, struct revoke_report *report);

/* The gate dies at that time. Once, before it is handed out. The timer counts no reference: what nobody has any more is not kept for
 * it. */
void gate_expire_at(struct gate *gate, uint64_t deadline_ns);
/* As gate_revoke, without waiting, for interrupts: look-ups fail from now on, and what was admitted before is completed one
 * quiescence later. Once for each gate. */
void gate_expire(struct gate *gate);
