// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The ring: submission and completion entries, operations and flags.
 *
 * - A thread submits by writing cap_sqe entries and advancing sq_tail (abi/region.h), then enters the kernel with
 *   cap_enter(min, deadline). A submission's name is its 64-bit sequence number in its own ring: the first
 *   submission of a ring is 0, and both sides count.
 * - Unused fields must be zero. All offsets are relative to the start of the message arena and multiples of 8.
 * - Every accepted submission completes exactly once, with one cap_cqe (QUIET: only if it failed).
 * - Completion queues change only inside cap_enter.
 */
#pragma once

#include <stdint.h>

enum cap_op : uint8_t {
	CAP_OP_NOP = 0,
	CAP_OP_CALL = 1,           /* target: capability or answer */
	CAP_OP_RECV = 2,           /* target: endpoint */
	CAP_OP_RETURN = 3,         /* target: token of a received call */
	CAP_OP_RETURN_RECV = 4,    /* RETURN to target, then RECV on the endpoint interface_id */
	CAP_OP_RELEASE = 5,        /* target: capability or answer */
	CAP_OP_RELEASE_ANSWER = 6, /* target: sequence number */
	CAP_OP_DUP = 7,            /* target: capability or answer; completion token = the new id */
	CAP_OP_CANCEL = 8,         /* target: sequence number */
	CAP_OP_WAKE = 9,           /* target: ThreadHandle capability */
	CAP_OP_SIGNAL = 10,        /* target: notification; interface_id: bits, 0 = all of the facet's */
	CAP_OP_WAIT = 11,          /* target: notification; interface_id: bits; token = bits taken */
	CAP_OP_COUNT = 12,
};

enum cap_sqe_flag : uint8_t {
	CAP_SQE_TARGET_IS_ANSWER = 1 << 0,
	CAP_SQE_KEEP_ANSWER = 1 << 1,  /* CALL: the answer can be named until RELEASE_ANSWER */
	CAP_SQE_QUIET = 1 << 2,        /* no completion on success */
	CAP_SQE_TAIL = 1 << 3,         /* RETURN: pass the call on */
	CAP_SQE_IS_EXCEPTION = 1 << 4, /* RETURN: the message is an Exception */
	CAP_SQE_RELEASE_CAPS = 1 << 5, /* RELEASE_ANSWER, RETURN: drop the capabilities that came, too */
	CAP_SQE_NOTICES = 1 << 6,      /* RECV, RETURN_RECV: a call may bring a notice along (RELEASED_TOO) */
	/* CALL: if it completes while its thread does not wait, the thread gets an upcall (CAP_UPCALL_COMPLETION) */
	CAP_SQE_INTERRUPT = 1 << 7,
};

#define CAP_PATH_ROOT 0xffffffffu /* cap_sqe.path: the root pointer itself */

struct cap_sqe {
	uint8_t op;      /* enum cap_op */
	uint8_t flags;   /* enum cap_sqe_flag */
	uint16_t method; /* ordinal in the schema */
	/* With TARGET_IS_ANSWER: up to four pointer-field indexes, lowest byte first; 0xff ends. */
	uint32_t path;
	uint64_t target;       /* capability id, sequence number, or call token */
	uint64_t interface_id; /* Cap'n Proto type id; bits for SIGNAL and WAIT; endpoint for RETURN_RECV */
	uint64_t user_data;    /* comes back in the completion */
	uint32_t msg_off;      /* outgoing message */
	uint32_t msg_len;      /* bytes, a multiple of 8 */
	uint32_t buf_off;      /* where a result or a received call goes */
	uint32_t buf_len;      /* bytes, a multiple of 8; of a CALL at least CAP_MIN_RESULT_BUF */
	uint32_t caps_off;     /* outgoing struct cap_desc array */
	uint16_t caps_len;     /* descriptors sent, at most CAP_MESSAGE_MAX_CAPS */
	uint16_t buf_caps;     /* table slots reserved for capabilities that come back */
	uint64_t deadline_ns;  /* absolute, on the monotonic clock; 0 = none */
};
static_assert(sizeof(struct cap_sqe) == 64);

