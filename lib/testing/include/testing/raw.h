// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Operations of the ring, bare: any submission entry, any message, on this thread or on another one.
 *
 * Buffers lie in the calling thread's arena, from an area that raw_start takes for good: a message at
 * RAW_MESSAGE, descriptors at RAW_CAPS, a result or received call at RAW_BUFFER (offsets from where raw_start
 * says).
 */
#pragma once

#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <runtime/thread.h>

#define RAW_MESSAGE_BYTES 1536u
#define RAW_BUFFER_BYTES 2048u
#define RAW_MAX_CAPS 16u
#define RAW_INTERFACE 0x9d3c51e07ba84f26ull /* of no schema: its messages are this program's business */

struct raw {
	struct ring_client *ring;
	uint32_t message, caps, buffer; /* offsets in the arena */
};

/* For the calling thread. */
struct raw raw_start(void);
static inline void *raw_at(const struct raw *raw, uint32_t offset)
{
	return raw->ring->transport.arena + offset;
}

/* Submits and waits. */
struct cap_cqe raw_do(const struct raw *raw, struct cap_sqe sqe);
/* The status alone. */
enum status raw_status(const struct raw *raw, struct cap_sqe sqe);

/* A message of one struct with so many data words, word i = first + i; returns its length in bytes. */
uint32_t raw_fill(const struct raw *raw, uint32_t words, uint64_t first);
/* Is this such a message? */
bool raw_is(const void *message, uint32_t len, uint32_t words, uint64_t first);

/* Entries that the functions below start from. */
struct cap_sqe raw_call(const struct raw *raw, cap_id target, uint16_t method, uint32_t msg_len);
struct cap_sqe raw_recv(const struct raw *raw, cap_id endpoint);
struct cap_sqe raw_return(const struct raw *raw, uint64_t token, uint32_t msg_len);

/* What a RECV brought: its header, message and capabilities. */
const struct cap_call_header *raw_header(const struct raw *raw);
const void *raw_message_of(const struct raw *raw);
cap_id raw_received_cap(const struct raw *raw, uint32_t index);
/* The index-th capability that came with a result. */
cap_id raw_result_cap(const struct raw *raw, const struct cap_cqe *cqe, uint32_t index);

/* ---- The same by another thread: one call, whose completion is there after raw_join ---- */

struct raw_remote {
	/* To be set: */
	cap_id target;
	uint16_t method;
	uint32_t words; /* of message: raw_fill(words, first) */
	uint64_t first;
	uint32_t message_bytes; /* if not 0: this many bytes instead, a data section of zeroes */
	struct cap_desc descs[RAW_MAX_CAPS];
	uint16_t caps;
	uint32_t buf_len; /* 0: RAW_BUFFER_BYTES */
	uint16_t buf_caps;
	uint64_t deadline_ns;
	uint32_t repeat; /* so many calls, one after the other, until one fails; 0: one */

	/* Afterwards: */
	struct cap_cqe cqe; /* of the last */
	uint32_t done;      /* calls that succeeded */
	uint64_t ids[RAW_MAX_CAPS];
	uint64_t result[32]; /* its first bytes */
	struct thread thread;
};

enum status raw_remote_start(struct raw_remote *remote);
void raw_remote_join(struct raw_remote *remote);

/* ---- Objects for it ---- */

/* An endpoint, and a template for facets that serve RAW_INTERFACE. */
enum status raw_endpoint(uint32_t max_message, uint16_t max_caps, cap_id *endpoint, cap_id *facet_template);
/* A facet with a key, by a call of this process to itself that takes it out of the message: through MINT. */
enum status raw_mint(const struct raw *raw, cap_id endpoint, cap_id facet_template, uint64_t key,
		     cap_id *facet);
