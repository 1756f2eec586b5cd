// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The interpreter: lines in, what it says and what it does to capabilities out. Every line is run from memory of its exact
 * length, so that the sanitizer sees a byte too far; after every test as many capabilities are held as variables hold.
 */
#include "world.h"

static int test_number, failures;

static void report(bool good, const char *what)
{
	printf("%s %d - ", good ? "ok" : "not ok", ++test_number);
	for (; *what; what++)
		putchar(*what == '\n' ? ' ' : *what);
	putchar('\n');
	failures += !good;
}

static enum shell_outcome line(const char *text)
{
	size_t len = strlen(text);
	char *copy = malloc(len ? len : 1);
	enum shell_outcome outcome;

	memcpy(copy, text, len);
	said_len = 0;
	said[0] = '\0';
	world.sent = world.waits = world.sent_before_wait = 0;
	outcome = shell_line(&shell, copy, (uint32_t)len);
	free(copy);
	return outcome;
}

static void count_one(void *self, cap_id id)
{
	*(int *)self += id.raw != 0;
}

/* Every capability that is held is held by a variable, and nothing is left on the way. */
static bool balanced(void)
{
	int named = 0;

	for (uint32_t i = 0; i < shell.variable_count; i++)
		shell_value_caps(shell.variables[i].value, count_one, &named);
	return named == world_held() && shell.temporary_count == 0 && shell.arena.used == 0 &&
	       shell.depth == 0 && shell.blocks == 0 && world.loopback.transport.next == RPC_QUICK_BYTES;
}

/* Runs the lines before it in silence, then the line; it says exactly this. */
static void says(const char *text, const char *expected)
{
	enum shell_outcome outcome = line(text);
	bool good = outcome == SHELL_DONE && strcmp(said, expected) == 0 && balanced();

	report(good, text);
	if (!good) {
		printf("# said: %s\n# outcome %u, %d held, %s%s at %u\n", said, outcome, world_held(),
		       shell.failure.kind, shell.failure.text, shell.failure.at);
		fflush(stdout);
	}
}

static void fails(const char *text, unsigned at, const char *why)
{
	enum shell_outcome outcome = line(text);
	bool good = outcome == SHELL_FAILED && shell.failure.placed && shell.failure.at == at &&
		    strstr(shell.failure.text, why) && balanced();

	report(good, text);
	if (!good)
		printf("# outcome %u: %s at %u, %d held\n", outcome, shell.failure.text, shell.failure.at,
		       world_held());
}

static void fails_with(const char *text, const char *printed)
{
	enum shell_outcome outcome = line(text);

	said_len = 0;
	shell_failure_print(&shell.failure, &world_out);
	bool good = outcome == SHELL_FAILED && strcmp(said, printed) == 0 && balanced();
	report(good, text);
	if (!good)
		printf("# outcome %u: %s, %d held\n", outcome, said, world_held());
}

static void test_calls(void)
{
	world_start();
	says("timer.now", "  ns = 1\n");
	says("timer.sleep 5", "");
	says("timer.sleep(ns = 1us)", "");
	says("timer.now + 1", "  1008\n");
	says("timer.now.ns", "  1008\n");
	says("timer.now().ns - 1", "  1008\n");
	says("console.writeLine \"hello\"", "hello\n");
	says("let t = timer.now", "  t = 1010\n");
	says("timer.sleep t", "");
	says("console.writeLine \"t is \" + text(t)", "t is 1010\n");
	fails("timer.sleep", 6, "missing: \"ns\"");
	fails("timer.sleep nss=1", 12, "did you mean \"ns\"");
	fails("timer.nwo", 6, "did you mean \"now\"");
	fails("tmier.now", 0, "did you mean \"timer\"");
	fails("timer.sleep \"x\"", 12, "whole number");
	fails("timer.sleep console", 12, "whole number");
	fails("timer.sleep nothing", 12, "you hold nothing called \"nothing\"");
	fails("timer.now.nss", 10, "did you mean \"ns\"");
	fails("timer.now.ns.x", 13, "no members");
	fails_with("timer.sleep 9e18", "invalidArgument (ns): that is too long\n");
	fails_with("timer.sleepUntil 5", "REFUSED: not from here\n");
	fails_with("console.write \"x\"", "unimplemented: Console\n");
}

