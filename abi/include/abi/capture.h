// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Message capture: what the kernel writes into a memory object that the creator of a process gave for it
 * (ProcessSpawner.create, `capture`), about each call that the process makes.
 *
 * The memory is an array of slots of CAPTURE_SLOT bytes, as many as fit, used in turn: the record with sequence number s
 * (from 1 on) is in slot s % slots, until a later one takes its place. A record is a header and the first bytes of the
 * message. A call has one record when it is submitted and one when it completes; `call` and `thread` join the two.
 *
 * Reading, with the memory mapped: the sequence number, with acquire; then the record; then, behind a load fence, the sequence
 * number again. If both are the one wanted, the record is whole. 0: it is being written. A higher one: what was wanted is lost;
 * how many are is the difference. So nothing that is lost goes uncounted. The kernel never reads the memory.
 */
#pragma once

#include <stdint.h>

#define CAPTURE_SLOT 256u
#define CAPTURE_BYTES 192u /* of a message, at most; whole words */
#define CAPTURE_MIN_PAGES 1u
#define CAPTURE_MAX_PAGES 512u

enum capture_kind {
	CAPTURE_CALL = 1,   /* submitted; the message is the parameters */
	CAPTURE_ANSWER = 2, /* completed; the message is the results, or (status EXCEPTION) the exception */
};

struct capture_record {
	uint64_t sequence;     /* 0 while it is written */
	uint64_t time_ns;      /* monotonic */
	uint64_t interface_id; /* as submitted */
	uint64_t target;       /* CALL: capability id, or the sequence number of a kept call */
	uint64_t call;         /* sequence number of the submission in its ring */
	uint32_t thread;
	int32_t status; /* ANSWER: of the call; CALL: 0 */
	uint16_t method;
	uint8_t kind;    /* enum capture_kind */
	uint8_t caps;    /* capabilities with the message */
	uint32_t length; /* of the message */
	uint32_t kept;   /* bytes of it that follow */
	uint8_t flags;   /* CALL: those of the submission (CAP_SQE_TARGET_IS_ANSWER...) */
	uint8_t zero[3];
	uint64_t message[CAPTURE_BYTES / 8];
};
static_assert(sizeof(struct capture_record) == CAPTURE_SLOT);
