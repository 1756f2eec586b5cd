// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What ends a process by its own fault, and what it leaves to look at: the reason, the way there, the last faults of all; and what comes
 * in between a thread's instructions, while it has asked for that, has masked it, or has not.
 */
#include "invariants.h"
#include "scenario.h"

#include <mm/frame.h>
#include <ring/fault.h>
#include <runtime/enter.h>
#include <runtime/ring.h>
#include <schema/kernel/process_handle.capnp.h>
#include <schema/kernel/thread.capnp.h>

#define REGION_BYTES 16384u
#define STACK_AT 0x40000000ull
#define FIELD(name) offsetof(struct cap_region, name)

struct cap_enter_result runtime_cap_enter(uint64_t min, uint64_t deadline_ns)
{
	uint64_t reason = 0;
	int64_t consumed = host_cap_enter(min, deadline_ns, &reason);

	return (struct cap_enter_result){consumed, reason};
}

static struct process *process, *other;
static unsigned finished;

/* Programs of several CPUs count; no switch point. */
static void one_more_finished(void)
{
	(void)__atomic_fetch_add(&finished, 1, __ATOMIC_RELAXED);
}

static void begin(unsigned cpu_total)
{
	struct memory *stack;
	vaddr_t at;

	scenario_begin(cpu_total);
	process = scenario_process("faulty");
	other = scenario_process("other");
	explore_check(memory_create(&process->ledger, 2, &stack) == STATUS_OK);
	explore_check(space_map_as(&process->space, stack, 0, 2, VADDR(STACK_AT),
				   PAGE_USER | PAGE_READ | PAGE_WRITE, MAPPING_OWN, &at) == STATUS_OK);
	memory_put(stack);
	finished = 0;
}

static void set(uint64_t region, uint64_t field, uint64_t value)
{
	host_user_store64(VADDR(region + field), value);
}

static uint64_t get(uint64_t region, uint64_t field)
{
	return host_user_load64(VADDR(region + field));
}

/* --- the end ------------------------------------------------------------------------------------------------------- */

static const struct {
	enum arch_fault_kind kind;
	enum exit_reason reason;
} ends[] = {
	{ARCH_FAULT_ILLEGAL, EXIT_ILLEGAL_INSTRUCTION}, {ARCH_FAULT_PROTECTION, EXIT_PROTECTION_FAULT},
	{ARCH_FAULT_ARITHMETIC, EXIT_ARITHMETIC},       {ARCH_FAULT_DEBUG, EXIT_DEBUG_TRAP},
	{ARCH_FAULT_ALIGNMENT, EXIT_OTHER_FAULT},       {ARCH_FAULT_OTHER, EXIT_OTHER_FAULT},
	{(enum arch_fault_kind)99, EXIT_OTHER_FAULT},   {ARCH_FAULT_PAGE, EXIT_PAGE_FAULT},
};

static void faults_by_argument(uint64_t region)
{
	host_user_fault(ends[get(region, FIELD(thread_arg))].kind);
}

EXPLORE_TEST(each_kind_of_fault_has_its_reason, 2)
{
	struct fault_record record;

	for (unsigned i = 0; i < array_size(ends); i++) {
		begin(1);
		explore_check(!fault_history(0, &record)); /* a fresh machine */
		scenario_thread(process, faults_by_argument, i);
		scenario_run();
		explore_check(process->state == PROCESS_ENDED && process->exit.reason == ends[i].reason);
		explore_check(fault_history(0, &record) && record.pid == process->pid);
		explore_check(__builtin_strcmp(record.name, "faulty") == 0);
		explore_check(!fault_history(1, &record) && !fault_history(FAULT_HISTORY, &record));
		scenario_end();
	}
}