static void test_capabilities(void)
{
	world_start();
	says("let quiet = console.only(write)", "  quiet = <Console>\n");
	fails_with("quiet.writeLine \"x\"",
		   "DENIED: writeLine was removed from this capability (it has: write)\n");
	says("let r, w = pipes.create", "  r = <Pipe>\n  w = <Pipe>\n");
	says("w.write 0x\"01 02\"", "  count = 2\n  outcome = done\n");
	says("r.read 10", "  bytes = 0x\"01 02\"\n  outcome = end\n");
	says("r.read(10).outcome == end", "  true\n");
	says("let both = pipes.create", "  both = (reader = <Pipe>, writer = <Pipe>)\n");
	says("both.reader.read 10", "  bytes = 0x\"01 02\"\n  outcome = end\n");
	says("let c = both.reader", "  c = <Pipe>\n");
	says("drop both", "");
	says("c.read(1).bytes", "  0x\"01 02\"\n");
	says("let l = [c, r]", "  l = [<Pipe>, <Pipe>]\n");
	says("l[1].read(1).outcome", "  end\n");
	fails("l[2]", 2, "2 members");
	fails("let timer = timer.only(now)", 4, "given by the image");
	fails("console.only(wirte)", 13, "did you mean \"write\"");
	fails("console.only(3)", 13, "names of methods");
	fails("let a, b, c = pipes.create", 4, "holds 2 values");
	fails("let x = timer.sleep(1)", 4, "gives nothing");
	shell.keeps = true;
	says("pipes.create",
	     "  reader = <Pipe>\n  writer = <Pipe>\n  (kept as reader)\n  (kept as writer)\n");
	says("drop c", "");
	says("drop l", "");
	says("drop r", "");
	says("let x = reader", "  x = <Pipe>\n");
	says("for i in 1..40 { let d = timer.only(now) }", "");
}

static bool led(const char *path)
{
	return strcmp(world.path, path) == 0;
}

static void test_paths(void)
{
	world_start();
	says("let d = console/a-b.c/d", "  d = <Pipe>\n");
	report(led("console/a-b.c/d"), "a path is everything up to the white space");
	says("console/a/b.write(0x\"01 02\").count", "  2\n");
	report(led("console/a/b"), "in front of a bracket the last dot is that of a method");
	says("run prog with { a: console/x, b: console/y.z }", "RUN prog: a b\n");
	report(led("console/y.z"), "a path can be granted");
	says("run prog with { a: console } in timer", "RUN prog: a\n");
	report(world.last_run.session.raw != 0, "a program runs in the session that is named");
	fails("run prog with { a: console } in 5", 32, "a session, which is a capability");
	says("run prog with { a: console } on timer args [x]", "RUN prog: a [x]\n");
	report(world.last_run.context.raw != 0 && world.last_run.session.raw == 0,
	       "and on the CPU time that is named");
	fails("run prog with { a: console } in timer on 5", 41, "CPU time, which is a capability");
	says("print [console/a,console/b]", "[<Pipe>, <Pipe>]\n");
	says("d/x", "  <Pipe>\n");
	says("let t = console/text; print t + \"!\" len(console/text)", "  t = \"bound\"\nbound! 5\n");
	fails("run prog with { a: console/text }", 19, "only capabilities can be granted");
	fails_with("let e = console/none", "notFound: nothing has that name\n");
	fails("conzole/a", 0, "did you mean \"console\"");
	says("let n = 8", "  n = 8\n");
	says("print n/2", "4\n");
	says("n / n", "  1\n");
	fails("n/n", 0, "a division is written with spaces");
	says("for i in 1..40 { let d = console/a }", "");
}

static void test_pipelining(void)
{
	world_start();
	line("pipes.create.writer.write 0x\"05\"");
	report(strcmp(said, "  count = 1\n  outcome = done\n") == 0 && balanced(),
	       "a call on what a call returns");
	report(world.sent == 2 && world.sent_before_wait == 2, "both are sent before anything is waited for");
	world.no_pipelining = true;
	line("pipes.create.writer.write 0x\"05 06\"");
	report(strcmp(said, "  count = 2\n  outcome = done\n") == 0 && balanced() && world.sent == 3,
	       "a server that cannot is asked again when the answer came");
	world.no_pipelining = false;
	fails("pipes.create.writer.wirte 1", 20, "did you mean \"write\"");
	fails("pipes.create.writer.write 1", 26, "data is written");
	says("let p = pipes.create.reader", "  p = <Pipe>\n");
	fails_with("p.write 0x\"01\"",
		   "DENIED: write was removed from this capability (it has: read, closeRead)\n");
}

