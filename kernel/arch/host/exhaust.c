// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Every schedule with at most so many preemptions, one after the other: M. Musuvathi and S. Qadeer, "Iterative context bounding for
 * systematic testing of multithreaded programs" (PLDI 2007).
 *
 * A run is a list of choices. The first run always goes on with the CPU that runs; each further one repeats a prefix of the last and
 * takes the next alternative at its end, depth first, until none is left. Leaving a CPU that could go on costs one of the
 * preemptions; where a CPU waits, which of the others goes on is free.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

struct choice {
	uint8_t taken, alternatives;
};

static bool active;
static unsigned bound, used, phase;
static bool paused;
static struct choice *trail;
static size_t trail_len, trail_room, position;
static const char
	*forced; /* "12:1,40:1": what is taken at some choices, for a run that is repeated; or NULL */

bool host_exhaust_active(void)
{
	return active;
}

void host_exhaust_begin(unsigned preemptions, const char *choices)
{
	active = true;
	bound = preemptions;
	forced = choices;
	trail_len = 0;
}

void host_exhaust_end(void)
{
	active = false;
}

bool host_exhaust_next(void)
{
	while (trail_len > 0 && trail[trail_len - 1].taken + 1u >= trail[trail_len - 1].alternatives)
		trail_len--;
	if (trail_len == 0)
		return false;
	trail[trail_len - 1].taken++;
	return true;
}

void host_exhaust_reset(void)
{
	used = phase = 0;
	position = 0;
	paused = false;
}

/* Only the first part of a run is explored: what takes it down again is not. */
void host_exhaust_go(void)
{
	phase++;
}

void host_exhaust_pause(bool pause)
{
	paused = pause;
}

static uint8_t forced_at(size_t at, unsigned alternatives)
{
	for (const char *text = forced; text && *text;) {
		char *end;
		bool here = strtoull(text, &end, 10) == at && *end == ':';
		unsigned long taken = *end == ':' ? strtoul(end + 1, &end, 10) : 0;
		if (here)
			return (uint8_t)(taken < alternatives ? taken : 0);
		text = *end == ',' ? end + 1 : "";
	}
	return 0;
}

static unsigned choose(unsigned alternatives)
{
	if (position == trail_len) {
		if (trail_len == trail_room) {
			trail_room = trail_room ? 2 * trail_room : 4096;
			trail = realloc(trail, trail_room * sizeof(*trail));
			if (!trail)
				abort();
		}
		trail[trail_len] = (struct choice){forced_at(trail_len, alternatives), (uint8_t)alternatives};
		trail_len++;
	}
	const struct choice *choice = &trail[position++];
	if (choice->alternatives != alternatives)
		host_die("the scenario does not repeat: choice %zu was one of %u, now of %u", position,
			 choice->alternatives, alternatives);
	return choice->taken;
}

static unsigned nth(uint64_t mask, unsigned n)
{
	while (n--)
		mask &= mask - 1;
	return (unsigned)__builtin_ctzll(mask);
}

unsigned host_exhaust_choose(unsigned current, uint64_t runnable, enum host_point point)
{
	uint64_t others = runnable & ~(1ull << current);
	bool may_stay = (runnable >> current & 1) && point < HOST_POINT_PAUSE;

	if (!others)
		return current;
	if (phase != 1 || paused)
		return may_stay ? current : nth(others, 0);
	if (!may_stay)
		return nth(others, choose((unsigned)__builtin_popcountll(others)));
	if (used == bound)
		return current;
	unsigned taken = choose(1 + (unsigned)__builtin_popcountll(others));
	if (taken == 0)
		return current;
	used++;
	return nth(others, taken - 1);
}

/* The choices of this run that were not the first alternative: with them it can be repeated. */
const char *host_exhaust_name(void)
{
	static char text[512];
	size_t len = 0;

	text[0] = 0;
	for (size_t i = 0; i < trail_len && len < sizeof(text) - 32; i++)
		if (trail[i].taken)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%zu:%u", len ? "," : "", i,
						trail[i].taken);
	return text;
}

#pragma clang attribute pop
