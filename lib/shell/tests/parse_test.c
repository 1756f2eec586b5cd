// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What a person types, and what the parser makes of it, written out again in full parentheses; bad lines with the place of
 * the error; noise.
 */
#include <shell/nearest.h>
#include <shell/parse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int test_number, failures;
static struct shell_error error;
static uint8_t memory[65536];
static struct shell_arena arena;
static struct shell_node *node;
static char written[4096];

static void report(bool good, const char *what)
{
	printf("%s %d - ", good ? "ok" : "not ok", ++test_number);
	for (; *what; what++)
		putchar(*what == '\n' ? ' ' : *what);
	putchar('\n');
	failures += !good;
}

/* ---- Writing a tree out ---- */

static void put(const char *text)
{
	strncat(written, text, sizeof(written) - strlen(written) - 1);
}

static void put_word(struct shell_word word)
{
	char text[256];

	snprintf(text, sizeof(text), "%.*s", (int)word.len, word.ptr);
	put(text);
}

static void write_node(const struct shell_node *n);

static void write_all(const struct shell_node *first, const char *between)
{
	for (const struct shell_node *n = first; n; n = n->next) {
		if (n->label.len > 0) {
			put_word(n->label);
			put("=");
		}
		write_node(n);
		put(n->next ? between : "");
	}
}

static void write_literal(const struct shell_value *v)
{
	char text[64];

	if (v->kind == SHELL_INTEGER)
		snprintf(text, sizeof(text), "%s%llu", v->negative ? "-" : "",
			 (unsigned long long)v->magnitude);
	else if (v->kind == SHELL_REAL)
		snprintf(text, sizeof(text), "%.17g", v->real);
	else if (v->kind == SHELL_BOOL)
		snprintf(text, sizeof(text), "%s", v->truth ? "true" : "false");
	else if (v->kind == SHELL_VOID)
		snprintf(text, sizeof(text), "void");
	else
		snprintf(text, sizeof(text), "%s'%.*s'", v->kind == SHELL_DATA ? "d" : "", (int)v->word.len,
			 v->word.ptr);
	put(text);
}

static void put_op(uint16_t op)
{
	char text[4] = {(char)(op >> 8 ? op >> 8 : op), (char)(op >> 8 ? op & 0xff : 0), 0, 0};

	put(op == 'a' ? "and" : op == 'o' ? "or" : op == 'n' ? "not " : text);
}

static void write_expression(const struct shell_node *n)
{
	switch (n->kind) {
	case SHELL_NODE_LITERAL:
		write_literal(n->value);
		break;
	case SHELL_NODE_BARE:
		put_word(n->name);
		break;
	case SHELL_NODE_LIST:
		put("[");
		write_all(n->first, ",");
		put("]");
		break;
	case SHELL_NODE_STRUCT:
		put("(");
		write_all(n->first, ",");
		put(")");
		break;
	case SHELL_NODE_GRANTS:
		put("{");
		write_all(n->first, ",");
		put("}");
		break;
	case SHELL_NODE_STEP:
		write_node(n->a);
		put(".");
		put_word(n->name);
		if (n->called) {
			put("(");
			write_all(n->first, ",");
			put(")");
		}
		break;
	case SHELL_NODE_INDEX:
		write_node(n->a);
		put("[");
		write_node(n->b);
		put("]");
		break;
	case SHELL_NODE_FUNCTION:
		put_word(n->name);
		put("(");
		write_all(n->first, ",");
		put(")");
		break;
	case SHELL_NODE_UNARY:
		put_op(n->op);
		write_node(n->a);
		break;
	case SHELL_NODE_BINARY:
		put("<");
		write_node(n->a);
		put_op(n->op);
		write_node(n->b);
		put(">");
		break;
	default:
		put("run ");
		put_word(n->name);
		if (n->a) {
			put(" with ");
			write_node(n->a);
		}
		if (n->first) {
			put(" args ");
			write_all(n->first, ",");
		}
		put(n->background ? " &" : "");
		break;
	}
}

static void write_block(const char *before, const struct shell_node *n)
{
	if (!n)
		return;
	put(before);
	if (n->kind == SHELL_NODE_BLOCK) {
		put("{");
		write_all(n->first, ";");
		put("}");
	} else {
		write_node(n);
	}
}

