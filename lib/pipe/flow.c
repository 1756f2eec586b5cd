// SPDX-License-Identifier: MIT OR Apache-2.0
/* A byte stream over a queue (pipe/flow.h): copies in at most two pieces, then hands over. */
#include <pipe/flow.h>

enum status flow_init(struct flow *flow, enum queue_side side, struct queue_control *control, void *data,
		      uint64_t size)
{
	*flow = (struct flow){.data = data};
	return queue_init(&flow->queue, side, control, size);
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

enum flow_result flow_write(struct flow *flow, const void *bytes, uint64_t len, uint64_t *count)
{
	struct queue_end *queue = &flow->queue;

	*count = 0;
	if (queue->closed)
		return FLOW_CLOSED;
	/* More than there can be: always a look at the reader's line. */
	uint64_t n = smaller(queue_available(queue, UINT64_MAX), len);
	if (flow->gone || queue_is_over(queue))
		return FLOW_BROKEN;

	uint64_t at = queue_index(queue), first = smaller(n, queue->size - at);
	queue_copy(flow->data + at, bytes, first);
	queue_copy(flow->data, (const uint8_t *)bytes + first, n - first);
	queue_advance(queue, n);
	*count = n;
	return n == len ? FLOW_DONE : FLOW_WAIT;
}

enum flow_result flow_read(struct flow *flow, void *bytes, uint64_t max, uint64_t *count)
{
	struct queue_end *queue = &flow->queue;

	*count = 0;
	if (queue->closed)
		return FLOW_CLOSED;
	if (max == 0)
		return FLOW_DONE;
	/* If there is nothing, this looks at the writer's line, so behind whatever said that the writer is gone. */
	uint64_t n = smaller(queue_available(queue, 1), max);
	if (n == 0)
		return flow->gone || queue_is_over(queue) ? FLOW_END : FLOW_WAIT;

	uint64_t at = queue_index(queue), first = smaller(n, queue->size - at);
	queue_copy(bytes, flow->data + at, first);
	queue_copy((uint8_t *)bytes + first, flow->data, n - first);
	queue_advance(queue, n);
	*count = n;
	return FLOW_DONE;
}

enum flow_ending flow_ending(const struct flow *flow)
{
	if (flow->queue.violated)
		return FLOW_PEER_VIOLATED;
	if (flow->queue.peer_closed)
		return FLOW_PEER_CLOSED;
	return flow->gone ? FLOW_PEER_GONE : FLOW_OPEN;
}
