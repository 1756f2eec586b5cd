// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The line editor in front of a small terminal emulator: after every key, what the screen shows must be the
 * prompt and the text, and the cursor must stand where the editor thinks it is.
 */
#include <line/line.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 64, MAX_COLUMNS = 80 };

struct screen {
	char cells[ROWS][MAX_COLUMNS]; /* the first byte of each character */
	unsigned columns, row, column;
	bool pending; /* the last column is full; the next character wraps */
	unsigned bells;
	int escape; /* 0: none, 1: after ESC, 2: after ESC [ */
	unsigned number;
};

static struct screen screen;
static struct line_editor editor;
static int test_number, failures;

static void report(bool good, const char *what)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++test_number, what);
	failures += !good;
}

static void newline(void)
{
	screen.pending = false;
	if (screen.row + 1 < ROWS) {
		screen.row++;
		return;
	}
	memmove(screen.cells[0], screen.cells[1], sizeof(screen.cells) - sizeof(screen.cells[0]));
	memset(screen.cells[ROWS - 1], ' ', MAX_COLUMNS);
}

static void final_byte(char c)
{
	unsigned n = screen.number ? screen.number : 1;

	screen.pending = false;
	if (c == 'A')
		screen.row -= n < screen.row ? n : screen.row;
	else if (c == 'C')
		screen.column = screen.column + n < screen.columns ? screen.column + n : screen.columns - 1;
	else if (c == 'H')
		screen.row = screen.column = 0;
	else if (c == 'J' && screen.number == 2)
		memset(screen.cells, ' ', sizeof(screen.cells));
	else if (c == 'J')
		for (unsigned i = screen.row * MAX_COLUMNS + screen.column; i < ROWS * MAX_COLUMNS; i++)
			screen.cells[i / MAX_COLUMNS][i % MAX_COLUMNS] = ' ';
	else
		abort();
	screen.escape = 0;
}

static void show(char c)
{
	if (screen.escape == 1) {
		if (c != '[')
			abort();
		screen.escape = 2;
		screen.number = 0;
	} else if (screen.escape == 2 && c >= '0' && c <= '9') {
		screen.number = screen.number * 10 + (unsigned)(c - '0');
	} else if (screen.escape == 2) {
		final_byte(c);
	} else if (c == '\x1b') {
		screen.escape = 1;
	} else if (c == '\r') {
		screen.column = 0;
		screen.pending = false;
	} else if (c == '\n') {
		newline();
	} else if (c == '\b') {
		screen.column -= screen.column > 0;
		screen.pending = false;
	} else if (c == '\a') {
		screen.bells++;
	} else if (((unsigned char)c & 0xc0) != 0x80) {
		if (screen.pending) {
			newline();
			screen.column = 0;
		}
		screen.cells[screen.row][screen.column] = c;
		screen.pending = screen.column + 1 == screen.columns;
		screen.column += !screen.pending;
	}
}

static void write_screen(void *self, const char *bytes, size_t len)
{
	(void)self;
	for (size_t i = 0; i < len; i++)
		show(bytes[i]);
}

static void start(unsigned columns)
{
	memset(&screen, 0, sizeof(screen));
	memset(screen.cells, ' ', sizeof(screen.cells));
	screen.columns = columns;
	line_init(&editor, (struct line_output){write_screen, nullptr}, columns);
	line_begin(&editor, "> ", 2, 0, true);
}

static enum line_event type_bytes(const char *bytes, size_t len)
{
	enum line_event event = LINE_MORE;

	for (size_t i = 0; i < len && event == LINE_MORE; i++)
		event = line_feed(&editor, (uint8_t)bytes[i]);
	return event;
}

static enum line_event type(const char *text)
{
	return type_bytes(text, strlen(text));
}

static bool text_is(const char *expected)
{
	return editor.len == strlen(expected) && memcmp(editor.text, expected, editor.len) == 0;
}

static bool line_becomes(const char *keys, const char *expected)
{
	return type(keys) == LINE_READY && text_is(expected);
}

