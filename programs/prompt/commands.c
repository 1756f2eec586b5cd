// SPDX-License-Identifier: MIT OR Apache-2.0
/* The commands, by name. Everything that calls something is not among them: that is the language. */
#include "files.h"
#include "prompt.h"
#include "view.h"

static bool command_echo(const struct shell_word *words, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++) {
		text_put(&out, i > 1 ? " " : "");
		text_put_text(&out, (struct msg_text){words[i].ptr, words[i].len});
	}
	text_put(&out, "\n");
	return true;
}

static bool command_drop(const struct shell_word *words, uint32_t count)
{
	if (count < 2)
		return shell_fail(&shell, "", "drop NAME: releases what \"let\" named");
	for (uint32_t i = 1; i < count; i++)
		if (!shell_drop(&shell, words[i]))
			return shell_fail_at(
				&shell, words[i].at,
				"only what \"let\" named can be dropped, and not inside a block");
	return true;
}

static bool command_clear(const struct shell_word *words, uint32_t count)
{
	(void)words, (void)count;
	if (page_is_person())
		text_put(&out, "\x1b[H\x1b[2J");
	return true;
}

const struct command commands[] = {
	{"caps", "caps [--why NAME]", "the capabilities you hold, how one came here", command_caps},
	{"describe", "describe NAME", "a capability, interface, method or type", command_describe},
	{"vars", "vars", "other values and functions that you named", command_vars},
	{"drop", "drop NAME", "forgets a name, and releases its capability", command_drop},
	{"programs", "programs", "what can be run", command_programs},
	{"source", "source \"FILE\"", "runs a script", command_source},
	{"jobs", "jobs", "programs started with & at the end of the line", command_jobs},
	{"wait", "wait N", "waits until job N has ended", command_wait},
	{"kill", "kill N", "ends job N", command_kill},
	{"logout", "logout NAME", "ends a session: its programs can call nobody any more", command_logout},
	{"trace", "trace [NAME [| last 5]]", "what a program called, arguments and results", view_trace},
	{"stats", "stats NAME", "its calls by method: how many, how long", view_stats},
	{"needs", "needs NAME", "the least that a program would have to ask for", view_needs},
	{"log", "log [of NAME] [follow]", "the kernel's log; log warning: no lesser", view_log},
	{"mem", "mem", "memory, processes, objects and CPUs", view_mem},
	{"ps", "ps [PID]", "processes, and what each uses; the threads of one", view_ps},
	{"cpus", "cpus", "the CPUs: where they sit, who runs there, how busy they are", view_cpus},
	{"top", "top [threads]", "the same, or all threads, busiest first, refreshed in place", view_top},
	{"graph", "graph [PID | --dot]", "who holds what, and how it came there", view_graph},
	{"image", "image", "what this image grants to whom", view_image},
	{"crashes", "crashes [N]", "processes that failed; all about one", view_crashes},
	{"ls", "ls NAME/PATH", "names in a directory or namespace", command_ls},
	{"tree", "tree NAME/PATH", "everything below a directory", command_tree},
	{"du", "du NAME/PATH", "what it takes up", command_du},
	{"cat", "cat NAME/PATH", "a file, or the value of a name, as text", command_cat},
	{"get", "get NAME/PATH", "a file's bytes", command_get},
	{"put", "put NAME/PATH \"TEXT\"", "writes a file, or binds a name to a value", command_put},
	{"mkdir", "mkdir NAME/PATH", "makes a directory", command_mkdir},
	{"rm", "rm NAME/PATH", "removes a file, an empty directory, a name", command_rm},
	{"mv", "mv NAME/PATH NAME/PATH", "moves a file or directory", command_mv},
	{"watch", "watch NAME/PATH [N]", "what changes in a directory, until Ctrl-C or N lines",
	 command_watch},
	{"diff", "diff NAME FROM TO", "what differs between two generations", command_diff},
	{"echo", "echo WORDS", "shows the words", command_echo},
	{"clear", "clear", "an empty screen; so does Ctrl-L", command_clear},
	{"help", "help [TOPIC]", "first steps; a topic; help all: all commands", command_help},
	{"tutorial", "tutorial", "ten minutes, step by step", command_tutorial},
	{"poweroff", "poweroff", "ends the machine", command_poweroff},
	{"reboot", "reboot", "starts it again", command_reboot},
};

