// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What a person types, and what the parser makes of it: good lines, bad lines with the place of the error,
 * noise.
 */
#include <shell/nearest.h>
#include <shell/parse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int test_number, failures;
static struct shell_statement st;
static struct shell_error error;

static void report(bool good, const char *what)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++test_number, what);
	failures += !good;
}

static bool parse(const char *line)
{
	/* On the heap and without a NUL, so that the sanitizer sees a byte too far. */
	static char *copy;
	size_t len = strlen(line);

	free(copy);
	copy = malloc(len ? len : 1);
	memcpy(copy, line, len);
	return shell_parse(copy, (uint32_t)len, &st, &error);
}

static bool fails_at(const char *line, unsigned at, const char *text)
{
	bool good = !parse(line) && error.at == at && strstr(error.text, text);

	if (!good)
		printf("# %s: at %u: %s\n", line, error.at, error.text);
	return good;
}

static const struct shell_value *argument(unsigned step, unsigned n)
{
	uint16_t index = st.steps[step].first;

	while (n-- && index != SHELL_NONE)
		index = st.values.value[index].next;
	return index == SHELL_NONE ? nullptr : &st.values.value[index];
}

static bool integer_is(const char *text, bool negative, uint64_t magnitude)
{
	char line[128];

	snprintf(line, sizeof(line), "a.b %s", text);
	if (!parse(line) || st.steps[0].count != 1)
		return false;
	return argument(0, 0)->kind == SHELL_INTEGER && argument(0, 0)->negative == negative &&
	       argument(0, 0)->magnitude == magnitude;
}

static bool real_is(const char *text, double value)
{
	char line[128];

	snprintf(line, sizeof(line), "a.b %s", text);
	return parse(line) && argument(0, 0)->kind == SHELL_REAL && argument(0, 0)->real == value;
}

static bool bytes_are(const char *text, enum shell_value_kind kind, const char *bytes, size_t len)
{
	char line[128];

	snprintf(line, sizeof(line), "a.b %s", text);
	return parse(line) && argument(0, 0)->kind == kind && argument(0, 0)->word.len == len &&
	       memcmp(argument(0, 0)->word.ptr, bytes, len) == 0;
}

static void test_numbers(void)
{
	report(integer_is("0", false, 0) && integer_is("42", false, 42) && integer_is("-7", true, 7),
	       "integers");
	report(integer_is("2e9", false, 2000000000) && integer_is("1.5e3", false, 1500) &&
		       integer_is("100e-2", false, 1) && integer_is("2.0", false, 2),
	       "what is exactly an integer is one");
	report(integer_is("18446744073709551615", false, UINT64_MAX) &&
		       integer_is("-9223372036854775808", true, 1ull << 63),
	       "the largest and the smallest");
	report(integer_is("0xff", false, 255) && integer_is("0xffffffffffffffff", false, UINT64_MAX) &&
		       integer_is("-0x10", true, 16),
	       "hexadecimal");
	report(real_is("1.5", 1.5) && real_is("-0.25", -0.25) &&
		       real_is("18446744073709551616", 18446744073709551616.0) && real_is("1e-1", 0.1) &&
		       real_is("1e22", 1e22),
	       "reals");
	report(fails_at("a.b 12x", 4, "not a number") && fails_at("a.b 0x", 4, "no hexadecimal") &&
		       fails_at("a.b 0x1ffffffffffffffff", 4, "64 bits"),
	       "numbers that are none");
}

static void test_text(void)
{
	report(bytes_are("\"hello\"", SHELL_TEXT, "hello", 5) && bytes_are("\"\"", SHELL_TEXT, "", 0),
	       "text");
	report(bytes_are("\"a\\n\\t\\\"\\\\\\x41 # \xc3\xa9\"", SHELL_TEXT, "a\n\t\"\\A # \xc3\xa9", 11),
	       "escapes and UTF-8");
	report(bytes_are("0x\"01 fF\"", SHELL_DATA, "\x01\xff", 2) && bytes_are("0x\"\"", SHELL_DATA, "", 0),
	       "data");
	report(fails_at("a.b \"open", 4, "never closed") && fails_at("a.b \"\\q\"", 5, "unknown escape") &&
		       fails_at("a.b 0x\"0g\"", 7, "pairs of hexadecimal") &&
		       fails_at("a.b 0x\"012\"", 9, "pairs") &&
		       fails_at("a.b \"\\x4\"", 5, "two hexadecimal"),
	       "text and data that are none");
}

