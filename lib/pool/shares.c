// SPDX-License-Identifier: MIT OR Apache-2.0
#include <pool/shares.h>

void shares_init(struct shares *shares, uint64_t limit)
{
	__builtin_memset(shares, 0, sizeof(*shares));
	shares->limit = limit;
}

static uint32_t first_place(uint64_t session)
{
	return (uint32_t)((uint64_t)(uint32_t)session * SHARES_SESSIONS >> 32);
}

/* Where the session is, or may go. References are random numbers; most are found where they are looked for first. A place that became
 * free does not end a search, or a session could be in two. */
static uint32_t find(const struct shares *shares, uint64_t session)
{
	uint32_t first = first_place(session), free = SHARES_SESSIONS;

	for (uint32_t n = 0, i = first; n < SHARES_SESSIONS; n++, i = i + 1 == SHARES_SESSIONS ? 0 : i + 1) {
		if (shares->places[i].used == 0)
			free = free == SHARES_SESSIONS ? i : free;
		else if (shares->places[i].session == session)
			return i;
	}
	return free;
}

/* Who was last where it is looked for first is nowhere else, also if it has nothing now: it would have been found there. */
uint8_t shares_place(struct shares *shares, uint64_t session)
{
	uint32_t i = first_place(session);

	if (shares->places[i].session != session)
		i = find(shares, session);
	shares->places[i].session = session;
	return (uint8_t)i;
}

bool shares_take_many(struct shares *shares, uint8_t place, uint64_t count)
{
	uint64_t left = shares->limit - shares->used, used = shares->places[place].used;

	/* The last one is taken when the session has count - 1 more, and there are count - 1 less. */
	if (count > left || used + count - 1 >= left - (count - 1))
		return false;
	shares->places[place].used += count;
	shares->used += count;
	return true;
}

void shares_give_many(struct shares *shares, uint8_t place, uint64_t count)
{
	shares->places[place].used -= count;
	shares->used -= count;
}

bool shares_take(struct shares *shares, uint64_t session, uint8_t *place)
{
	*place = shares_place(shares, session);
	return shares_take_many(shares, *place, 1);
}

void shares_give(struct shares *shares, uint8_t place)
{
	shares_give_many(shares, place, 1);
}
