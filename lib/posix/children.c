// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Children and waiting for them (process.h). Waiting for any of them is a call of ProcessHandle.wait in flight for each; what has
 * completed is kept until somebody asks for it.
 */
#include "process.h"
#include "signal.h"

#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <schema/kernel/process_handle.capnp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

[[gnu::section(".bss.large")]] static struct child {
	long number; /* 0: free */
	cap_id handle;
	bool asked; /* `wait` is in flight */
	bool told;  /* by a SIGCHLD */
	struct rpc_call wait;
} children[POSIX_CHILDREN];
static uint32_t children_end; /* all from here on are free */

long posix_child_add(long number, cap_id handle)
{
	for (uint32_t i = 0; i < POSIX_CHILDREN; i++) {
		if (children[i].number)
			continue;
		children[i] = (struct child){.number = number, .handle = handle};
		children_end = i < children_end ? children_end : i + 1;
		posix_children_watch();
		return 0;
	}
	ring_release(runtime_ring(), handle);
	return -EAGAIN;
}

void posix_children_forget(void)
{
	for (uint32_t i = 0; i < children_end; i++) {
		if (children[i].number)
			ring_release(runtime_ring(), children[i].handle);
		children[i] = (struct child){};
	}
}

void posix_children_each(void (*each)(void *context, long number, cap_id handle), void *context)
{
	for (uint32_t i = 0; i < children_end; i++)
		if (children[i].number)
			each(context, children[i].number, children[i].handle);
}

void posix_children_inherit(void)
{
	const uint32_t length = sizeof(POSIX_CHILD) - 1;

	for (uint32_t i = 0, count = runtime_grant_count(); i < count; i++) {
		struct runtime_grant grant = runtime_grant_at(i);
		long number = 0;

		if (grant.interface_id != PROCESS_HANDLE_INTERFACE_ID || grant.name.len <= length ||
		    __builtin_memcmp(grant.name.ptr, POSIX_CHILD, length) != 0)
			continue;
		for (uint32_t at = length; at < grant.name.len; at++)
			number = number * 10 + grant.name.ptr[at] - '0';
		(void)posix_child_add(number, grant.id);
	}
}

void posix_children_quiet(bool quiet)
{
	if (!quiet) {
		posix_children_watch();
		return;
	}
	for (uint32_t i = 0; i < children_end; i++) {
		if (!children[i].asked || children[i].wait.done)
			continue;
		rpc_end(&children[i].wait);
		children[i].asked = false;
	}
}

static void ask(struct child *c)
{
	if (c->asked)
		return;
	process_handle_wait_begin(&c->wait, runtime_transport(), c->handle);
	rpc_sqe(&c->wait)->flags |= CAP_SQE_INTERRUPT;
	if (process_handle_wait_send(&c->wait) == STATUS_OK)
		c->asked = true;
	else
		rpc_end(&c->wait);
}

void posix_children_watch(void)
{
	bool some = false;

	if (!posix_signal_is_caught(SIGCHLD) && !(posix_signals_blocked() & 1ull << (SIGCHLD - 1)))
		return;
	for (uint32_t i = 0; i < children_end; i++) {
		if (!children[i].number)
			continue;
		ask(&children[i]);
		some = true;
	}
	if (some)
		ring_flush(runtime_ring());
	posix_signals_look |= some;
}

void posix_children_look(void)
{
	for (uint32_t i = 0; i < children_end; i++) {
		struct child *c = &children[i];

		if (!c->number || !c->asked || !c->wait.done || c->told)
			continue;
		c->told = true;
		posix_signal_post(SIGCHLD);
	}
}

/* As wait reports it: an exit code, or the signal that ended it. */
static int status_of(uint16_t reason, int64_t code)
{
	switch (reason) {
	case PROCESS_HANDLE_EXIT_REASON_EXIT:
	case PROCESS_HANDLE_EXIT_REASON_KILLED:
		if (code & POSIX_EXIT_SIGNAL)
			return (int)(code & 0x7f);
		return reason == PROCESS_HANDLE_EXIT_REASON_KILLED ? SIGKILL : (int)(code & 0xff) << 8;
	case PROCESS_HANDLE_EXIT_REASON_ILLEGAL_INSTRUCTION:
		return SIGILL;
	case PROCESS_HANDLE_EXIT_REASON_ARITHMETIC:
		return SIGFPE;
	case PROCESS_HANDLE_EXIT_REASON_DEBUG_TRAP:
		return SIGTRAP;
	case PROCESS_HANDLE_EXIT_REASON_OUT_OF_MEMORY:
		return SIGKILL;
	default:
		return SIGSEGV;
	}
}

/* An ended child is nobody's any more. */
static long reap(struct child *c, int *status)
{
	struct process_handle_wait_results_reader results;
	long number = c->number;
	int how = SIGKILL;

	if (rpc_wait(&c->wait) == STATUS_OK) {
		results = process_handle_wait_results(&c->wait);

		struct process_handle_exit_reader exit = process_handle_wait_results_reader_exit(results);

		how = status_of((uint16_t)process_handle_exit_reader_reason(exit),
				process_handle_exit_reader_code(exit));
	}
	rpc_end(&c->wait);
	ring_release(runtime_ring(), c->handle);
	*c = (struct child){};
	if (status)
		*status = how;
	return number;
}

static bool is_meant(const struct child *c, long number)
{
	return c->number && (number == -1 || number == 0 || c->number == number);
}

POSIX_CALL(wait4)
{
	bool some;

	if (POSIX_POINTER(d))
		*(struct rusage *)POSIX_POINTER(d) = (struct rusage){};
	for (;;) {
		some = false;
		for (uint32_t i = 0; i < children_end; i++) {
			if (!is_meant(&children[i], a))
				continue;
			some = true;
			ask(&children[i]);
		}
		if (!some)
			return -ECHILD;
		ring_flush(runtime_ring());
		for (uint32_t i = 0; i < children_end; i++)
			if (is_meant(&children[i], a) && children[i].asked && children[i].wait.done)
				return reap(&children[i], POSIX_POINTER(b));
		if (c & WNOHANG)
			return 0;
		if (posix_signal_waits())
			return POSIX_RESTART;
		posix_idle(0);
	}
}

static long end_child(struct child *c, int signal)
{
	return posix_errno(process_handle_kill(runtime_transport(), c->handle, POSIX_EXIT_SIGNAL | signal));
}

/* A process that takes no signals is ended, if that is what the signal does by itself. */
static long send_to(struct child *c, int signal, uint64_t family)
{
	if (signal == 0)
		return 0;
	if (signal == SIGKILL)
		return end_child(c, signal);
	if (signal < 61 &&
	    process_handle_interrupt(runtime_transport(), c->handle, 1ull << signal | family) == STATUS_OK)
		return 0;
	if (POSIX_IGNORED_BY_DEFAULT & 1ull << (signal - 1))
		return 0;
	return end_child(c, signal);
}

/* kill of another process: one that this one has started and not waited for. */
long posix_kill_other(long number, int signal)
{
	for (uint32_t i = 0; i < children_end; i++)
		if (children[i].number == number)
			return send_to(&children[i], signal, 0);
	return -ESRCH;
}

void posix_kill_children(int signal)
{
	for (uint32_t i = 0; i < children_end; i++)
		if (children[i].number)
			(void)send_to(&children[i], signal, POSIX_UPCALL_FAMILY);
}