static void test_expressions(void)
{
	report(parse("timer.now") && st.kind == SHELL_EXPRESSION && shell_word_is(st.target, "timer") &&
		       st.step_count == 1 && shell_word_is(st.steps[0].name, "now") && !st.steps[0].called,
	       "timer.now");
	report(parse("timer.sleep ns=2e9") && shell_word_is(argument(0, 0)->name, "ns") &&
		       argument(0, 0)->magnitude == 2000000000,
	       "timer.sleep ns=2e9");
	report(parse("x.y 1 \"two\" true void name") && st.steps[0].count == 5 && argument(0, 2)->truth &&
		       argument(0, 3)->kind == SHELL_VOID && argument(0, 4)->kind == SHELL_NAME,
	       "positional arguments");
	report(parse("let quiet = console.only(write, writeLine)  # less") && st.let_count == 1 &&
		       shell_word_is(st.let[0], "quiet") && st.steps[0].count == 2 && st.steps[0].called,
	       "let quiet = console.only(write, writeLine)");
	report(parse("let a, b = m.makeRevocable(console)") && st.let_count == 2 &&
		       shell_word_is(st.let[1], "b") && fails_at("let a, = b.c", 7, "name") &&
		       fails_at("let a b = c.d", 6, "\"=\""),
	       "let with two names");
	report(parse("maker.make(\"a\").thing.use(1)") && st.step_count == 3 && !st.steps[1].called &&
		       st.steps[2].count == 1,
	       "a chain of calls and fields");
	report(parse("a.b (x = 1, y = [2, 3], z = (w = void))") && argument(0, 0)->kind == SHELL_STRUCT &&
		       argument(0, 0)->count == 3 && st.values.value[argument(0, 0)->first].magnitude == 1,
	       "a struct");
	report(parse("a.b []") && argument(0, 0)->kind == SHELL_LIST && argument(0, 0)->count == 0,
	       "an empty list");
	report(parse("timer.now()") && st.steps[0].called && st.steps[0].count == 0, "empty parentheses");
	report(fails_at("timer.", 6, "method or field") &&
		       fails_at("timer.now )", 10, "expected a value, not \")\"") &&
		       fails_at("a.b(1", 5, "the end of the line") && fails_at("a.b(1 2)", 6, "not \"2\"") &&
		       fails_at("a.b x=", 6, "expected a value") &&
		       fails_at("let = 3", 4, "name after \"let\"") &&
		       fails_at("a.b 3=4", 5, "parameter's name"),
	       "expressions that are none");
	report(fails_at("a.b [[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]", 16, "too deeply"),
	       "nesting is bounded");
}

static void test_commands(void)
{
	report(parse("") && st.kind == SHELL_EMPTY && parse("   # nothing") && st.kind == SHELL_EMPTY,
	       "empty lines");
	report(parse("caps") && st.kind == SHELL_COMMAND && st.word_count == 1, "caps");
	report(parse("describe Timer.sleep") && st.word_count == 2 &&
		       shell_word_is(st.words[1], "Timer.sleep"),
	       "describe Timer.sleep");
	report(parse("echo one  \"two  three\" 4.50 a=b, c") && st.word_count == 6 &&
		       shell_word_is(st.words[2], "two  three") && shell_word_is(st.words[3], "4.50") &&
		       shell_word_is(st.words[4], "a=b,"),
	       "words are kept as written");
	report(fails_at("!caps", 0, "means nothing") && fails_at("12", 0, "command or a capability"),
	       "commands that are none");
}

static void test_run(void)
{
	report(parse("run hello") && st.kind == SHELL_RUN && shell_word_is(st.program, "hello") && !st.with,
	       "run hello");
	report(parse("run hello with { console }") && st.with && st.grant_count == 1 &&
		       shell_word_is(st.grants[0].capability, "console"),
	       "run hello with { console }");
	report(parse("run test-ipc with { timer, out: console } args [a \"b c\" 3, d] &") &&
		       st.grant_count == 2 && shell_word_is(st.grants[1].name, "out") &&
		       shell_word_is(st.grants[1].capability, "console") && st.word_count == 4 &&
		       shell_word_is(st.words[1], "b c") && shell_word_is(st.words[2], "3") && st.background,
	       "everything at once");
	report(parse("run x with {}") && st.with && st.grant_count == 0, "no grants at all");
	report(fails_at("run", 3, "program") && fails_at("run x with console", 11, "\"{\"") &&
		       fails_at("run x with { a b }", 15, "\",\" or \"}\"") &&
		       fails_at("run x with { a, a }", 16, "twice") &&
		       fails_at("run x args [ a", 14, "\"]\"") && fails_at("run x foo", 6, "with"),
	       "runs that are none");
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
	static const char alphabet[] = "aze_09.,:=()[]{}&|#\"\\ x-+e \t0x\"run let with args";
	char line[200];
	bool good = true;

	srand(11);
	for (int i = 0; i < 200000 && good; i++) {
		unsigned len = (unsigned)rand() % (sizeof(line) - 1);

		for (unsigned k = 0; k < len; k++)
			line[k] = rand() % 50 ? alphabet[(unsigned)rand() % (sizeof(alphabet) - 1)]
					      : (char)(1 + rand() % 255);
		line[len] = '\0';
		if (!parse(line))
			good = error.text[0] && error.at <= len &&
			       strnlen(error.text, sizeof(error.text)) < sizeof(error.text);
	}
	report(good, "200000 random lines: parsed, or refused with a place and a reason");
}

int main(void)
{
	test_numbers();
	test_text();
	test_expressions();
	test_commands();
	test_run();
	test_nearest();
	test_noise();
	printf("1..%d\n", test_number);
	return failures != 0;
}
