// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What a panicking kernel leaves on the debug UART for tools/capos-dump: records, one behind the other, as text.
 *
 * - Each line of the dump is CAP_DUMP_PREFIX and up to 48 bytes in base64 (RFC 4648, section 4); a line with the prefix alone ends it.
 *   Whatever else is printed between does not matter.
 * - A record is a struct cap_dump_record and its content, whose size is a multiple of 8. Readers skip kinds that they do not know,
 *   and take what they know of longer contents. The dump may end anywhere: a second panic ends the machine.
 * - No address of the kernel half is in it: such registers read CAP_DUMP_HIDDEN.
 * - Little-endian, as everything in abi/.
 */
#pragma once

#include <stdint.h>

#define CAP_DUMP_PREFIX "dump: "
#define CAP_DUMP_VERSION 1u
#define CAP_DUMP_HIDDEN 0xffff800000000000ull
#define CAP_DUMP_REGISTERS 17u /* rax rbx rcx rdx rsi rdi rbp rsp r8..r15 rip */
#define CAP_DUMP_LEDGER 8u     /* pages, entries, objects, threads, processes, calls; the others 0 */

enum cap_dump_kind : uint16_t {
	CAP_DUMP_MACHINE = 1,    /* struct cap_dump_machine; the first */
	CAP_DUMP_TEXT = 2,       /* the panic's message, NUL-padded */
	CAP_DUMP_CPU = 3,        /* struct cap_dump_cpu */
	CAP_DUMP_PROCESS = 4,    /* struct cap_dump_process */
	CAP_DUMP_CAPABILITY = 5, /* struct cap_dump_capability, of the last process */
	CAP_DUMP_EVENT = 6,      /* struct cap_dump_event, of the last CPU; oldest first */
};

struct cap_dump_record {
	uint16_t kind;  /* enum cap_dump_kind */
	uint16_t bytes; /* of content, which follows */
	uint32_t zero;
};

struct cap_dump_machine {
	uint32_t version;
	uint32_t cpus;
	uint32_t panicking; /* number of the CPU */
	uint32_t in_trap;   /* 1: an exception in the kernel led here; `registers` are its */
	uint64_t time_ns;   /* since boot */
	uint64_t ticks;     /* the same moment on the clock of events */
	uint64_t ticks_per_ms;
	uint64_t registers[CAP_DUMP_REGISTERS];
};

struct cap_dump_cpu {
	uint32_t id;
	uint32_t
		in_user; /* 1: a thread had it; `process` and `registers` are its, as they were when it entered the kernel */
	uint32_t process; /* number */
	uint32_t zero;
	uint64_t entries, interrupts, faults, switches;
	uint64_t registers[CAP_DUMP_REGISTERS];
};

struct cap_dump_process {
	uint32_t number, threads;
	uint32_t state; /* 0 created, 1 running, 2 ending, 3 ended */
	uint32_t zero;
	char name[32];
	uint64_t used[CAP_DUMP_LEDGER], limit[CAP_DUMP_LEDGER];
};

struct cap_dump_capability {
	uint64_t id;
	uint64_t object; /* number */
	uint64_t key;
	uint64_t interface_id, methods; /* the first interface of the view */
	uint8_t kind;                   /* 0 kernel object, 1 facet, 2 template */
	uint8_t interfaces;             /* how many in all */
	uint8_t revocable;
	uint8_t zero[5];
};

/* As the flight recorder keeps it (kernel/core/include/core/recorder.h). */
struct cap_dump_event {
	uint64_t sequence, ticks, interface_id, object;
	uint32_t process, thread, slot;
	int32_t status;
	uint16_t method;
	uint8_t kind, caps;
	uint32_t message_bytes;
	uint64_t detail;
};
