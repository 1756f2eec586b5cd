// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * poll, select and their relatives: one wait for many descriptors.
 *
 * What can wait (a pipe's end, a terminal) is asked by a call of its own whether it would; the answer comes at once, or once it is so. So
 * first all are asked for what is so now; if nothing is, all are asked to say when it is, and the first answer ends the wait: the
 * other questions are taken back, and it is looked again. What has no such question (files, devices) never waits.
 */
#include "poll.h"
#include "descriptor.h"
#include "signal.h"

#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <sys/select.h>
#include <time.h>

#define QUESTIONS 24u /* at a time: what the arena of a default ring has room for */
#define SECOND 1'000'000'000ull

struct question {
	struct rpc_call call;
	struct posix_open *o;
	struct pollfd *about;
};

struct round {
	struct question questions[QUESTIONS];
	uint32_t count;
	long ready; /* descriptors with something to say */
};

static const short readable = POLLIN | POLLRDNORM, writable = POLLOUT | POLLWRNORM;

static void say(struct round *r, struct pollfd *p, short what)
{
	what &= p->events | POLLERR | POLLHUP | POLLNVAL;
	if (what && !p->revents)
		r->ready++;
	p->revents |= what;
}

/* All questions are over. */
static void settle(struct round *r)
{
	for (uint32_t i = 0; i < r->count; i++) {
		struct question *q = &r->questions[i];

		if (q->call.done)
			say(r, q->about, q->o->kind->told(q->o, &q->call));
		rpc_end(&q->call);
		posix_put(q->o);
	}
	r->count = 0;
}

static void settle_answered(struct round *r)
{
	for (uint32_t i = 0; i < r->count; i++)
		(void)rpc_wait(&r->questions[i].call);
	settle(r);
}

/* False: there are too many questions for one wait. */
static bool ask(struct round *r, struct posix_open *o, struct pollfd *p, bool wait)
{
	struct question *q;

	if (r->count == QUESTIONS) {
		if (wait)
			return false;
		settle_answered(r);
	}
	q = &r->questions[r->count++];
	q->o = posix_hold(o);
	q->about = p;
	o->kind->ask(o, &q->call, p->events, wait);
	return true;
}

static bool ask_all(struct round *r, struct pollfd *fds, unsigned long count, bool wait)
{
	bool fits = true;

	for (unsigned long i = 0; i < count && fits; i++) {
		struct pollfd *p = &fds[i];
		struct posix_open *o = p->fd < 0 ? nullptr : posix_get(p->fd);

		p->revents = 0;
		if (p->fd < 0)
			continue;
		if (!o) {
			say(r, p, POLLNVAL);
			continue;
		}
		if (!o->kind->ask || o->kind->writes_at_once)
			say(r, p, o->kind->ask ? writable : readable | writable);
		if (o->kind->ask && (!o->kind->writes_at_once || (p->events & readable)))
			fits = ask(r, o, p, wait);
		posix_put(o);
	}
	return fits;
}

static bool is_answered(const struct round *r)
{
	for (uint32_t i = 0; i < r->count; i++)
		if (r->questions[i].call.done)
			return true;
	return false;
}

/* Until something is so, the deadline (0: none) has passed, or a signal was handled. */
static long wait_for_any(struct round *r, uint64_t deadline)
{
	long result = 0;

	ring_flush(runtime_ring());
	while (!is_answered(r) && result == 0) {
		if (deadline && runtime_now() >= deadline)
			break;
		if (posix_signal_waits())
			result = -EINTR;
		else
			posix_idle(deadline);
	}
	settle(r);
	return result;
}

/* deadline: 0: at once; UINT64_MAX: none. */
static long wait_until(struct pollfd *fds, unsigned long count, uint64_t deadline)
{
	__attribute__((uninitialized)) struct round r;
	long error = 0;

	for (;;) {
		r.count = 0;
		r.ready = 0;
		(void)ask_all(&r, fds, count, false);
		settle_answered(&r);
		if (r.ready || deadline == 0 || (deadline != UINT64_MAX && runtime_now() >= deadline))
			return r.ready;
		if (!ask_all(&r, fds, count, true))
			error = -EINVAL;
		if (error == 0)
			error = wait_for_any(&r, deadline == UINT64_MAX ? 0 : deadline);
		else
			settle(&r);
		if (error)
			return error;
	}
}

/* false: nobody granted time. */
static bool deadline_of(const struct timespec *timeout, uint64_t *deadline)
{
	*deadline = UINT64_MAX;
	if (!timeout)
		return true;
	*deadline = 0;
	if (timeout->tv_sec == 0 && timeout->tv_nsec == 0)
		return true;
	*deadline = runtime_now() + (uint64_t)timeout->tv_sec * SECOND + (uint64_t)timeout->tv_nsec;
	return posix_has_timer("poll");
}

/* mask: signals that are blocked meanwhile; null: those that are. */
static long poll_for(struct pollfd *fds, unsigned long count, const struct timespec *timeout,
		     const uint64_t *mask)
{
	uint64_t deadline;

	if (count > POSIX_DESCRIPTORS ||
	    (timeout && (timeout->tv_sec < 0 || timeout->tv_nsec < 0 || timeout->tv_nsec >= (long)SECOND)))
		return -EINVAL;
	if (!deadline_of(timeout, &deadline))
		return -EPERM;
	if (mask)
		posix_signal_mask_meanwhile(*mask);
	return posix_signal_waits() ? -EINTR : wait_until(fds, count, deadline);
}

POSIX_CALL(poll)
{
	struct timespec timeout = {c / 1000, c % 1000 * 1'000'000};

	return poll_for(POSIX_POINTER(a), (unsigned long)b, (int)c < 0 ? nullptr : &timeout, nullptr);
}

POSIX_CALL(ppoll)
{
	return poll_for(POSIX_POINTER(a), (unsigned long)b, POSIX_POINTER(c), POSIX_POINTER(d));
}

/* ---- select ---- */

static bool is_in(const fd_set *set, int fd)
{
	return set && FD_ISSET(fd, set);
}

static uint32_t from_sets(struct pollfd *fds, int count, fd_set *const sets[3])
{
	uint32_t used = 0;

	for (int fd = 0; fd < count; fd++) {
		short events = (short)((is_in(sets[0], fd) ? POLLIN : 0) |
				       (is_in(sets[1], fd) ? POLLOUT : 0) |
				       (is_in(sets[2], fd) ? POLLPRI : 0));

		if (events)
			fds[used++] = (struct pollfd){fd, events, 0};
	}
	return used;
}

/* Bits that are set in all sets together; -EBADF. */
static long to_sets(const struct pollfd *fds, uint32_t count, fd_set *const sets[3])
{
	static const short meaning[3] = {POLLIN | POLLHUP | POLLERR, POLLOUT | POLLERR, POLLPRI};
	long bits = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (fds[i].revents & POLLNVAL)
			return -EBADF;
		for (int s = 0; s < 3; s++) {
			if (!is_in(sets[s], fds[i].fd))
				continue;
			if (fds[i].revents & meaning[s])
				bits++;
			else
				FD_CLR(fds[i].fd, sets[s]);
		}
	}
	return bits;
}

