// SPDX-License-Identifier: MIT OR Apache-2.0
/* A pipe as a server keeps it (pipe/object.h). Every change ends in settle(), which restores P2 and P3. */
#include <pipe/object.h>

void pipe_object_init(struct pipe_object *pipe, pipe_complete_fn *complete, void *context)
{
	pipe->complete = complete;
	pipe->context = context;
	pipe->arrivals = 0;
	pipe->head = pipe->filled = 0;
	pipe->closed = pipe->gone = 0;
	for (uint32_t i = 0; i < PIPE_WAITERS; i++)
		pipe->waiters[i].order = 0;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static bool is_over(const struct pipe_object *pipe, enum pipe_ends end)
{
	return ((pipe->closed | pipe->gone) & end) != 0;
}

static void put(struct pipe_object *pipe, const uint8_t *bytes, uint32_t count)
{
	uint32_t at = (pipe->head + pipe->filled) % PIPE_BUFFER, first = smaller(count, PIPE_BUFFER - at);

	__builtin_memcpy(pipe->buffer + at, bytes, first);
	__builtin_memcpy(pipe->buffer, bytes + first, count - first);
	pipe->filled += count;
}

static void take(struct pipe_object *pipe, uint32_t count)
{
	count = smaller(count, pipe->filled);
	pipe->head = (pipe->head + count) % PIPE_BUFFER;
	pipe->filled -= count;
}

/* What a read gets now. */
static enum flow_result read_now(const struct pipe_object *pipe, uint32_t max, struct pipe_answer *answer)
{
	uint32_t count = smaller(max, pipe->filled);

	*answer = (struct pipe_answer){
		.result = FLOW_DONE,
		.count = count,
		.first = pipe->buffer + pipe->head,
		.second = pipe->buffer,
		.first_count = smaller(count, PIPE_BUFFER - pipe->head),
	};
	/* A call under way through a capability that is gone since is this end's, too. */
	if (is_over(pipe, PIPE_END_READ))
		answer->result = FLOW_CLOSED;
	else if (count == 0 && max > 0)
		answer->result = is_over(pipe, PIPE_END_WRITE) ? FLOW_END : FLOW_WAIT;
	if (answer->result != FLOW_DONE)
		answer->count = answer->first_count = 0;
	return answer->result;
}

/* How many bytes a write puts in now; it does not yet. */
static enum flow_result write_now(const struct pipe_object *pipe, uint32_t len, uint32_t *count)
{
	*count = 0;
	if (is_over(pipe, PIPE_END_WRITE))
		return FLOW_CLOSED;
	if (is_over(pipe, PIPE_END_READ))
		return FLOW_BROKEN;
	*count = smaller(len, PIPE_BUFFER - pipe->filled);
	return *count > 0 || len == 0 ? FLOW_DONE : FLOW_WAIT;
}

enum flow_result pipe_object_ready(const struct pipe_object *pipe, enum pipe_ends end, uint32_t *count)
{
	struct pipe_answer answer;
	enum flow_result result;

	if (end == PIPE_END_WRITE)
		return write_now(pipe, PIPE_BUFFER, count);
	result = read_now(pipe, PIPE_BUFFER, &answer);
	*count = answer.count;
	return result;
}

static struct pipe_waiter *oldest(struct pipe_object *pipe, enum pipe_ends end)
{
	struct pipe_waiter *found = nullptr;

	for (uint32_t i = 0; i < PIPE_WAITERS; i++) {
		struct pipe_waiter *w = &pipe->waiters[i];

		if (w->order != 0 && w->end == end && (!found || w->order < found->order))
			found = w;
	}
	return found;
}

/* Completes the oldest waiter of that end, if it need not wait any more. Did it? */
static bool complete_one(struct pipe_object *pipe, enum pipe_ends end)
{
	struct pipe_waiter *w = oldest(pipe, end);
	struct pipe_answer answer = {};

	if (!w)
		return false;
	if (w->asks)
		answer.result = pipe_object_ready(pipe, end, &answer.count);
	else if (end == PIPE_END_READ)
		answer.result = read_now(pipe, w->count, &answer);
	else
		answer.result = write_now(pipe, w->count, &answer.count);
	if (answer.result == FLOW_WAIT)
		return false;
	w->order = 0;
	if (!pipe->complete(pipe->context, (uint32_t)(w - pipe->waiters), &answer) || w->asks)
		return true; /* nobody was there to be told, or that was all: nothing happened */
	if (end == PIPE_END_READ)
		take(pipe, answer.count);
	else
		put(pipe, w->bytes, answer.count);
	return true;
}

/* Ends: each step completes a waiter. */
static void settle(struct pipe_object *pipe)
{
	if (is_over(pipe, PIPE_END_READ))
		pipe->filled = 0;
	while (complete_one(pipe, PIPE_END_READ) || complete_one(pipe, PIPE_END_WRITE))
		;
}

enum flow_result pipe_object_read(struct pipe_object *pipe, uint32_t max, struct pipe_answer *answer)
{
	return read_now(pipe, max, answer);
}

void pipe_object_take(struct pipe_object *pipe, uint32_t count)
{
	take(pipe, count);
	settle(pipe);
}

enum flow_result pipe_object_write(struct pipe_object *pipe, const uint8_t *bytes, uint32_t len,
				   uint32_t *count)
{
	enum flow_result result = write_now(pipe, len, count);

	if (*count > 0) {
		put(pipe, bytes, *count);
		settle(pipe);
	}
	return result;
}

static struct pipe_waiter *wait(struct pipe_object *pipe, enum pipe_ends end, uint32_t count,
				uint32_t *waiter)
{
	for (uint32_t i = 0; i < PIPE_WAITERS; i++) {
		if (pipe->waiters[i].order != 0)
			continue;
		pipe->waiters[i].order = ++pipe->arrivals;
		pipe->waiters[i].end = end;
		pipe->waiters[i].count = count;
		pipe->waiters[i].asks = false;
		*waiter = i;
		return &pipe->waiters[i];
	}
	return nullptr;
}

bool pipe_object_wait_read(struct pipe_object *pipe, uint32_t max, uint32_t *waiter)
{
	return wait(pipe, PIPE_END_READ, max, waiter) != nullptr;
}

bool pipe_object_wait_write(struct pipe_object *pipe, const uint8_t *bytes, uint32_t len, uint32_t *waiter)
{
	struct pipe_waiter *w = wait(pipe, PIPE_END_WRITE, smaller(len, PIPE_MAX_WRITE), waiter);

	if (!w)
		return false;
	__builtin_memcpy(w->bytes, bytes, w->count);
	return true;
}

bool pipe_object_wait_ready(struct pipe_object *pipe, enum pipe_ends end, uint32_t *waiter)
{
	struct pipe_waiter *w = wait(pipe, end, 0, waiter);

	if (w)
		w->asks = true;
	return w != nullptr;
}

void pipe_object_cancel(struct pipe_object *pipe, uint32_t waiter)
{
	if (waiter < PIPE_WAITERS)
		pipe->waiters[waiter].order = 0;
}

void pipe_object_close(struct pipe_object *pipe, uint8_t ends)
{
	pipe->closed |= ends;
	settle(pipe);
}

void pipe_object_gone(struct pipe_object *pipe, uint8_t ends)
{
	pipe->gone |= ends;
	settle(pipe);
}
