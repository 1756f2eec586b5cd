// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The tutorial: a step says what to do, and looks, after each line that was typed, whether it was done. What counts is what
 * came of it (a name that exists, a capability with fewer methods, a call that was denied), not the very words.
 */
#include <schema/kernel/console.capnp.h>

#include "prompt.h"

/* What was typed, and what came of it. */
struct done {
	const char *line;
	uint32_t len;
	bool good;
};

static bool contains(const struct done *d, const char *text)
{
	uint32_t len = (uint32_t)__builtin_strlen(text);

	for (uint32_t i = 0; i + len <= d->len; i++)
		if (__builtin_memcmp(d->line + i, text, len) == 0)
			return true;
	return false;
}

static bool looked(const struct done *d)
{
	return d->good && contains(d, "caps");
}

static bool described(const struct done *d)
{
	return d->good && (contains(d, "describe timer") || contains(d, "describe Timer"));
}

static bool called_now(const struct done *d)
{
	return d->good && contains(d, "timer.now");
}

static bool slept(const struct done *d)
{
	return contains(d, "timer.sleep") &&
	       (d->good || __builtin_strcmp(shell.failure.kind, "CANCELLED") == 0);
}

/* Anything of that interface that lacks a method. */
static bool attenuated(const struct done *d)
{
	for (uint32_t i = 0; d->good && i < shell.variable_count; i++) {
		const struct shell_variable *v = &shell.variables[i];
		struct capability_facts facts;

		if (!v->given && !v->function && v->value->kind == SHELL_CAPABILITY &&
		    v->value->interface_id == CONSOLE_INTERFACE_ID &&
		    capability_facts(v->value->cap, &facts) && (facts.methods & 7) != 7)
			return true;
	}
	return false;
}

static bool was_denied(const struct done *d)
{
	return !d->good && __builtin_strcmp(shell.failure.kind, "DENIED") == 0;
}

static bool asked(const struct done *d)
{
	return contains(d, "run hello") && !contains(d, "with");
}

static bool ran(const struct done *d)
{
	return d->good && contains(d, "run hello with") && shell.status == 0;
}

static bool ran_in_background(const struct done *d)
{
	return d->good && contains(d, "run counter with") && contains(d, "&");
}

static bool waited(const struct done *d)
{
	return d->good && contains(d, "wait");
}

static const struct {
	const char *text, *hint;
	bool (*is_done)(const struct done *d);
} steps[] = {
	{"This prompt is a process. It holds capabilities, and can do\n"
	 "nothing else. Look at them: type  caps\n",
	 "type  caps", looked},
	{"Each line is a capability: name, interface, how many methods.\n"
	 "Ask what one of them can do: type  describe timer\n",
	 "type  describe timer", described},
	{"Methods are called with a dot: type  timer.now\n", "type  timer.now", called_now},
	{"That is a typed result. Arguments go behind, by name or by position.\n"
	 "Type  timer.sleep ns=2e9   or  timer.sleep 2s   (Ctrl-C cancels it).\n",
	 "type  timer.sleep 2s", slept},
	{"Now make a weaker capability: one Console that can only write.\n"
	 "Type  let quiet = console.only(write)\n",
	 "type  let quiet = console.only(write)", attenuated},
	{"Try what was removed: type  quiet.writeLine \"x\"\n", "type  quiet.writeLine \"x\"", was_denied},
	{"The kernel refused: the interface is the permission.\n"
	 "With programs it is the same. See what one asks for: type  run hello\n",
	 "type  run hello", asked},
	{"Nothing ran. Give it exactly what it asks for:\n"
	 "type  run hello with { console }\n",
	 "type  run hello with { console }", ran},
	{"Now in the background, a capability under another name:\n"
	 "type  run counter with { timer, out: console } args [3] &\n",
	 "type  run counter with { timer, out: console } args [3] &", ran_in_background},
	{"It counts while you type. Wait for it: type  wait 1\n", "type  jobs, then  wait  and the number",
	 waited},
};

#define STEPS (sizeof(steps) / sizeof(steps[0]))

static bool active;
static uint32_t step, misses;

static void show_step(void)
{
	put_colour(COLOUR_GREEN);
	text_print(&out, "[%u of %u] ", step + 1, (unsigned)STEPS);
	text_put(&out, steps[step].text);
	put_colour(COLOUR_NONE);
}

bool command_tutorial(const struct shell_word *words, uint32_t count)
{
	if (count > 1 && shell_word_is(words[1], "stop")) {
		text_put(&out, active ? "The tutorial is over; \"tutorial\" begins again.\n"
				      : "The tutorial is not running.\n");
		active = false;
		return true;
	}
	if (count > 1 && !(active && shell_word_is(words[1], "skip")))
		return shell_fail_at(&shell, words[1].at, "tutorial, tutorial skip or tutorial stop");
	if (count > 1) {
		active = ++step < STEPS;
	} else {
		text_put(&out, "Ten minutes, step by step. Type anything in between; \"tutorial skip\" goes\n"
			       "on, \"tutorial stop\" ends it.\n");
		active = true;
		step = 0;
	}
	misses = 0;
	if (active)
		show_step();
	return true;
}

void tutorial_look(const char *line, uint32_t len, enum shell_outcome outcome)
{
	struct done d = {line, len, outcome == SHELL_DONE};

	if (!active || len == 0 || contains(&d, "tutorial"))
		return;
	if (!steps[step].is_done(&d)) {
		if (++misses % 3 == 0)
			text_print(&out, "(the tutorial waits: %s; or \"tutorial skip\")\n",
				   steps[step].hint);
		return;
	}
	misses = 0;
	if (++step < STEPS) {
		show_step();
		return;
	}
	active = false;
	put_colour(COLOUR_GREEN);
	text_put(&out, "That was it. This is all there is: capabilities, methods, what you give to\n"
		       "whom. Go on with  help, source \"demo.cap\", describe ProcessHandle, vars.\n");
	put_colour(COLOUR_NONE);
}