enum cap_cqe_flag : uint16_t {
	CAP_CQE_DELIVERED = 1 << 0, /* a failed call had reached its server: moved capabilities are gone */
	CAP_CQE_KIND_RELEASED =
		1 << 1, /* RECV: notice, the last facet of a key is gone; header.key, header.mints */
	CAP_CQE_KIND_CANCELLED = 1 << 2, /* RECV: notice, the caller of `token` no longer waits */
	/* RECV: a call, and before it came the notice that the last facet of header.mints is gone: header.released mints */
	CAP_CQE_RELEASED_TOO = 1 << 3
};

struct cap_cqe {
	uint64_t user_data;
	int32_t status; /* enum status */
	uint32_t len;   /* bytes of message at buf_off (for RECV: of the header and the message) */
	uint16_t caps; /* capability ids (uint64_t each) that follow the message, at the next multiple of 8 */
	uint16_t flags;    /* enum cap_cqe_flag */
	uint32_t reserved; /* 0 */
	uint64_t token;    /* RECV: names the call for RETURN; DUP: the new id; WAIT: the bits taken */
};
static_assert(sizeof(struct cap_cqe) == 32);

/* What precedes a received call's message in the receiver's buffer. */
struct cap_call_header {
	uint64_t interface_id;
	uint64_t key;     /* object key of the facet called, chosen by the server */
	uint64_t session; /* opaque reference to the caller's session, stable for this service; 0 = none */
	uint64_t deadline_ns; /* absolute; 0 = none */
	uint32_t buf_len;     /* the most that the caller can take back */
	uint16_t method;
	uint16_t buf_caps; /* the most capabilities that the caller can take back */
	uint32_t msg_len;  /* bytes of message that follow this header */
	uint16_t caps;     /* capability ids that follow the message */
	uint16_t released; /* RELEASED_TOO: mints that the notice retires; otherwise 0 */
	uint64_t
		mints; /* RELEASED: mints that this notice retires; RELEASED_TOO: the key released; otherwise 0 */
};
static_assert(sizeof(struct cap_call_header) == 56);

#define CAP_MIN_RESULT_BUF 256u      /* an exception always fits */
#define CAP_MAX_MESSAGE 65536u       /* bytes, between processes */
#define CAP_MAX_KERNEL_MESSAGE 1024u /* bytes, to and from kernel objects */
#define CAP_ANSWER_RECORDS 16u       /* kept answers a ring can name at one time */
#define CAP_ENTER_MAX_COPY \
	(128u              \
	 << 10) /* bytes that one entry copies or clears, or other work as long, before it returns: a preemption point */

/* cap_enter's second result: why it returned (bits). */
enum cap_enter_reason : uint32_t {
	CAP_ENTER_COMPLETIONS = 1 << 0, /* at least `min` completions are unreaped */
	CAP_ENTER_DEADLINE = 1 << 1,
	CAP_ENTER_WOKEN = 1 << 2, /* a wake permit was consumed */
	CAP_ENTER_UPCALL = 1 << 3,
	CAP_ENTER_CQ_FULL = 1 << 4, /* submissions were left for want of completion slots */
	CAP_ENTER_BOUND = 1 << 5,   /* submissions were left: CAP_ENTER_MAX_COPY was done; enter again */
};

enum cap_exit_scope : uint64_t {
	CAP_EXIT_THREAD = 0,
	CAP_EXIT_PROCESS = 1,
};

/* System call numbers, in the first system-call register (rax on x86-64). */
enum cap_syscall : uint64_t {
	CAP_SYSCALL_ENTER = 0, /* (min, deadline_ns) -> consumed or status; reason bits */
	CAP_SYSCALL_EXIT = 1,  /* (code, scope) */
};
