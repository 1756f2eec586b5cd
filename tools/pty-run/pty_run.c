// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * pty-run: plays a conversation with a command under a pseudo-terminal, for tests of the prompt.
 *
 *	pty-run -s SCRIPT -o RECORD [-t SECONDS] -- COMMAND...
 *
 * The script has one step a line; empty lines and lines that begin with # are skipped:
 *	expect TEXT	waits until TEXT appears behind the last match
 *	send TEXT	types TEXT
 *	wait MS		lets time pass
 *	timeout SECONDS	bounds each later expect (at first 10)
 *	size COLUMNS ROWS	changes the window size
 *	row N TEXT	waits until row N of the screen (from 1; negative: from the last one that has text) is TEXT
 *	shows TEXT	waits until some row of the screen contains TEXT
 *	hides TEXT	waits until none does
 *	cursor ROW COLUMN	waits until the cursor is there (from 1)
 *	bytes N		from now on, N bytes a second come and go: a slow line; 0: as fast as they can
 *	end		waits until the command has ended (implied at the end of the script)
 * TEXT runs to the end of the line; \n \r \t \b \e \\ \s (a space) and \xNN stand for bytes.  expect and RECORD use the
 * text without carriage returns and escape sequences; RECORD.raw has all bytes. What row, shows and cursor see is what a
 * terminal of that size would show (vt.h); it also answers the questions that terminals answer.
 * Exit status: the command's, 126 if an expectation was not met, 124 after -t SECONDS (120) in all.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "vt.h"

enum { EXIT_TIMEOUT = 124, EXIT_BROKEN = 125, EXIT_UNMET = 126, SCREEN_MAX = 1 << 22 };

enum escape_state { TEXT, ESCAPE, CONTROL_SEQUENCE, TITLE };

static char screen[SCREEN_MAX]; /* what was shown, without escape sequences */
static size_t screen_len;
static size_t matched; /* the next expectation looks from here */
static enum escape_state state;
static int terminal = -1;
static struct vt vt;
static long long bytes_a_second;
static bool ended;
static FILE *record, *record_raw;
static pid_t child;
static long long deadline; /* of the whole run, ms */

static long long now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

[[noreturn]] static void leave(int status, const char *why, const char *what)
{
	if (why)
		fprintf(stderr, "pty-run: %s%s%s\n", why, what ? ": " : "", what ? what : "");
	if (child > 0 && !ended)
		kill(child, SIGKILL);
	if (record)
		fclose(record);
	if (record_raw)
		fclose(record_raw);
	exit(status);
}

static void show(char c)
{
	if (c == '\r' || screen_len + 1 >= SCREEN_MAX)
		return;
	screen[screen_len++] = c;
	fputc(c, record);
}

/* Removes CSI (ESC [ ... final), OSC (ESC ] ... BEL) and two-byte escape sequences. */
static void take_byte(char c)
{
	switch (state) {
	case TEXT:
		if (c == 0x1b)
			state = ESCAPE;
		else
			show(c);
		break;
	case ESCAPE:
		state = c == '[' ? CONTROL_SEQUENCE : c == ']' ? TITLE : TEXT;
		break;
	case CONTROL_SEQUENCE:
		if (c >= 0x40 && c <= 0x7e)
			state = TEXT;
		break;
	case TITLE:
		if (c == 0x07)
			state = TEXT;
		break;
	}
}

