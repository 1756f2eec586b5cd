// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Faults in user mode, and upcalls.
 *
 * A page fault that the address space can answer is answered. Any other becomes an upcall if the thread asked for that
 * and is not in one; otherwise it ends the process with a typed reason and a backtrace, and nobody else notices.
 */
#include "ops.h"

#include <core/clock.h>
#include <core/log.h>
#include <mm/space.h>
#include <ring/fault.h>

/* Upcall state in the shared page, each word read once. The entry is a user address: only jumped to, never read. */
static bool enter_upcall(struct thread *thread, uint64_t reason, const struct arch_fault *fault)
{
	struct cap_region *control = thread->ring.control;
	uint64_t entry = load_acquire(&control->upcall_entry);

	if (entry == 0 || entry >= arch_user_end)
		return false;
	if (load_acquire(&control->upcall_mask) != 0) {
		if (fault == NULL) {
			(void)atomic_or(&control->upcall_pending, reason);
			/* It may be about to wait: a wait that begins behind this ends at once. */
			(void)atomic_or(&thread->ring.signals, (uint32_t)RING_WOKEN);
		}
		return false;
	}
	store_release(&control->upcall_mask, 1ull);
	struct cap_upcall_frame *frame = &control->upcall_frame;
	arch_context_upcall(&thread->context, frame, VADDR(entry),
			    thread->ring.region_user + offsetof(struct cap_region, upcall_frame));
	frame->reason = reason;
	frame->fault_vector = fault != NULL ? fault->vector : 0;
	frame->fault_address = fault != NULL ? fault->address.raw : 0;
	frame->fault_error = fault != NULL ? fault->error : 0;
	return true;
}

bool thread_deliver_upcall(struct thread *thread)
{
	struct cap_region *control = thread->ring.control;

	(void)atomic_and(&thread->ring.signals, ~(uint32_t)RING_UPCALL);
	uint64_t bits = atomic_swap(&thread->upcall_bits, 0ull);
	if (load_relaxed(&control->upcall_mask) == 0)
		bits |= atomic_swap(&control->upcall_pending, 0ull) & ~CAP_UPCALL_FAULT;
	return bits != 0 && enter_upcall(thread, bits, NULL);
}

static enum exit_reason reason_of(const struct arch_fault *fault)
{
	switch (fault->kind) {
	case ARCH_FAULT_PAGE:
		return EXIT_PAGE_FAULT;
	case ARCH_FAULT_ILLEGAL:
		return EXIT_ILLEGAL_INSTRUCTION;
	case ARCH_FAULT_PROTECTION:
		return EXIT_PROTECTION_FAULT;
	case ARCH_FAULT_ARITHMETIC:
		return EXIT_ARITHMETIC;
	case ARCH_FAULT_DEBUG:
		return EXIT_DEBUG_TRAP;
	case ARCH_FAULT_ALIGNMENT:
	case ARCH_FAULT_OTHER:
		break;
	}
	return EXIT_OTHER_FAULT;
}

/* Follows frame pointers through what is mapped: {saved frame pointer, return address}. */
unsigned thread_walk_stack(struct process *process, const struct arch_registers *registers, uint64_t *pcs,
			   unsigned max)
{
	uint64_t frame[2], fp = registers->fp;
	unsigned n = 0;

	pcs[n++] = registers->pc;
	while (n < max && (fp & 7) == 0 && fp != 0 &&
	       space_peek(&process->space, VADDR(fp), frame, sizeof(frame)) == sizeof(frame) &&
	       frame[1] != 0) {
		pcs[n++] = frame[1];
		if (frame[0] <= fp)
			break;
		fp = frame[0];
	}
	return n;
}

static struct spinlock history_lock = SPINLOCK_INIT(LOCK_RANK_LOG);
static struct fault_record history[FAULT_HISTORY]; /* under history_lock */
static unsigned history_count;

static void remember(const struct process *process, const struct arch_fault *fault, uint64_t pc)
{
	spin_lock(&history_lock);
	struct fault_record *record = &history[history_count++ % FAULT_HISTORY];
	*record = (struct fault_record){clock_now_ns(), pc, fault->address.raw, process->pid,
					fault->vector,  ""};
	for (unsigned i = 0; i < sizeof(record->name) - 1; i++)
		record->name[i] = process->name[i];
	spin_unlock(&history_lock);
}

bool fault_history(unsigned n, struct fault_record *out)
{
	spin_lock(&history_lock);
	bool found = n < FAULT_HISTORY && n < history_count;
	if (found)
		*out = history[(history_count - 1 - n) % FAULT_HISTORY];
	spin_unlock(&history_lock);
	return found;
}

static void die(struct thread *thread, const struct arch_fault *fault, enum exit_reason reason)
{
	struct process *process = thread->process;
	struct arch_registers registers;
	uint64_t pcs[PROCESS_BACKTRACE_MAX];

	arch_context_registers(&thread->context, &registers);
	unsigned n = thread_walk_stack(process, &registers, pcs, PROCESS_BACKTRACE_MAX);
	struct exit_record why = {.reason = reason,
				  .code = (int64_t)fault->vector,
				  .address = fault->kind == ARCH_FAULT_PAGE ? fault->address.raw : 0,
				  .instruction = registers.pc};
	spin_lock(&process->lock);
	if (process->state == PROCESS_RUNNING) {
		process->backtrace_len = n;
		for (unsigned i = 0; i < n; i++)
			process->backtrace[i] = pcs[i];
		for (unsigned i = 0; i < array_size(registers.general); i++)
			process->registers[i] = registers.general[i];
		process->registers[ARCH_REGISTERS - 1] = registers.pc;
	}
	spin_unlock(&process->lock);
	/* init's supervisor prints names; here, numbers, so that init's own end is never silent. */
	log_line(LOG_WARNING, "%s (%u): fault %u at %lx, address %lx, error %lx", process->name, process->pid,
		 fault->vector, (unsigned long)registers.pc, (unsigned long)fault->address.raw,
		 (unsigned long)fault->error);
	remember(process, fault, registers.pc);
	process_kill(process, &why);
}

void kernel_on_fault(const struct arch_fault *fault)
{
	quiesce_enter();
	struct thread *thread = thread_current();
	enum exit_reason reason = reason_of(fault);

	count_own(&this_cpu()->stats.faults, 1);
	if (fault->kind == ARCH_FAULT_PAGE) {
		enum status status = space_fault(&thread->process->space, fault->address, fault->write,
						 fault->execute);
		if (likely(status == STATUS_OK))
			return;
		if (status == STATUS_NO_MEMORY && quiesce_has_chores())
			return; /* a piece more is free when it comes back */
		if (status == STATUS_NO_MEMORY || status == STATUS_NO_QUOTA)
			reason = EXIT_OUT_OF_MEMORY;
	}
	if (load_relaxed(&thread->ring.control->upcall_faults) != 0 &&
	    enter_upcall(thread, CAP_UPCALL_FAULT, fault))
		return;
	die(thread, fault, reason);
}