static void test_language(void)
{
	world_start();
	says("1 + 2 * 3", "  7\n");
	says("(1 + 2) * 3 - 10", "  -1\n");
	says("7 / 2; 7 % 2; -7 / 2; 7.0 / 2.0", "  3\n  1\n  -3\n  3\n");
	says("0.5 * 3", "  1.5\n");
	says("1 < 2 and not 2 < 1", "  true\n");
	says("\"a\" + \"b\" == \"ab\"", "  true\n");
	says("0x\"01\" + 0x\"02\"", "  0x\"01 02\"\n");
	says("[1] + [2, 3]", "  [1, 2, 3]\n");
	says("len([1, 2]) + len(\"abc\")", "  5\n");
	says("3..5", "  [3, 4, 5]\n");
	says("let x = 5; x = x + 1; print x \"and\" [x] (a = x)", "  x = 5\n6 and [6] (a = 6)\n");
	says("if x == 6 { print \"six\" } else { print \"other\" }", "six\n");
	says("if x == 7 { print \"six\" } else if x > 5 { print \"more\" }", "more\n");
	says("for i in 1..3 { print i }", "1\n2\n3\n");
	says("for i in [\"a\", \"b\"] { if i == \"b\" { continue }; print i }", "a\n");
	says("let n = 0; while n < 10 { n = n + 1; if n == 4 { break } }; print n", "  n = 0\n4\n");
	says("fn add(a, b) { return a + b }", "");
	says("add(1, 2) * 2", "  6\n");
	says("add 1 2", "  3\n");
	says("fn fact(n) { if n < 2 { return 1 }; return n * fact(n - 1) }; fact(10)", "  3628800\n");
	says("fn early(l) { for i in l { if i > 2 { return i } } }; early([1, 3, 5])", "  3\n");
	says("fn weak() { let t = timer.only(now); return t }; let w = weak(); w.now().ns > 0",
	     "  w = <Timer>\n  true\n");
	says("try { timer.nwo } catch e { print e.kind e.reason }",
	     "value there is no method \"nwo\"; did you mean \"now\"?\n");
	says("try { timer.sleep 9e18 } catch e { print e.kind e.field }", "invalidArgument ns\n");
	says("try { fail(\"no\") } catch e { print e.reason }", "no\n");
	says("try { fail(\"no\") }; print \"on\"", "on\n");
	says("if true { let inner = 1 }; let outer = 2", "  outer = 2\n");
	says("echo one  \"two  three\" x=3", "one two  three x=3\n");
	says("fn f() {\n  # a comment\n  print \"in f\"\n}\nf", "in f\n");
	says("fn f() { fn f() { return 2 }; return 1 }; print f() + f()", "2\n");
}

static void test_mistakes(void)
{
	world_start();
	says("let x = 1; fn f(a) { return a }", "  x = 1\n");
	fails("inner", 0, "there is no \"inner\"");
	fails("ehco x", 0, "did you mean \"echo\"");
	fails("y = 3", 0, "there is no variable");
	fails("1 / 0", 2, "division by zero");
	fails("18446744073709551615 + 1", 21, "64 bits");
	fails("18446744073709551615 * 18446744073709551615", 21, "64 bits");
	fails("\"a\" + 1", 4, "text(x)");
	fails("\"a\" * 2", 4, "cannot be calculated");
	fails("if 3 { }", 3, "true or false");
	fails("for i in 3 { }", 9, "list");
	fails("for i in 1..x.y { }", 14, "no members");
	fails("f(1, 2)", 0, "takes 1 value");
	fails("g(1)", 0, "there is no function \"g\"");
	fails("f + 1", 0, "is a function");
	fails("break", 0, "no loop");
	fails("x.y", 2, "no members");
	fails("fail(3)", 0, "takes a text");
	fails("let averyveryveryverylongnameindeedthatdoesnotfit = 3", 4, "at most 31");
	fails("fn loop() { return loop() }; loop()", 29, "nested too deeply");
	fails("while true { }", 0, "did not end");
	fails("0..100000", 1, "more than");
	fails("let big = \"\"; for i in 1..100 { big = big + big + \"0123456789\" }", 32, "room");
	fails("run missing with { timer }", 4, "no program");
	fails("run x with { a: 3 }", 16, "only capabilities");
	fails("run x with x", 11, "grants are written");
	fails("exit \"a\"", 5, "a number");
	says("print x", "1\n");
}

