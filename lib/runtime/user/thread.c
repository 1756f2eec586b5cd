// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Threads: one mapping holds stack and, above it, thread-local memory with the thread's block. The kernel leaves an
 * unmapped page on each side of a mapping that it places, which is the stack's guard.
 */
#include <runtime/enter.h>
#include <runtime/runtime.h>
#include <runtime/thread.h>
#include <schema/kernel/thread.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>

#include "thread_block.h"

#define DEFAULT_STACK 65536u
#define PAGE 4096u

[[gnu::visibility("hidden")]] extern uint8_t runtime_thread_entry[];
[[noreturn]] void runtime_thread_start(struct cap_region *region);

[[noreturn, gnu::no_stack_protector]] void runtime_thread_start(struct cap_region *region)
{
	struct thread_block *block = (struct thread_block *)(uintptr_t)region->thread_arg;

	__asm__ volatile("wrfsbase %0" : : "r"(block) : "memory");
	ring_client_init(&block->ring, region);
	runtime_exit_thread(block->body(block->argument));
}

static cap_id spawner, memory;

/* Once; threads that do it at the same time find the same. */
static enum status look_up(void)
{
	cap_id found;
	enum status status;

	if (spawner.raw)
		return STATUS_OK;
	status = runtime_cap("virtualMemory", VIRTUAL_MEMORY_INTERFACE_ID, &memory);
	if (status == STATUS_OK)
		status = runtime_cap("threadSpawner", THREAD_SPAWNER_INTERFACE_ID, &found);
	if (status == STATUS_OK)
		spawner = found;
	return status;
}

enum status thread_start(struct thread *thread, int64_t (*body)(void *), void *argument,
			 const struct thread_options *options)
{
	static const struct thread_options defaults;
	struct rpc_transport *transport = runtime_transport();
	uint64_t stack, base;
	enum status status = look_up();

	*thread = (struct thread){};
	options = options ? options : &defaults;
	if (status != STATUS_OK)
		return status;

	stack = options->stack_bytes ? options->stack_bytes : DEFAULT_STACK;
	stack = (stack + THREAD_BLOCK_ALIGN - 1) & ~(uint64_t)(THREAD_BLOCK_ALIGN - 1);

	uint64_t bytes = (stack + thread_block_size() + PAGE - 1) & ~(uint64_t)(PAGE - 1);

	status = virtual_memory_allocate(transport, memory, bytes, 0, &base);
	if (status != STATUS_OK)
		return status;

	void *local = (void *)(uintptr_t)(base + stack);
	struct thread_block *block = thread_block_init(local, thread_block_current()->canary);

	block->body = body;
	block->argument = argument;
	status = thread_spawner_create(transport, spawner, (uint64_t)(uintptr_t)runtime_thread_entry,
				       base + stack, (uint64_t)(uintptr_t)block, options->submissions,
				       options->arena_bytes, &thread->handle);
	if (status != STATUS_OK) {
		(void)virtual_memory_unmap(transport, memory, base, bytes);
		return status;
	}
	thread->mapping = base;
	thread->mapped = bytes;
	return STATUS_OK;
}

enum status thread_join(struct thread *thread, int64_t *code)
{
	struct rpc_transport *transport = runtime_transport();
	int64_t ignored;
	enum status status = thread_handle_wait(transport, thread->handle, code ? code : &ignored);

	if (status != STATUS_OK)
		return status;
	ring_release(runtime_ring(), thread->handle);
	status = virtual_memory_unmap(transport, memory, thread->mapping, thread->mapped);
	*thread = (struct thread){};
	return status;
}
