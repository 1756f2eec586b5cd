// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Blocking on a byte stream, for several threads at one end (pipe/stream.h).
 *
 * An end has one `armed` word and one set of wake bits, but any number of threads that wait. So a signal wakes one, and:
 * S1  whoever leaves an operation while others wait arms again for them, or, if there is something for them (bytes,
 *     room, an end, a closing), sets the bits again: the wake-up goes from hand to hand;
 * S2  `waiting` counts a thread from before it gives up the lock to wait until it has it again, so nobody who may have
 *     taken a signal is forgotten.
 * The lock is held while bytes are copied, never while a thread waits.
 */
#include <pipe/stream.h>

/* To the peer, if one is due; queued: it goes with the next entry. Was it? */
static bool wake_peer(struct stream *s, struct queue_wait *wait)
{
	if (!queue_should_signal(&s->flow.queue))
		return false;
	ring_signal_bits(wait->ring, s->parts.bell, 0);
	return true;
}

/* S1. Gives the lock up. queued: a signal is, which must not wait for an entry that may never come. */
static void leave(struct stream *s, struct queue_wait *wait, bool queued)
{
	struct queue_end *queue = &s->flow.queue;
	bool others = false;

	if (s->waiting == 0)
		queue_disarm(queue);
	else
		others = queue->closed || s->flow.gone || !queue_arm(queue);
	spin_lock_release(&s->lock);
	if (others)
		ring_signal_bits(wait->ring, s->parts.ear, s->wake_bits);
	if (others || queued)
		ring_flush(wait->ring);
}

/* There is nothing to do now. True: look again. False: *result says why not. The lock is given up meanwhile. */
static bool block(struct stream *s, struct queue_wait *wait, uint64_t deadline_ns, enum flow_result *result)
{
	if (deadline_ns == STREAM_NO_WAIT)
		return false;
	if (!queue_arm(&s->flow.queue))
		return true;
	s->waiting++;
	spin_lock_release(&s->lock);

	enum status status = queue_wait_block(wait, deadline_ns);

	spin_lock_acquire(&s->lock);
	s->waiting--;
	switch (status) {
	case STATUS_DISCONNECTED:
		s->flow.gone = true;
		return true;
	case STATUS_OK:
		return true;
	case STATUS_TIMED_OUT:
		*result = FLOW_TIMED_OUT;
		return false;
	default:
		s->failure = status;
		*result = FLOW_FAILED;
		return false;
	}
}

/* Before a write: has the reader died, as far as can be known without waiting? Asked only if it seems to do nothing. */
static void look_for_reader(struct stream *s, struct queue_wait *wait)
{
	struct queue_end *queue = &s->flow.queue;
	bool idle;

	(void)queue_available(queue, UINT64_MAX);
	idle = queue->position != 0 && queue->seen == s->peer_position && !s->flow.gone;
	s->peer_position = queue->seen;
	if (!idle)
		return;
	spin_lock_release(&s->lock);

	bool gone = queue_wait_is_gone(wait);

	spin_lock_acquire(&s->lock);
	s->flow.gone |= gone;
}

enum flow_result stream_write(struct stream *s, struct queue_wait *wait, const void *bytes, uint64_t len,
			      uint64_t deadline_ns, uint64_t *count)
{
	enum flow_result result;
	bool queued = false;

	*count = 0;
	spin_lock_acquire(&s->lock);
	look_for_reader(s, wait);
	do {
		uint64_t n;

		result = flow_write(&s->flow, (const uint8_t *)bytes + *count, len - *count, &n);
		*count += n;
		queued |= n > 0 && wake_peer(s, wait);
	} while (result == FLOW_WAIT && block(s, wait, deadline_ns, &result));
	leave(s, wait, queued);
	return result;
}

enum flow_result stream_read(struct stream *s, struct queue_wait *wait, void *bytes, uint64_t max,
			     uint64_t deadline_ns, uint64_t *count)
{
	enum flow_result result;

	spin_lock_acquire(&s->lock);
	do
		result = flow_read(&s->flow, bytes, max, count);
	while (result == FLOW_WAIT && block(s, wait, deadline_ns, &result));
	leave(s, wait, *count > 0 && wake_peer(s, wait));
	return result;
}

void stream_close(struct stream *s, struct queue_wait *wait)
{
	bool queued = false;

	spin_lock_acquire(&s->lock);
	if (!s->flow.queue.closed) {
		queue_close(&s->flow.queue);
		queued = wake_peer(s, wait);
	}
	leave(s, wait, queued);
}

enum flow_ending stream_ending(struct stream *s)
{
	spin_lock_acquire(&s->lock);

	enum flow_ending ending = flow_ending(&s->flow);

	spin_lock_release(&s->lock);
	return ending;
}

void stream_wait_init(struct queue_wait *wait, const struct stream *s, struct ring_client *ring)
{
	queue_wait_init(wait, ring, s->parts.ear, s->wake_bits, s->gone_bits);
	if (s->parts.peer.raw)
		queue_wait_watch(wait, s->parts.peer);
}