static long select_for(long count, fd_set *const sets[3], const struct timespec *timeout,
		       const uint64_t *mask)
{
	struct pollfd fds[POSIX_DESCRIPTORS];
	uint32_t used;
	long result;

	if (count < 0 || count > FD_SETSIZE)
		return -EINVAL;
	for (int s = 0; s < 3; s++)
		for (int fd = POSIX_DESCRIPTORS; fd < count; fd++)
			if (is_in(sets[s], fd))
				return -EBADF;
	used = from_sets(fds, count < (long)POSIX_DESCRIPTORS ? (int)count : (int)POSIX_DESCRIPTORS, sets);
	result = poll_for(fds, used, timeout, mask);
	return result < 0 ? result : to_sets(fds, used, sets);
}

POSIX_CALL(select)
{
	const struct timeval *t = POSIX_POINTER(e);
	struct timespec timeout = t ? (struct timespec){t->tv_sec, t->tv_usec * 1000} : (struct timespec){};
	fd_set *const sets[3] = {POSIX_POINTER(b), POSIX_POINTER(c), POSIX_POINTER(d)};

	return select_for(a, sets, t ? &timeout : nullptr, nullptr);
}

/* f: where the mask is, and its size. */
POSIX_CALL(pselect6)
{
	const uintptr_t *mask = POSIX_POINTER(f);
	fd_set *const sets[3] = {POSIX_POINTER(b), POSIX_POINTER(c), POSIX_POINTER(d)};

	return select_for(a, sets, POSIX_POINTER(e), mask ? (const uint64_t *)mask[0] : nullptr);
}