/* Reads what arrives within `ms`. */
static void listen_for(long long ms)
{
	char bytes[4096];
	struct pollfd fd = {.fd = terminal, .events = POLLIN};

	if (now_ms() > deadline)
		leave(EXIT_TIMEOUT, "the run took too long", nullptr);
	if (ended || poll(&fd, 1, (int)ms) <= 0)
		return;
	size_t most = sizeof(bytes);
	if (bytes_a_second > 0) {
		most = (size_t)(bytes_a_second / 100 ? bytes_a_second / 100 : 1);
		usleep(10000);
	}
	ssize_t n = read(terminal, bytes, most < sizeof(bytes) ? most : sizeof(bytes));
	if (n <= 0) { /* EIO: the command has closed the terminal */
		ended = !(n < 0 && errno == EINTR);
		return;
	}
	fwrite(bytes, 1, (size_t)n, record_raw);
	for (ssize_t i = 0; i < n; i++) {
		take_byte(bytes[i]);
		vt_feed(&vt, bytes[i]);
		if (vt.reply_len > 0 && write(terminal, vt.reply, vt.reply_len) < 0)
			leave(EXIT_BROKEN, "cannot answer", strerror(errno));
		vt.reply_len = 0;
	}
	fflush(record);
}

static void expect(const char *text, size_t len, long long ms)
{
	long long until = now_ms() + ms;

	for (;;) {
		char *hit = len ? memmem(screen + matched, screen_len - matched, text, len)
				: screen + matched;
		if (hit) {
			matched = (size_t)(hit - screen) + len;
			return;
		}
		if (ended || now_ms() >= until)
			leave(EXIT_UNMET, ended ? "the command ended before" : "did not see", text);
		listen_for(50);
	}
}

static void type_text(const char *text, size_t len)
{
	while (len && !ended) {
		ssize_t n = write(terminal, text, bytes_a_second > 0 ? 1 : len);
		if (bytes_a_second > 0)
			usleep((useconds_t)(1000000 / bytes_a_second));
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		} else {
			listen_for(10);
		}
	}
}