const uint32_t command_count = sizeof(commands) / sizeof(commands[0]);

/* Words that people bring along from other systems, and what is meant by them here. */
static const char *elsewhere(struct shell_word word)
{
	static const char
		leave[] = "\"poweroff\" ends the machine; there is nothing else to leave",
		path[] = "there is no current directory: a path begins at a Directory that you hold, as "
			 "in \"ls NAME/PATH\"",
		user[] = "there are no users and no root: \"caps\" shows what you hold, and that is "
			 "what you can do",
		variables[] = "\"let x = 5\" names a value, \"vars\" lists them; programs get what "
			      "\"with {...}\" and \"args [...]\" say",
		manual[] = "\"help\" and \"help TOPIC\"; \"describe NAME\" for a capability or a type",
		again[] = "up and down show earlier lines, Ctrl-R searches them",
		pages[] = "long output stops after each screenful by itself",
		start[] = "\"run PROGRAM with {...}\" starts a program; \"programs\" lists them";
	static const struct {
		const char *word, *instead;
	} rows[] = {
		{"quit", leave},
		{"bye", leave},
		{"halt", leave},
		{"shutdown", leave},
		{"cd", path},
		{"pwd", path},
		{"whoami", user},
		{"id", user},
		{"who", user},
		{"sudo", user},
		{"su", user},
		{"login", user},
		{"env", variables},
		{"export", variables},
		{"set", variables},
		{"man", manual},
		{"info", manual},
		{"history", again},
		{"less", pages},
		{"more", pages},
		{"exec", start},
		{"start", start},
		{"sh", "this is the shell; \"source\" runs a script"},
		{"bash", "this is the shell; \"source\" runs a script"},
		{"sleep", "timer.sleep 2s"},
		{"date", "\"wallClock.now\", if you hold one; \"timer.now\" is the time since boot"},
		{"uptime", "\"timer.now\" is the time since boot, in nanoseconds"},
		{"uname", "systemInfo.get"},
		{"dmesg", "\"log\""},
		{"free", "\"mem\""},
		{"df", "\"mem\" for memory, \"du NAME/PATH\" for files"},
		{"touch", "put NAME/PATH \"\""},
		{"cp", "put NAME/PATH \"TEXT\" writes a file; copying is not a command yet"},
		{"vi", "put NAME/PATH \"TEXT\" writes a file; there is no editor"},
		{"nano", "put NAME/PATH \"TEXT\" writes a file; there is no editor"},
		{"strace", "\"trace NAME\""},
		{"lsmod", "\"image\" shows what runs, and what each may do"},
	};

	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (shell_word_is(word, rows[i].word))
			return rows[i].instead;
	return nullptr;
}

int run_command(void *self, struct shell *shell_, const struct shell_word *words, uint32_t count)
{
	(void)self, (void)shell_;
	for (uint32_t i = 0; i < command_count; i++)
		if (shell_word_is(words[0], commands[i].name))
			return commands[i].run(words, count) ? 1 : -1;

	const char *instead = elsewhere(words[0]);
	const struct shell_value *value = shell_variable(&shell, words[0]);
	if (!value && instead)
		return shell_fail_at(&shell, words[0].at, "%s", instead) ? 1 : -1;
	if (value && value->kind == SHELL_CAPABILITY && count == 1)
		return describe_word(words[0]) ? 1 : -1;
	return 0;
}

void offer_commands(void *self, struct shell_nearest *nearest)
{
	(void)self;
	for (uint32_t i = 0; i < command_count; i++)
		shell_nearest_offer(nearest, commands[i].name, (uint32_t)__builtin_strlen(commands[i].name));
	shell_nearest_offer(nearest, "run", 3);
	shell_nearest_offer(nearest, "let", 3);
	shell_nearest_offer(nearest, "save", 4);
}