/* The screen around the cursor against prompt and text; the prompt's row is found from the cursor. */
static bool screen_agrees(void)
{
	char want[LINE_PROMPT_MAX + LINE_MAX];
	unsigned n = 0, cursor = 0;

	char prompt[LINE_PROMPT_MAX];
	int prompt_len = editor.searching ? snprintf(prompt, sizeof(prompt), "(%s `%.*s') ",
						     editor.not_found ? "not found" : "search",
						     (int)editor.query_len, editor.query)
					  : snprintf(prompt, sizeof(prompt), "%.*s", (int)editor.prompt_len,
						     editor.prompt);
	for (int i = 0; i < prompt_len; i++)
		if (((unsigned char)prompt[i] & 0xc0) != 0x80)
			want[n++] = prompt[i];
	for (unsigned i = 0; i < editor.len; i++) {
		if (i == editor.cursor)
			cursor = n;
		if (((unsigned char)editor.text[i] & 0xc0) != 0x80)
			want[n++] = editor.text[i];
	}
	if (editor.cursor == editor.len)
		cursor = n;

	unsigned at = screen.row * screen.columns + screen.column + screen.pending;
	if (at < cursor)
		return false;
	for (unsigned i = 0, p = at - cursor; i < n; i++, p++)
		if (screen.cells[p / screen.columns][p % screen.columns] != want[i])
			return false;
	unsigned behind = at - cursor + n;
	return behind / screen.columns >= ROWS ||
	       screen.cells[behind / screen.columns][behind % screen.columns] == ' ';
}

static void test_keys(void)
{
	start(80);
	report(line_becomes("caps\r", "caps") && screen.cells[0][2] == 'c', "a line is echoed and returned");
	line_begin(&editor, "> ", 2, 0, true);
	report(type("\n") == LINE_MORE, "the line feed after a return is not another line");
	report(line_becomes("ab\x7f"
			    "c\n",
			    "ac"),
	       "backspace");
	line_begin(&editor, "> ", 2, 0, true);
	report(line_becomes("acd\x1b[D\x1b[Db\x1b[C\x1b[C\x1b[Ce\r", "abcde"), "arrows, also past the end");
	line_begin(&editor, "> ", 2, 0, true);
	report(line_becomes("bc\x01"
			    "a\x05"
			    "d\r",
			    "abcd"),
	       "Ctrl-A and Ctrl-E");
	line_begin(&editor, "> ", 2, 0, true);
	report(line_becomes("bc\x1b[Ha\x1b[Fd\x1bOHx\x1b[1~y\x1b[4~z\r", "yxabcdz"),
	       "Home and End, in three spellings");
	line_begin(&editor, "> ", 2, 0, true);
	report(line_becomes("one two\x17"
			    "three\r",
			    "one three"),
	       "Ctrl-W");
	line_begin(&editor, "> ", 2, 0, true);
	report(line_becomes("wrong\x15right\r", "right"), "Ctrl-U");
	line_begin(&editor, "> ", 2, 0, true);
	report(line_becomes("ab cd\x01\x0b\x19\x19\r", "ab cdab cd"), "Ctrl-K and Ctrl-Y");
	line_begin(&editor, "> ", 2, 0, true);
	report(line_becomes("abc\x01\x1b[3~\x04\r", "c"), "Delete and Ctrl-D inside a line");
	line_begin(&editor, "> ", 2, 0, true);
	report(line_becomes("one two\x1b[1;5D\x1b[1;5DX\x1b"
			    "fY\r",
			    "XoneY two"),
	       "word moves");
	line_begin(&editor, "> ", 2, 0, true);
	report(line_becomes("a\x1b[200~b\x1b[99;99;99zc\x1bOQ\x1b[I\x01\x7f\r", "abc"),
	       "unknown sequences are swallowed");
}

static void test_ends(void)
{
	start(80);
	report(type("\x04") == LINE_ENDED && editor.len == 0, "Ctrl-D on an empty line ends the input");
	line_begin(&editor, "> ", 2, 0, true);
	report(type("junk\x03") == LINE_DROPPED && editor.len == 0, "Ctrl-C drops the line");
	report(memcmp(screen.cells[1], "> junk^C", 8) == 0, "and says so");
}

