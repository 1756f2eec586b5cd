// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * User programs as coroutines, and the way between them and the kernel: what entry.S is on a real machine.
 *
 * A CPU's kernel coroutine sits in arch_resume_loop. It switches to the user coroutine that the kernel names; the
 * user coroutine switches back to trap, and finds itself on whatever CPU resumed it when that returns.
 *
 * Checked here, because a real machine would only misbehave: a context runs on one CPU at a time, always in the same
 * address space; an interrupted one finds its vector register as it left it, a new one finds it empty.
 */
#include <stdlib.h>

#include <abi/ring.h>
#include <arch/entry.h>
#include <archimpl/user.h>

#include "host.h"

#define PROGRAMS 256u
#define PROGRAM_BASE 0x10000000ull
#define PROGRAM_STEP 16u

struct host_user {
	struct host_fiber *fiber;
	struct arch_context *context;
	uint64_t vector; /* what its vector register must hold */
	struct host_user *next;
};

void (*host_at_rest)(void);

static host_program *programs[PROGRAMS];
static struct host_user *users; /* of this run */
static uint64_t user_count;

void host_user_reset(void)
{
	while (users) {
		struct host_user *user = users;

		users = user->next;
		host_fiber_free(user->fiber);
		free(user);
	}
	user_count = 0;
	host_at_rest = NULL;
}

vaddr_t host_program_entry(host_program *program)
{
	for (unsigned i = 0; i < PROGRAMS; i++) {
		if (!programs[i])
			programs[i] = program;
		if (programs[i] == program)
			return VADDR(PROGRAM_BASE + i * PROGRAM_STEP);
	}
	host_die("more than %u user programs", PROGRAMS);
}

static host_program *program_at(vaddr_t entry)
{
	uint64_t i = (entry.raw - PROGRAM_BASE) / PROGRAM_STEP;

	return entry.raw % PROGRAM_STEP == 0 && i < PROGRAMS ? programs[i] : NULL;
}

/* --- contexts ----------------------------------------------------------------------------------------------- */

void arch_context_init(struct arch_context *ctx, vaddr_t entry, vaddr_t stack, uint64_t arg, void *fpu_area)
{
	*ctx = (struct arch_context){.entry = entry, .stack = stack, .arg = arg, .vector = fpu_area};
}

size_t arch_fpu_size(void)
{
	return 64;
}

void arch_context_set_result(struct arch_context *ctx, int64_t value, uint64_t reason)
{
	ctx->result = value;
	ctx->reason = reason;
}

void arch_context_set_reason(struct arch_context *ctx, uint64_t reason)
{
	ctx->reason = reason;
}

void arch_context_upcall(struct arch_context *ctx, struct cap_upcall_frame *frame, vaddr_t entry,
			 uint64_t frame_user)
{
	frame->rip = ctx->entry.raw;
	frame->rsp = ctx->stack.raw;
	frame->rax = (uint64_t)ctx->result;
	frame->rdx = ctx->reason;
	if (ctx->upcall_entry.raw)
		host_die("a second upcall before the first one ran");
	ctx->upcall_entry = entry;
	ctx->upcall_frame = frame_user;
}

const uint8_t arch_syscall_bytes[2] = {0, 0}; /* there is none */

const char *const arch_register_names[ARCH_REGISTERS] = {
	"r0", "r1",  "r2",  "r3",  "r4",  "r5",  "r6",  "r7", "r8",
	"r9", "r10", "r11", "r12", "r13", "r14", "r15", "pc",
};

void arch_context_registers(const struct arch_context *ctx, struct arch_registers *out)
{
	*out = (struct arch_registers){
		.pc = ctx->pc ? ctx->pc : ctx->entry.raw, .sp = ctx->stack.raw, .fp = ctx->fp};
	out->general[0] = (uint64_t)ctx->result;
}

bool arch_kernel_registers([[maybe_unused]] struct arch_registers *out)
{
	return false;
}

void arch_context_switch(struct arch_context *from, struct arch_context *to)
{
	if (from)
		from->base = host_cpu->base;
	if (from && from->interrupted && from->vector)
		*from->vector = host_cpu->vector;
	host_cpu->base = to ? to->base : 0;
	host_cpu->vector = to && to->interrupted && to->vector ? *to->vector : 0;
}

void arch_context_hand_over(struct arch_context *from, struct arch_context *to)
{
	if (from->interrupted || from == to)
		host_die("a hand-over from outside a system call");
	arch_context_switch(from, to);
}

