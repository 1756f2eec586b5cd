// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Threads: a user context, a ring, and a place in the scheduler.
 *
 * A thread has no kernel stack. One that is woken in its cap_enter has its result already, or is RING_UNFINISHED: then whoever
 * picks it goes on with enter_continue(thread): that is the only continuation in the kernel.
 */
#pragma once

#include <arch/entry.h>
#include <cap/object.h>
#include <cap/process.h>
#include <core/cpu.h>
#include <core/sched.h>
#include <core/timer.h>
#include <ring/ring.h>

struct thread {
	struct sched_entity sched; /* first: whom a CPU runs is its thread, without a sum */
	struct arch_context context;
	struct ring ring;
	struct process *process; /* counted */
	uint32_t tid;
	uint64_t enter_deadline; /* of the cap_enter that waits, 0 = none */
	struct timer enter_timer;
	uint64_t poll_idle_ns;      /* it polls for so long before it waits (poll.h); 0: not. Its own */
	struct gate *bound_through; /* counted: sched.pin_dead is in it; NULL. Its own */
	uint64_t upcall_bits;       /* atomic: asked for by ThreadHandle.interrupt */
	/* what ThreadHandles name; its last reference and the thread's end free the structure */
	struct object object;
	struct list link;     /* process->threads */
	struct spinlock lock; /* rank THREAD */
	struct list waiters;  /* t: requests that wait for its end */
	bool ended;           /* t */
	int64_t exit_code;    /* t */
	void *fpu_area;
	struct quiesce_node quiesce;
};

static inline struct thread *ring_thread(struct ring *ring)
{
	return container_of(ring, struct thread, ring);
}

static inline struct thread *sched_thread(struct sched_entity *entity)
{
	return container_of(entity, struct thread, sched);
}

/* The thread whose user code entered the kernel on this CPU. */
static inline struct thread *thread_current(void)
{
	return sched_thread(this_cpu()->current);
}

extern const struct object_type *thread_object_type; /* set at boot by the object room */

struct thread_start {
	vaddr_t entry, stack;
	uint64_t argument, start_message, start_message_len;
	struct ring_geometry geometry;
};
/* Makes and starts a thread. *out (may be NULL) gets a reference on its object. */
enum status thread_create(struct process *process, const struct thread_start *start, struct thread **out);

/* The same in two steps: what has been prepared runs from thread_begin on, which must follow, also if the process is killed meanwhile. */
enum status thread_prepare(struct process *process, const struct thread_start *start, struct thread **out);
void thread_begin(struct thread *thread);

/* The weight and class of all its threads, and of those to come. */
void thread_set_policy_of_all(struct process *process, uint32_t weight, enum fair_class class);

#define POLL_IDLE_MAX_NS 1000000000ull
/* The calling thread, bound to a lease, polls its ring (ring/poll.h) for idle_ns before it waits; 0: it does not. */
void thread_poll(struct thread *thread, uint64_t idle_ns);

void thread_destroy(struct object *object); /* for the object type */

/* The current thread, or one whose ring the caller claimed, ends. Completes its waiters; the last one ends the process. */
void thread_exit(struct thread *thread, int64_t code);
/* Ends a process: records why (the first reason counts), stops its threads on all CPUs. */
void process_kill(struct process *process, const struct exit_record *why);
/* Called with a process that has ended and had no creator; NULL: nothing. Set at boot: without init nobody runs the system. */
extern void (*process_without_creator_ended)(const struct process *process);
/* A process that was never started, and that nobody can start any more. */
void process_abandon(struct process *process, const struct exit_record *why);
/* Makes a thread look at its signals soon, wherever it is. */
void thread_poke(struct thread *thread, uint32_t signals);
/* upcall bits, from ThreadHandle.interrupt. */
void thread_interrupt(struct thread *thread, uint64_t bits);
/* The same for the oldest thread of a process; false: there is none, or it takes no upcalls. */
bool process_interrupt(struct process *process, uint64_t bits);

/* Goes on with a cap_enter: either its result is set, or the thread is blocked, or it is dying. */
void enter_continue(struct thread *thread);
/* The call that this thread's user code is told about; true if an upcall was entered. */
bool thread_deliver_upcall(struct thread *thread);