static void test_history(void)
{
	start(80);
	type("first\r");
	line_begin(&editor, "> ", 2, 0, true);
	type("second\r");
	line_begin(&editor, "> ", 2, 0, true);
	report(line_becomes("\x1b[A\x1b[A\r", "first"), "up twice");
	line_begin(&editor, "> ", 2, 0, true);
	report(line_becomes("new\x1b[A\x1b[A\x1b[B\x1b[B!\r", "new!"), "down again brings the new line back");
	line_begin(&editor, "> ", 2, 0, false);
	type("secret\r");
	line_begin(&editor, "> ", 2, 0, true);
	report(line_becomes("\x10\r", "new!"), "a line that is not to be remembered is not");
	unsigned bells = screen.bells;
	line_begin(&editor, "> ", 2, 0, true);
	type("\x10\x10\x10\x10\x10\x10\x10\x10");
	report(screen.bells > bells && text_is("first"), "above the oldest there is only the bell");
	for (int i = 0; i < 2000; i++) {
		char keys[64];

		snprintf(keys, sizeof(keys), "\x15number %d, with something behind it\r", i);
		type(keys);
		line_begin(&editor, "> ", 2, 0, true);
	}
	report(line_becomes("\x10\x10\r", "number 1998, with something behind it"), "old lines make room");
}

static void again(void)
{
	line_begin(&editor, "> ", 2, 0, true);
}

static void test_search(void)
{
	start(80);
	type("timer.now\r");
	again();
	type("caps\r");
	again();
	type("timer.sleep ns=1\r");
	again();
	type("half\x12ti");
	report(text_is("timer.sleep ns=1") && memcmp(screen.cells[3], "(search `ti') timer.sleep", 25) == 0,
	       "Ctrl-R finds the newest line with what is typed");
	report(type("\x12") == LINE_MORE && text_is("timer.now"), "again: an older one");
	report(type("x") == LINE_MORE && text_is("timer.now") && editor.not_found && screen.bells == 1 &&
		       memcmp(screen.cells[3], "(not found `tix') ", 18) == 0,
	       "what is not there rings the bell, and says so");
	report(type("\x7f") == LINE_MORE && !editor.not_found && text_is("timer.sleep ns=1"),
	       "Backspace looks for less, from the newest on");
	report(type("\x07") == LINE_MORE && text_is("half") && memcmp(screen.cells[3], "> half  ", 8) == 0,
	       "Ctrl-G gives the line back");
	report(type("\x12now\x05!") == LINE_MORE && text_is("timer.now!") && screen_agrees(),
	       "another key goes on with what was found");
	type("\x15\x12"
	     "cap");
	report(type("\r") == LINE_READY && text_is("caps"), "Enter takes it");
}

static void test_completion(void)
{
	start(20);
	editor.completes = true;
	report(type("sys") == LINE_MORE && type("\t") == LINE_TAB && text_is("sys"), "Tab is an event");
	line_set(&editor, "systemInfo.", 11, 11);
	report(text_is("systemInfo.") && screen_agrees(), "the completed word is shown");
	line_set(&editor, "systemInfo.get and more than a row", 34, 14);
	report(editor.cursor == 14 && screen_agrees(), "any text, any place of the cursor");
	line_set(&editor, "", 0, 0);
	report(text_is("") && screen_agrees(), "and none");
	start(20);
	report(type("a\tb\r") == LINE_READY && text_is("a b"), "nobody completes: Tab is a space");
}

static void test_hidden(void)
{
	start(80);
	editor.hidden = true;
	report(type("secretx\x7f\r") == LINE_READY && text_is("secret") &&
		       memcmp(screen.cells[0], ">       ", 8) == 0,
	       "a hidden line is not shown");
	editor.hidden = false;
	again();
	report(type("\x10\r") == LINE_READY && text_is(""), "nor remembered");
}

static void test_words(void)
{
	start(80);
	report(line_becomes("one two\x1b\x7fthree\x1b[1;3D\x1b"
			    "d4\r",
			    "one 4"),
	       "Alt-Backspace, Alt-D, Alt-arrows");
	again();
	report(line_becomes("ab\x1b[15~\x1b[Zc\x1b\x1b[D-\r", "ab-c"), "keys without a meaning do nothing");
}

static void test_resize(void)
{
	start(40);
	type("a line that takes up more than one row of them");
	line_hide(&editor);
	memset(screen.cells, ' ', sizeof(screen.cells));
	screen.columns = 60;
	line_resize(&editor, 60);
	line_show(&editor);
	report(screen_agrees(), "a line after the window has changed");
}

