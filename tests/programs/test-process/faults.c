// SPDX-License-Identifier: MIT OR Apache-2.0
/* Ends of every kind: each function is what one child does. */
#include <runtime/enter.h>
#include <runtime/thread.h>
#include <schema/kernel/process_handle.capnp.h>
#include <schema/kernel/timer.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>

#include "process.h"

#define FAULT(reason) PROCESS_HANDLE_EXIT_REASON_##reason

static int returns_zero(void)
{
	return 0;
}

static int returns_42(void)
{
	return 42;
}

static int exits(void)
{
	runtime_exit(-7);
}

static int last_thread_ends(void)
{
	thread_exit(5);
}

static int64_t exits_process(void *argument)
{
	(void)argument;
	runtime_exit(6);
}

static int64_t spins(void *argument)
{
	(void)argument;
	for (;;)
		__asm__ volatile("pause");
}

static int other_thread_exits(void)
{
	struct thread t;

	if (thread_start(&t, exits_process, nullptr, nullptr) != STATUS_OK)
		return 1;
	spins(nullptr);
	return 2;
}

static int exits_with_spinning_threads(void)
{
	struct thread t[3];

	for (unsigned i = 0; i < 3; i++)
		if (thread_start(&t[i], spins, nullptr, nullptr) != STATUS_OK)
			return 1;
	(void)!timer_sleep(w.t, w.timer, 5 * MS);
	return 8;
}

static int64_t sleeps(void *argument)
{
	(void)argument;
	(void)!timer_sleep(runtime_transport(), w.timer, 1ull << 60);
	return 0;
}

static int exits_with_sleeping_threads(void)
{
	struct thread t[3];

	for (unsigned i = 0; i < 3; i++)
		if (thread_start(&t[i], sleeps, nullptr, nullptr) != STATUS_OK)
			return 1;
	(void)!timer_sleep(w.t, w.timer, 5 * MS);
	return 9;
}

static int reads_null(void)
{
	return *(volatile int *)0;
}

static int reads_kernel(void)
{
	return *(volatile int *)0xffffffff80100000;
}

static int writes_its_text(void)
{
	*(volatile uint8_t *)(uintptr_t)returns_zero = 0xc3;
	return 1;
}

static int executes_data(void)
{
	static volatile uint8_t code[1];

	code[0] = 0xc3;
	void (*f)(void) = (void (*)(void))(uintptr_t)code;

	f();
	return 1;
}

static int executes_null(void)
{
	void (*volatile f)(void) = nullptr;

	f();
	return 1;
}

static int overflows_its_stack(void)
{
	volatile uint8_t here[4096];

	here[0] = 1;
	if (here[0] == 0)
		return 0;
	return here[0] + overflows_its_stack();
}

static int reads_noncanonical(void)
{
	return *(volatile int *)0x8000000000000000;
}

static int jumps_noncanonical(void)
{
	__asm__ volatile("movabs $0x8000000000000000, %%rax; jmp *%%rax" ::: "rax");
	return 1;
}

static int undefined_instruction(void)
{
	__asm__ volatile("ud2");
	return 1;
}

static int divides_by_zero(void)
{
	__asm__ volatile("xor %%ecx, %%ecx; mov $1, %%eax; cdq; idiv %%ecx" ::: "eax", "ecx", "edx");
	return 1;
}

static int breakpoint(void)
{
	__asm__ volatile("int3");
	return 1;
}

static int privileged(void)
{
	__asm__ volatile("hlt");
	return 1;
}

static int faults_in_thread(void)
{
	struct thread t;

	if (thread_start(&t, (int64_t (*)(void *))(uintptr_t)reads_null, nullptr, nullptr) != STATUS_OK)
		return 1;
	spins(nullptr);
	return 2;
}

static int impossible_tail(void)
{
	struct cap_region *r = w.ring->region;

	__atomic_store_n(&r->sq_tail, r->sq_tail + r->sq_count + 1, __ATOMIC_RELEASE);
	(void)runtime_cap_enter(0, 0);
	return 1;
}

static int impossible_head(void)
{
	struct cap_region *r = w.ring->region;

	__atomic_store_n(&r->cq_head, r->cq_head + r->cq_count + 1, __ATOMIC_RELEASE);
	(void)runtime_cap_enter(0, 0);
	return 1;
}

