// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Transport status: the outermost of the three layers of failure (docs/abi.md, "Failure").
 *
 * A status says what became of a submission, a system call or a library operation. It never carries what an
 * object thinks of a request: that is a typed exception (STATUS_EXCEPTION and a message in the buffer), or the
 * result union of the method.
 *
 * Each code is defined here, once, with a sentence and an example. STATUS_LIST drives the names that tools print.
 */
#pragma once

#include <stdint.h>

/* X(name, value, sentence) */
#define STATUS_LIST(X)                                                                                      \
	X(OK, 0, "done")                                                                                    \
	X(EXCEPTION, -1, "the object raised a typed exception; it is in the result buffer")                 \
	X(BAD_ID, -2, "no such capability, answer, call or thread: never given, released, moved or reused") \
	X(DENIED, -3, "the method or interface was removed from this capability")                           \
	X(REVOKED, -4, "the capability was revoked by whoever lent it")                                     \
	X(TIMED_OUT, -5, "the deadline passed first")                                                       \
	X(CANCELLED, -6, "cancelled by its submitter")                                                      \
	X(DISCONNECTED, -7, "the process that served this object is gone")                                  \
	X(TOO_LARGE, -8,                                                                                    \
	  "larger than the receiver's buffer, the endpoint's limit or the caller's reservation")            \
	X(AGAIN, -9, "no credit or record free now; reap completions or release answers and submit again")  \
	X(NO_QUOTA, -10, "the ledger of the process to be charged is exhausted")                            \
	X(NO_MEMORY, -11, "the machine has no memory left")                                                 \
	X(NO_SLOT, -12, "the capability table has no room for what would come back")                        \
	X(BAD_OP, -13, "unknown operation, unknown flag, or a field that must be zero is not")              \
	X(BAD_RANGE, -14, "offset or length outside the arena or not a multiple of 8")                      \
	X(BAD_MESSAGE, -15, "the message is not a well-formed Cap'n Proto message within its bounds")       \
	X(TOO_LATE, -16, "it had completed before it could be cancelled")                                   \
	X(CQ_FULL, -17, "completions are not being reaped; cap_enter consumes no more")                     \
	X(PROTOCOL, -18, "the ring's shared indexes are impossible; the process is ended for it")           \
	X(GATE_DEPTH, -19, "more than eight revocable grants deep")                                         \
	X(WRONG_TYPE, -20, "a capability of another interface was wanted here")                             \
	X(NOT_FOUND, -21, "nothing has that name")                                                          \
	X(EXISTS, -22, "the name or slot is taken")                                                         \
	X(NOT_GRANTED, -23, "the program holds no capability of that name; nothing was called")             \
	X(BAD_STATE, -24, "not possible in the state that the object is in (for example: already started)") \
	X(INVALID, -25, "an argument is out of its range")                                                  \
	X(OUT_OF_SCOPE, -26, "a capability in the message may not go to that process")

enum [[nodiscard]] status : int32_t {
#define STATUS_ENUMERATOR(name, value, sentence) STATUS_##name = value,
	STATUS_LIST(STATUS_ENUMERATOR)
#undef STATUS_ENUMERATOR
};
