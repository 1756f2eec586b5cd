// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The reading side of the flight recorder. The writer never waits: a reader copies an event that was counted, then looks whether the next one of
 * that slot may have begun, and drops the copy if so: it loses exactly what was overwritten under its hands.
 */
#include <core/recorder.h>

#include "recorder_scrap.h"

struct recorder_event recorder_scrap[MAX_CPUS];

void recorder_attach(struct cpu *cpu, void *buffer)
{
	cpu->recorder = buffer;
	cpu->recorder_written = 0;
	/* The ring before its size: a reader that sees the size sees the ring. */
	store_release(&cpu->recorder_mask, (uint64_t)RECORDER_BYTES - 1);
}

/* Word by word, each read once. */
static void copy_event(struct recorder_event *to, const struct recorder_event *from)
{
	uint64_t *out = (uint64_t *)to;
	const uint64_t *in = (const uint64_t *)from;

	for (size_t i = 0; i < sizeof(*to) / sizeof(*out); i++)
		out[i] = load_relaxed(&in[i]);
}

/* The number of the last event that is there. */
static uint64_t newest(const struct cpu *cpu)
{
	return load_acquire(&cpu->recorder_written) / sizeof(struct recorder_event);
}

/* The oldest that no write has begun upon. */
static uint64_t oldest(uint64_t newest)
{
	return newest < RECORDER_EVENTS ? 1 : newest - RECORDER_EVENTS + 2;
}

bool recorder_read(unsigned cpu_id, uint64_t from, struct recorder_event *out)
{
	const struct cpu *cpu;

	if (cpu_id >= MAX_CPUS)
		return false;
	cpu = &cpus[cpu_id];
	if (load_acquire(&cpu->recorder_mask) == 0)
		return false;
	for (uint64_t last = newest(cpu);; last = newest(cpu)) {
		if (from < oldest(last))
			from = oldest(last);
		if (from > last)
			return false;
		copy_event(out, &cpu->recorder[(from - 1) % RECORDER_EVENTS]);
		load_fence();
		if (from >= oldest(newest(cpu)))
			break;
	}
	out->sequence = from;
	if (out->kind != RECORDER_FAULT && out->kind != RECORDER_EXIT)
		out->detail = 0;
	return true;
}