static void write_node(const struct shell_node *n)
{
	switch (n->kind) {
	case SHELL_NODE_DO:
		write_node(n->a);
		break;
	case SHELL_NODE_COMMAND:
		put("!");
		write_all(n->first, " ");
		break;
	case SHELL_NODE_LET:
		put("let ");
		write_all(n->first, ",");
		write_block("=", n->a);
		break;
	case SHELL_NODE_ASSIGN:
		put_word(n->name);
		write_block(":=", n->a);
		break;
	case SHELL_NODE_IF:
		write_block("if ", n->a);
		write_block(" ", n->b);
		write_block(" else ", n->c);
		break;
	case SHELL_NODE_FOR:
		put("for ");
		put_word(n->name);
		write_block(" in ", n->a);
		write_block(" ", n->b);
		break;
	case SHELL_NODE_WHILE:
		write_block("while ", n->a);
		write_block(" ", n->b);
		break;
	case SHELL_NODE_TRY:
		write_block("try ", n->a);
		if (n->b) {
			put(" catch ");
			put_word(n->name);
		}
		write_block(" ", n->b);
		break;
	case SHELL_NODE_DEFINE:
		put("fn ");
		put_word(n->name);
		put("(");
		write_all(n->first, ",");
		put(")");
		write_block(" ", n->a);
		break;
	case SHELL_NODE_RETURN:
		put("return");
		write_block(" ", n->a);
		break;
	case SHELL_NODE_EXIT:
		put("exit");
		write_block(" ", n->a);
		break;
	case SHELL_NODE_BREAK:
	case SHELL_NODE_CONTINUE:
		put(n->kind == SHELL_NODE_BREAK ? "break" : "continue");
		break;
	default:
		write_expression(n);
		break;
	}
}

/* ---- The tests ---- */

/* All statements, one behind the other. */
static bool parse(const char *line)
{
	/* On the heap and without a NUL, so that the sanitizer sees a byte too far. */
	static char *copy;
	size_t len = strlen(line);
	struct shell_parser parser;

	free(copy);
	copy = malloc(len ? len : 1);
	memcpy(copy, line, len);
	arena = (struct shell_arena){memory, sizeof(memory), 0};
	written[0] = '\0';
	shell_parser_init(&parser, copy, (uint32_t)len, &arena, &error);
	for (;;) {
		if (!shell_parse_statement(&parser, &node))
			return false;
		if (!node)
			return true;
		put(written[0] ? " ; " : "");
		write_node(node);
	}
}

static void is(const char *line, const char *tree)
{
	bool good = parse(line) && strcmp(written, tree) == 0;

	report(good, line);
	if (!good)
		printf("# got: %s\n# error at %u: %s\n", written, error.at, error.text);
}

static void fails(const char *line, unsigned at, const char *text)
{
	bool good = !parse(line) && error.at == at && strstr(error.text, text);

	report(good, line);
	if (!good)
		printf("# wanted %u: %s, got %u: %s\n", at, text, error.at, error.text);
}

static void test_numbers(void)
{
	is("a.b 0 42 -7 +3", "a.b(0,42,-7,3)");
	is("a.b 2e9 1.5e3 100e-2 2.0", "a.b(2000000000,1500,1,2)");
	is("a.b 18446744073709551615 -9223372036854775808", "a.b(18446744073709551615,-9223372036854775808)");
	is("a.b 0xff 0xffffffffffffffff -0x10", "a.b(255,18446744073709551615,-16)");
	is("a.b 1.5 -0.25 18446744073709551616 1e22", "a.b(1.5,-0.25,1.8446744073709552e+19,1e+22)");
	is("a.b 5s 20ms 3us 7ns 2min 1.5s", "a.b(5000000000,20000000,3000,7,120000000000,1500000000)");
	is("a.b 4Ki 2Mi 1Gi", "a.b(4096,2097152,1073741824)");
	fails("a.b 12x", 4, "not a number");
	fails("a.b 0x", 4, "no hexadecimal");
	fails("a.b 0x1ffffffffffffffff", 4, "64 bits");
	fails("a.b 18446744073709551615s", 4, "64 bits");
}

