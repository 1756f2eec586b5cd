// SPDX-License-Identifier: MIT OR Apache-2.0
/* Shares: one session gets half, several get less each, none can take what is left, and the counts agree with a model. */
#include <pool/shares.h>
#include <stdio.h>

static int test_number, failures;

static void report(bool good, const char *what)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++test_number, what);
	failures += !good;
}

static struct shares shares;

static uint32_t take_all(uint64_t session)
{
	uint32_t taken = 0;
	uint8_t place;

	while (shares_take(&shares, session, &place))
		taken++;
	return taken;
}

static uint64_t state = 88172645463325252ull;

static uint64_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

enum { SESSIONS = 200, KEPT = 4000 };

static struct {
	uint8_t place;
	uint16_t session; /* + 1; 0: nothing */
} kept[KEPT];
static uint32_t model[SESSIONS];

/* With no more sessions than places each is counted by itself. */
static bool agrees(uint32_t sessions)
{
	for (unsigned step = 0; step < 200000; step++) {
		uint32_t i = (uint32_t)(next_random() % KEPT), s = (uint32_t)(next_random() % sessions);

		if (kept[i].session) {
			shares_give(&shares, kept[i].place);
			model[kept[i].session - 1u]--;
			kept[i].session = 0;
			continue;
		}
		bool expected = model[s] < shares.limit - shares.used;
		if (shares_take(&shares, s * 0x9e3779b97f4a7c15ull, &kept[i].place) != expected)
			return false;
		if (expected) {
			kept[i].session = (uint16_t)(s + 1);
			model[s]++;
		}
	}
	return true;
}

int main(void)
{
	uint32_t total = 0;
	uint8_t place;

	shares_init(&shares, 1000);
	report(take_all(7) == 500, "one session gets half");
	report(take_all(8) == 250, "the next one half of what is left");
	report(take_all(0) == 125, "and so on, also who has no session");
	for (uint64_t s = 100; s < 105; s++)
		report(shares_take(&shares, s, &place), "whoever comes later finds something");
	shares_give(&shares, place);
	report(shares.used == 879, "what is given back is there again");

	shares_init(&shares, 1000);
	report(agrees(SHARES_SESSIONS), "random takers and givers agree with a model");
	for (unsigned i = 0; i < KEPT; i++)
		if (kept[i].session)
			shares_give(&shares, kept[i].place);
	report(shares.used == 0, "and leave nothing");

	shares_init(&shares, 1u << 20);
	for (uint64_t s = 1; s <= SESSIONS; s++)
		total += shares_take(&shares, s * 0x9e3779b97f4a7c15ull, &place);
	report(total == SESSIONS && shares.places[SHARES_SESSIONS].used == SESSIONS - SHARES_SESSIONS,
	       "more sessions than places: the others count as one");
	shares_init(&shares, 1000);
	place = shares_place(&shares, 7);
	report(!shares_take_many(&shares, place, 501) && !shares_take_many(&shares, place, UINT64_MAX) &&
		       shares.used == 0 && shares_take_many(&shares, place, 500) &&
		       !shares_take_many(&shares, place, 1),
	       "many at once are as many as one by one, or none");
	shares_give_many(&shares, place, 499);
	report(shares_place(&shares, 7) == place && shares_place(&shares, 7 + SHARES_SESSIONS) != place,
	       "and the place is kept while anything is counted there");
	printf("1..%d\n", test_number);
	return failures != 0;
}
