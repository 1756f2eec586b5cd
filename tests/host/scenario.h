// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Scenarios: processes and threads of the real kernel on the simulated machine, and a small ring client for their
 * programs.
 *
 * A scenario is an EXPLORE_TEST: scenario_begin, make processes and capabilities directly through the kernel's own
 * functions (as boot code would), scenario_thread for each thread, scenario_run, then checks. scenario_run returns when
 * the machine is quiet; scenario_end kills what is left and checks that every count is back to what it was.
 */
#pragma once

#include <abi/region.h>
#include <abi/ring.h>
#include <archimpl/explorer.h>
#include <archimpl/user.h>
#include <cap/process.h>
#include <cap/view.h>
#include <ring/endpoint.h>
#include <ring/notification.h>
#include <ring/thread.h>

void scenario_begin(unsigned cpu_total);
/* With so much memory. */
void scenario_begin_with(unsigned cpu_total, uint64_t bytes);
/* In half of all schedules its messages are captured. */
struct process *scenario_process(const char *name);
/* They are not. */
struct process *scenario_process_plain(const char *name);
/* A capability to `view` (one reference is taken over) in the process's table. */
cap_id scenario_give(struct process *process, struct view *view);
/* The same under a gate, of which one reference is taken over as well. */
cap_id scenario_lend(struct process *process, struct view *view, struct gate *gate);
struct view *scenario_full(struct object *object);
/* A facet of an endpoint with a key: what MINT makes. */
struct view *scenario_facet(struct endpoint *endpoint, uint64_t key);
struct endpoint *scenario_endpoint(struct process *owner, uint32_t max_message, uint16_t max_caps);
/* Started by scenario_run. */
void scenario_thread(struct process *process, host_program *program, uint64_t arg);
/* Of the ring of the thread that scenario_thread was told of last. */
void scenario_geometry(struct ring_geometry geometry);
/* Called when the threads have been made, before they run. */
void scenario_when_started(void (*fn)(void));
/* The thread of the i-th scenario_thread, then. */
struct thread *scenario_started(unsigned i);
void scenario_run(void);
void scenario_end(void);
/* Main code, while no CPU runs: what was retired is freed. The running CPU, 0, is outside then. */
void scenario_drain(void);

/* The interface of scenario facets. */
#define SCENARIO_INTERFACE 0xabcdef0123456789ull

/* --- for programs: the ring of the running thread ------------------------------------------------------------------ */

struct user_ring {
	vaddr_t region;
	uint32_t sq_off, sq_count, cq_off, cq_count, arena_off, arena_len;
	uint64_t sequence; /* of the next submission */
	uint32_t cq_head;
	uint64_t accepted;  /* that cap_enter said it consumed */
	uint64_t completed; /* reaped */
	uint64_t quiet;     /* submitted with QUIET: no completion unless it fails */
	uint64_t thread_arg;
};

void user_ring_open(struct user_ring *ring, uint64_t region);
/* Writes the entry and advances the tail; its sequence number. The queue must have room. */
uint64_t user_submit(struct user_ring *ring, const struct cap_sqe *sqe);
/* cap_enter; the reasons. */
uint64_t user_enter(struct user_ring *ring, uint64_t min, uint64_t deadline_ns);
bool user_reap(struct user_ring *ring, struct cap_cqe *out);
/* Enters until there is a completion. */
struct cap_cqe user_wait(struct user_ring *ring);
/* A RECV's completion that is no call: a facet was released, or a caller is gone. */
static inline bool user_is_notice(struct cap_cqe cqe)
{
	return cqe.status == 0 && (cqe.flags & (CAP_CQE_KIND_RELEASED | CAP_CQE_KIND_CANCELLED)) != 0;
}

/* submit and wait for its completion; there must be nothing else outstanding. Notices to a RECV are passed over. */
struct cap_cqe user_do(struct user_ring *ring, const struct cap_sqe *sqe);
void user_arena_write(struct user_ring *ring, uint32_t offset, const void *from, uint32_t len);
void user_arena_read(struct user_ring *ring, uint32_t offset, void *to, uint32_t len);
uint64_t user_arena_word(struct user_ring *ring, uint32_t offset);