static void test_text(void)
{
	is("a.b \"hello\" \"\"", "a.b('hello','')");
	is("a.b \"a\\n\\t\\\"\\\\\\x41 # \xc3\xa9\"", "a.b('a\n\t\"\\A # \xc3\xa9')");
	is("a.b 0x\"41 6D\" 0x\"\"", "a.b(d'Am',d'')");
	is("a.b b64\"QW0=\" b64\"QW1B\" b64\"\" b64\"QQ\"", "a.b(d'Am',d'AmA',d'',d'A')");
	fails("a.b \"open", 4, "never closed");
	fails("a.b \"open\nline\"", 4, "never closed");
	fails("a.b \"\\q\"", 5, "unknown escape");
	fails("a.b 0x\"0g\"", 7, "pairs of hexadecimal");
	fails("a.b 0x\"012\"", 9, "pairs");
	fails("a.b \"\\x4\"", 5, "two hexadecimal");
	fails("a.b b64\"Q\"", 9, "does not end");
	fails("a.b b64\"Q!\"", 9, "no digit");
	fails("a.b b64\"QX==\"", 12, "does not end");
}

static void test_calls(void)
{
	is("timer.now", "timer.now");
	is("timer.now()", "timer.now()");
	is("timer.sleep ns=2e9", "timer.sleep(ns=2000000000)");
	is("timer.sleep ns = 2e9", "timer.sleep(ns=2000000000)");
	is("timer.sleep(ns = 2e9,)", "timer.sleep(ns=2000000000)");
	is("x.y 1 \"two\" true void name", "x.y(1,'two',true,void,name)");
	is("x.y 1, 2", "x.y(1,2)");
	is("x.y a + 1 -2 (3)", "x.y(<a+1>,-2,3)");
	is("maker.make(\"a\").thing.use(1)", "maker.make('a').thing.use(1)");
	is("maker.make(\"a\").thing.use 1", "maker.make('a').thing.use(1)");
	is("a.b(c.d(1), e)", "a.b(c.d(1),e)");
	is("a.b (x = 1, y = [2, 3], z = (w = void))", "a.b((x=1,y=[2,3],z=(w=void)))");
	is("a.b [] () (1,)", "a.b([],(),(1))");
	is("a.b(1,\n  2)", "a.b(1,2)");
	is("let quiet = console.only(write, writeLine)  # less", "let quiet=console.only(write,writeLine)");
	is("let a, b = m.makeRevocable console 0", "let a,b=m.makeRevocable(console,0)");
	is("r.entries[0].id", "r.entries[0].id");
	fails("timer.", 6, "method or field");
	fails("timer.now )", 10, "not \")\"");
	fails("a.b(1", 5, "the end of the line");
	fails("a.b(1 2)", 6, "not \"2\"");
	fails("a.b x=", 6, "expected a value");
	fails("a.b 3=4", 5, "parameter's name");
	fails("let = 3", 4, "name after \"let\"");
	fails("let a, = b.c", 7, "name");
	fails("let a b = c.d", 6, "\"=\"");
	fails("a.b [[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]", 11, "too deeply");
}

static void test_operators(void)
{
	is("1 + 2 * 3", "<1+<2*3>>");
	is("(1 + 2) * 3", "<<1+2>*3>");
	is("1-2", "<1-2>");
	is("x - 1", "<x-1>");
	is("let y = x -1 + z", "let y=<<x-1>+z>");
	is("not a == b and c or d < 2", "<<not <a==b>andc>or<d<2>>");
	is("let z = -x", "let z=-x");
	is("a.b + 1", "<a.b+1>");
	is("x == 3", "<x==3>");
	is("[1] + [2]", "<[1]+[2]>");
	is("1..5", "<1..5>");
	fails("1 +", 3, "expected a value");
	fails("1 + * 2", 4, "not \"*\"");
}

static void test_commands(void)
{
	is("", "");
	is("   # nothing", "");
	is("caps", "!'caps'");
	is("describe Timer.sleep", "!'describe' 'Timer.sleep'");
	is("echo one  \"two  three\" 4.50 a=b, c!", "!'echo' 'one' 'two  three' '4.50' 'a=b,' 'c!'");
	is("graph --dot | last 5", "!'graph' '--dot' '|' 'last' '5'");
	is("caps; echo x\njobs", "!'caps' ; !'echo' 'x' ; !'jobs'");
	fails("!caps", 0, "means nothing");
	fails("echo \"a", 5, "never closed");
}

