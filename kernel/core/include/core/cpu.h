// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Per-CPU state. Only its own CPU writes a field, unless the comment says otherwise.
 */
#pragma once

#include <arch/cpu.h>
#include <core/list.h>
#include <core/lock.h>
#include <core/types.h>
#include <fair/fair.h>

struct arch_context;
struct budget;
struct kcall;
struct quiesce_node;
struct recorder_event;
struct request;
struct ring;
struct sched_entity;
struct space;

/* Frames cached for this CPU; mm/frame.c's business. */
#define CPU_FRAME_CACHE 32u
/* The same for blocks of 16 KiB: what a thread needs (ring/region.c). */
#define CPU_BLOCK_CACHE 16u
#define CPU_BLOCK_ORDER 2u

/* Room to copy one kernel-object message in, and to build its result. */
#define CPU_SCRATCH 1024u

/* Nothing is left to its end; one that has nothing yet, and one that has (`told_later`, `held`). */
enum cpu_batch : uint8_t { BATCH_NONE, BATCH_EMPTY, BATCH_LEFT };

struct kept;
struct cpu {
	/* First: assembly code knows these offsets. */
	struct cpu *self;                     /* 0 */
	uint64_t kernel_stack_top;            /* 8 */
	struct arch_context *current_context; /* 16: where entry from user mode saves; NULL while idle */
	uint64_t arch_scratch[2];             /* 24 */

	unsigned id; /* 40 */
	bool online; /* written once, before others look */
	enum cpu_idle : uint8_t {
		CPU_RUNS,
		CPU_LOOKS,  /* idle, and sees by itself what is queued for it */
		CPU_SLEEPS, /* idle, and has to be interrupted */
	} idle;             /* read by others: S5 of core/sched_others.c */
	union {
		struct {
			bool need_resched; /* the running entity is to make way; also set by others, before an IPI */
			uint32_t
				limbo_count; /* nodes that wait to be freed, on limbo and ready; read by others */
		};
		uint64_t attention; /* either: somebody is to look before going on */
	};
	struct sched_entity *current;  /* who runs; NULL once it blocked or yielded, and while idle */
	struct sched_entity *handover; /* last one made runnable by this entry, to be switched to directly */
	struct sched_entity *loaded;   /* whose vector state is in this CPU: current, or who ran last */
	struct space *space;           /* active address space (mm/space.c), NULL = the kernel's own */
	struct kcall *kcall;           /* ring/kcall.h */

	/* flight recorder (core/recorder.h) */
	struct recorder_event *recorder;
	uint64_t recorder_written; /* bytes of events, ever; read by others */
	uint64_t recorder_mask;    /* bytes of `recorder`, a power of two, less one */

	/* frame cache (mm/frame.c); the lengths are read by others for statistics */
	unsigned frames_len, frames_max, blocks_len;
	uint64_t frames[CPU_FRAME_CACHE];
	uint64_t blocks[CPU_BLOCK_CACHE];

	uint64_t work; /* done by this CPU, ever: core/work.h */

	/* quiescence (core/quiesce.h) */
	alignas(CACHE_LINE)
		uint64_t epoch;        /* read by others: 0 outside the kernel, else the epoch of entry */
	struct quiesce_node *limbo[3]; /* by epoch modulo 3 */
	uint64_t limbo_epoch[3];
	struct quiesce_node *ready; /* their time has come */

	/* run queue (core/sched.h): what others look at, and take from */
	alignas(CACHE_LINE) struct spinlock runqueue_lock;
	unsigned runqueue_len;      /* q: runqueue_lock; read by others as a hint, as are the next three */
	uint64_t runqueue_first;    /* q; virtual time of its first, unless it is empty */
	uint64_t runqueue_clock;    /* q; of `runqueue` */
	uint64_t picked_vtime;      /* of who was picked last, then */
	struct fair_queue runqueue; /* q; of any CPU */
	struct heap
		reserved; /* q: those with a budget, by the end of their period; before all in `runqueue` */
	unsigned reserved_len;   /* q; read by others */
	uint64_t running_end_ns; /* of who runs here with a budget; UINT64_MAX: without; read by others */

