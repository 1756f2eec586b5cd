// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A bounded queue of records of one size between threads of one process: any number of senders and receivers, first in,
 * first out. (Between processes that do not trust each other: lib/queue.)
 */
#pragma once

#include <stddef.h>
#include <sync/condition.h>

struct channel {
	struct mutex lock;
	struct condition filled, freed;
	uint8_t *records;
	size_t record_bytes;
	uint32_t count, first, used; /* records: room for, next to go, in it */
	bool closed;
};

/* `records` has room for `count` (at least 1) records, and stays the channel's as long as it is used. */
void channel_init(struct channel *channel, void *records, size_t record_bytes, uint32_t count);
/* Waits while it is full. Errors: DISCONNECTED once it is closed; TIMED_OUT (deadline_ns absolute; 0: none; SYNC_AT_ONCE). */
[[nodiscard]] enum status channel_send(struct channel *channel, const void *record, uint64_t deadline_ns);
/* Waits while it is empty. Errors: DISCONNECTED when it is closed and empty; TIMED_OUT. */
[[nodiscard]] enum status channel_receive(struct channel *channel, void *record, uint64_t deadline_ns);
/* Nothing more is sent; what was sent can still be received. All that wait are woken. */
void channel_close(struct channel *channel);
