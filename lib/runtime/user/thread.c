// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Threads: one mapping holds stack and, above it, thread-local memory with the thread's block. The kernel leaves an
 * unmapped page on each side of a mapping that it places, which is the stack's guard. One mapping of default size is
 * kept from a joined thread for the next, as it is.
 *
 * A detached thread unmaps the stack that it stands on: it queues that call, and leaves through code that uses no stack
 * (runtime_cap_enter_and_exit), with upcalls masked.
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
	thread_exit(block->body(block->argument));
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
	block->mapping = base;
	block->mapped = bytes;
	status = thread_spawner_create(
		runtime_transport(), spawner, (uint64_t)(uintptr_t)runtime_thread_entry, local,
		(uint64_t)(uintptr_t)block, options->submissions, options->arena_bytes, &thread->handle);
	if (status != STATUS_OK) {
		(void)drop_mapping(base, bytes);
		return status;
	}
	thread->block = block;
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
	status = drop_mapping(thread->block->mapping, thread->block->mapped);
	thread->handle = CAP_ID_NULL;
	return status;
}

enum status thread_detach(struct thread *thread)
{
	struct thread_block *block = thread->block;
	uint32_t joinable = THREAD_JOINABLE;

	block->handle = thread->handle;
	/* Release: the thread finds the handle. */
	if (!__atomic_compare_exchange_n(&block->fate, &joinable, THREAD_DETACHED, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE))
		return thread_join(thread, nullptr); /* it is at its end: no wait worth mentioning */
	thread->handle = CAP_ID_NULL;
	return STATUS_OK;
}

[[noreturn]] static void end_detached(struct thread_block *block, int64_t code)
{
	struct ring_client *ring = &block->ring;
	struct rpc_call unmap;
	struct virtual_memory_unmap_params_builder params;

	__atomic_store_n(&ring->region->upcall_mask, 1,
			 __ATOMIC_RELEASE); /* a handler would want the stack */
	ring_release(ring, block->handle);
	ring_flush(ring); /* so that the next entry takes the call */
	params = virtual_memory_unmap_begin(&unmap, &ring->transport, memory);
	virtual_memory_unmap_params_builder_set_address(params, block->mapping);
	virtual_memory_unmap_params_builder_set_length(params, block->mapped);
	(void)virtual_memory_unmap_send(&unmap);
	ring_publish(ring);
	runtime_cap_enter_and_exit(code);
}

void thread_exit(int64_t code)
{
	struct thread_block *block = thread_block_current();
	struct ring_client *ring = &block->ring;

	if (block->own.raw)
		ring_release(ring, block->own);
	/* Acquire: the handle of a detached one. Release: for who finds that it ends, and then waits for that. */
	if (__atomic_exchange_n(&block->fate, THREAD_ENDING, __ATOMIC_ACQ_REL) == THREAD_DETACHED)
		end_detached(block, code);
	if (ring_has_queued(ring)) /* what was queued and not waited for still happens */
		ring_flush(ring);
	runtime_cap_exit(code, CAP_EXIT_THREAD);
}

enum status thread_self(cap_id *handle)
{
	struct thread_block *block = thread_block_current();
	enum status status = STATUS_OK;
	cap_id found;

	if (!block->own.raw) {
		status = runtime_cap("threadSpawner", THREAD_SPAWNER_INTERFACE_ID, &found);
		if (status == STATUS_OK)
			status = thread_spawner_current(runtime_transport(), found, &block->own);
	}
	*handle = block->own;
	return status;
}
