// SPDX-License-Identifier: MIT OR Apache-2.0
/* The tables of descriptors and open descriptions (descriptor.h). */
#include "descriptor.h"
#include "inherit.h"
#include "position.h"
#include "process.h"
#include "signal.h"

#include <fcntl.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <runtime/thread.h>
#include <schema/service/pipe.capnp.h>
#include <sys/stat.h>

/*
 * Side by side, so that a clone copies one page for what opening and closing change. A bit for each that is not free: what was never used
 * is not looked at, and is not even there.
 */
static struct {
	struct spin_lock lock; /* all of it */
	uint64_t numbers_used[2], opens_used[2];
	struct {
		uint8_t open; /* index + 1; 0: free */
		bool close_on_exec;
	} numbers[POSIX_DESCRIPTORS];
	struct posix_open opens[POSIX_OPENS];
} table;

static_assert(POSIX_OPENS < UINT8_MAX && POSIX_OPENS > 64 && POSIX_OPENS <= 128);
static_assert(POSIX_DESCRIPTORS == 128);

[[gnu::cold, gnu::noinline]] RPC_ASIDE static void lock_slowly(void)
{
	spin_lock_acquire(&table.lock);
}

/* In line: most often nobody has it. */
[[gnu::always_inline]] static inline void lock_tables(void)
{
	if (__builtin_expect(__atomic_exchange_n(&table.lock.taken, 1, __ATOMIC_ACQUIRE), 0))
		lock_slowly();
}

[[gnu::always_inline]] static inline void unlock_tables(void)
{
	__atomic_store_n(&table.lock.taken, 0, __ATOMIC_RELEASE);
}

/* The lowest that is free; 128: none. */
[[gnu::always_inline]] static inline uint32_t lowest(const uint64_t used[2])
{
	if (__builtin_expect(~used[0] != 0, 1))
		return (uint32_t)__builtin_ctzll(~used[0]);
	return ~used[1] ? 64 + (uint32_t)__builtin_ctzll(~used[1]) : 128;
}

[[gnu::always_inline]] static inline void set_used(uint64_t used[2], uint32_t i)
{
	used[i / 64] |= 1ull << i % 64;
}

[[gnu::always_inline]] static inline void set_free(uint64_t used[2], uint32_t i)
{
	used[i / 64] &= ~(1ull << i % 64);
}

/* One behind the last that is used. */
static uint32_t end_of(const uint64_t used[2])
{
	return used[1]   ? 128 - (uint32_t)__builtin_clzll(used[1])
	       : used[0] ? 64 - (uint32_t)__builtin_clzll(used[0])
			 : 0;
}

struct posix_open *posix_open_new(const struct posix_kind *kind, cap_id cap, int flags)
{
	struct posix_open *found = nullptr;
	uint32_t i;

	lock_tables();
	i = lowest(table.opens_used);
	if (i < POSIX_OPENS) {
		found = &table.opens[i];
		set_used(table.opens_used, i);
		*found = (struct posix_open){.kind = kind, .references = 1, .flags = flags, .cap = cap};
	}
	unlock_tables();
	return found;
}

/* Locked. */
[[gnu::always_inline]] static inline long install_new(const struct posix_open *new, uint32_t i, uint32_t fd,
						      bool close_on_exec)
{
	table.opens[i] = *new;
	table.numbers[fd].open = (uint8_t)(i + 1);
	table.numbers[fd].close_on_exec = close_on_exec;
	unlock_tables();
	return fd;
}

/* Locked: the first word of a set is full. */
[[gnu::cold, gnu::noinline]] static long install_high(const struct posix_open *new, bool close_on_exec)
{
	uint32_t i = lowest(table.opens_used), fd = lowest(table.numbers_used);

	if (i >= POSIX_OPENS || fd >= POSIX_DESCRIPTORS) {
		unlock_tables();
		return i >= POSIX_OPENS ? -ENFILE : -EMFILE;
	}
	set_used(table.opens_used, i);
	set_used(table.numbers_used, fd);
	return install_new(new, i, fd, close_on_exec);
}

long posix_install_new(const struct posix_kind *kind, cap_id cap, int flags, uint64_t identity,
		       bool close_on_exec)
{
	const struct posix_open new = {
		.kind = kind, .references = 1, .flags = flags, .cap = cap, .identity = identity};

	lock_tables();

	uint64_t used = table.opens_used[0], taken = table.numbers_used[0];

	if (__builtin_expect(used == UINT64_MAX || taken == UINT64_MAX, 0))
		return install_high(&new, close_on_exec);
	table.opens_used[0] = used | (used + 1);
	table.numbers_used[0] = taken | (taken + 1);
	return install_new(&new, (uint32_t)__builtin_ctzll(~used), (uint32_t)__builtin_ctzll(~taken),
			   close_on_exec);
}

struct posix_open *posix_get(long fd)
{
	struct posix_open *found = nullptr;

	lock_tables();
	if (fd >= 0 && fd < POSIX_DESCRIPTORS && table.numbers[fd].open) {
		found = &table.opens[table.numbers[fd].open - 1];
		found->references++;
	}
	unlock_tables();
	return found;
}

struct posix_open *posix_find_file(uint64_t identity)
{
	struct posix_open *found = nullptr;

	lock_tables();
	for (uint32_t i = 0; i < POSIX_OPENS && !found; i++)
		if (table.opens[i].kind == &posix_file && table.opens[i].identity == identity &&
		    table.opens[i].references && !table.opens[i].slot)
			found = &table.opens[i];
	if (found)
		found->references++;
	unlock_tables();
	return found;
}

