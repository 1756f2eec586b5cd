// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Children of a test program: processes started from programs of its image, mostly the test program itself
 * with another argument.
 *
 * Needs in the CapSet: bootPackage, virtualMemory, processSpawner; systemInfo for the counts.
 */
#pragma once

#include <spawn/spawn.h>

#define CHILD_MAX_ARGUMENTS 4u

struct child_options {
	const struct spawn_grant *grants;
	uint32_t grant_count;
	struct spawn_limits limits;
	cap_id session;                                 /* null: this program's */
	cap_id capture;                                 /* MemoryObject: its messages are captured */
	cap_id context;                                 /* SchedulingContext of its first thread */
	const char *arguments[CHILD_MAX_ARGUMENTS + 1]; /* ended by a null */
};

/* Ends this program with a failed test if what it stands on is missing. */
void child_start_up(void);
/* `program` as the image calls it. */
enum status child_start(const char *program, const struct child_options *options, cap_id *handle);
/* Waits for the end and releases the handle. */
struct spawn_exit child_wait(cap_id handle);
/* Both; reason 0 (running) means that it did not start. */
struct spawn_exit child_run(const char *program, const struct child_options *options);

/* A grant of a capability of this program's own CapSet under the same name. */
struct spawn_grant child_grant(const char *name);
struct spawn_grant child_grant_as(const char *name, cap_id cap, uint64_t interface_id);
struct spawn_grant child_grant_space(void);

/* A session of its own for children; the caller's to end and release. Null: there is none. */
cap_id child_session(cap_id factory, const char *account);

/* ---- Counts of the whole machine ---- */

struct child_counts {
	uint64_t frames_free, objects, entries, processes, threads;
};

struct child_counts child_counts(void);
/*
 * Is nothing left behind: as many frames free, and no more of the rest? If not, says what differs. What comes back only after a quiescent moment
 * gets its time. More may be free than before: something older may have ended meanwhile.
 */
bool child_counts_return(const struct child_counts *before);