/* More pages than it may have. */
static int takes_too_much(void)
{
	uint64_t address;

	if (virtual_memory_allocate(w.t, w.space, 64 << 20, 0, &address) != STATUS_OK)
		return 1;
	for (uint64_t at = 0; at < 64 << 20; at += 4096)
		*(volatile uint8_t *)(address + at) = 1;
	return 2;
}

/* What test_capture looks for. */
static int makes_calls(void)
{
	uint64_t ns;

	(void)!timer_now(w.t, w.timer, &ns);
	(void)!timer_sleep(w.t, w.timer, 2 * MS);
	(void)!timer_now(w.t, (cap_id){0x100000063}, &ns);
	for (unsigned i = 0; i < 20; i++)
		(void)!timer_now(w.t, w.timer, &ns);
	return 3;
}

/* Two records each. */
static int makes_many_calls(void)
{
	uint64_t ns;

	for (unsigned i = 0; i < 20000; i++)
		(void)!timer_now(w.t, w.timer, &ns);
	return 0;
}

static int stands_by(void)
{
	for (;;)
		(void)!timer_sleep(w.t, w.timer, 10 * MS);
}

const struct victim victims[] = {
	{"returns 0", returns_zero, FAULT(EXIT), 0, 0, {}},
	{"returns 42", returns_42, FAULT(EXIT), 42, 0, {}},
	{"exits with -7", exits, FAULT(EXIT), -7, 0, {}},
	{"its last thread ends with 5", last_thread_ends, FAULT(EXIT), 5, 0, {}},
	{"another thread exits with 6 while the first one spins", other_thread_exits, FAULT(EXIT), 6, 0, {}},
	{"exits while three threads spin", exits_with_spinning_threads, FAULT(EXIT), 8, 0, {}},
	{"exits while three threads sleep", exits_with_sleeping_threads, FAULT(EXIT), 9, 0, {}},
	{"reads at 0", reads_null, FAULT(PAGE_FAULT), 0, 0, {}},
	{"reads the kernel", reads_kernel, FAULT(PAGE_FAULT), 0, 0, {}},
	{"writes its own text", writes_its_text, FAULT(PAGE_FAULT), 0, 0, {}},
	{"executes data", executes_data, FAULT(PAGE_FAULT), 0, 0, {}},
	{"executes at 0", executes_null, FAULT(PAGE_FAULT), 0, 0, {}},
	{"overflows its stack", overflows_its_stack, FAULT(PAGE_FAULT), 0, 0, {}},
	{"reads a non-canonical address", reads_noncanonical, FAULT(PROTECTION_FAULT), 0, 0, {}},
	{"jumps to a non-canonical address", jumps_noncanonical, FAULT(PROTECTION_FAULT), 0, 0, {}},
	{"executes an undefined instruction", undefined_instruction, FAULT(ILLEGAL_INSTRUCTION), 0, 0, {}},
	{"divides by zero", divides_by_zero, FAULT(ARITHMETIC), 0, 0, {}},
	{"meets a breakpoint", breakpoint, FAULT(DEBUG_TRAP), 0, 0, {}},
	{"executes a privileged instruction", privileged, FAULT(PROTECTION_FAULT), 0, 0, {}},
	{"faults in its second thread", faults_in_thread, FAULT(PAGE_FAULT), 0, 0, {}},
	{"claims more submissions than fit", impossible_tail, FAULT(PROTOCOL), 0, 0, {}},
	{"claims to have reaped what never came", impossible_head, FAULT(PROTOCOL), 0, 0, {}},
	{"touches more memory than it may have", takes_too_much, FAULT(OUT_OF_MEMORY), 0, 0, {.pages = 1024}},
	{"makes calls", makes_calls, FAULT(EXIT), 3, 0, {}},
	{"makes many calls", makes_many_calls, FAULT(EXIT), 0, 0, {}},
	{"stands by", stands_by, FAULT(KILLED), 0, 0, {}},
};

/* The last one is no victim: it is started by name. */
const uint32_t victim_count = sizeof(victims) / sizeof(victims[0]);
