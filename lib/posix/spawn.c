// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * posix_spawn: a program, with file actions carried out in their order on a copy of this process's descriptors. If one fails, so does
 * the call, and there is no child.
 */
#include "process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/types.h>

/* What musl's posix_spawn_file_actions_* record (its src/process/fdop.h): a list, the last one first. */
struct action {
	struct action *next, *prev;
	int kind, fd, source, flags;
	mode_t mode;
	char path[];
};

enum { CLOSE = 1, DUP2 = 2, OPEN = 3 };

static void put(struct posix_table *t, int fd, struct posix_open *o)
{
	for (; t->count <= (uint32_t)fd; t->count++)
		t->open[t->count] = nullptr;
	if (t->open[fd])
		posix_put(t->open[fd]);
	t->open[fd] = o;
	t->close_on_exec[fd] = false;
}

static bool is_number(int fd)
{
	return fd >= 0 && fd < (int)POSIX_DESCRIPTORS;
}

static long duplicate(struct posix_table *t, int from, int to)
{
	if (!is_number(from) || from >= (int)t->count || !t->open[from] || !is_number(to))
		return -EBADF;
	if (from == to)
		t->close_on_exec[to] = false;
	else
		put(t, to, posix_hold(t->open[from]));
	return 0;
}

/* Opened here, and moved into the table: this process's own numbers are as before. */
static long open_into(struct posix_table *t, const struct action *a)
{
	long fd = sys_openat(AT_FDCWD, (long)(uintptr_t)a->path, a->flags, (long)a->mode, 0, 0);

	if (fd < 0)
		return fd;
	put(t, a->fd, posix_remove(fd));
	return 0;
}

static long carry_out(struct posix_table *t, const struct action *a)
{
	if (!is_number(a->fd))
		return -EBADF;
	switch (a->kind) {
	case CLOSE:
		put(t, a->fd, nullptr);
		return 0;
	case DUP2:
		return duplicate(t, a->source, a->fd);
	case OPEN:
		return open_into(t, a);
	default:
		return -ENOSYS; /* changing directories */
	}
}

static long carry_out_all(struct posix_table *t, const posix_spawn_file_actions_t *actions)
{
	const struct action *a = actions ? actions->__actions : nullptr;
	long error = 0;

	while (a && a->next)
		a = a->next;
	for (; a && error == 0; a = a->prev)
		error = carry_out(t, a);
	return error;
}

static uint64_t first_word(const sigset_t *set)
{
	return set->__bits[0];
}

static void set_signals(struct posix_table *t, const posix_spawnattr_t *attributes)
{
	if (attributes && (attributes->__flags & POSIX_SPAWN_SETSIGMASK))
		t->blocked = first_word(&attributes->__mask);
	if (attributes && (attributes->__flags & POSIX_SPAWN_SETSIGDEF))
		t->ignored &= ~first_word(&attributes->__def);
}

static long spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
		  const posix_spawnattr_t *attributes, char *const arguments[], char *const environment[])
{
	__attribute__((uninitialized)) struct posix_table table; /* filled by posix_table_take */
	long number = 0, error;

	posix_table_take(&table);
	set_signals(&table, attributes);
	error = carry_out_all(&table, actions);
	if (error == 0 && attributes && attributes->__fn) /* posix_spawnp: musl's way of saying it */
		error = posix_search_program(path, arguments, environment, &table, &number);
	else if (error == 0)
		error = posix_start_program(path, arguments, environment, &table, &number);
	posix_table_drop(&table);
	if (error == 0 && pid)
		*pid = (pid_t)number;
	return error;
}

int posix_spawn(pid_t *restrict pid, const char *restrict path,
		const posix_spawn_file_actions_t *restrict actions,
		const posix_spawnattr_t *restrict attributes, char *const arguments[restrict],
		char *const environment[restrict])
{
	long error;

	posix_enter();
	error = posix_leave(spawn(pid, path, actions, attributes, arguments, environment));
	return (int)-error;
}
