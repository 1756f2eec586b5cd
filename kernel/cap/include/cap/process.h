// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A process: an address space, a capability table, a ledger, a session, and the threads that use them.
 *
 * - Life: CREATED (being filled by its creator, and ended with it) -> RUNNING -> DYING (killed, faulted or left; threads are stopping) ->
 *   ENDED (no thread, no capability, no memory mapping; only the exit record and the ledger remain).
 * - Three kinds of reference keep the structure: the object (`object.refs`: ProcessHandles, its VirtualMemory), owners
 *   of objects charged to its ledger, and its threads; all are counted in `refs`.
 * - What runs in it is the ring room's business: threads, service records.
 */
#pragma once

#include <arch/entry.h>
#include <cap/object.h>
#include <cap/session.h>
#include <cap/table.h>
#include <core/ledger.h>
#include <core/list.h>
#include <core/lock.h>
#include <core/types.h>
#include <mm/space.h>

#define PROCESS_NAME_MAX 31u
#define PROCESS_BACKTRACE_MAX 16u

enum process_state : uint8_t { PROCESS_CREATED, PROCESS_RUNNING, PROCESS_DYING, PROCESS_ENDED };

/* As ProcessHandle.Exit.Reason. */
enum exit_reason : uint16_t {
	EXIT_RUNNING,
	EXIT_EXIT,
	EXIT_KILLED,
	EXIT_PAGE_FAULT,
	EXIT_ILLEGAL_INSTRUCTION,
	EXIT_PROTECTION_FAULT,
	EXIT_ARITHMETIC,
	EXIT_DEBUG_TRAP,
	EXIT_OTHER_FAULT,
	EXIT_PROTOCOL,
	EXIT_OUT_OF_MEMORY,
};

struct exit_record {
	enum exit_reason reason;
	int64_t code;
	uint64_t address, instruction;
};

struct process_limits { /* 0 = default */
	uint64_t resource[LEDGER_COUNT];
	bool shared; /* taken out of the creator's own; 0 = half of what is left there, at most the default */
};

struct capture;         /* cap/capture.h */
struct service_records; /* ring/record.h */

struct console_line {
	uint32_t len;
	char text[240];
};

/* What a thread of default geometry leaves for the next one of its process: its region, mapped and charged as it was, and
 * what the kernel has beside it. So a process that starts threads in a row maps, flushes and clears nothing for them. */
struct thread_parts {
	enum : uint8_t {
		PARTS_NONE,
		PARTS_PROMISED,
		PARTS_READY
	} state;      /* promised: by a thread that is ending */
	void *region; /* in the direct map */
	uint64_t region_user;
	void *fpu_area;        /* the requests lie behind it */
	void *requests, *free; /* free: the chain of all of them, or NULL if some are not in it */
};

struct process {
	struct object object;       /* what ProcessHandles name */
	struct object space_object; /* what VirtualMemory capabilities to it name */
	uint64_t refs;              /* atomic: object, space_object, objects owned, threads */
	uint32_t pid;
	char name[PROCESS_NAME_MAX + 1];
	struct session *session; /* counted, immutable; the creator's unless a trusted spawner gave another */

	struct spinlock lock;  /* rank PROCESS */
	uint8_t state;         /* p: written under lock; read by anyone */
	struct list threads;   /* p */
	uint32_t thread_count; /* p: that have not stopped */
	uint32_t sched_policy; /* p: of new threads, as sched_entity.policy; 0 = the usual */
	uint32_t rings;        /* atomic: rings that have not been destroyed; the last one ends the process */
	uint32_t handles;      /* atomic: views of the object, those that are being freed not counted */
	struct exit_record exit;                   /* p: final once DYING */
	uint64_t backtrace[PROCESS_BACKTRACE_MAX]; /* p */
	unsigned backtrace_len;                    /* p: 0 = it did not fault */
	uint64_t registers[ARCH_REGISTERS];        /* p: at the fault */
	struct thread_parts spare_thread;          /* p */
	struct list waiters;                       /* p: requests that wait for the end (ring/wait.h) */
	struct process *creator; /* counted; its ledger is charged one PROCESSES until this one has ended */
	struct process *
		sponsor; /* counted; its ledger is charged all our limits until nothing is charged to us; NULL = nobody's */
	struct list link; /* all processes; under process_list_lock */

	struct cap_table table;
	struct space space;
	struct ledger ledger;
	struct service_records *records;
	struct capture *capture; /* NULL: its messages are not captured; set before it starts */
	/* what it has written to Console and not ended; NULL: nothing yet */
	struct console_line *console_line;
	struct list gate_mappings; /* under gate_lock: cap/gate_mapping.h */
	struct quiesce_node quiesce;
};

/* A process in state CREATED with one reference in `object` and one in space_object (both the caller's).
 * object types are given by the object room. Charges creator (NULL: the kernel). */
/* session NULL: the creator's. */
enum status process_create(struct process *creator, struct session *session, const char *name,
			   size_t name_len, const struct process_limits *limits, struct process **out);

/* Fills the table of `to`, which nobody has used, with what `from` has, under the same ids; but for views that may not go along,
 * and what its scope keeps. Charged to `to`. NO_QUOTA, NO_MEMORY: `to` is to be abandoned. */
enum status cap_table_clone(struct process *from, struct process *to,
			    bool (*goes_along)(const struct view *));

/* Whoever reads the name meanwhile sees letters of both. */
void process_rename(struct process *process, const char *name, size_t len);

static inline void process_get(struct process *process)
{
	__atomic_fetch_add(&process->refs, 1, __ATOMIC_RELAXED);
}
void process_put(struct process *process);

/* May one give the other a capability with that scope? */
static inline bool scope_allows(enum transfer_scope scope, const struct process *from,
				const struct process *to)
{
	return scope == SCOPE_ANY || (scope == SCOPE_SESSION && from->session == to->session);
}

/* When its last thread has stopped: drops capabilities and memory, credits the creator, state ENDED; a piece of work at a time. False:
 * not all yet, call it again. The ring room has emptied threads and records; waiters are completed by the caller afterwards. */
bool process_end(struct process *process);

/* Set once at boot by the object room. */
extern const struct object_type *process_object_type, *process_space_object_type;

/* The process with the lowest pid >= from, with a reference; NULL at the end. */
struct process *process_next(uint32_t from);
/* The same of those that `creator` made and nobody has started. */
struct process *process_next_unstarted(uint32_t from, const struct process *creator);
/* The one behind `after` (NULL: the first), without a lock or a reference: for a panic, when nothing else runs. */
const struct process *process_peek(const struct process *after);
uint64_t process_count(void);
/* Entries in use in all tables; threads that have not ended. */
uint64_t process_total_entries(void);
uint64_t process_total_threads(void);