/* Frames {saved frame pointer, return address} in the process's memory, each the row's `step` further up. */
static const struct {
	const char *what;
	uint64_t fp, step;
	unsigned frames, depth;
} stacks[] = {
	{"no frame pointer", 0, 0, 0, 1},
	{"not aligned", STACK_AT + 4, 0, 0, 1},
	{"not mapped", STACK_AT - PAGE_SIZE, 0, 0, 1},
	{"half of it is not mapped", STACK_AT + 2 * PAGE_SIZE - 8, 0, 0, 1},
	{"the return address is none", STACK_AT + 512, 0, 0, 1},
	{"two frames, and the first one", STACK_AT, 64, 3, 4},
	{"a frame that points to itself", STACK_AT, 0, 1, 2},
	{"more than are kept", STACK_AT, 64, 40, PROCESS_BACKTRACE_MAX},
};

static void faults_on_its_stack(uint64_t region)
{
	uint64_t i = get(region, FIELD(thread_arg)), at = STACK_AT;

	set(STACK_AT, 0, 0);
	set(STACK_AT + PAGE_SIZE, 0, 0); /* both pages are there */
	for (unsigned n = 0; n < stacks[i].frames; n++, at += stacks[i].step) {
		set(at, 0, n + 1 < stacks[i].frames || stacks[i].step == 0 ? at + stacks[i].step : 0);
		set(at, 8, 0x1000 + n);
	}
	host_user_registers(0x777, stacks[i].fp);
	host_user_fault(ARCH_FAULT_ILLEGAL);
}

EXPLORE_TEST(a_backtrace_follows_what_is_mapped_and_ends, 1)
{
	for (unsigned i = 0; i < array_size(stacks); i++) {
		begin(1);
		scenario_thread(process, faults_on_its_stack, i);
		scenario_run();
		explore_check(process->backtrace_len == stacks[i].depth && process->backtrace[0] == 0x777);
		explore_check(process->exit.instruction == 0x777);
		for (unsigned n = 1; n < process->backtrace_len; n++)
			explore_check(process->backtrace[n] == 0x1000 + n - 1);
		scenario_end();
	}
}

/* A page that cannot be had is the end, with a reason of its own: no memory, no quota. */
static void touches_without_memory(uint64_t region)
{
	frame_fail_after(1);
	if (get(region, FIELD(thread_arg)) == 1)
		process->ledger.limit[LEDGER_PAGES] = 0;
	set(STACK_AT, 0, 1);
}

EXPLORE_TEST(who_gets_no_page_ends_for_that_reason, 1)
{
	for (unsigned i = 0; i < 2; i++) {
		begin(1);
		scenario_thread(process, touches_without_memory, i);
		scenario_run();
		frame_fail_after(0);
		explore_check(process->exit.reason == EXIT_OUT_OF_MEMORY);
		scenario_end();
	}
}

/* While this CPU still has memory to free, there will be some: the fault is answered then. */
#define PAGES_TO_FREE 600u

static unsigned tries;

static void free_a_piece(struct quiesce_node *node)
{
	if (++tries < 3)
		quiesce_again(node, free_a_piece);
	else
		frame_fail_after(0);
}

static struct quiesce_node chore;

/* Out of nowhere, in the middle of a program: its CPU has something left to free. */
static void touches([[maybe_unused]] uint64_t region)
{
	invariants_busy(true);
	quiesce_again(&chore, free_a_piece);
	frame_fail_after(1);
	set(STACK_AT, 0, 1);
	invariants_busy(false);
	one_more_finished();
}

EXPLORE_TEST(who_gets_no_page_yet_waits_for_what_is_being_freed, 1)
{
	begin(1);
	tries = 0;
	scenario_thread(process, touches, 0);
	scenario_run();
	frame_fail_after(0);
	explore_check(finished == 1 && tries == 3);
	scenario_end();
}

/* --- upcalls ------------------------------------------------------------------------------------------------------- */

static void never_runs([[maybe_unused]] uint64_t frame)
{
	host_die("an upcall that was not to be");
}

