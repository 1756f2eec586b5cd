// SPDX-License-Identifier: MIT OR Apache-2.0
/* help: the commands; help TOPIC: one part of the language on a screen. */
#include "prompt.h"

static const struct {
	const char *name, *what, *text;
} topics[] = {
	{"calls", "calling methods of what you hold",
	 "  timer.now                      a method; describe timer says what there is\n"
	 "  timer.sleep ns=2e9             arguments by name or position; Ctrl-C cancels\n"
	 "  timer.sleep(2s)                the same with parentheses and commas\n"
	 "  p.info.name                    a member of the result\n"
	 "  maker.make(\"a\").thing.use(1)   a method of what comes with a result:\n"
	 "                                 both calls go to the kernel together\n"
	 "  timer.now + 5s                 a result with one member is that member\n"},
	{"values", "numbers, texts, data, lists, structs",
	 "  12  -3  2e9  0x1f  1.5         numbers; 2e9 is a whole one\n"
	 "  5s  20ms  3us  2min            durations, in nanoseconds;  4Ki  2Mi  sizes\n"
	 "  \"text\\n\"  0x\"01 ff\"  b64\"Af8=\" text, data\n"
	 "  true  false  void              void is also the null capability\n"
	 "  [1, 2]  (x = 1, y = \"b\")       lists; structs, and unions by their one member\n"
	 "  readWrite                      a bare name: an enumerant, or a variable\n"
	 "  a + b  - * / %  == != < <= > >=  and or not  1..5  list[0]  len(x)  text(x)\n"},
	{"names", "let, capabilities that come with results, drop",
	 "  let x = timer.now              a name for a value\n"
	 "  let n = capabilityManager.createNotification\n"
	 "                                 or for a capability\n"
	 "  let lent, lender = capabilityManager.makeRevocable(timer, 0)\n"
	 "                                 each member of the result gets one\n"
	 "  Without let, capabilities in a result are kept under its members' names.\n"
	 "  caps  vars  drop NAME          what there is; giving one up\n"},
	{"only", "less of a capability: attenuation",
	 "  let quiet = console.only(write)\n"
	 "                                 the same capability with one method\n"
	 "  quiet.writeLine \"x\"            DENIED: writeLine was removed\n"
	 "  let slow = timer.where(sleep.ns <= 1s, uses <= 10)\n"
	 "                                 by what calls say, if you hold an Attenuator\n"
	 "  run hello with { console: quiet }\n"
	 "                                 what you give is what you decided\n"},
	{"run", "programs, grants, jobs",
	 "  programs                       what there is\n"
	 "  run hello                      says what it asks for, and why; nothing runs\n"
	 "  run hello with { console }     exactly one grant\n"
	 "  run counter with { timer, out: console } args [3] &\n"
	 "                                 other names; arguments; in the background\n"
	 "  save grants worker { timer, out: console }\n"
	 "  run counter with worker\n"
	 "  jobs  wait 1  kill 1  print status   0: the last program succeeded\n"
	 "  virtualMemory among the grants means the program's own address space.\n"},
	{"files", "directories, files, stores and names",
	 "  ls  ls home  tree home         a path begins at a Directory that you hold\n"
	 "  cat home/a  get home/a         as text; as bytes\n"
	 "  put home/a \"text\"             a file, as a whole;  mkdir  mv  rm  du\n"
	 "  let d = home/doc               a path is a value: a Directory, or a File to read\n"
	 "  let f = home.edit(\"a\").file    to write it; what is refused says why\n"
	 "  let less = home.sub(path = \"doc\", read = true).directory\n"
	 "                                 a smaller root, to be granted; no way up from there\n"
	 "  put names/app/x \"7\"  ls names  diff names 1 2  names.rollback 1\n"
	 "                                 a Namespace keeps its history\n"},
	{"scripts", "conditions, loops, functions, errors",
	 "  source \"demo.cap\"              runs a script; \"programs\" lists them\n"
	 "  if timer.now > 5s { print \"late\" } else { print \"early\" }\n"
	 "  for i in 1..3 { print i }      also over lists; while, break, continue\n"
	 "  fn greet(who) { print \"hello, \" + who }  then: greet \"you\"\n"
	 "  try { quiet.writeLine \"x\" } catch e { print e.kind e.reason }\n"
	 "  let s = run hello with { console }; if s.code != 0 { fail(\"hello failed\") }\n"
	 "  return x  exit 3               ends a function; a script, with a status\n"
	 "  A block may go over several lines; # begins a comment.\n"},
	{"errors", "what the three kinds of errors mean",
	 "  A mark under the line          it was not understood, and nothing was called\n"
	 "  DENIED, REVOKED, BAD_ID, ...   capitals: the kernel did not deliver the call\n"
	 "  invalidArgument (count): ...   small letters: the object itself refused\n"},
	{"keys", "editing the line",
	 "  arrows, Home, End, Alt-B F     moving;  Ctrl-U K W, Ctrl-Y  cut and paste\n"
	 "  up, down, Ctrl-R               earlier lines, searching them;  Tab  completes\n"
	 "  Ctrl-C                         drops the line, or cancels the call that runs\n"
	 "  In QEMU without a window: Ctrl-A twice is one Ctrl-A; Ctrl-A x ends QEMU.\n"},
};

