// SPDX-License-Identifier: MIT OR Apache-2.0
/* Deciding over restarts. See the header. */
#include <restart/restart.h>

#define MS 1'000'000ull

static uint32_t limit_of(const struct restart_policy *policy)
{
	return policy->limit < RESTART_MAX_LIMIT ? policy->limit : RESTART_MAX_LIMIT;
}

uint32_t restart_recent(const struct restart_policy *policy, const struct restart_history *history,
			uint64_t now_ns)
{
	uint32_t recent = 0;

	for (uint32_t i = 0; i < history->count; i++)
		/* Restarts that are still to come count, too. */
		recent += history->at_ns[i] + policy->window_ms * MS > now_ns;
	return recent;
}

/* Drops what no longer counts: restarts are in the order of their times. */
static void forget(const struct restart_policy *policy, struct restart_history *history, uint64_t now_ns)
{
	uint32_t recent = restart_recent(policy, history, now_ns), old = history->count - recent;

	for (uint32_t i = 0; i < recent; i++)
		history->at_ns[i] = history->at_ns[old + i];
	history->count = recent;
}

static uint64_t delay_ns(const struct restart_policy *policy, uint32_t earlier)
{
	uint64_t delay = policy->delay_ms;

	while (earlier-- > 0 && delay < policy->max_delay_ms)
		delay *= 2;
	return (delay < policy->max_delay_ms ? delay : policy->max_delay_ms) * MS;
}

struct restart_decision restart_decide(const struct restart_policy *policy, struct restart_history *history,
				       uint64_t now_ns, bool failed)
{
	struct restart_decision decision = {.verdict = RESTART_END};

	if (policy->when == RESTART_NEVER || (policy->when == RESTART_ON_FAILURE && !failed))
		return decision;
	forget(policy, history, now_ns);
	decision.recent = history->count;
	if (history->count >= limit_of(policy)) {
		decision.verdict = RESTART_GIVE_UP;
		return decision;
	}
	decision.verdict = RESTART_AFTER;
	decision.at_ns = now_ns + delay_ns(policy, history->count);
	history->at_ns[history->count++] = decision.at_ns;
	decision.recent = history->count;
	return decision;
}
