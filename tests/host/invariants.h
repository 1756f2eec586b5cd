// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What holds of the whole kernel whenever no CPU is in it: looked at each time a CPU goes back to user code while the others idle or
 * are in user code too (host_at_rest), whatever the scenario. The end of a scenario compares counts with its begin; this says at
 * which step they went wrong, and sees what is made good again before the end.
 *
 *   I1  tables: the chain of free slots is one, of free slots; free + used + retired = capacity; used = what the ledger says (T3)
 *   I2  entries in use: what they name is counted; a gate knows how many entries it has
 *   I3  references: a view, an object, a gate has at least those that can be seen from tables and requests
 *   I4  ledgers: used <= limit (L1), and at least what can be seen
 *   I5  rings: free + pending = all requests; Q1; what is held, parked, posted and claimed is where it should be
 *   I6  completions: accepted = completed + pending + those that were quiet
 *   I7  endpoints and notifications: lists are whole, what waits in them waits (R1); a call and a receiver do not wait for each other
 *   I8  gates: a dead one has no living child (G1); a waiting request made through one is in its list (G2)
 *   I9  epochs: a CPU outside announces none; what it retired is counted, and labelled with no epoch that has not come
 *   I10 authority: no process has an object that neither it nor who gave it had, with methods that neither had (authority.c)
 *
 * Read-only, and without a switch point: nothing of a run changes by being looked at.
 */
#pragma once

#include <cap/process.h>
#include <ring/thread.h>

/* Begins with a machine that was just booted. */
void invariants_begin(void);
/* The looks so far: that a test was looked at at all. */
uint64_t invariants_looks(void);
/* Looks at each n-th rest only; 0: never. 1 is what invariants_begin sets. */
void invariants_every(unsigned n);
/* Its processes make others out of their own. */
void invariants_spawns(void);
/* The current thread keeps to user_submit, which tells of each quiet submission. */
void invariants_follow(void);
void invariants_quiet(void);

/* The scenario itself gives a capability, as boot code does. */
void authority_gift(const struct process *process, const struct view *view);
/* A program of the scenario is itself in the middle of something in the kernel. */
void invariants_busy(bool busy);

/* ---- Between the parts ---- */

/* Something counted is referred to once more. */
void refs_note(const void *what, uint64_t refs, const char *kind);
void refs_check(void);
void authority_begin(void);
void authority_note(const struct process *process, const struct view *view,
		    const struct provenance *provenance);
void authority_settle(void);
void queues_look(const struct view *view);
void gates_look(const struct gate *gate);
void gates_request(const struct request *request);