#define TOPICS (sizeof(topics) / sizeof(topics[0]))

const char *help_topic(uint32_t index)
{
	return index < TOPICS ? topics[index].name : index == TOPICS ? "all" : nullptr;
}

static void show_topics(void)
{
	text_put(&out, "  help TOPIC                    ");
	for (size_t i = 0; i < TOPICS; i++)
		text_print(&out, " %s", topics[i].name);
	text_put(&out, "\n");
}

/* A screen of 24 lines, whole: what one does first, and where the rest is. */
static void show_first(void)
{
	text_put(&out, "  caps                           what you hold: capabilities, by name\n"
		       "  describe timer                 what one of them can do\n"
		       "  timer.now                      calls a method; Tab completes what can follow\n"
		       "  timer.sleep 2s                 arguments by position, or by name: ns=2e9\n"
		       "  let t = timer.now              names a result\n"
		       "  let quiet = console.only(write)\n"
		       "                                 the same capability with fewer methods\n"
		       "  programs                       what can be run\n"
		       "  run hello                      what a program asks for; nothing runs\n"
		       "  run hello with { console }     runs it with exactly that\n"
		       "  trace hello                    what it called, with arguments and results\n"
		       "  ps  top  cpus  mem  log  image what the system does\n"
		       "  tutorial                       ten minutes, step by step\n"
		       "  poweroff                       ends the machine\n"
		       "  help all                       all commands;  help NAME: one of them\n");
	show_topics();
}

static void show_all(void)
{
	text_put(&out, "  NAME.method a=1 b=\"x\"          calls a method: timer.now, timer.sleep 2s\n"
		       "  let x = NAME.method ...        names what a call returns\n"
		       "  let x = NAME.only(a, b)        the same capability with fewer methods\n"
		       "  run PROGRAM with { a, b: x } [args [1 two]] [&]\n"
		       "                                 starts a program with exactly these grants\n");
	for (uint32_t i = 0; i < command_count; i++) {
		text_print(&out, "  %s", commands[i].usage);
		text_put_pad(&out, (uint32_t)__builtin_strlen(commands[i].usage) + 2, 33);
		text_print(&out, "%s\n", commands[i].what);
	}
	show_topics();
}

static bool show_topic(struct shell_word word)
{
	struct shell_nearest nearest = shell_nearest(word.ptr, word.len);

	for (size_t i = 0; i < TOPICS; i++) {
		if (shell_word_is(word, topics[i].name)) {
			text_put(&out, topics[i].text);
			return true;
		}
		shell_nearest_offer(&nearest, topics[i].name, (uint32_t)__builtin_strlen(topics[i].name));
	}
	for (uint32_t i = 0; i < command_count; i++) {
		if (shell_word_is(word, commands[i].name)) {
			text_print(&out, "  %s: %s\n", commands[i].usage, commands[i].what);
			return true;
		}
		shell_nearest_offer(&nearest, commands[i].name, (uint32_t)__builtin_strlen(commands[i].name));
	}
	/* What is held is described anyway: no reason to be strict about the word. */
	if (shell_variable(&shell, word))
		return describe_word(word);
	if (nearest.found)
		return shell_fail_at(&shell, word.at, "there is no topic \"%.*s\"; did you mean \"%.*s\"?",
				     (int)(word.len < 40 ? word.len : 40), word.ptr, (int)nearest.name_len,
				     nearest.name);
	return shell_fail_at(&shell, word.at, "there is no topic \"%.*s\"; \"help\" lists them",
			     (int)(word.len < 40 ? word.len : 40), word.ptr);
}

bool command_help(const struct shell_word *words, uint32_t count)
{
	if (count < 2)
		show_first();
	else if (shell_word_is(words[1], "all") || shell_word_is(words[1], "commands"))
		show_all();
	else
		return show_topic(words[1]);
	return true;
}
