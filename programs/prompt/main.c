// SPDX-License-Identifier: MIT OR Apache-2.0
/* The prompt's loop: a line, or several that make a statement; what failed, and where. */
#include <line/line.h>
#include <runtime/runtime.h>
#include <schema/service/package.capnp.h>

#include "prompt.h"

#define INPUT_MAX 8192u /* lines of one statement */

struct shell shell;
struct registry registry;
bool registry_known;

static char input[INPUT_MAX];

void put_colour(enum colour colour)
{
	static const char *const codes[] = {"\x1b[0m",  "\x1b[1m",  "\x1b[2m", "\x1b[31m",
					    "\x1b[32m", "\x1b[33m", "\x1b[34m"};

	if (page_is_person())
		text_put(&out, codes[colour]);
}

static void open_registry(void)
{
	struct spawn_package *package = package_open();
	struct msg_text name;
	struct msg_data bytes;

	if (!package) {
		shell_failure_print(&shell.failure, &out);
		return;
	}
	for (uint32_t i = 0;
	     !registry_known && spawn_package_name(package, PACKAGE_INDEX_KIND_REGISTRY, i, &name); i++)
		registry_known = spawn_package_file(package, name, PACKAGE_INDEX_KIND_REGISTRY, &bytes) ==
					 STATUS_OK &&
				 registry_open(&registry, bytes.ptr, bytes.len);
	registry.missing = learn;
	if (!registry_known)
		text_put(&out, "the boot package has no registry: only commands work\n");
}

/* ---- What failed ---- */

/* A mark under the place: the last line that was typed is right above, behind its prompt. Returns what the line has used. */
static uint32_t show_mark(const char *text, uint32_t len, uint32_t at)
{
	uint32_t start = len, column = (uint32_t)sizeof(PROMPT_TEXT) - 1;

	while (start > 0 && text[start - 1] != '\n')
		start--;
	if (at < start) {
		uint32_t line = 1;

		for (uint32_t i = 0; i < at; i++)
			line += text[i] == '\n';
		text_print(&out, "line %u: ", line);
		return 9;
	}
	for (uint32_t i = start; i < at && i < len; i++)
		column += ((uint8_t)text[i] & 0xc0) != 0x80;
	column %= page_columns();
	text_put_pad(&out, 0, column);
	text_put(&out, "^ ");
	return column + 2;
}

void show_failure_here(const char *text, uint32_t len)
{
	struct passage said = {};
	struct text_out to = passage_out(&said);
	uint32_t used = 0, indent = 2;

	shell_failure_print(&shell.failure, &to);
	put_colour(COLOUR_RED);
	if (shell.failure.placed && !shell.failure.script[0])
		used = show_mark(text, len, shell.failure.at);
	if (used + said.len > page_columns() + 1 && used + 40 <= page_columns()) {
		indent = used;
	} else if (page_is_person() && used > 0 && used + said.len > page_columns() + 1) {
		text_put(&out, "\n  "); /* there is no room beside the mark */
		used = 2;
	}
	put_passage(&said, indent, used);
	put_colour(COLOUR_NONE);
}

/* ---- Lines ---- */

/* Reads until there is a whole statement. False: no further line will come. */
static bool read_and_run(void)
{
	uint32_t used = 0, len;
	enum shell_outcome outcome;

	do {
		enum terminal_end end = terminal_edit(used ? PROMPT_MORE : PROMPT_TEXT, input + used,
						      sizeof(input) - used, &len);

		if (end == TERMINAL_END && used == 0)
			return false;
		if (end != TERMINAL_LINE)
			return true;
		if (used == 0 && len == 1 && input[0] == '?') {
			len = 4;
			__builtin_memcpy(input, "help", len);
		}
		used += len;
		if (used > sizeof(input) - LINE_MAX - 1) {
			text_put(&out, "too many lines for one statement\n");
			return true;
		}
		outcome = shell_line(&shell, input, used);
		if (outcome == SHELL_INCOMPLETE)
			input[used++] = '\n';
	} while (outcome == SHELL_INCOMPLETE);
	if (outcome == SHELL_FAILED)
		show_failure_here(input, used);
	page_begin();
	tutorial_look(input, used, outcome);
	return true;
}

int main(void)
{
	bool ended = false; /* by Ctrl-D, a line ago */

	terminal_start();
	host_start();
	shell.keeps = true;
	open_registry();
	show_banner();
	for (;;) {
		report_ended_jobs();
		if (read_and_run()) {
			ended = false;
			if (shell.leaving)
				text_put(&out, "this is the only prompt; \"poweroff\" ends the machine\n");
			shell.leaving = false;
			continue;
		}
		/* This prompt is the only one: the end of its input is the end of the machine. Once can be a slip of a finger. */
		if (ended) {
			(void)command_poweroff(nullptr, 0);
			return 1; /* without the capability to do so, at least not in a loop */
		}
		text_put(&out, "Ctrl-D again, or \"poweroff\", ends the machine\n");
		ended = true;
	}
}
