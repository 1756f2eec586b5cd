// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Messages from disk or network: segment framing, several segments with far pointers, packing.
 *
 * What came from outside is brought into one segment first, by a bounded copy that checks every pointer; everything
 * behind that uses the one reader. All sizes are in bytes unless they say words.
 */
#pragma once

#include <abi/status.h>
#include <message/message.h>

/* Segments beyond this are refused, as the stock implementation does. */
#define MSG_MAX_SEGMENTS 512u
/* Nesting that a flat copy allows by default: the stock implementation's. */
#define MSG_FRAME_NESTING 64u

/*
 * How long the framed message at `in` is in all, as far as can be told from the first in_bytes of it.
 * STATUS_OK: *bytes is the whole message's length. STATUS_AGAIN: at least *bytes are needed to tell.
 * STATUS_BAD_MESSAGE: impossible segment table.
 */
enum status msg_frame_length(const void *in, size_t in_bytes, uint64_t *bytes);

/*
 * The framed message at `in`, whole, as one segment in `out`; *used is its length. A message without aliased objects
 * needs no more room than it has itself. Reads at most budget_words (an object counts each time it is reached).
 * STATUS_BAD_MESSAGE: malformed, nested deeper than MSG_FRAME_NESTING, or over budget. STATUS_TOO_LARGE: does not fit.
 */
enum status msg_frame_flatten(const void *in, size_t in_bytes, void *out, size_t out_bytes,
			      uint32_t budget_words, size_t *used);

/* The frame of a message of one segment: 8 bytes that precede it. `bytes` is a multiple of 8. */
static inline void msg_frame_header(void *out8, size_t bytes)
{
	msg_store64(out8, (uint64_t)(bytes / 8) << 32);
}

/*
 * Unpacks until the input ends or `out` is full; *used bytes of output, *consumed of input (either may be null).
 * STATUS_BAD_MESSAGE: the input ends within a word. STATUS_TOO_LARGE: it would give more than out_bytes.
 */
enum status msg_unpack(const void *in, size_t in_bytes, void *out, size_t out_bytes, size_t *used);

/* Packs a multiple of 8 bytes. STATUS_TOO_LARGE when it does not fit; the worst case is msg_pack_bound(in_bytes). */
enum status msg_pack(const void *in, size_t in_bytes, void *out, size_t out_bytes, size_t *used);

static inline size_t msg_pack_bound(size_t bytes)
{
	return bytes + bytes / 4 + 16;
}