static void test_programs(void)
{
	world_start();
	says("run hello", "RUN hello without:\n");
	says("run hello with { console }", "RUN hello: console\n");
	says("run hello with {}", "RUN hello:\n");
	says("run hello with { timer, out: console.only(writeLine), virtualMemory } args [1 \"two three\" (1 + 2)] &",
	     "RUN hello: timer out virtualMemory(own) [1] [two three] [3] &\n");
	says("save grants worker { timer, out: console }", "  worker = (timer = <Timer>, out = <Console>)\n");
	says("run counter with worker", "RUN counter: timer out\n");
	says("run three with worker; print status", "RUN three: timer out\n3\n");
	says("let s = run three with {}; if s == 3 { print \"three\" }", "RUN three:\n  s = 3\nthree\n");
	says("drop worker", "");
}

static void test_scripts(void)
{
	world_start();
	world_script_text = "let a = 1\nfor i in 1..2 {\n  print a + i\n}\nexit 4\nprint \"never\"\n";
	says("source demo; print status", "2\n3\n4\n");
	world_script_text = "print 1\ntimer.nwo\n";
	fails_with("source demo", "demo:2: there is no method \"nwo\"; did you mean \"now\"?\n");
	world_script_text = "print 1\nlet x = = 2\n";
	fails_with("source demo", "demo:2: expected a value, not \"=\"\n");
	report(said[0] == 'd', "a script with a mistake does not begin");
	world_script_text = "source demo\n";
	report(line("source demo") == SHELL_FAILED && strstr(shell.failure.text, "deeply") && balanced(),
	       "a script that runs itself");
	world_script_text = "fn twice(x) { return x * 2 }\n";
	says("source demo; twice(4)", "  8\n");
	says("try { source missing } catch e { print e.reason }", "there is no script\n");
}

static void test_rules(void)
{
	world_start();
	fails_with("timer.where(ns <= 5)",
		   "NOT_GRANTED: where() needs a capability of the interface Attenuator\n");
	world_attenuates = true;
	world_start();
	says("let slow = timer.where(sleep.ns <= 1s, uses <= 10)",
	     "RULE 5 method=sleep field=ns 1000000000 0\nRULE 7 10 0\n  slow = <Timer>\n");
	fails_with("slow.sleep 5", "DENIED: sleep was removed from this capability (it has: now)\n");
	says("let x = timer.where(path ^= \"a/b\", mode == read, rate(5, 1s), prefix(o.name, \"q\"), allow(now))",
	     "RULE 0 field=path text=a/b 0 0\nRULE 2 field=mode text=read 0 0\nRULE 8 5 1000000000\n"
	     "RULE 1 field=o.name text=q 0 0\nRULE 10 method=now 0 0\n  x = <Timer>\n");
	says("timer.where(ns >= 1).now", "RULE 6 field=ns 1 0\n  ns = 1\n");
	fails("timer.where(ns < 5)", 15, "rules compare with");
	fails("timer.where(ns = 5)", 17, "write == and not =");
	fails("timer.where(3)", 12, "a rule is a comparison");
	fails("timer.where(nope(3))", 12, "rules are comparisons");
	fails("1 ^= 2", 2, "rules of where()");
	world_attenuates = false;
}

static void test_interrupts(void)
{
	world_start();
	world.interrupt_at = 200;
	fails_with("while true { try { timer.now } }", "CANCELLED: interrupted by Ctrl-C\n");
}

static void test_incomplete(void)
{
	world_start();
	report(line("print 1; if true {") == SHELL_INCOMPLETE && said_len == 0,
	       "nothing runs before all is there");
	says("print 1; if true {\nprint 2\n}", "1\n2\n");
}

int main(void)
{
	world_open_registry();
	test_calls();
	test_capabilities();
	test_paths();
	test_pipelining();
	test_language();
	test_mistakes();
	test_programs();
	test_scripts();
	test_rules();
	test_interrupts();
	test_incomplete();
	printf("1..%d\n", test_number);
	return failures != 0;
}
