// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What a pipe in shared memory is made of: one memory object and one notification word, of which each end gets no more
 * than it needs. A bell may only signal, and only the peer's bits, so neither end can take the other's wake-ups.
 */
#include <pipe/stream.h>
#include <runtime/ring.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/notification.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <shared_buffer/shared_buffer.h>

#define PAGE 4096ull /* the control page comes first */
#define MAX_CAPACITY (1ull << 30)

/* Bits of the word. The kernel raises a GONE bit when the last bell of that end is gone; nobody else can set it. */
enum { BYTES = 1, ROOM = 2, WRITER_GONE = 4, READER_GONE = 8 };

#define METHOD(name) (1ull << NOTIFICATION_##name)

/* A facet for bits, with these methods; if gone is not 0, those bits are set when nobody has it any more. */
static enum status facet(struct rpc_transport *t, cap_id manager, cap_id word, uint64_t bits, uint64_t gone,
			 uint64_t methods, cap_id *out)
{
	cap_id all;
	enum status status = gone != 0 ? notification_watched(t, word, bits, gone, &all)
				       : notification_facet(t, word, bits, &all);

	if (status != STATUS_OK)
		return status;
	status = capability_manager_attenuate(t, manager, all, NOTIFICATION_INTERFACE_ID, methods, out);
	ring_release(ring_of(t), all);
	return status;
}

static enum status end_facets(struct rpc_transport *t, cap_id manager, cap_id word, uint64_t ear_bits,
			      uint64_t bell_bits, uint64_t gone, struct stream_parts *end)
{
	enum status status = facet(t, manager, word, ear_bits, 0,
				   METHOD(WAIT) | METHOD(POLL) | METHOD(SIGNAL), &end->ear);

	if (status != STATUS_OK)
		return status;
	return facet(t, manager, word, bell_bits, gone, METHOD(SIGNAL), &end->bell);
}

static enum status fill_parts(struct rpc_transport *t, cap_id manager, cap_id memory, cap_id word,
			      struct stream_parts *reader, struct stream_parts *writer)
{
	const uint64_t methods = 1ull << MEMORY_OBJECT_SIZE | 1ull << MEMORY_OBJECT_READ |
				 1ull << MEMORY_OBJECT_WRITE;
	enum status status = capability_manager_attenuate(t, manager, memory, MEMORY_OBJECT_INTERFACE_ID,
							  methods, &reader->memory);

	if (status == STATUS_OK)
		status = ring_dup(ring_of(t), reader->memory, &writer->memory);
	if (status == STATUS_OK)
		status = end_facets(t, manager, word, BYTES | WRITER_GONE, ROOM, READER_GONE, reader);
	if (status == STATUS_OK)
		status = end_facets(t, manager, word, ROOM | READER_GONE, BYTES, WRITER_GONE, writer);
	return status;
}

enum status stream_make(struct rpc_transport *t, cap_id space, cap_id manager, uint64_t capacity,
			struct stream_parts *reader, struct stream_parts *writer)
{
	cap_id memory, word = CAP_ID_NULL;

	*reader = *writer = (struct stream_parts){};
	if (capacity < PAGE || capacity > MAX_CAPACITY || (capacity & (capacity - 1)) != 0)
		return STATUS_INVALID;
	enum status status = shared_memory_make(t, space, PAGE + capacity, &memory);
	if (status != STATUS_OK)
		return status;
	status = capability_manager_create_notification(t, manager, &word);
	if (status == STATUS_OK)
		status = fill_parts(t, manager, memory, word, reader, writer);
	ring_release(ring_of(t), word);
	ring_release(ring_of(t), memory);
	if (status != STATUS_OK) {
		stream_parts_release(t, reader);
		stream_parts_release(t, writer);
	}
	return status;
}

void stream_parts_release(struct rpc_transport *t, struct stream_parts *parts)
{
	ring_release(ring_of(t), parts->memory);
	ring_release(ring_of(t), parts->ear);
	ring_release(ring_of(t), parts->bell);
	*parts = (struct stream_parts){};
}

enum status stream_open(struct stream *s, enum queue_side side, const struct stream_parts *parts,
			struct rpc_transport *t, cap_id space)
{
	bool reader = side == QUEUE_CONSUMER;

	*s = (struct stream){
		.transport = t,
		.space = space,
		.parts = *parts,
		.wake_bits = reader ? BYTES : ROOM,
		.gone_bits = reader ? WRITER_GONE : READER_GONE,
	};
	enum status status = memory_object_size(t, parts->memory, &s->bytes);
	if (status != STATUS_OK)
		return status;
	if (s->bytes < 2 * PAGE || s->bytes > PAGE + MAX_CAPACITY)
		return STATUS_INVALID;
	status = virtual_memory_map(t, space, parts->memory, 0, s->bytes, 0,
				    VIRTUAL_MEMORY_PROTECTION_READ_WRITE, &s->address);
	if (status != STATUS_OK)
		return status;

	uint8_t *base = (uint8_t *)(uintptr_t)s->address;
	status = flow_init(&s->flow, side, (struct queue_control *)(void *)base, base + PAGE,
			   s->bytes - PAGE);
	if (status != STATUS_OK)
		(void)!virtual_memory_unmap(t, space, s->address, s->bytes);
	return status;
}

enum status stream_fini(struct stream *s)
{
	spin_lock_acquire(&s->lock);

	bool waiting = s->waiting > 0;

	s->flow.queue.closed = true;
	spin_lock_release(&s->lock);
	if (waiting)
		return STATUS_BAD_STATE;
	return virtual_memory_unmap(s->transport, s->space, s->address, s->bytes);
}
