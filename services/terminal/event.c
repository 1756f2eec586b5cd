// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Events: what a person did that is not text. Each face keeps at most one of a kind.
 *
 * An interrupt goes to the program in the foreground if that has ever asked for events and has fetched the last one;
 * otherwise to the session, whose shell then ends what it waits for. So a program decides, but cannot cling. Where there is no shell
 * that has a session, the image's own StdIO is the program in the foreground.
 */
#include "terminal.h"

#define BIT(kind) (1u << (kind))

static bool next_kind(const struct face *face, enum terminal_event_kind *kind)
{
	if (face->pending == 0)
		return false;
	*kind = (enum terminal_event_kind)__builtin_ctz(face->pending);
	return true;
}

static void fill(struct face *face, enum terminal_event_kind kind, struct terminal_event_builder event)
{
	struct terminal *t = face->terminal;
	bool more = false;

	terminal_event_builder_set_kind(event, kind);
	if (kind == TERMINAL_EVENT_KIND_RESIZED) {
		terminal_event_builder_set_columns(event, t->columns);
		terminal_event_builder_set_rows(event, t->rows);
	} else if (kind == TERMINAL_EVENT_KIND_CLOSED) {
		terminal_event_builder_set_number(event, t->closed[0]);
		t->closed_count--;
		__builtin_memmove(t->closed, t->closed + 1, t->closed_count * sizeof(t->closed[0]));
		more = t->closed_count > 0;
	}
	if (!more)
		face->pending &= ~BIT(kind);
}

/* A refused answer is one whose caller is gone. */
static void tell(struct face *face)
{
	enum terminal_event_kind kind;

	if (!face->waiting || !next_kind(face, &kind))
		return;
	face->waiting = false;
	/* Of both interfaces the results have the same shape. */
	if (service_reply_begin(&face->waiter, 0, 0) == STATUS_OK)
		fill(face, kind,
		     terminal_session_next_event_results_builder_init_event(
			     terminal_session_next_event_results_builder_root(&face->waiter.results)));
	(void)!service_reply_send(&face->waiter);
}

enum status event_wait(struct face *face, struct rpc_request *request)
{
	if (face->waiting)
		return rpc_raise(request, EXCEPTION_TYPE_OVERLOADED, "somebody waits for events already",
				 nullptr);

	enum status status = service_defer(request, &face->waiter);
	if (status == RPC_DEFERRED) {
		face->subscribed = face->waiting = true;
		tell(face);
	}
	return status;
}

static void raise_for(struct face *face, enum terminal_event_kind kind)
{
	face->pending |= BIT(kind);
	tell(face);
}

void event_raise(struct terminal *t, enum terminal_event_kind kind)
{
	struct face *program = t->foreground || t->session.subscribed ? face_numbered(t, t->foreground)
								      : &t->stdio;
	bool told = program && program->subscribed;

	if (kind == TERMINAL_EVENT_KIND_INTERRUPT) {
		bool clings = told && program->pending & BIT(kind);

		raise_for(told && !clings ? program : &t->session, kind);
		return;
	}
	if (kind == TERMINAL_EVENT_KIND_RESIZED && told)
		raise_for(program, kind);
	raise_for(&t->session, kind);
}

void event_closed(struct terminal *t, uint32_t number)
{
	if (t->closed_count == MAX_CLOSED)
		return;
	t->closed[t->closed_count++] = number;
	raise_for(&t->session, TERMINAL_EVENT_KIND_CLOSED);
}

void event_forget(struct face *face, enum terminal_event_kind kind)
{
	face->pending &= ~BIT(kind);
}

static bool cancel_at(struct face *face, uint64_t token)
{
	if (!face->waiting || face->waiter.token != token)
		return false;
	face->waiting = false;
	(void)!service_reply_raise(&face->waiter, EXCEPTION_TYPE_FAILED, "cancelled", nullptr);
	return true;
}

bool event_cancel(struct terminal *t, uint64_t token)
{
	if (cancel_at(&t->session, token) || cancel_at(&t->stdio, token))
		return true;
	for (uint32_t i = 0; i < MAX_PROGRAMS; i++)
		if (t->programs[i].key != 0 && cancel_at(&t->programs[i], token))
			return true;
	return false;
}