struct posix_open *posix_hold(struct posix_open *o)
{
	lock_tables();
	o->references++;
	unlock_tables();
	return o;
}

/* Nobody has it any more: gives up what it has, then its place. */
static void end_open(struct posix_open *o)
{
	posix_position_leave(o);
	if (o->kind->close)
		o->kind->close(o);
	if (!o->granted)
		ring_release(runtime_ring(), o->cap);
	lock_tables();
	o->kind = nullptr;
	set_free(table.opens_used, (uint32_t)(o - table.opens));
	unlock_tables();
}

void posix_put(struct posix_open *o)
{
	bool last;

	lock_tables();
	last = --o->references == 0;
	unlock_tables();
	if (last)
		end_open(o);
}

/* Locked. */
static void fill(uint32_t fd, const struct posix_open *o, bool close_on_exec)
{
	table.numbers[fd].open = (uint8_t)(o - table.opens + 1);
	table.numbers[fd].close_on_exec = close_on_exec;
	set_used(table.numbers_used, fd);
}

long posix_install(struct posix_open *o, uint32_t from, bool close_on_exec)
{
	long fd = -EMFILE;

	lock_tables();
	for (uint32_t i = from; i < POSIX_DESCRIPTORS && fd < 0; i++)
		if (!table.numbers[i].open)
			fd = i;
	if (fd >= 0)
		fill((uint32_t)fd, o, close_on_exec);
	unlock_tables();
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
	lock_tables();
	if (table.numbers[fd].open)
		old = &table.opens[table.numbers[fd].open - 1];
	fill((uint32_t)fd, o, close_on_exec);
	unlock_tables();
	if (old)
		posix_put(old);
	return fd;
}

struct posix_open *posix_remove(long fd)
{
	struct posix_open *old = nullptr;

	lock_tables();
	if (fd >= 0 && fd < POSIX_DESCRIPTORS && table.numbers[fd].open) {
		old = &table.opens[table.numbers[fd].open - 1];
		table.numbers[fd].open = 0;
		set_free(table.numbers_used, (uint32_t)fd);
	}
	unlock_tables();
	return old;
}

long posix_drop(struct ring_client *ring, long fd)
{
	lock_tables();
	if (__builtin_expect((unsigned long)fd >= POSIX_DESCRIPTORS || !table.numbers[fd].open, 0)) {
		unlock_tables();
		return -EBADF;
	}

	uint32_t i = table.numbers[fd].open - 1u;
	struct posix_open *o = &table.opens[i];
	bool last = --o->references == 0;

	table.numbers[fd].open = 0;
	set_free(table.numbers_used, (uint32_t)fd);
	/* What has nothing but its capability ends here. */
	if (__builtin_expect(last && !o->granted && !o->place && !o->slot, 1)) {
		cap_id cap = o->cap;

		o->kind = nullptr;
		set_free(table.opens_used, i);
		unlock_tables();
		/* As ring_release, in line: it goes with the next call. */
		ring_submit(
			ring,
			&(struct cap_sqe){.op = CAP_OP_RELEASE, .flags = CAP_SQE_QUIET, .target = cap.raw},
			nullptr);
		return 0;
	}
	unlock_tables();
	if (last)
		end_open(o);
	return 0;
}

long posix_close_on_exec(long fd, int set)
{
	long result = -EBADF;

	lock_tables();
	if (fd >= 0 && fd < POSIX_DESCRIPTORS && table.numbers[fd].open) {
		if (set >= 0)
			table.numbers[fd].close_on_exec = set != 0;
		result = table.numbers[fd].close_on_exec;
	}
	unlock_tables();
	return result;
}

static void each_open(void (*what)(struct posix_open *o))
{
	for (uint32_t word = 0; word < 2; word++)
		for (uint64_t left = table.opens_used[word]; left; left &= left - 1)
			what(&table.opens[word * 64 + (uint32_t)__builtin_ctzll(left)]);
}

static void share_position(struct posix_open *o)
{
	(void)posix_position_share(o);
}

void posix_share_positions(void)
{
	each_open(share_position);
}

void posix_unshare_positions(void)
{
	each_open(posix_position_leave);
}

void posix_descriptors_hold(bool hold)
{
	if (hold)
		lock_tables();
	else
		unlock_tables();
}

static void count_again(struct posix_open *o)
{
	uint8_t name = (uint8_t)(o - table.opens + 1);

	o->references = 0;
	for (uint32_t fd = 0; fd < POSIX_DESCRIPTORS; fd++)
		o->references += table.numbers[fd].open == name;
	/* Of the other kinds one without a number may not be complete yet; they keep nobody waiting. */
	if (o->references == 0 && (o->kind == &posix_file || o->kind->interface_id == PIPE_INTERFACE_ID))
		end_open(o);
}

void posix_descriptors_forked(void)
{
	each_open(count_again);
}

void posix_table_take(struct posix_table *to)
{
	to->ignored = posix_signals_ignored();
	to->blocked = posix_signals_blocked();
	to->pending = 0;
	lock_tables();
	to->count = end_of(table.numbers_used);
	for (uint32_t fd = 0; fd < to->count; fd++) {
		struct posix_open *o = table.numbers[fd].open ? &table.opens[table.numbers[fd].open - 1]
							      : nullptr;

		to->open[fd] = o;
		to->close_on_exec[fd] = table.numbers[fd].close_on_exec;
		if (o)
			o->references++;
	}
	unlock_tables();
}

void posix_table_drop(struct posix_table *to)
{
	for (uint32_t fd = 0; fd < to->count; fd++)
		if (to->open[fd])
			posix_put(to->open[fd]);
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
