// SPDX-License-Identifier: MIT OR Apache-2.0
/* See testing/history.h. */
#include <testing/history.h>

#define NEVER UINT64_MAX

void history_init(struct history *history)
{
	history->now = 1;
	history->count = 0;
}

uint64_t history_tick(struct history *history)
{
	return __atomic_fetch_add(&history->now, 1, __ATOMIC_SEQ_CST);
}

void history_note(struct history *history, enum history_kind kind, unsigned gate, uint64_t begun)
{
	unsigned i = __atomic_fetch_add(&history->count, 1, __ATOMIC_SEQ_CST);

	if (i < HISTORY_OPERATIONS)
		history->operations[i] = (struct history_operation){kind, gate, begun, history_tick(history)};
}

/* Between which times the gate must have died, for the calls through it. */
static void bounds(const struct history *history, unsigned gate, uint64_t *earliest, uint64_t *latest)
{
	*earliest = 0;
	*latest = NEVER;
	for (unsigned i = 0; i < history->count; i++) {
		const struct history_operation *o = &history->operations[i];

		if (o->gate != gate)
			continue;
		if (o->kind == HISTORY_CALLED && o->begun > *earliest)
			*earliest = o->begun;
		if (o->kind == HISTORY_REFUSED && o->over < *latest)
			*latest = o->over;
	}
}

/* The gate never dies, or at some moment inside a revocation of it or of one above. (A tree dies gate by gate: while revoke is under
 * way one below may still work when one above does not.) */
static bool explains(const struct history *history, unsigned gate)
{
	uint64_t earliest, latest;

	bounds(history, gate, &earliest, &latest);
	if (latest == NEVER)
		return true; /* nothing was refused; is_over has the rest */
	for (unsigned i = 0; i < history->count; i++) {
		const struct history_operation *o = &history->operations[i];

		if (o->kind == HISTORY_REVOKED && o->gate <= gate && o->begun <= latest &&
		    o->over >= earliest && earliest <= latest)
			return true;
	}
	return false;
}

static bool is_over(const struct history *history, unsigned gate)
{
	uint64_t last = 0, over = NEVER;

	for (unsigned i = 0; i < history->count; i++) {
		const struct history_operation *o = &history->operations[i];

		if ((o->kind == HISTORY_CALLED || o->kind == HISTORY_DELIVERED) && o->gate == gate &&
		    o->begun > last)
			last = o->begun;
		if (o->kind == HISTORY_REVOKED && o->gate <= gate && o->over < over)
			over = o->over;
	}
	return last < over;
}

bool history_is_linear(const struct history *history, unsigned gates)
{
	if (history->count > HISTORY_OPERATIONS)
		return false;
	for (unsigned gate = 0; gate < gates; gate++)
		if (!explains(history, gate) || !is_over(history, gate))
			return false;
	return true;
}

static bool overlap(const struct history_operation *call, const struct history_operation *revoke)
{
	return (call->kind == HISTORY_CALLED || call->kind == HISTORY_REFUSED) &&
	       revoke->kind == HISTORY_REVOKED && revoke->gate <= call->gate && call->begun < revoke->over &&
	       revoke->begun < call->over;
}

unsigned history_overlaps(const struct history *history)
{
	unsigned n = 0;

	for (unsigned i = 0; i < history->count; i++)
		for (unsigned j = 0; j < history->count; j++)
			n += overlap(&history->operations[i], &history->operations[j]);
	return n;
}

unsigned history_count(const struct history *history, enum history_kind kind)
{
	unsigned n = 0;

	for (unsigned i = 0; i < history->count; i++)
		n += history->operations[i].kind == kind;
	return n;
}