/* Decodes escapes in place; returns the length. */
static size_t decode(char *text)
{
	static const char letters[] = "nrtbes\\", values[] = "\n\r\t\b\x1b \\";
	char *to = text;

	for (char *from = text; *from;) {
		const char *known = from[0] == '\\' && from[1] ? strchr(letters, from[1]) : nullptr;
		if (known) {
			*to++ = values[known - letters];
			from += 2;
		} else if (from[0] == '\\' && from[1] == 'x' && isxdigit(from[2]) && isxdigit(from[3])) {
			char digits[3] = {from[2], from[3], 0};
			*to++ = (char)strtol(digits, nullptr, 16);
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = 0;
	return (size_t)(to - text);
}

static void pass_time(long long ms)
{
	for (long long until = now_ms() + ms; now_ms() < until && !ended;)
		listen_for(10);
}

static void set_size(const char *text)
{
	struct winsize size = {};
	if (sscanf(text, "%hu %hu", &size.ws_col, &size.ws_row) != 2)
		leave(EXIT_BROKEN, "bad size", text);
	ioctl(terminal, TIOCSWINSZ, &size);
	vt_resize(&vt, size.ws_col, size.ws_row);
}

/* ---- What the screen shows ---- */

static bool some_row_has(const char *text)
{
	char row[VT_MAX_COLUMNS * 5];

	for (unsigned i = 0; i < vt.rows; i++) {
		vt_row(&vt, i, row, sizeof(row));
		if (strstr(row, text))
			return true;
	}
	return false;
}

static bool row_is(int number, const char *text)
{
	char row[VT_MAX_COLUMNS * 5];
	int index = number - 1;

	if (number < 0) {
		for (index = (int)vt.rows - 1; index >= 0; index--) {
			vt_row(&vt, (unsigned)index, row, sizeof(row));
			if (row[0] && ++number == 0)
				break;
		}
	}
	if (index < 0 || index >= (int)vt.rows)
		return false;
	vt_row(&vt, (unsigned)index, row, sizeof(row));
	return !strcmp(row, text);
}

static bool screen_agrees(const char *step, const char *text)
{
	unsigned row, column;
	int number, used = 0;

	if (!strcmp(step, "shows"))
		return some_row_has(text);
	if (!strcmp(step, "hides"))
		return !some_row_has(text);
	if (!strcmp(step, "cursor"))
		return sscanf(text, "%u %u", &row, &column) == 2 && vt.row + 1 == row &&
		       vt.column + 1 == column;
	/* One space parts the number from the row, which may begin with others. */
	return sscanf(text, "%d%n", &number, &used) == 1 && row_is(number, text + used + (text[used] == ' '));
}

static void print_screen(void)
{
	char row[VT_MAX_COLUMNS * 5];

	fprintf(stderr, "pty-run: the screen, cursor at %u %u:\n", vt.row + 1, vt.column + 1);
	for (unsigned i = 0; i < vt.rows; i++) {
		vt_row(&vt, i, row, sizeof(row));
		if (row[0])
			fprintf(stderr, "%3u|%s\n", i + 1, row);
	}
}

static void expect_screen(const char *step, const char *text, long long ms)
{
	for (long long until = now_ms() + ms; !screen_agrees(step, text);) {
		if (ended || now_ms() >= until) {
			print_screen();
			fprintf(stderr, "pty-run: not so: %s %s\n", step, text);
			leave(EXIT_UNMET, nullptr, nullptr);
		}
		listen_for(20);
	}
}

static void play(FILE *script)
{
	char line[4096];
	long long patience = 10000;

	while (fgets(line, sizeof(line), script)) {
		line[strcspn(line, "\n")] = 0;
		if (!line[0] || line[0] == '#')
			continue;
		char *text = strchr(line, ' ');
		if (text)
			*text++ = 0;
		else
			text = line + strlen(line);
		if (!strcmp(line, "expect")) {
			size_t len = decode(text);
			expect(text, len, patience);
		} else if (!strcmp(line, "send")) {
			size_t len = decode(text);
			type_text(text, len);
		} else if (!strcmp(line, "wait")) {
			pass_time(atoll(text));
		} else if (!strcmp(line, "timeout")) {
			patience = atoll(text) * 1000;
		} else if (!strcmp(line, "size")) {
			set_size(text);
		} else if (!strcmp(line, "row") || !strcmp(line, "shows") || !strcmp(line, "hides") ||
			   !strcmp(line, "cursor")) {
			(void)decode(text);
			expect_screen(line, text, patience);
		} else if (!strcmp(line, "bytes")) {
			bytes_a_second = atoll(text);
		} else if (strcmp(line, "end")) {
			leave(EXIT_BROKEN, "unknown step", line);
		}
	}
	while (!ended)
		listen_for(50);
}

int main(int argc, char **argv)
{
	const char *script_name = nullptr, *record_name = nullptr;
	struct winsize size = {.ws_col = 100, .ws_row = 30};
	char raw_name[4096];
	int option, status;

	deadline = now_ms() + 120000;
	while ((option = getopt(argc, argv, "+s:o:t:")) != -1) {
		if (option == 's')
			script_name = optarg;
		else if (option == 'o')
			record_name = optarg;
		else if (option == 't')
			deadline = now_ms() + atoll(optarg) * 1000;
		else
			return EXIT_BROKEN;
	}
	if (!script_name || !record_name || optind == argc)
		leave(EXIT_BROKEN, "usage: pty-run -s SCRIPT -o RECORD [-t SECONDS] -- COMMAND...", nullptr);
	FILE *script = fopen(script_name, "r");
	record = fopen(record_name, "w");
	snprintf(raw_name, sizeof(raw_name), "%s.raw", record_name);
	record_raw = fopen(raw_name, "w");
	if (!script || !record || !record_raw)
		leave(EXIT_BROKEN, "cannot open a file", strerror(errno));

	vt_init(&vt, size.ws_col, size.ws_row);
	child = forkpty(&terminal, nullptr, nullptr, &size);
	if (child < 0)
		leave(EXIT_BROKEN, "no pseudo-terminal", strerror(errno));
	if (child == 0) {
		execvp(argv[optind], argv + optind);
		perror(argv[optind]);
		_exit(EXIT_BROKEN);
	}
	fcntl(terminal, F_SETFL, O_NONBLOCK);
	play(script);
	waitpid(child, &status, 0);
	leave(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_BROKEN, nullptr, nullptr);
}
