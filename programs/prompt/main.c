// SPDX-License-Identifier: MIT OR Apache-2.0
/* The prompt's loop. */
#include <line/line.h>
#include <runtime/runtime.h>

#include "prompt.h"

static struct shell_statement statement;

static void execute(const char *line, uint32_t len)
{
	struct shell_error error;

	if (!shell_parse(line, len, &statement, &error)) {
		show_error(&error);
		return;
	}
	switch (statement.kind) {
	case SHELL_EMPTY:
		break;
	case SHELL_EXPRESSION:
		call_expression(&statement);
		break;
	case SHELL_COMMAND:
		run_command(&statement);
		break;
	case SHELL_RUN:
		run_program(&statement);
		break;
	}
}

int main(void)
{
	static char line[LINE_MAX];
	uint32_t len, ends = 0;

	names_start();
	terminal_start();
	commands_start();
	show_banner();
	for (;;) {
		report_ended_jobs();
		if (terminal_read_line(line, sizeof(line), &len)) {
			ends = 0;
			execute(line, len);
			continue;
		}
		/*
		 * Ctrl-D. This prompt is the only way to leave, so it stays; but not in a loop without
		 * anybody there.
		 */
		if (++ends > 100)
			return 1;
		text_put(&out, "use \"poweroff\" to end the machine\n");
	}
}
