// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Mappings that were made through a gate: what revoking it removes.
 *
 * A record outlives the capability that it was made with, and keeps the gate, so that revoking a grant above it still
 * finds it. It is charged to the process as a kernel object, and goes when the gate is revoked, when the process unmaps the
 * whole range, or ends. The process may have unmapped a part, and mapped something else there: only what is still mapped of
 * this memory is removed.
 */
#pragma once

#include <cap/gate.h>
#include <cap/process.h>

struct gate_mapping {
	struct list link;         /* under gate_lock: in gate->mappings */
	struct list process_link; /* under gate_lock: in process->gate_mappings */
	struct process *process;  /* counted */
	struct gate *gate;        /* counted */
	struct memory *memory;    /* counted */
	uint64_t address, pages;
};

/* Prepared before the mapping is made, so that nothing has to be undone. NO_QUOTA, NO_MEMORY. */
enum status gate_mapping_prepare(struct process *process, struct gate *gate, struct memory *memory,
				 uint64_t pages, struct gate_mapping **out);
void gate_mapping_free(struct gate_mapping *mapping);
/* The mapping exists, at `address`. */
void gate_mapping_link(struct gate_mapping *mapping, uint64_t address);

/* For a clone of a process, whose space has just been filled: records for all that is lent to it; what has been taken back
 * meanwhile is unmapped. Nothing waits between filling and this: a gate that lives now will find the records.
 * NO_QUOTA, NO_MEMORY. */
enum status gate_mappings_clone(struct process *from, struct process *to);

/* The process has unmapped that range: records of what is there no more go. */
void gate_mappings_unmapped(struct process *process, uint64_t base, uint64_t end);

/* Takes one mapping of the gate, and removes it; false: there is none. */
bool gate_mapping_revoke_one(struct gate *gate);
/* The process's address space goes; false: not all yet, call it again. */
bool gate_mappings_drop(struct process *process);
