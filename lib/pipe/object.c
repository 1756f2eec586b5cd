// SPDX-License-Identifier: MIT OR Apache-2.0
/* A pipe as a server keeps it (pipe/object.h). Every change ends in settle(), which restores P2 and P3. */
#include <pipe/object.h>

void pipe_object_init(struct pipe_object *pipe, pipe_complete_fn *complete, void *context)
{
	pipe->complete = complete;
	pipe->context = context;
	pipe->arrivals = 0;
	pipe->head = pipe->filled = 0;
	pipe->closed = pipe->gone = pipe->waiting = pipe->writes = 0;
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

/* How many bytes a write puts in now, if at least so many fit; it does not yet. */
static enum flow_result write_now(const struct pipe_object *pipe, uint32_t len, uint32_t least,
				  uint32_t *count)
{
	*count = 0;
	if (is_over(pipe, PIPE_END_WRITE))
		return FLOW_CLOSED;
	if (is_over(pipe, PIPE_END_READ))
		return FLOW_BROKEN;
	if (PIPE_BUFFER - pipe->filled < least)
		return FLOW_WAIT;
	*count = smaller(len, PIPE_BUFFER - pipe->filled);
	return FLOW_DONE;
}

/* The least of them that has to fit. */
static uint32_t least_of(struct pipe_bytes bytes)
{
	return bytes.whole && bytes.len <= PIPE_ATOMIC ? bytes.len : bytes.len > 0;
}

enum flow_result pipe_object_ready(const struct pipe_object *pipe, enum pipe_ends end, uint32_t *count)
{
	struct pipe_answer answer;
	enum flow_result result;

	if (end == PIPE_END_WRITE)
		return write_now(pipe, PIPE_BUFFER, PIPE_ATOMIC, count);
	result = read_now(pipe, PIPE_BUFFER, &answer);
	*count = answer.count;
	return result;
}

/* Who has waited longest at that end, of those that ask, or of the others. */
static struct pipe_waiter *oldest(struct pipe_object *pipe, enum pipe_ends end, bool asks)
{
	struct pipe_waiter *found = nullptr;

	if (pipe->waiting == 0)
		return nullptr;
	for (uint32_t i = 0; i < PIPE_WAITERS; i++) {
		struct pipe_waiter *w = &pipe->waiters[i];

		if (w->order != 0 && w->end == end && w->asks == asks && (!found || w->order < found->order))
			found = w;
	}
	return found;
}

static void forget(struct pipe_object *pipe, struct pipe_waiter *w)
{
	w->order = 0;
	pipe->waiting--;
	pipe->writes -= w->end == PIPE_END_WRITE && !w->asks;
}

static bool answer_waiter(struct pipe_object *pipe, struct pipe_waiter *w, const struct pipe_answer *answer)
{
	forget(pipe, w);
	return pipe->complete(pipe->context, (uint32_t)(w - pipe->waiters), answer);
}

/* Each of these three completes a waiter, if it need not wait any more, and if nobody is there to be told, nothing happened. Did it? */

static bool complete_asker(struct pipe_object *pipe, struct pipe_waiter *w)
{
	struct pipe_answer answer = {};

	answer.result = pipe_object_ready(pipe, w->end, &answer.count);
	if (answer.result == FLOW_WAIT)
		return false;
	(void)answer_waiter(pipe, w, &answer);
	return true;
}

static bool complete_read(struct pipe_object *pipe, struct pipe_waiter *w)
{
	struct pipe_answer answer;

	if (read_now(pipe, w->count, &answer) == FLOW_WAIT)
		return false;
	if (answer_waiter(pipe, w, &answer))
		take(pipe, answer.count);
	return true;
}

/* The bytes are taken first: once its caller knows, they may change. */
static bool complete_write(struct pipe_object *pipe, struct pipe_waiter *w)
{
	struct pipe_answer answer = {};

	answer.result = write_now(pipe, w->count, w->least, &answer.count);
	if (answer.result == FLOW_WAIT)
		return false;
	put(pipe, w->from, answer.count);
	if (!answer_waiter(pipe, w, &answer))
		pipe->filled -= answer.count;
	return true;
}

/* One waiter of that end: the older of who asks and who does. */
static bool complete_one(struct pipe_object *pipe, enum pipe_ends end)
{
	struct pipe_waiter *asker = oldest(pipe, end, true), *w = oldest(pipe, end, false);

	if (asker && (!w || asker->order < w->order) && complete_asker(pipe, asker))
		return true;
	if (w && (end == PIPE_END_READ ? complete_read(pipe, w) : complete_write(pipe, w)))
		return true;
	return asker && complete_asker(pipe, asker);
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

/* To who waits to read, in turn with those that ask: nothing is in the buffer then. How many. */
static uint32_t hand_over(struct pipe_object *pipe, const uint8_t *bytes, uint32_t len)
{
	struct pipe_waiter *w, *asker = oldest(pipe, PIPE_END_READ, true);
	uint32_t done = 0;

	while (done < len && (w = oldest(pipe, PIPE_END_READ, false)) &&
	       (!asker || w->order < asker->order)) {
		uint32_t count = smaller(w->count, len - done);
		const struct pipe_answer answer = {
			.result = FLOW_DONE, .count = count, .first = bytes + done, .first_count = count};

		if (answer_waiter(pipe, w, &answer))
			done += count;
	}
	return done;
}

enum flow_result pipe_object_write(struct pipe_object *pipe, struct pipe_bytes bytes, uint32_t *count)
{
	enum flow_result result = write_now(pipe, bytes.len, least_of(bytes), count);
	uint32_t done;

	if (*count == 0)
		return result;
	if (pipe->writes > 0) {
		*count = 0;
		return FLOW_WAIT;
	}
	done = hand_over(pipe, bytes.bytes, *count);
	put(pipe, bytes.bytes + done, *count - done);
	settle(pipe);
	return result;
}

static struct pipe_waiter *wait(struct pipe_object *pipe, const struct pipe_waiter *new, uint32_t *waiter)
{
	for (uint32_t i = 0; i < PIPE_WAITERS; i++) {
		if (pipe->waiters[i].order != 0)
			continue;
		pipe->waiters[i] = *new;
		pipe->waiters[i].order = ++pipe->arrivals;
		pipe->waiting++;
		pipe->writes += new->end == PIPE_END_WRITE && !new->asks;
		*waiter = i;
		return &pipe->waiters[i];
	}
	return nullptr;
}

bool pipe_object_wait_read(struct pipe_object *pipe, uint32_t max, uint32_t *waiter)
{
	return wait(pipe, &(struct pipe_waiter){.end = PIPE_END_READ, .count = max}, waiter) != nullptr;
}

bool pipe_object_wait_write(struct pipe_object *pipe, struct pipe_bytes bytes, uint32_t *waiter)
{
	struct pipe_waiter *w = wait(pipe,
				     &(struct pipe_waiter){.end = PIPE_END_WRITE,
							   .count = bytes.len,
							   .least = least_of(bytes),
							   .from = bytes.bytes},
				     waiter);

	if (!w)
		return false;
	if (!bytes.lent) {
		w->count = smaller(w->count, PIPE_ATOMIC);
		w->from = __builtin_memcpy(pipe->brought[*waiter], bytes.bytes, w->count);
	}
	return true;
}

bool pipe_object_wait_ready(struct pipe_object *pipe, enum pipe_ends end, uint32_t *waiter)
{
	return wait(pipe, &(struct pipe_waiter){.end = end, .asks = true}, waiter) != nullptr;
}

void pipe_object_cancel(struct pipe_object *pipe, uint32_t waiter)
{
	if (waiter >= PIPE_WAITERS || pipe->waiters[waiter].order == 0)
		return;
	forget(pipe, &pipe->waiters[waiter]);
	settle(pipe);
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