static void test_run(void)
{
	is("run hello", "run hello");
	is("run hello with { console }", "run hello with {console=console}");
	is("run test-ipc with { timer, out: console.only(write) } args [a \"b c\" 3, d] &",
	   "run test-ipc with {timer=timer,out=console.only(write)} args 'a','b c','3','d' &");
	is("run x with worker args [(1 + 2) b]", "run x with worker args <1+2>,'b'");
	is("run x with {}", "run x with {}");
	is("let s = run x with {}", "let s=run x with {}");
	is("save grants worker { timer, out: console }", "let worker={timer=timer,out=console}");
	fails("run", 3, "program");
	fails("run x with 3", 11, "\"{\"");
	fails("run x with { a b }", 15, "\",\" or \"}\"");
	fails("run x with { a, a }", 16, "twice");
	fails("run x args [ a", 14, "\"]\"");
	fails("run x foo", 6, "with");
	fails("save worker {}", 5, "grants");
}

static void test_blocks(void)
{
	is("if a { b.c } else if d { e.f } else { g.h }", "if a {b.c} else if d {e.f} else {g.h}");
	is("if a.b(1) == 2 {\n  c.d 1\n  e.f\n}\n", "if <a.b(1)==2> {c.d(1);e.f}");
	is("for i in 1..3 { print i; break }", "for i in <1..3> {!'print' 'i';break}");
	is("while true { continue }", "while true {continue}");
	is("try { a.b } catch e { c.d }", "try {a.b} catch e {c.d}");
	is("try { a.b }", "try {a.b}");
	is("fn f(a, b) { return a + b }", "fn f(a,b) {return <a+b>}");
	is("x = x + 1", "x:=<x+1>");
	is("exit 3", "exit 3");
	fails("if a { echo } }", 14, "end of the line");
	report(!parse("if a {") && error.incomplete && !parse("a.b(1,") && error.incomplete &&
		       !parse("fn f() {\n a.b") && error.incomplete && !parse("[1,\n") && error.incomplete,
	       "what is not finished may be continued");
	report(!parse("if a { b. }") && !error.incomplete && !parse("a.b(") == error.incomplete &&
		       !parse("timer.") && !error.incomplete,
	       "what is wrong may not");
	fails("if { }", 6, "expected \"{\"");
	fails("for 3 in x { }", 4, "a name after \"for\"");
	fails("for i of x { }", 6, "\"in\"");
	fails("fn f(", 5, "parameter");
	fails("run agent with { home = work }", 22, "{ home: mydir }");
	fails("{{{{{{{{{{{{{{{{{{{{{{{{", 1, "grant's name");
}

static void test_nearest(void)
{
	struct shell_nearest n = shell_nearest("tmier", 5);

	report(shell_distance("kitten", 6, "sitting", 7) == 3 && shell_distance("ab", 2, "ba", 2) == 1 &&
		       shell_distance("", 0, "abc", 3) == 3,
	       "edit distance");
	shell_nearest_offer(&n, "entropy", 7);
	shell_nearest_offer(&n, "timer", 5);
	shell_nearest_offer(&n, "console", 7);
	report(n.found && n.name_len == 5 && memcmp(n.name, "timer", 5) == 0, "tmier is timer");
	n = shell_nearest("xyzzy", 5);
	shell_nearest_offer(&n, "timer", 5);
	report(!n.found, "xyzzy is nothing");
}

static void test_noise(void)
{
	static const char *const words[] = {"run ", "let ",   "with ", "args ", "if ", "for ",  " in ",
					    "try ", "catch ", "fn ",   "a",     ".",   "(",     ")",
					    "[",    "]",      "{",     "}",     "\"",  " ",     "\n",
					    "1..",  "0x\"",   "=",     "== ",   " - ", "#",     ";",
					    "not ", "9e9",    "b64\"", "&",     ",",   "while", "1s"};
	char line[400];
	bool good = true;

	srand(11);
	for (int i = 0; i < 200000 && good; i++) {
		unsigned count = (unsigned)rand() % 40;

		line[0] = '\0';
		for (unsigned k = 0; k < count; k++) {
			char c[2] = {(char)(1 + rand() % 255), 0};

			strcat(line, rand() % 60
					     ? words[(unsigned)rand() % (sizeof(words) / sizeof(words[0]))]
					     : c);
		}
		if (!parse(line))
			good = error.text[0] && error.at <= strlen(line) &&
			       strnlen(error.text, sizeof(error.text)) < sizeof(error.text);
		if (!good)
			printf("# %s\n", line);
	}
	report(good, "200000 random sources: parsed, or refused with a place and a reason");
}

int main(void)
{
	test_numbers();
	test_text();
	test_calls();
	test_operators();
	test_commands();
	test_run();
	test_blocks();
	test_nearest();
	test_noise();
	printf("1..%d\n", test_number);
	return failures != 0;
}