static void test_utf8(void)
{
	start(80);
	report(line_becomes("h\xc3\xa9llo\x1b[D\x1b[D\x1b[D\x7f"
			    "e\r",
			    "hello"),
	       "a character of two bytes is one");
	line_begin(&editor, "> ", 2, 0, true);
	report(line_becomes("a\xff"
			    "b\xe2\x82"
			    "c\xed\xa0\x80\r",
			    "a\xef\xbf\xbd"
			    "b\xef\xbf\xbd"
			    "c\xef\xbf\xbd"),
	       "what is not UTF-8 is replaced");
	line_begin(&editor, "> ", 2, 0, true);
	report(line_becomes("\xe4\xb8\x96\xf0\x9f\x98\x80\r", "\xe4\xb8\x96\xf0\x9f\x98\x80"),
	       "three and four bytes pass");
}

static void test_limits(void)
{
	start(80);
	for (unsigned i = 0; i < LINE_MAX + 10; i++)
		type("x");
	report(editor.len == LINE_MAX && screen.bells == 10, "a full line rings the bell");
	type("\x01\x0b\x19\x19");
	report(editor.len == LINE_MAX && screen.bells == 11, "so does a yank that does not fit");
}

static void test_hide(void)
{
	start(20);
	type("a line that is longer than twenty columns\x1b[D\x1b[D");
	line_hide(&editor);
	write_screen(nullptr, "output of somebody\r\n", 20);
	line_show(&editor);
	report(screen_agrees() && memcmp(screen.cells[0], "output of somebody", 18) == 0,
	       "output goes above the open line");
}

static void test_shown_before(void)
{
	start(80);
	type("\r");
	write_screen(nullptr, "Name: ", 6);
	line_begin(&editor, "Name: ", 6, 6, false);
	type("abc\x1b[D\x7f");
	report(screen_agrees() && text_is("ac") && memcmp(screen.cells[1], "Name: ac ", 9) == 0,
	       "a prompt that somebody else wrote stays");
}

/* Random keys, with a seed that never changes. */
static void test_random(unsigned columns)
{
	static const char *const keys[] = {
		"a",
		"b",
		" ",
		"long word ",
		"\xc3\xa9",
		"\x7f",
		"\x7f",
		"\x01",
		"\x05",
		"\x02",
		"\x06",
		"\x1b[D",
		"\x1b[C",
		"\x1b[A",
		"\x1b[B",
		"\x17",
		"\x0b",
		"\x15",
		"\x19",
		"\x1b[3~",
		"\x1b"
		"b",
		"\x1b"
		"f",
		"\x0c",
		"\x12",
		"\x07",
		"\x1b\x7f",
		"word",
		"0123456789",
	};
	char what[64];
	bool good = true;

	start(columns);
	srand(columns);
	for (int i = 0; i < 20000 && good; i++) {
		enum line_event event;

		/* Erasing cannot bring back what scrolled off a short screen. */
		if (editor.len > columns * 8)
			type("\x15\x0b");
		if (rand() % 40 == 0) {
			event = type("\r");
			line_begin(&editor, "> ", 2, 0, true);
		} else {
			event = type(keys[(unsigned)rand() % (sizeof(keys) / sizeof(keys[0]))]);
		}
		good = event != LINE_ENDED && screen_agrees();
		if (!good)
			printf("# key %d: cursor %u of %u, screen %u,%u\n", i, editor.cursor, editor.len,
			       screen.row, screen.column);
	}
	snprintf(what, sizeof(what), "20000 random keys at %u columns", columns);
	report(good, what);
}

/* Random bytes: whatever they are, the text stays UTF-8 and within its bounds. */
static void test_noise(void)
{
	bool good = true;

	start(80);
	srand(7);
	for (int i = 0; i < 200000 && good; i++) {
		if (line_feed(&editor, (uint8_t)rand()) != LINE_MORE)
			line_begin(&editor, "> ", 2, 0, true);
		screen.escape = 0;
		good = editor.cursor <= editor.len && editor.len <= LINE_MAX &&
		       (editor.cursor == editor.len || ((uint8_t)editor.text[editor.cursor] & 0xc0) != 0x80);
	}
	report(good, "200000 random bytes do no harm");
}

int main(void)
{
	test_keys();
	test_ends();
	test_history();
	test_search();
	test_completion();
	test_hidden();
	test_words();
	test_resize();
	test_utf8();
	test_limits();
	test_hide();
	test_shown_before();
	test_random(80);
	test_random(20);
	test_random(9);
	test_noise();
	printf("1..%d\n", test_number);
	return failures != 0;
}