/* --- from the kernel to the user ----------------------------------------------------------------------------- */

static void user_main(void *arg)
{
	struct host_user *user = arg;
	host_program *program = program_at(user->context->entry);

	if (host_cpu->vector)
		host_die("a new thread sees another one's vector register");
	if (host_cpu->base)
		host_die("a new thread sees another one's thread pointer");
	host_cpu->vector = user->vector;
	host_cpu->base = user->vector;
	host_user_step();
	while (!program)
		host_user_fault(ARCH_FAULT_ILLEGAL);
	program(user->context->arg);
	host_exit(0, CAP_EXIT_THREAD);
}

static struct host_user *user_new(struct arch_context *ctx)
{
	struct host_user *user = calloc(1, sizeof *user);

	if (!user)
		abort();
	user->context = ctx;
	user->vector = ++user_count;
	user->fiber = host_fiber_new(user_main, user, user);
	user->next = users;
	users = user;
	return user;
}

/* Every other CPU idles or is in user code. */
static bool kernel_rests(void)
{
	for (unsigned i = 0; i < host_cpu_total; i++) {
		const struct host_cpu *c = &host_cpus[i];
		if (c != host_cpu && c->state == HOST_CPU_RUNS && !c->context)
			return false;
	}
	return true;
}

/* Returns when the user code trapped. */
static void resume(struct arch_context *ctx)
{
	if (!ctx->user) {
		ctx->user = user_new(ctx);
		ctx->root = host_cpu->root;
	}
	if (ctx->running)
		host_die("CPU %u resumes a context that runs on CPU %u", host_cpu->id, ctx->running - 1u);
	if (ctx->root != host_cpu->root || !ctx->root)
		host_die("a context of space %#llx is resumed in space %#llx", (unsigned long long)ctx->root,
			 (unsigned long long)host_cpu->root);
	ctx->running = (uint8_t)(host_cpu->id + 1);
	host_cpu->context = ctx;
	host_cpu->cpu->current_context = ctx;
	host_trace(0x400);
	if (host_at_rest && kernel_rests()) {
		host_fiber_look(true);
		host_at_rest();
		host_fiber_look(false);
	}
	host_fiber_switch(ctx->user->fiber, true);
}

/* Whom to resume. */
static struct arch_context *dispatch(struct arch_context *ctx)
{
	struct arch_fault fault = host_cpu->fault;

	host_cpu->context = NULL;
	ctx->running = 0;
	ctx->interrupted = host_cpu->trap != HOST_TRAP_SYSCALL;
	host_trace(0x410u + (unsigned)host_cpu->trap);
	switch (host_cpu->trap) {
	case HOST_TRAP_SYSCALL:
		host_trace(ctx->number);
		return host_hooks.on_syscall(ctx->number, ctx->args[0], ctx->args[1]);
	case HOST_TRAP_FAULT:
		host_hooks.on_fault(&fault);
		break;
	case HOST_TRAP_INTERRUPT:
		host_interrupt_deliver();
		break;
	}
	return host_hooks.next();
}

[[noreturn]] void arch_resume_loop(void)
{
	struct arch_context *ctx = host_hooks.next();

	for (;;) {
		if (!ctx)
			host_die("the kernel named nobody to resume");
		resume(ctx);
		ctx = dispatch(ctx);
	}
}

/* --- from the user to the kernel ------------------------------------------------------------------------------ */

static struct host_user *this_user(void)
{
	struct host_user *user = host_fiber_data(host_fiber_current());

	if (!user)
		host_die("user access outside a user program");
	return user;
}

static void trap(struct host_user *user, enum host_trap_kind kind)
{
	struct arch_context *ctx = user->context;
	int64_t result;
	uint64_t reason;

	host_cpu->trap = kind;
	host_fiber_switch(host_cpu->kernel_fiber, true);

	if (kind != HOST_TRAP_SYSCALL && host_cpu->vector != user->vector)
		host_die("an interrupted thread lost its vector register");
	if (host_cpu->base != user->vector)
		host_die("a thread lost its thread pointer");
	host_cpu->vector = user->vector;
	if (!ctx->upcall_entry.raw)
		return;
	/* The handler's own system calls must not change what the interrupted one returns. */
	result = ctx->result;
	reason = ctx->reason;
	while (ctx->upcall_entry.raw) {
		host_program *handler = program_at(ctx->upcall_entry);
		uint64_t frame = ctx->upcall_frame;

		ctx->upcall_entry = VADDR(0);
		while (!handler)
			host_user_fault(ARCH_FAULT_ILLEGAL);
		handler(frame);
	}
	ctx->result = result;
	ctx->reason = reason;
}

