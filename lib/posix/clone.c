// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * __clone, by which musl makes a thread: a thread of the kernel on the stack given, with the FS base and the word to clear at
 * its end that musl asks for (thread.h).
 */
#include "posix.h"
#include "process.h"
#include "signal.h"
#include "thread.h"

#include <runtime/enter.h>
#include <runtime/foreign.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <runtime/thread.h>
#include <schema/kernel/thread.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <stdarg.h>
#include <sync/wait.h>
#include <sys/mman.h>

#define FLAG_VM 0x100 /* CLONE_VM: the only kind of clone that is a thread */
#define FLAG_THREAD 0x10000
#define BLOCK_ALIGN 64u

int __clone(int (*body)(void *), void *stack, int flags, void *argument, ...);
[[noreturn]] void __unmapself(void *base, size_t bytes);
[[gnu::visibility("hidden")]] extern uint8_t posix_thread_entry[];
[[noreturn]] void posix_thread_start(struct cap_region *region);

struct record {
	struct record *next; /* lock */
	int (*body)(void *);
	void *argument;
	uintptr_t fs_base;
	uint32_t *clear;
	struct posix_thread_signals signals;
	uintptr_t top; /* of the stack; what lies above it is the thread's, and begins as zeroes */
	cap_id handle;
};

static struct spin_lock lock;
POSIX_TOGETHER static struct record *records; /* lock; of threads whose stack is not unmapped yet */
static uint32_t last_number = 1;
static long first_number = 1; /* of the thread that the process began with */

struct stack {
	uint64_t address, bytes, guard;
};

static struct stack last, kept; /* lock; the one that was given last; address 0: none */

/* Takes the kept one, if it is such a stack. */
static void *take_kept(uint64_t bytes, uint64_t guard)
{
	void *stack = nullptr;

	spin_lock_acquire(&lock);
	if (kept.address && kept.bytes == bytes && kept.guard == guard) {
		stack = (void *)(uintptr_t)kept.address;
		last = kept;
		kept.address = 0;
	}
	spin_lock_release(&lock);
	return stack;
}

void *posix_stack_map(size_t bytes, size_t guard)
{
	void *stack = take_kept(bytes, guard);

	if (stack)
		return stack;
	stack = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stack != MAP_FAILED && mprotect(stack, guard, PROT_NONE) != 0) {
		munmap(stack, bytes);
		return MAP_FAILED;
	}
	if (stack == MAP_FAILED)
		return stack;
	spin_lock_acquire(&lock);
	last = (struct stack){(uint64_t)(uintptr_t)stack, bytes, guard};
	spin_lock_release(&lock);
	return stack;
}

/* An ended thread's, which nobody uses any more. What lies above `top` has to be zeroes for the next one. */
static bool keep(uint64_t address, uint64_t bytes, uintptr_t top)
{
	struct stack stack;
	bool good;

	spin_lock_acquire(&lock);
	stack = last;
	good = !kept.address && stack.address == address && stack.bytes == bytes && top - address <= bytes;
	spin_lock_release(&lock);
	if (!good)
		return false;
	__builtin_memset((void *)top, 0, address + bytes - top);
	spin_lock_acquire(&lock);
	good = !kept.address;
	if (good)
		kept = stack;
	spin_lock_release(&lock);
	return good;
}

static void unlist(struct record *r)
{
	spin_lock_acquire(&lock);
	for (struct record **at = &records; *at; at = &(*at)->next) {
		if (*at == r) {
			*at = r->next;
			break;
		}
	}
	spin_lock_release(&lock);
}

/* The record of a thread whose stack lies in the range. */
static struct record *record_in(uint64_t address, uint64_t bytes)
{
	struct record *r;

	spin_lock_acquire(&lock);
	for (r = records; r && (uintptr_t)r - address >= bytes; r = r->next)
		;
	spin_lock_release(&lock);
	return r;
}

/* Below the runtime's block of the thread (lay_out). Null: the process's first thread has none. */
static struct record *own_record(void)
{
	uintptr_t block = (uintptr_t)runtime_thread_block();

	return sys_gettid(0, 0, 0, 0, 0, 0) == first_number
		       ? nullptr
		       : (struct record *)((block - sizeof(struct record)) & ~(uintptr_t)15);
}

bool posix_threads_leave(uint64_t address, uint64_t bytes)
{
	struct record *r;
	int64_t code;
	uintptr_t top = 0;

	while (__atomic_load_n(&records, __ATOMIC_RELAXED) && (r = record_in(address, bytes))) {
		unlist(r);
		top = r->top;
		(void)!thread_handle_wait(runtime_transport(), r->handle, &code);
		ring_release(runtime_ring(), r->handle);
	}
	return top && keep(address, bytes, top);
}

