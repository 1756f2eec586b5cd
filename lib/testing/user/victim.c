// SPDX-License-Identifier: MIT OR Apache-2.0
/* Victims: finding one in the child, running all in the parent. */
#include <runtime/runtime.h>
#include <testing/tap.h>
#include <testing/victim.h>

#define NOT_FOUND 97

int victim_main(const struct victim *table, uint32_t count)
{
	struct msg_text name = runtime_argument(0);

	for (uint32_t i = 0; i < count; i++)
		if (msg_text_equal(name, msg_text_from(table[i].name)))
			return table[i].run();
	return NOT_FOUND;
}

void victim_tests(const char *program, const struct victim *table, uint32_t count,
		  const struct spawn_grant *grants, uint32_t grant_count)
{
	struct child_counts before = {};

	tap_note("%u victims", count); /* the first line makes the Console's buffer */
	for (uint32_t i = 0; i < count; i++) {
		const struct victim *v = &table[i];
		struct child_options options = {.grants = grants,
						.grant_count = grant_count,
						.arguments = {v->name},
						.limits = v->limits};
		char text[160];

		/* The first one fills caches and makes tables grow. */
		if (i == 0)
			(void)child_run(program, &options);
		before = child_counts();

		struct spawn_exit e = child_run(program, &options);
		bool good = (e.reason == v->reason && (e.reason != 1 || e.code == v->code)) ||
			    (v->other && e.reason == v->other);
		if (!tap_ok(good, "%s", v->name)) {
			spawn_exit_text(&e, text, sizeof(text));
			tap_note("expected reason %u, got %u: %s", v->reason, e.reason, text);
		}
		if (!child_counts_return(&before))
			tap_ok(false, "%s: counts return to the baseline", v->name);
	}
	tap_ok(child_counts_return(&before), "after %u victims the counts are those from before", count);
}
