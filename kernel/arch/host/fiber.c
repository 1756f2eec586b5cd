// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Coroutines on x86-64 hosts; see fiber.h. The switch saves the callee-saved registers of the System V ABI on the
 * old stack and takes them from the new one.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "fiber.h"

#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define ASAN(statement) statement
#else
#define ASAN(statement)
#endif
#if __has_feature(thread_sanitizer)
#include <sanitizer/tsan_interface.h>
#define TSAN(statement) statement
void AnnotateIgnoreReadsBegin(const char *file, int line);
void AnnotateIgnoreReadsEnd(const char *file, int line);
void AnnotateIgnoreWritesBegin(const char *file, int line);
void AnnotateIgnoreWritesEnd(const char *file, int line);
void AnnotateIgnoreSyncBegin(const char *file, int line);
void AnnotateIgnoreSyncEnd(const char *file, int line);
#else
#define TSAN(statement)
#endif

/* ThreadSanitizer looks for races in the kernel, not in what switches its coroutines. */
#pragma clang attribute push(__attribute__((no_sanitize("thread"))), apply_to = function)

#define STACK_SIZE (256u << 10)

struct host_fiber {
	void *sp; /* while it does not run */
	uint8_t *stack;
	size_t size;
	void (*fn)(void *);
	void *arg, *data;
	void *asan_fake_stack, *tsan_fiber;
	struct host_fiber *next_free;
};

static struct host_fiber main_fiber;
static struct host_fiber *current = &main_fiber;
static struct host_fiber *pool;
[[maybe_unused]] static char everybody; /* main() has seen what all coroutines did, once it runs again */
[[maybe_unused]] static char stopped;   /* and they what it did while the machine stood still */

[[gnu::naked, gnu::noinline]] static void switch_stack([[maybe_unused]] void **save,
						       [[maybe_unused]] void *to)
{
	__asm__ volatile("pushq %rbp; pushq %rbx; pushq %r12; pushq %r13; pushq %r14; pushq %r15\n"
			 "movq %rsp, (%rdi)\n"
			 "movq %rsi, %rsp\n"
			 "popq %r15; popq %r14; popq %r13; popq %r12; popq %rbx; popq %rbp\n"
			 "ret");
}

[[noreturn]] static void first_entry(void)
{
	struct host_fiber *self = current;

	ASAN(__sanitizer_finish_switch_fiber(NULL, NULL, NULL);)
	TSAN(__tsan_acquire(&stopped);)
	self->fn(self->arg);
	fprintf(stderr, "host: a coroutine returned\n");
	abort();
}

static void main_fiber_init(void)
{
	pthread_attr_t attr;
	void *base;

	if (main_fiber.stack)
		return;
	if (pthread_getattr_np(pthread_self(), &attr) ||
	    pthread_attr_getstack(&attr, &base, &main_fiber.size))
		abort();
	pthread_attr_destroy(&attr);
	main_fiber.stack = base;
	TSAN(main_fiber.tsan_fiber = __tsan_get_current_fiber();)
}

static struct host_fiber *fiber_with_stack(void)
{
	struct host_fiber *fiber = pool;
	uint8_t *area;

	if (fiber) {
		pool = fiber->next_free;
		ASAN(__asan_unpoison_memory_region(fiber->stack, fiber->size);)
		return fiber;
	}
	area = mmap(NULL, PAGE_SIZE + STACK_SIZE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	fiber = calloc(1, sizeof *fiber);
	if (area == MAP_FAILED || !fiber || mprotect(area, PAGE_SIZE, PROT_NONE))
		abort();
	fiber->stack = area + PAGE_SIZE;
	fiber->size = STACK_SIZE;
	return fiber;
}

struct host_fiber *host_fiber_new(void (*fn)(void *), void *arg, void *data)
{
	struct host_fiber *fiber;
	void **sp;

	main_fiber_init();
	fiber = fiber_with_stack();
	fiber->fn = fn;
	fiber->arg = arg;
	fiber->data = data;
	/* As if first_entry had been called from nowhere: a return address of 0, six zero registers. */
	sp = (void **)(void *)(fiber->stack + fiber->size) - 1;
	*sp = NULL;
	*--sp = (void *)first_entry;
	for (unsigned i = 0; i < 6; i++)
		*--sp = NULL;
	fiber->sp = sp;
	fiber->asan_fake_stack = NULL;
	TSAN(fiber->tsan_fiber = __tsan_create_fiber(0);)
	return fiber;
}

void host_fiber_free(struct host_fiber *fiber)
{
	TSAN(__tsan_destroy_fiber(fiber->tsan_fiber);)
	fiber->next_free = pool;
	pool = fiber;
}

struct host_fiber *host_fiber_current(void)
{
	return current;
}

struct host_fiber *host_fiber_main(void)
{
	return &main_fiber;
}

void *host_fiber_data(const struct host_fiber *fiber)
{
	return fiber->data;
}

bool host_fiber_owns(const void *p)
{
	main_fiber_init();
	return (uint64_t)p - (uint64_t)current->stack < current->size;
}

void host_fiber_switch(struct host_fiber *to, [[maybe_unused]] bool sync)
{
	struct host_fiber *from = current;

	current = to;
	TSAN(__tsan_release(from == &main_fiber ? &stopped : &everybody);)
	ASAN(__sanitizer_start_switch_fiber(&from->asan_fake_stack, to->stack, to->size);)
	TSAN(__tsan_switch_to_fiber(to->tsan_fiber, sync ? 0 : 1);)
	switch_stack(&from->sp, to->sp);
	ASAN(__sanitizer_finish_switch_fiber(from->asan_fake_stack, NULL, NULL);)
	TSAN(__tsan_acquire(from == &main_fiber ? &everybody : &stopped);)
}

void host_fiber_look([[maybe_unused]] bool begins)
{
	TSAN((begins ? AnnotateIgnoreReadsBegin : AnnotateIgnoreReadsEnd)(__FILE__, __LINE__);)
	TSAN((begins ? AnnotateIgnoreWritesBegin : AnnotateIgnoreWritesEnd)(__FILE__, __LINE__);)
	TSAN((begins ? AnnotateIgnoreSyncBegin : AnnotateIgnoreSyncEnd)(__FILE__, __LINE__);)
}

#pragma clang attribute pop
