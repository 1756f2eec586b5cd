// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What a person does at the terminal besides typing text: Ctrl-C is SIGINT, a change of the window's size SIGWINCH. A program that
 * handles or ignores one of them asks its StdIO for events; it then gets them for itself and for all that it has started. Who asks second
 * at one StdIO gets none: they come from the one that started it.
 */
#include "descriptor.h"
#include "signal.h"

#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <schema/service/terminal.capnp.h>

[[gnu::visibility("hidden")]] void posix_terminal_changed(void);

static struct rpc_call call;
static bool asked;

/* The terminal among 0, 1 and 2. */
static cap_id terminal(void)
{
	cap_id found = CAP_ID_NULL;

	for (long fd = 0; fd <= 2 && !found.raw; fd++) {
		struct posix_open *o = posix_get(fd);

		if (!o)
			continue;
		if (o->kind == &posix_std_io)
			found = o->cap;
		posix_put(o);
	}
	return found;
}

static void ask(void)
{
	cap_id cap = terminal();

	if (!cap.raw)
		return;
	std_io_next_event_begin(&call, runtime_transport(), cap);
	rpc_sqe(&call)->flags |= CAP_SQE_INTERRUPT;
	asked = true;
	posix_signals_look = true;
	if (std_io_next_event_send(&call) == STATUS_OK)
		ring_flush(runtime_ring());
}

static void interrupt(void)
{
	posix_signal_post(SIGINT);
	if (posix_kill_children)
		posix_kill_children(SIGINT);
}

void posix_terminal_look(void)
{
	enum terminal_event_kind kind;
	bool told;

	if (!asked || !call.done)
		return;
	told = call.status == STATUS_OK;
	if (told)
		kind = terminal_event_reader_kind(
			std_io_next_event_results_reader_event(std_io_next_event_results(&call)));
	rpc_end(&call);
	asked = false;
	if (!told)
		return; /* somebody else is told, or there is no terminal any more */
	if (kind == TERMINAL_EVENT_KIND_RESIZED)
		posix_signal_post(SIGWINCH);
	else
		interrupt();
	ask();
}

void posix_terminal_quiet(bool quiet)
{
	static bool again;

	if (quiet) {
		again = asked;
		if (asked)
			rpc_end(&call);
		asked = false;
	} else if (again) {
		ask();
	}
}

void posix_terminal_forget(void)
{
	asked = false;
}

void posix_terminal_changed(void)
{
	if (!asked)
		ask();
}
