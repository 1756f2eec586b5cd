// SPDX-License-Identifier: MIT OR Apache-2.0
/* Records, read under the kernel's hands: the sequence number before and behind says whether the copy is whole. */
#include <trace/trace.h>

void trace_source_init(struct trace_source *source, const void *memory, size_t bytes)
{
	*source = (struct trace_source){.slots = memory, .count = bytes / CAPTURE_SLOT, .next = 1};
}

static const struct capture_record *slot_of(const struct trace_source *source, uint64_t sequence)
{
	return &source->slots[sequence % source->count];
}

static uint64_t sequence_in(const struct capture_record *slot)
{
	return __atomic_load_n(&slot->sequence, __ATOMIC_ACQUIRE);
}

bool trace_source_at(const struct trace_source *source, uint64_t sequence, struct capture_record *out)
{
	if (source->count == 0 || sequence == 0)
		return false;

	const struct capture_record *slot = slot_of(source, sequence);
	const uint64_t *from = (const uint64_t *)(const void *)slot;
	uint64_t *to = (uint64_t *)(void *)out;

	if (sequence_in(slot) != sequence)
		return false;
	for (size_t i = 0; i < sizeof(*out) / 8; i++)
		to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (__atomic_load_n(&slot->sequence, __ATOMIC_RELAXED) != sequence || out->sequence != sequence)
		return false;
	if (out->kept > CAPTURE_BYTES || out->kept > out->length)
		out->kept = 0; /* not the kernel's words */
	return true;
}

bool trace_source_next(struct trace_source *source, struct capture_record *out)
{
	if (source->count == 0)
		return false;
	for (;;) {
		uint64_t there = sequence_in(slot_of(source, source->next));

		/* The slot is being written: by its own record, unless the one behind is there already. */
		if (there == 0 && sequence_in(slot_of(source, source->next + 1)) > source->next) {
			source->lost++;
			source->next++;
			continue;
		}
		if (there < source->next)
			return false;
		if (there == source->next && trace_source_at(source, there, out)) {
			source->next++;
			return true;
		}
		/* A later lap has come here: all that is older than one lap is gone. */
		there = sequence_in(slot_of(source, source->next));
		if (there <= source->next)
			return false;

		uint64_t oldest = there - source->count + 1;

		source->lost += oldest - source->next;
		source->next = oldest;
	}
}

void trace_source_rewind(struct trace_source *source)
{
	source->next = source->next > source->count ? source->next - source->count : 1;
}
