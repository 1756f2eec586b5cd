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

static struct child {
	long number; /* 0: free */
	cap_id handle;
	bool asked; /* `wait` is in flight */
	struct rpc_call wait;
} children[POSIX_CHILDREN];

long posix_child_add(long number, cap_id handle)
{
	for (uint32_t i = 0; i < POSIX_CHILDREN; i++) {
		if (children[i].number)
			continue;
		children[i] = (struct child){.number = number, .handle = handle};
		return 0;
	}
	ring_release(runtime_ring(), handle);
	return -EAGAIN;
}

void posix_children_forget(void)
{
	for (uint32_t i = 0; i < POSIX_CHILDREN; i++) {
		if (children[i].number)
			ring_release(runtime_ring(), children[i].handle);
		children[i] = (struct child){};
	}
}

/* Calls in flight belong to this thread's ring: before a clone there are none. */
void posix_children_quiet(void)
{
	for (uint32_t i = 0; i < POSIX_CHILDREN; i++) {
		if (children[i].asked && !children[i].wait.done) {
			rpc_end(&children[i].wait);
			children[i].asked = false;
		}
	}
}

static void ask(struct child *c)
{
	if (c->asked)
		return;
	process_handle_wait_begin(&c->wait, runtime_transport(), c->handle);
	if (process_handle_wait_send(&c->wait) == STATUS_OK)
		c->asked = true;
	else
		rpc_end(&c->wait);
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
		for (uint32_t i = 0; i < POSIX_CHILDREN; i++) {
			if (!is_meant(&children[i], a))
				continue;
			some = true;
			ask(&children[i]);
		}
		if (!some)
			return -ECHILD;
		ring_flush(runtime_ring());
		for (uint32_t i = 0; i < POSIX_CHILDREN; i++)
			if (is_meant(&children[i], a) && children[i].asked && children[i].wait.done)
				return reap(&children[i], POSIX_POINTER(b));
		if (c & WNOHANG)
			return 0;
		(void)ring_wait(runtime_ring(), 0);
	}
}

/* kill of another process: one that this one has started and not waited for. */
long posix_kill_other(long number, int signal)
{
	for (uint32_t i = 0; i < POSIX_CHILDREN; i++) {
		struct child *c = &children[i];

		if (c->number != number)
			continue;
		if (signal == 0 || signal == SIGCONT || signal == SIGCHLD || signal == SIGWINCH)
			return 0;
		return posix_errno(
			process_handle_kill(runtime_transport(), c->handle, POSIX_EXIT_SIGNAL | signal));
	}
	return -ESRCH;
}