/* Asked for, but nowhere to go; or in one already. The fault stands. */
static void faults_without_a_handler(uint64_t region)
{
	uint64_t how = get(region, FIELD(thread_arg));

	set(region, FIELD(upcall_faults), 1);
	if (how != 0)
		set(region, FIELD(upcall_entry),
		    how == 1 ? arch_user_end : host_program_entry(never_runs).raw);
	if (how == 2)
		set(region, FIELD(upcall_mask), 1);
	host_user_fault(ARCH_FAULT_ARITHMETIC);
}

EXPLORE_TEST(a_fault_that_no_handler_can_take_is_the_end, 1)
{
	for (unsigned i = 0; i < 3; i++) {
		begin(1);
		scenario_thread(process, faults_without_a_handler, i);
		scenario_run();
		explore_check(process->exit.reason == EXIT_ARITHMETIC);
		scenario_end();
	}
}

static cap_id handle, process_handle;
static uint64_t seen, upcalls, victim_region;
static bool masked_first;

static void collects(uint64_t frame)
{
	uint64_t region = frame - FIELD(upcall_frame);

	explore_check(get(region, FIELD(upcall_mask)) == 1);
	explore_check(get(frame, offsetof(struct cap_upcall_frame, fault_vector)) == 0 &&
		      get(frame, offsetof(struct cap_upcall_frame, fault_address)) == 0);
	seen |= get(frame, offsetof(struct cap_upcall_frame, reason));
	upcalls++;
	set(region, FIELD(upcall_mask), 0);
	if (get(region, FIELD(upcall_pending)) != 0) /* collected meanwhile */
		(void)host_cap_enter(0, 0, NULL);
}

/* Waits for bits 1 and 4. While it has masked upcalls it sees none, and a wait ends at once; the bits come when it has unmasked. */
static void is_interrupted(uint64_t region)
{
	set(region, FIELD(upcall_mask), masked_first);
	set(region, FIELD(upcall_entry), host_program_entry(collects).raw);
	store_release(&victim_region, region);
	if (masked_first) {
		while (get(region, FIELD(upcall_pending)) != 5)
			(void)host_cap_enter(1, host_now_ns() + 2000, NULL);
		explore_check(upcalls == 0);
		set(region, FIELD(upcall_mask), 0);
		(void)host_cap_enter(0, 0, NULL);
	}
	while (seen != 5)
		(void)host_cap_enter(1, host_now_ns() + 2000, NULL);
	explore_check(get(region, FIELD(upcall_pending)) == 0);
	one_more_finished();
}

static void interrupts(uint64_t region)
{
	struct ring_client ring;

	ring_client_init(&ring, host_user_pointer(VADDR(region), REGION_BYTES, true));
	/* It may not have said yet where. */
	enum status early = thread_handle_interrupt(&ring.transport, handle, 1);
	explore_check(early == STATUS_OK || early == STATUS_EXCEPTION);
	while (load_acquire(&victim_region) == 0)
		(void)host_cap_enter(1, host_now_ns() + 500, NULL);
	explore_check(thread_handle_interrupt(&ring.transport, handle, 1) == STATUS_OK);
	if (host_random() % 2)
		(void)host_cap_enter(1, host_now_ns() + host_random() % 3000, NULL);
	explore_check(process_handle_interrupt(&ring.transport, process_handle, 4) == STATUS_OK);
	one_more_finished();
}

static void give_handles(void)
{
	handle = scenario_give(other, scenario_full(&scenario_started(0)->object));
	process_handle = scenario_give(other, scenario_full(&process->object));
}

EXPLORE_TEST(bits_come_in_between_or_wait_until_they_are_unmasked, 300)
{
	begin(1 + (unsigned)(host_random() % 2));
	seen = upcalls = victim_region = 0;
	masked_first = host_random() % 2;
	scenario_thread(process, is_interrupted, 0);
	scenario_thread(other, interrupts, 0);
	scenario_when_started(give_handles);
	scenario_run();
	explore_check(finished == 2 && seen == 5);
	scenario_end();
}