	/* what runs here (core/sched.h) */
	alignas(CACHE_LINE) uint64_t started_ticks; /* when `loaded` began to run */
	uint64_t slice_start_ns, slice_end_ns;
	bool tick_stopped;    /* no slice, because one thread of a lease is alone here (core/isolation.h) */
	uint8_t tick_restart; /* why it came back last: enum tick_restart */
	const struct sched_entity
		*slice_owner; /* compared only: who was picked for it; others run in it by hand-over */
	uint64_t idle_since_ns;
	struct budget
		*budget; /* that `loaded` runs on, counted; NULL: none. Read by others, under budget_lock */
	uint64_t budget_since;  /* ticks up to which it is charged */
	uint64_t budget_end_ns; /* when it will be spent; UINT64_MAX */
	bool budget_lent;       /* not to its owner */
	unsigned peer;          /* whose queue is looked at next */
	/* Looking before it sleeps (core/sched_others.c): how long, the next time, or 0; how many short sleeps it lets pass
	 * before it tries again, and how many more if that is in vain (all bits up to some are set). */
	uint8_t look_skips, look_penalty;
	uint64_t look_ns;

	/* timers (core/timer.h) */
	struct spinlock timer_lock;
	struct heap timers;      /* t: timer_lock; by deadline; of any CPU */
	uint64_t timer_armed_ns; /* what the hardware is set to; UINT64_MAX = nothing */

	/* Several submissions run: an endpoint's notices may wait for the end of the batch, or go along with a call in it
	 * (ring/facet.c); and the ring that something was completed for last stays claimed until then (ring/batch.h). */
	uint8_t batch;            /* enum cpu_batch */
	void *told_later;         /* that endpoint, counted */
	struct kept *kept_blocks; /* atomic, as the next: mm/heap.c */
	uint32_t kept_count;
	struct ring *held; /* that ring; NULL: none */
	struct request *
		*held_at; /* where its next free request goes: behind those that were completed before */

	/* cpu_call: what this CPU asks of others, and who asks it */
	alignas(CACHE_LINE) uint64_t ipi_pending; /* bit per requesting CPU; written by others */
	void (*call_fn)(void *);
	void *call_arg;
	uint64_t call_waiting; /* bit per CPU that has not run it yet; written by others */

	/* statistics, read by others without a lock: may be torn between fields, never within one */
	struct cpu_stats {
		uint64_t entries, interrupts, faults, switches, ipis_sent, ipis_received, idle_ns, tick_stops,
			tick_restarts, polls, poll_sleeps;
	} stats;

	alignas(CACHE_LINE) uint64_t scratch_in[CPU_SCRATCH / 8];
	uint64_t scratch_out[CPU_SCRATCH / 8];
};

static_assert(offsetof(struct cpu, self) == 0);
static_assert(offsetof(struct cpu, kernel_stack_top) == 8);
static_assert(offsetof(struct cpu, current_context) == 16);
static_assert(offsetof(struct cpu, arch_scratch) == 24);

extern struct cpu cpus[MAX_CPUS];
extern unsigned cpu_count; /* online CPUs are 0 .. cpu_count-1 once boot is over */

static inline struct cpu *this_cpu(void)
{
	return arch_this_cpu();
}

/* Everything but `online`, arch_scratch and kernel_stack_top. */
void cpu_init(struct cpu *cpu, unsigned id);

/* Runs fn(arg) on each CPU of `mask` (bit = CPU number) that is online, and waits until all have; this CPU runs it
 * too if named. Holds no lock. fn runs with interrupts off and must not wait. */
void cpu_call(uint64_t mask, void (*fn)(void *), void *arg);
