// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The reading side of the flight recorder. The writer never waits: a reader copies an event whose sequence number is there, then
 * looks whether the next event of that slot has begun, and drops the copy if so: it loses exactly what was overwritten
 * under its hands.
 */
#include <core/recorder.h>

#include "recorder_scrap.h"

struct recorder_event recorder_scrap[MAX_CPUS];

void recorder_attach(struct cpu *cpu, void *buffer)
{
	cpu->recorder = buffer;
	cpu->recorder_head = 0;
	/* The ring before its size: a reader that sees the size sees the ring. */
	store_release(&cpu->recorder_mask, (uint64_t)RECORDER_EVENTS - 1);
}

/* Word by word, each read once. */
static void copy_event(struct recorder_event *to, const struct recorder_event *from)
{
	uint64_t *out = (uint64_t *)to;
	const uint64_t *in = (const uint64_t *)from;

	for (size_t i = 0; i < sizeof(*to) / sizeof(*out); i++)
		out[i] = load_relaxed(&in[i]);
}

static bool read_slot(const struct cpu *cpu, uint64_t sequence, struct recorder_event *out)
{
	const struct recorder_event *event = &cpu->recorder[sequence & (RECORDER_EVENTS - 1)];

	if (load_acquire(&event->sequence) != sequence)
		return false;
	copy_event(out, event);
	load_fence();
	if (out->kind != RECORDER_FAULT && out->kind != RECORDER_EXIT)
		out->detail = 0;
	return load_relaxed(&cpu->recorder_head) - sequence < RECORDER_EVENTS && out->sequence == sequence;
}

bool recorder_read(unsigned cpu_id, uint64_t from, struct recorder_event *out)
{
	const struct cpu *cpu;

	if (cpu_id >= MAX_CPUS)
		return false;
	cpu = &cpus[cpu_id];
	if (load_acquire(&cpu->recorder_mask) == 0)
		return false;
	if (from == 0)
		from = 1;
	for (;;) {
		uint64_t head = load_acquire(&cpu->recorder_head);

		if (head >= RECORDER_EVENTS && from <= head - RECORDER_EVENTS)
			from = head - RECORDER_EVENTS + 1;
		if (from > head)
			return false;
		if (read_slot(cpu, from, out))
			return true;
		/* Overwritten meanwhile, or (the newest only) not finished: that one is not there yet. */
		if (from == head && load_relaxed(&cpu->recorder_head) == head)
			return false;
		from++;
	}
}
