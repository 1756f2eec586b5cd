// SPDX-License-Identifier: MIT OR Apache-2.0
/* The tables of descriptors and open descriptions (descriptor.h). */
#include "descriptor.h"
#include "inherit.h"
#include "position.h"
#include "signal.h"

#include <fcntl.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <runtime/thread.h>
#include <sys/stat.h>

static struct spin_lock lock; /* both tables */
static struct posix_open opens[POSIX_OPENS];
static struct {
	uint8_t open; /* index + 1; 0: free */
	bool close_on_exec;
} numbers[POSIX_DESCRIPTORS];

/* lock; from here on all are free. What was never used is not looked at: it is not even there. */
static uint32_t numbers_end, opens_end;

static_assert(POSIX_OPENS < UINT8_MAX);

struct posix_open *posix_open_new(const struct posix_kind *kind, cap_id cap, int flags)
{
	struct posix_open *found = nullptr;

	spin_lock_acquire(&lock);
	for (uint32_t i = 0; i < POSIX_OPENS && !found; i++)
		if (!opens[i].kind)
			found = &opens[i];
	if (found) {
		*found = (struct posix_open){.kind = kind, .references = 1, .flags = flags, .cap = cap};
		if (found >= opens + opens_end)
			opens_end = (uint32_t)(found - opens) + 1;
	}
	spin_lock_release(&lock);
	return found;
}

struct posix_open *posix_get(long fd)
{
	struct posix_open *found = nullptr;

	spin_lock_acquire(&lock);
	if (fd >= 0 && fd < POSIX_DESCRIPTORS && numbers[fd].open) {
		found = &opens[numbers[fd].open - 1];
		found->references++;
	}
	spin_lock_release(&lock);
	return found;
}

struct posix_open *posix_hold(struct posix_open *o)
{
	spin_lock_acquire(&lock);
	o->references++;
	spin_lock_release(&lock);
	return o;
}

void posix_put(struct posix_open *o)
{
	bool last;

	spin_lock_acquire(&lock);
	last = --o->references == 0;
	spin_lock_release(&lock);
	if (!last)
		return;
	posix_position_leave(o);
	if (o->kind->close)
		o->kind->close(o);
	if (!o->granted)
		ring_release(runtime_ring(), o->cap);
	__atomic_store_n(&o->kind, nullptr, __ATOMIC_RELEASE);
}

/* Locked. */
static void fill(long fd, const struct posix_open *o, bool close_on_exec)
{
	numbers[fd].open = (uint8_t)(o - opens + 1);
	numbers[fd].close_on_exec = close_on_exec;
	if (fd >= (long)numbers_end)
		numbers_end = (uint32_t)fd + 1;
}

long posix_install(struct posix_open *o, uint32_t from, bool close_on_exec)
{
	long fd = -EMFILE;

	spin_lock_acquire(&lock);
	for (uint32_t i = from; i < POSIX_DESCRIPTORS && fd < 0; i++)
		if (!numbers[i].open)
			fd = i;
	if (fd >= 0)
		fill(fd, o, close_on_exec);
	spin_lock_release(&lock);
	if (fd < 0)
		posix_put(o);
	return fd;
}

long posix_install_at(struct posix_open *o, long fd, bool close_on_exec)
{
	struct posix_open *old = nullptr;

	if (fd < 0 || fd >= POSIX_DESCRIPTORS) {
		posix_put(o);
		return -EBADF;
	}
	spin_lock_acquire(&lock);
	if (numbers[fd].open)
		old = &opens[numbers[fd].open - 1];
	fill(fd, o, close_on_exec);
	spin_lock_release(&lock);
	if (old)
		posix_put(old);
	return fd;
}

struct posix_open *posix_remove(long fd)
{
	struct posix_open *old = nullptr;

	spin_lock_acquire(&lock);
	if (fd >= 0 && fd < POSIX_DESCRIPTORS && numbers[fd].open) {
		old = &opens[numbers[fd].open - 1];
		numbers[fd].open = 0;
		numbers[fd].close_on_exec = false;
	}
	spin_lock_release(&lock);
	return old;
}

