// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Threads: one mapping holds stack and, above it, thread-local memory with the thread's block. The kernel leaves an
 * unmapped page on each side of a mapping that it places, which is the stack's guard. One mapping of default size is
 * kept from a joined thread for the next, as it is.
 */
#include <runtime/enter.h>
#include <runtime/runtime.h>
#include <runtime/thread.h>
#include <schema/kernel/thread.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>

#include "thread_block.h"

#define DEFAULT_BYTES 65536u
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
static uint64_t spare; /* address of a mapping of DEFAULT_BYTES; 0: none */

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

/* The whole mapping's size: by default stack, thread-local memory and block share a round number of pages. */
static uint64_t mapping_bytes(uint64_t stack)
{
	uint64_t local = thread_block_size();

	if (stack == 0 && local < DEFAULT_BYTES / 4)
		return DEFAULT_BYTES;
	return ((stack ? stack : DEFAULT_BYTES) + local + PAGE - 1) & ~(uint64_t)(PAGE - 1);
}

static enum status take_mapping(uint64_t bytes, uint64_t *base)
{
	if (bytes == DEFAULT_BYTES) {
		*base = __atomic_exchange_n(&spare, 0, __ATOMIC_ACQUIRE);
		if (*base)
			return STATUS_OK;
	}
	return virtual_memory_allocate(runtime_transport(), memory, bytes, 0, base);
}

static enum status drop_mapping(uint64_t base, uint64_t bytes)
{
	uint64_t none = 0;

	if (bytes == DEFAULT_BYTES &&
	    __atomic_compare_exchange_n(&spare, &none, base, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		return STATUS_OK;
	return virtual_memory_unmap(runtime_transport(), memory, base, bytes);
}

enum status thread_start(struct thread *thread, int64_t (*body)(void *), void *argument,
			 const struct thread_options *options)
{
	static const struct thread_options defaults;
	uint64_t bytes, base, local;
	enum status status = look_up();

	*thread = (struct thread){};
	options = options ? options : &defaults;
	if (status != STATUS_OK)
		return status;
	bytes = mapping_bytes(options->stack_bytes);
	status = take_mapping(bytes, &base);
	if (status != STATUS_OK)
		return status;
	local = (base + bytes - thread_block_size()) & ~(uint64_t)(THREAD_BLOCK_ALIGN - 1);

	struct thread_block *block = thread_block_init((void *)(uintptr_t)local,
						       thread_block_current()->canary);

	block->body = body;
	block->argument = argument;
	status = thread_spawner_create(
		runtime_transport(), spawner, (uint64_t)(uintptr_t)runtime_thread_entry, local,
		(uint64_t)(uintptr_t)block, options->submissions, options->arena_bytes, &thread->handle);
	if (status != STATUS_OK) {
		(void)drop_mapping(base, bytes);
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
	status = drop_mapping(thread->mapping, thread->mapped);
	*thread = (struct thread){};
	return status;
}