/* A process interrupts itself, has nowhere to be interrupted, has ended: each says so. */
static cap_id own, victims[2];

static void interrupts_itself(uint64_t region)
{
	struct ring_client ring;

	ring_client_init(&ring, host_user_pointer(VADDR(region), REGION_BYTES, true));
	for (unsigned i = 0; i < 2; i++)
		explore_check(process_handle_interrupt(&ring.transport, victims[i], 1) == STATUS_EXCEPTION);
	explore_check(process_handle_interrupt(&ring.transport, own, 1) == STATUS_EXCEPTION && upcalls == 0);
	set(region, FIELD(upcall_entry), host_program_entry(collects).raw);
	explore_check(process_handle_interrupt(&ring.transport, own, 8) == STATUS_OK);
	explore_check(upcalls == 1 && seen == 8);
	one_more_finished();
}

EXPLORE_TEST(who_cannot_be_interrupted_is_not, 1)
{
	struct process *unstarted;

	begin(1);
	seen = upcalls = 0;
	unstarted = scenario_process("unstarted");
	own = scenario_give(process, scenario_full(&process->object));
	victims[0] = scenario_give(process, scenario_full(&unstarted->object));
	victims[1] = scenario_give(process, scenario_full(&other->object));
	process_abandon(other, &(struct exit_record){.reason = EXIT_KILLED});
	scenario_thread(process, interrupts_itself, 0);
	scenario_run();
	explore_check(finished == 1);
	scenario_end();
}

/* --- a completion that interrupts ------------------------------------------------------------------------------------- */

static cap_id service_end, service;

static void notes([[maybe_unused]] uint64_t frame)
{
	seen |= get(frame, offsetof(struct cap_upcall_frame, reason));
	set(frame - FIELD(upcall_frame), FIELD(upcall_mask), 0);
	upcalls++;
}

/* Computes on while its call is served on another CPU. */
static void computes_until_interrupted(uint64_t region)
{
	struct user_ring ring;
	struct cap_cqe cqe;

	set(region, FIELD(upcall_entry), host_program_entry(notes).raw);
	user_ring_open(&ring, region);
	(void)user_submit(&ring, &(struct cap_sqe){.op = CAP_OP_CALL,
						   .flags = CAP_SQE_INTERRUPT,
						   .target = service.raw,
						   .interface_id = SCENARIO_INTERFACE,
						   .msg_len = 8,
						   .buf_off = 1024,
						   .buf_len = 256});
	(void)user_enter(&ring, 0, 0);
	while (upcalls == 0)
		host_user_step();
	explore_check(seen == CAP_UPCALL_COMPLETION);
	explore_check(user_wait(&ring).status == STATUS_OK && !user_reap(&ring, &cqe));
	one_more_finished();
}

static void serves_one(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	struct cap_cqe cqe = user_do(&ring, &(struct cap_sqe){.op = CAP_OP_RECV,
							      .target = service_end.raw,
							      .buf_off = 1024,
							      .buf_len = 56 + 64});
	explore_check(
		user_do(&ring, &(struct cap_sqe){.op = CAP_OP_RETURN, .target = cqe.token, .msg_len = 8})
			.status == STATUS_OK);
	one_more_finished();
}

EXPLORE_TEST(a_completion_interrupts_who_asked_for_that, 50)
{
	struct endpoint *endpoint;

	begin(2);
	seen = upcalls = 0;
	endpoint = scenario_endpoint(other, 64, 0);
	service_end = scenario_give(other, scenario_full(&endpoint->object));
	service = scenario_give(process, scenario_facet(endpoint, 1));
	object_put(&endpoint->object);
	scenario_thread(process, computes_until_interrupted, 0);
	scenario_thread(other, serves_one, 0);
	scenario_run();
	explore_check(finished == 2 && upcalls == 1);
	scenario_end();
}

EXPLORE_MAIN