int64_t host_syscall(uint64_t number, uint64_t arg0, uint64_t arg1, uint64_t *reason)
{
	struct host_user *user = this_user();
	struct arch_context *ctx = user->context;

	host_user_step();
	ctx->number = number;
	ctx->args[0] = arg0;
	ctx->args[1] = arg1;
	trap(user, HOST_TRAP_SYSCALL);
	if (reason)
		*reason = ctx->reason;
	return ctx->result;
}

int64_t host_cap_enter(uint64_t min, uint64_t deadline_ns, uint64_t *reason)
{
	return host_syscall(CAP_SYSCALL_ENTER, min, deadline_ns, reason);
}

[[noreturn]] void host_exit(uint64_t code, uint64_t scope)
{
	for (;;)
		host_syscall(CAP_SYSCALL_EXIT, code, scope, NULL);
}

void host_user_step(void)
{
	struct host_user *user = this_user();

	host_point(HOST_POINT_USER);
	if (host_interrupt_due())
		trap(user, HOST_TRAP_INTERRUPT);
}

void host_user_registers(uint64_t pc, uint64_t fp)
{
	struct arch_context *ctx = this_user()->context;

	ctx->pc = pc;
	ctx->fp = fp;
}

void host_user_fault(unsigned kind)
{
	struct host_user *user = this_user();

	host_cpu->fault = (struct arch_fault){.kind = (enum arch_fault_kind)kind};
	trap(user, HOST_TRAP_FAULT);
}

static uint8_t *access_page(uint64_t va, bool write)
{
	for (;;) {
		uint8_t *p;

		host_user_step();
		p = host_translate(va, write, false);
		if (p)
			return p;
		trap(this_user(), HOST_TRAP_FAULT);
	}
}

/* User programs may race with anybody about their memory: ThreadSanitizer is not to hear of it. */
static void copy(void *to, const void *from, size_t len)
{
#if __has_feature(thread_sanitizer)
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(len) : : "memory");
#else
	__builtin_memcpy(to, from, len);
#endif
}

static size_t in_page(uint64_t va, size_t len)
{
	size_t left = (size_t)(PAGE_SIZE - (va & PAGE_MASK));

	return len < left ? len : left;
}

void host_user_read(vaddr_t from, void *to, size_t len)
{
	for (size_t done = 0, n; done < len; done += n) {
		n = in_page(from.raw + done, len - done);
		copy((uint8_t *)to + done, access_page(from.raw + done, false), n);
	}
}

void host_user_write(vaddr_t to, const void *from, size_t len)
{
	for (size_t done = 0, n; done < len; done += n) {
		n = in_page(to.raw + done, len - done);
		copy(access_page(to.raw + done, true), (const uint8_t *)from + done, n);
	}
}

/* Plain accesses, which order as x86 does; an atomic built-in would be seen by ThreadSanitizer even here. */
uint32_t host_user_load32(vaddr_t va)
{
	return *(volatile uint32_t *)(volatile void *)access_page(va.raw, false);
}

void host_user_store32(vaddr_t va, uint32_t value)
{
	*(volatile uint32_t *)(volatile void *)access_page(va.raw, true) = value;
}

uint64_t host_user_load64(vaddr_t va)
{
	return *(volatile uint64_t *)(volatile void *)access_page(va.raw, false);
}

void host_user_store64(vaddr_t va, uint64_t value)
{
	*(volatile uint64_t *)(volatile void *)access_page(va.raw, true) = value;
}

/* All of it in one step, so that no page can go away between the first and the last. */
void *host_user_pointer(vaddr_t va, size_t len, bool write)
{
	uint8_t *first;
	size_t done;

restart:
	first = access_page(va.raw, write);
	for (done = in_page(va.raw, len); done < len; done += in_page(va.raw + done, len - done)) {
		uint8_t *p = host_translate(va.raw + done, write, false);

		if (!p) {
			trap(this_user(), HOST_TRAP_FAULT);
			goto restart;
		}
		if (p != first + done)
			host_die("host_user_pointer: not contiguous");
	}
	return first;
}

#pragma clang attribute pop
