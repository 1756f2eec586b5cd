// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Arbitrary bytes as lines at a prompt, in a small world of capabilities: whatever they are, the shell is whole behind them,
 * holds no capability without a name, has released none twice, and every failure has a place inside the line or a kind.
 */
#include "world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void count_one(void *self, cap_id id)
{
	*(int *)self += id.raw != 0;
}

static void check(void)
{
	int named = 0;

	for (uint32_t i = 0; i < shell.variable_count; i++)
		shell_value_caps(shell.variables[i].value, count_one, &named);
	if (named != world_held() || shell.temporary_count != 0 || shell.arena.used != 0 ||
	    shell.depth != 0 || shell.blocks != 0 || world.loopback.transport.next != RPC_QUICK_BYTES)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool opened;
	const char *at = (const char *)data, *end = at + size;

	if (!opened)
		world_open_registry();
	opened = true;
	world_attenuates = true;
	world_start();
	world_script_text = "print 1\nlet s = timer.now\n";
	shell.keeps = true;
	/* A NUL ends a line, so that blocks can go over several lines of source. */
	while (at < end) {
		const char *stop = memchr(at, '\0', (size_t)(end - at));
		size_t len = (size_t)((stop ? stop : end) - at);

		said_len = 0;
		world.polls = 0;
		world.interrupt_at = 3000;
		enum shell_outcome outcome = shell_line(&shell, at, (uint32_t)len);
		if (outcome == SHELL_FAILED && shell.failure.text[0] == '\0' && shell.failure.kind[0] == '\0')
			abort();
		if (outcome == SHELL_FAILED && shell.failure.placed && !shell.failure.script[0] &&
		    shell.failure.at > len)
			abort();
		shell.leaving = false;
		check();
		at += len + 1;
	}
	return 0;
}
