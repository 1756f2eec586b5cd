// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Histories of calls through a chain of gates and of revocations of them, and whether they can be explained: by tests in the
 * machine and on simulated CPUs.
 *
 * Gate i lies below gate i - 1. Each operation is noted with the logical times between which it happened: history_tick before it, and
 * again (history_note) when it is over. There is to be a moment for each gate, inside one of the revocations of it or of a gate
 * above, such that every call through it that succeeded can be placed before, and every one that was refused behind.
 */
#pragma once

#include <stdint.h>

#define HISTORY_OPERATIONS 128u

enum history_kind : uint8_t { HISTORY_CALLED, HISTORY_REFUSED, HISTORY_REVOKED, HISTORY_DELIVERED };

struct history_operation {
	enum history_kind kind;
	unsigned gate;
	uint64_t begun, over;
};

struct history {
	uint64_t now;   /* atomic: the next logical time */
	unsigned count; /* atomic: may exceed HISTORY_OPERATIONS; then some are missing */
	struct history_operation operations[HISTORY_OPERATIONS];
};

void history_init(struct history *history);
/* Any thread's. */
uint64_t history_tick(struct history *history);
void history_note(struct history *history, enum history_kind kind, unsigned gate, uint64_t begun);

/* When nobody notes any more: all of it was noted, every gate died at some moment as above, and nothing that began after a revocation
 * was over succeeded or was received. */
bool history_is_linear(const struct history *history, unsigned gates);
/* Pairs of a call and a revocation, of its gate or of one above, that were under way at the same time. */
unsigned history_overlaps(const struct history *history);
unsigned history_count(const struct history *history, enum history_kind kind);
