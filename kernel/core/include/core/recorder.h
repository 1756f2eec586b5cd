// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The flight recorder: one event for each dispatch, in a ring per CPU that overwrites its oldest.
 *
 * Writing is a handful of stores, no lock. An event is there from the moment that the CPU counts it; the oldest slot is the next event's, and
 * nobody reads it. Readers copy an event and look at the count again: they know what they lost. Until recorder_attach gives a CPU its ring, its events go nowhere.
 */
#pragma once

#include <arch/platform.h>
#include <core/atomic.h>
#include <core/cpu.h>
#include <core/types.h>

#define RECORDER_EVENTS 512u /* per CPU, a power of two */
#define RECORDER_BYTES (RECORDER_EVENTS * 64u)

enum recorder_kind : uint8_t {
	RECORDER_NONE,
	RECORDER_CALL,    /* submitted and dispatched: to a kernel object (complete) or to an endpoint */
	RECORDER_DELIVER, /* a call reached its server */
	RECORDER_RETURN,
	RECORDER_REFUSED, /* failed at admission */
	RECORDER_FAULT,
	RECORDER_EXIT,
	RECORDER_OTHER,    /* DUP, RELEASE, SIGNAL, ...: `method` is the op */
	RECORDER_SCHEDULE, /* method: enum recorder_schedule, which says what slot, bytes and object are */
};

enum recorder_schedule : uint16_t {
	RECORDER_MIGRATED =
		1, /* its registers move to another CPU; slot: that it leaves, bytes: that it comes to */
	RECORDER_POLICY = 2, /* slot: the class, bytes: the weight that were set */
	RECORDER_WOKEN =
		3, /* it was queued to run; slot: by which CPU, bytes: on which; object: who ran there then, 0: nobody. Who is
				 * handed over to is not queued: the call, answer or signal that did it is recorded */
	RECORDER_PREEMPTED = 4, /* it made way while it could have gone on; slot: which CPU */
};

struct recorder_event {
	uint64_t sequence; /* counts from 1 on each CPU: recorder_read's, nobody writes it */
	uint64_t time_ticks;
	uint64_t interface_id;
	uint64_t object; /* object id */
	uint32_t process, thread;
	uint32_t cap_slot;
	int32_t status;
	uint16_t method;
	uint8_t kind; /* enum recorder_kind */
	uint8_t caps;
	uint32_t msg_len;
	uint64_t detail; /* FAULT: the address, EXIT; read as 0 of all other kinds, which do not write it */
};
static_assert(sizeof(struct recorder_event) == 64);

/* `buffer`: RECORDER_BYTES, zeroed, the CPU's for ever. */
void recorder_attach(struct cpu *cpu, void *buffer);

/* The slot for the next event of this CPU; fill all of it but `sequence`, then recorder_commit. The fence orders the count before the new
 * content, against recorder_read's look at it. */
static inline struct recorder_event *recorder_begin(struct cpu *cpu)
{
	uint64_t offset = load_relaxed(&cpu->recorder_written) & cpu->recorder_mask;

	store_fence();
	return (struct recorder_event *)(void *)((char *)cpu->recorder + offset);
}

static inline void recorder_commit(struct cpu *cpu)
{
	store_release(&cpu->recorder_written,
		      load_relaxed(&cpu->recorder_written) + sizeof(struct recorder_event));
}

/* This CPU's last event; of no thread, if it has none. */
static inline const struct recorder_event *recorder_last(const struct cpu *cpu)
{
	uint64_t offset = (cpu->recorder_written - sizeof(struct recorder_event)) & cpu->recorder_mask;

	return (const struct recorder_event *)(const void *)((const char *)cpu->recorder + offset);
}

/* Words 4 to 6 of an event: {process, thread}, {slot, status}, {method, kind, capabilities, message bytes}. */
static inline uint64_t recorder_pack(uint16_t method, unsigned kind, unsigned caps, uint32_t msg_len)
{
	return method | (uint64_t)(kind & 0xff) << 16 | (uint64_t)(caps & 0xff) << 24 |
	       (uint64_t)msg_len << 32;
}

/* One event, without detail and time. The last word in halves: message bytes come apart from what they are bytes of. */
static inline struct recorder_event *recorder_fill(struct cpu *cpu, uint64_t interface_id, uint64_t object,
						   uint64_t ids, uint64_t slot_status, uint64_t packed)
{
	struct recorder_event *event = recorder_begin(cpu);
	uint64_t *words = (uint64_t *)(void *)&event->process;
	uint32_t *last = (uint32_t *)(void *)&event->method;

	static_assert(offsetof(struct recorder_event, process) == 32 &&
		      offsetof(struct recorder_event, method) == 48 &&
		      offsetof(struct recorder_event, detail) == 56);
	event->interface_id = interface_id;
	event->object = object;
	words[0] = ids;
	words[1] = slot_status;
	last[0] = (uint32_t)packed;
	last[1] = (uint32_t)(packed >> 32);
	return event;
}

static inline void recorder_write(uint64_t interface_id, uint64_t object, uint64_t ids, uint64_t slot_status,
				  uint64_t packed)
{
	struct cpu *cpu = this_cpu();

	arch_ticks_store(&recorder_fill(cpu, interface_id, object, ids, slot_status, packed)->time_ticks);
	recorder_commit(cpu);
}

/* The same; when it was. */
static inline uint64_t recorder_write_now(uint64_t interface_id, uint64_t object, uint64_t ids,
					  uint64_t slot_status, uint64_t packed)
{
	struct cpu *cpu = this_cpu();
	struct recorder_event *event = recorder_fill(cpu, interface_id, object, ids, slot_status, packed);
	uint64_t now = event->time_ticks = arch_ticks();

	recorder_commit(cpu);
	return now;
}

/* Copies the oldest event still held with sequence number >= from of that CPU; false if none. */
bool recorder_read(unsigned cpu_id, uint64_t from, struct recorder_event *out);
