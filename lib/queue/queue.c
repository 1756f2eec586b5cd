// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The single-producer single-consumer protocol (queue/queue.h).
 *
 * Invariants of a queue_end that is not violated (differences modulo 2^64):
 * Q1  Producer: position - seen <= size. What is free is size - (position - seen).
 * Q2  Consumer: seen - position <= size. That is what is filled.
 * Q3  `seen` only moves forward, and never further than Q1 or Q2 leaves room for: accept() checks it before it moves.
 * Q4  peer_closed was observed before the position that `seen` holds from then on: so that position is the last.
 * Q5  Nobody blocks without having observed the peer's position behind a full fence behind his own arming; nobody
 *     leaves a changed position without having observed the peer's arming behind a full fence. One of the two sees the other.
 */
#include <queue/queue.h>

enum status queue_init(struct queue_end *end, enum queue_side side, struct queue_control *control,
		       uint64_t size)
{
	*end = (struct queue_end){.side = side};
	if (size == 0 || size > 1ull << 62 || (size & (size - 1)) != 0)
		return STATUS_INVALID;
	end->size = size;
	end->mine = side == QUEUE_PRODUCER ? &control->producer : &control->consumer;
	end->peer = side == QUEUE_PRODUCER ? &control->consumer : &control->producer;
	return STATUS_OK;
}

/* What can be used by what was accepted so far (Q1, Q2). */
static uint64_t known(const struct queue_end *end)
{
	if (end->violated)
		return 0;
	return end->side == QUEUE_PRODUCER ? end->size - (end->position - end->seen)
					   : end->seen - end->position;
}

/* How far the peer may have come beyond `seen`: a producer fills what is free, a consumer takes what is filled. */
static uint64_t most(const struct queue_end *end)
{
	return end->size - known(end);
}

static void accept(struct queue_end *end)
{
	if (end->violated)
		return;

	bool closed = queue_observe(&end->peer->closed) != 0; /* first (Q4) */
	uint64_t position = queue_observe(&end->peer->position);

	/* Q3: a count that went backwards is a huge step forward. */
	if (position - end->seen > most(end) || (end->peer_closed && position != end->seen)) {
		end->violated = true;
		return;
	}
	end->seen = position;
	end->peer_closed |= closed;
}

uint64_t queue_available(struct queue_end *end, uint64_t want)
{
	if (known(end) < want)
		accept(end);
	return known(end);
}

void queue_advance(struct queue_end *end, uint64_t n)
{
	uint64_t most_now = known(end);

	end->position += n < most_now ? n : most_now;
	queue_publish(&end->mine->position, end->position);
}

bool queue_should_signal(struct queue_end *end)
{
	queue_fence(); /* Q5 */

	uint64_t armed = queue_observe(&end->peer->armed);
	if ((armed & 1) == 0 || armed == end->answered)
		return false;
	end->answered = armed;
	return true;
}

bool queue_arm(struct queue_end *end)
{
	end->arming = (end->arming | 1) + 2;
	queue_publish(&end->mine->armed, end->arming);
	queue_fence(); /* Q5 */
	accept(end);
	if (known(end) == 0 && !queue_is_over(end))
		return true;
	queue_disarm(end);
	return false;
}

void queue_disarm(struct queue_end *end)
{
	if ((end->arming & 1) == 0)
		return;
	end->arming += 1;
	queue_publish(&end->mine->armed, end->arming);
}

void queue_close(struct queue_end *end)
{
	end->closed = true;
	queue_publish(&end->mine->closed, 1);
}

/* ---- Records ---- */

enum status queue_records_init(struct queue_records *queue, enum queue_side side,
			       struct queue_control *control, void *records, uint64_t bytes,
			       uint32_t record_bytes, uint64_t count)
{
	uint64_t needed;

	queue->records = records;
	queue->record_bytes = record_bytes;
	if (record_bytes == 0 || __builtin_mul_overflow(count, record_bytes, &needed) || needed > bytes)
		return STATUS_INVALID;
	return queue_init(&queue->end, side, control, count);
}

/* Why nothing is available. */
static enum status nothing(const struct queue_end *end)
{
	if (end->violated)
		return STATUS_PROTOCOL;
	return end->peer_closed ? STATUS_DISCONNECTED : STATUS_AGAIN;
}

enum status queue_put(struct queue_records *queue, const void *record)
{
	struct queue_end *end = &queue->end;

	if (end->closed)
		return STATUS_BAD_STATE;
	if (queue_available(end, 1) == 0 || queue_is_over(end))
		return nothing(end);
	queue_copy(queue->records + queue_index(end) * queue->record_bytes, record, queue->record_bytes);
	queue_advance(end, 1);
	return STATUS_OK;
}

enum status queue_peek(struct queue_records *queue, void *record)
{
	struct queue_end *end = &queue->end;

	if (end->closed)
		return STATUS_BAD_STATE;
	if (queue_available(end, 1) == 0)
		return nothing(end);
	queue_copy(record, queue->records + queue_index(end) * queue->record_bytes, queue->record_bytes);
	return STATUS_OK;
}

enum status queue_take(struct queue_records *queue, void *record)
{
	enum status status = queue_peek(queue, record);

	if (status == STATUS_OK)
		queue_advance(&queue->end, 1);
	return status;
}