struct posix_thread_signals *posix_thread_signals(void)
{
	struct record *r = own_record();

	return r ? &r->signals : nullptr;
}

void posix_threads_hold(bool hold)
{
	if (hold)
		spin_lock_acquire(&lock);
	else
		spin_lock_release(&lock);
}

bool posix_threads_exist(void)
{
	return __atomic_load_n(&records, __ATOMIC_RELAXED) != nullptr;
}

void posix_threads_forked(void)
{
	if (records)
		sync_forget();
	records = nullptr;
	first_number = sys_gettid(0, 0, 0, 0, 0, 0);
}

/* Everything of it that others see is done; what follows touches nothing of theirs. */
static void clear_word(const struct record *r)
{
	uint32_t *word = r->clear;

	__atomic_store_n(word, 0, __ATOMIC_SEQ_CST);
	(void)sync_wake(word, 1);
}

void posix_thread_clear(void)
{
	struct record *r = own_record();

	if (r)
		clear_word(r);
}

void posix_thread_start(struct cap_region *region)
{
	struct record *r = (struct record *)(uintptr_t)region->thread_arg;

	__asm__ volatile("wrfsbase %0" : : "r"(r->fs_base) : "memory");
	runtime_foreign_begin(region);
	sys_exit(r->body(r->argument), 0, 0, 0, 0, 0);
	__builtin_unreachable();
}

/* Lays block and record out below `stack`, which the thread's own stack then begins below. */
static struct record *lay_out(uintptr_t stack, uintptr_t fs_base)
{
	uintptr_t block = (stack - runtime_foreign_block_bytes()) & ~(uintptr_t)(BLOCK_ALIGN - 1);
	struct record *r = (struct record *)((block - sizeof(struct record)) & ~(uintptr_t)15);

	/* musl's `sysinfo`. */
	((void **)fs_base)[4] = runtime_foreign_block((void *)block);
	*r = (struct record){.fs_base = fs_base, .top = stack, .signals.blocked = posix_signals_blocked()};
	return r;
}

static long start(struct record *r, cap_id spawner)
{
	enum status status;

	spin_lock_acquire(&lock);
	r->next = records;
	records = r;
	spin_lock_release(&lock);
	status = thread_spawner_create(runtime_transport(), spawner, (uint64_t)(uintptr_t)posix_thread_entry,
				       (uint64_t)(uintptr_t)r, (uint64_t)(uintptr_t)r, 0, 0, &r->handle);
	if (status == STATUS_OK)
		return 0;
	unlist(r);
	return -EAGAIN;
}

/* As all that enters the kernel: no signal in between. */
static long start_held(struct record *r, cap_id spawner)
{
	posix_enter();
	return posix_leave(start(r, spawner));
}

int __clone(int (*body)(void *), void *stack, int flags, void *argument, ...)
{
	static cap_id spawner;
	va_list more;
	struct record *r;
	uint32_t *number;
	long error;

	if (!(flags & FLAG_VM) || !(flags & FLAG_THREAD))
		return -ENOSYS;
	if (!spawner.raw)
		spawner = posix_grant("threadSpawner", THREAD_SPAWNER_INTERFACE_ID, "ThreadSpawner",
				      "pthread_create");
	if (!spawner.raw)
		return -EAGAIN;
	va_start(more, argument);
	number = va_arg(more, uint32_t *);
	r = lay_out((uintptr_t)stack, va_arg(more, uintptr_t));
	r->clear = va_arg(more, uint32_t *);
	va_end(more);
	r->body = body;
	r->argument = argument;
	*number = __atomic_add_fetch(&last_number, 1, __ATOMIC_RELAXED);
	error = start_held(r, spawner);
	return error ? (int)error : (int)*number;
}

/* A detached thread's end: its stack goes while it goes. */
void __unmapself(void *base, size_t bytes)
{
	struct record *r = own_record();
	struct rpc_call call;
	cap_id space = posix_grant_quiet("virtualMemory", VIRTUAL_MEMORY_INTERFACE_ID);
	struct virtual_memory_unmap_params_builder p;

	posix_enter();
	unlist(r);
	ring_release(runtime_ring(), r->handle);
	runtime_foreign_end();
	clear_word(r); /* while there is a stack to do it on */
	ring_flush(runtime_ring());
	p = virtual_memory_unmap_begin(&call, runtime_transport(), space);
	virtual_memory_unmap_params_builder_set_address(p, (uint64_t)(uintptr_t)base);
	virtual_memory_unmap_params_builder_set_length(p, bytes);
	(void)!virtual_memory_unmap_send(&call);
	ring_publish(runtime_ring());
	runtime_cap_enter_and_exit(0);
}
