// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Reading what the kernel captured of a process's calls (abi/capture.h): records, calls, and figures of calls.
 *
 * - trace_source reads the slots while the kernel writes them: a record is given whole or not at all, and each that was
 *   overwritten before it was read is counted.
 * - trace_calls joins the two records of a call.
 * - trace_stats sums calls up by interface and method: counts, errors, bytes, latency in 64 classes.
 * - Nothing here allocates, waits or trusts the memory: whoever holds a capability to it may have written there.
 */
#pragma once

#include <abi/capture.h>
#include <stddef.h>
#include <stdint.h>

/* ---- Records ---- */

struct trace_source {
	const struct capture_record *slots;
	uint64_t count;
	uint64_t next; /* sequence number of the next record */
	uint64_t lost; /* overwritten before they were read */
};

/* memory: as the kernel has it, mapped readable for as long as the source is used. */
void trace_source_init(struct trace_source *source, const void *memory, size_t bytes);
/* The next record; false: there is none yet. */
bool trace_source_next(struct trace_source *source, struct capture_record *out);
/* Record `sequence` if it is still there. */
bool trace_source_at(const struct trace_source *source, uint64_t sequence, struct capture_record *out);
/* From the oldest record that is still there; what is lost is not counted twice. */
void trace_source_rewind(struct trace_source *source);

/* ---- Calls ---- */

#define TRACE_OPEN 64u /* calls under way that are remembered */

struct trace_call {
	uint64_t interface_id;
	uint64_t start_ns, end_ns; /* end 0: it has not ended; start 0: not known */
	uint64_t call_record;      /* sequence number of the record with the parameters; 0: lost */
	uint64_t target;
	uint32_t thread;
	int32_t status;
	uint16_t method;
	uint8_t params_caps, results_caps, flags;
	uint32_t params_length, results_length;
};

struct trace_calls {
	struct {
		uint64_t call; /* submission's sequence number */
		uint64_t record, start_ns, target;
		uint64_t interface_id;
		uint32_t thread, length;
		uint16_t method;
		uint8_t caps, flags;
		bool used;
	} open[TRACE_OPEN];
	uint32_t oldest; /* is replaced when there are too many */
};

/* Takes a record; true: it ended the call *out. */
bool trace_calls_take(struct trace_calls *calls, const struct capture_record *record, struct trace_call *out);
/* Calls under way, by index; false: beyond the last. */
bool trace_calls_open(const struct trace_calls *calls, uint32_t index, struct trace_call *out);

/* ---- Figures ---- */

#define TRACE_METHODS 64u  /* different methods; what is more is summed up in the last */
#define TRACE_CLASSES 128u /* of latency: four for each doubling */

struct trace_method {
	uint64_t interface_id;
	uint16_t method;
	uint64_t count, errors, total_ns, longest_ns;
	uint64_t sent_bytes, received_bytes;
	uint32_t classes[TRACE_CLASSES]; /* calls by duration */
};

struct trace_stats {
	struct trace_method methods[TRACE_METHODS];
	uint32_t count;
	uint64_t calls;
	bool overflow; /* the last row is of several methods */
};

void trace_stats_add(struct trace_stats *stats, const struct trace_call *call);
/* The duration that `percent` of the calls stayed within, to a quarter of a doubling. */
uint64_t trace_percentile(const struct trace_method *method, unsigned percent);