long posix_close_on_exec(long fd, int set)
{
	long result = -EBADF;

	spin_lock_acquire(&lock);
	if (fd >= 0 && fd < POSIX_DESCRIPTORS && numbers[fd].open) {
		if (set >= 0)
			numbers[fd].close_on_exec = set != 0;
		result = numbers[fd].close_on_exec;
	}
	spin_lock_release(&lock);
	return result;
}

void posix_share_positions(void)
{
	for (uint32_t i = 0; i < opens_end; i++)
		if (opens[i].kind)
			(void)posix_position_share(&opens[i]);
}

void posix_unshare_positions(void)
{
	for (uint32_t i = 0; i < opens_end; i++)
		if (opens[i].kind)
			posix_position_leave(&opens[i]);
}

void posix_table_take(struct posix_table *table)
{
	table->ignored = posix_signals_ignored();
	table->blocked = posix_signals_blocked();
	table->pending = 0;
	spin_lock_acquire(&lock);
	for (uint32_t fd = 0; fd < numbers_end; fd++) {
		struct posix_open *o = numbers[fd].open ? &opens[numbers[fd].open - 1] : nullptr;

		table->open[fd] = o;
		table->close_on_exec[fd] = numbers[fd].close_on_exec;
		if (o)
			o->references++;
	}
	table->count = numbers_end;
	spin_lock_release(&lock);
}

void posix_table_drop(struct posix_table *table)
{
	for (uint32_t fd = 0; fd < table->count; fd++)
		if (table->open[fd])
			posix_put(table->open[fd]);
}

POSIX_CALL(fstat)
{
	struct posix_open *o = posix_get(a);
	struct stat *to = POSIX_POINTER(b);
	long result;

	if (!o)
		return -EBADF;
	*to = (struct stat){};
	result = o->kind->stat ? o->kind->stat(o, to) : 0;
	posix_put(o);
	return result;
}

POSIX_CALL(close)
{
	struct posix_open *o = posix_remove(a);

	if (!o)
		return -EBADF;
	posix_put(o);
	return 0;
}

static long duplicate(long fd, uint32_t from, bool close_on_exec)
{
	struct posix_open *o = posix_get(fd);

	return o ? posix_install(o, from, close_on_exec) : -EBADF;
}

POSIX_CALL(dup)
{
	return duplicate(a, 0, false);
}

static long duplicate_at(long from, long to, bool close_on_exec)
{
	struct posix_open *o = posix_get(from);

	return o ? posix_install_at(o, to, close_on_exec) : -EBADF;
}

POSIX_CALL(dup2)
{
	if (a == b)
		return posix_close_on_exec(a, -1) < 0 ? -EBADF : a;
	return duplicate_at(a, b, false);
}

POSIX_CALL(dup3)
{
	if (a == b || (c & ~(long)O_CLOEXEC) != 0)
		return -EINVAL;
	return duplicate_at(a, b, (c & O_CLOEXEC) != 0);
}

/* F_GETFL and F_SETFL; the others concern the number alone. */
static long status_flags(long fd, bool set, int flags)
{
	const int changeable = O_APPEND | O_NONBLOCK;
	struct posix_open *o = posix_get(fd);
	long result = 0;

	if (!o)
		return -EBADF;
	if (set)
		o->flags = (o->flags & ~changeable) | (flags & changeable);
	else
		result = o->flags | O_LARGEFILE;
	posix_put(o);
	return result;
}

POSIX_CALL(fcntl)
{
	switch (b) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		if (c < 0 || c >= POSIX_DESCRIPTORS)
			return -EINVAL;
		return duplicate(a, (uint32_t)c, b == F_DUPFD_CLOEXEC);
	case F_GETFD:
		return posix_close_on_exec(a, -1);
	case F_SETFD: {
		long result = posix_close_on_exec(a, (c & FD_CLOEXEC) != 0);

		return result < 0 ? result : 0;
	}
	case F_GETFL:
	case F_SETFL:
		return status_flags(a, b == F_SETFL, (int)c);
	case F_GETLK: /* no other process has a lock: files are shared as they were opened (FileSharing) */
		((struct flock *)POSIX_POINTER(c))->l_type = F_UNLCK;
		return posix_close_on_exec(a, -1) < 0 ? -EBADF : 0;
	case F_SETLK:
	case F_SETLKW:
		return posix_close_on_exec(a, -1) < 0 ? -EBADF : 0;
	default:
		return -EINVAL;
	}
}
