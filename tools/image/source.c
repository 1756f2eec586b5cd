// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The image's source: evaluated by the stock capnp compiler, and looked at as text only to say at which line a
 * finding is.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "image_tool.h"

#define IMPORT_PATHS 8

static char *arguments[IMPORT_PATHS + 8] = {"capnp", "eval", "-I."};
static int argument_count = 3;

void source_import_path(const char *directory)
{
	size_t room = strlen(directory) + 3;

	if (argument_count == IMPORT_PATHS + 3)
		die("more than %d import paths", IMPORT_PATHS);
	arguments[argument_count] = allocate(room);
	snprintf(arguments[argument_count++], room, "-I%s", directory);
}

/* The flat message of the constant, from `capnp eval -I. -o flat PATH image`. */
static struct file evaluate(const char *path)
{
	int pipe_ends[2], status;
	struct file out = {.bytes = allocate(1 << 20)};
	ssize_t got;

	if (pipe(pipe_ends) < 0)
		die("cannot make a pipe");

	pid_t child = fork();

	if (child < 0)
		die("cannot fork");
	if (child == 0) {
		dup2(pipe_ends[1], STDOUT_FILENO);
		close(pipe_ends[0]);
		close(pipe_ends[1]);
		char *rest[] = {"-o", "flat", (char *)(uintptr_t)path, "image", nullptr};
		memcpy(arguments + argument_count, rest, sizeof(rest));
		execvp("capnp", arguments);
		_exit(127);
	}
	close(pipe_ends[1]);
	while ((got = read(pipe_ends[0], out.bytes + out.size, (1 << 20) - out.size)) > 0)
		out.size += (size_t)got;
	close(pipe_ends[0]);
	if (waitpid(child, &status, 0) < 0 || status != 0 || out.size == 0)
		exit(1); /* the compiler has said what is wrong, with its line */
	return out;
}

struct source *source_open(const char *path)
{
	struct source *s = allocate(sizeof(*s));

	s->path = path;
	if (!read_file(path, &s->text))
		die("cannot read %s", path);
	open_message(&s->reader, evaluate(path));
	s->image = image_reader_root(&s->reader);
	return s;
}

/* Where a quoted `name` begins at or behind `from`, or -1. */
static long find_quoted(const struct source *s, size_t from, struct msg_text name)
{
	const char *text = (const char *)s->text.bytes;

	if (name.len == 0)
		return -1;
	for (size_t at = from; at + name.len + 2 <= s->text.size; at++)
		if (text[at] == '"' && text[at + name.len + 1] == '"' &&
		    memcmp(text + at + 1, name.ptr, name.len) == 0)
			return (long)at;
	return -1;
}

/* The same where it stands behind `name =`. */
static long find_named(const struct source *s, size_t from, struct msg_text name)
{
	const char *text = (const char *)s->text.bytes;

	for (long at = find_quoted(s, from, name); at >= 0; at = find_quoted(s, (size_t)at + 1, name)) {
		long i = at - 1;

		while (i >= 0 && (text[i] == ' ' || text[i] == '=' || text[i] == '\t'))
			i--;
		if (i >= 3 && memcmp(text + i - 3, "name", 4) == 0)
			return at;
	}
	return -1;
}

unsigned source_line(const struct source *s, struct msg_text process, struct msg_text item)
{
	long process_at = find_named(s, 0, process);
	size_t from = process_at < 0 ? 0 : (size_t)process_at;
	long at = find_named(s, from, item);
	unsigned line = 1;

	if (at < 0)
		at = find_quoted(s, from, item);
	if (at < 0)
		at = process_at;
	for (long i = 0; i < at; i++)
		line += s->text.bytes[i] == '\n';
	return line;
}

void source_error(struct source *s, struct msg_text process, struct msg_text item, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s:%u: ", s->path, source_line(s, process, item));
	if (process.len)
		fprintf(stderr, "process \"%.*s\": ", (int)process.len, process.ptr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	s->errors++;
}
