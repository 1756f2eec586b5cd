// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Pipes through shared memory (pipe_buffer.h): a BufferedPipe for each description that moves much.
 *
 * A thread has a description's buffer for itself from before it writes there until the answer; who comes meanwhile uses messages.
 */
#include "pipe_buffer.h"
#include "process.h"

#include <fcntl.h>
#include <queue/order.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <runtime/thread.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <schema/service/pipe.capnp.h>
#include <shared_buffer/shared_buffer.h>

#define BUFFERS 8u
#define BYTES 65536u
#define ENOUGH 8u     /* pages moved at once before there is a buffer */
#define NEVER 0xffffu /* instead of them: it was refused */

static struct buffer {
	struct posix_open *owner; /* null: free */
	cap_id pipe;
	bool busy;
	struct shared_buffer shared;
} buffers[BUFFERS];
static struct spin_lock lock; /* owner, busy, and the slots of their descriptions */

const char posix_buffers_pipes = 1;

void posix_pipes_hold(bool hold)
{
	if (hold)
		spin_lock_acquire(&lock);
	else
		spin_lock_release(&lock);
}

/* The buffer of a description, for this thread alone until give_back. */
static struct buffer *take(struct posix_open *o)
{
	struct buffer *found = nullptr;

	spin_lock_acquire(&lock);
	if (o->slot && !buffers[o->slot - 1].busy) {
		found = &buffers[o->slot - 1];
		found->busy = true;
	}
	spin_lock_release(&lock);
	return found;
}

static void give_back(struct buffer *b)
{
	__atomic_store_n(&b->busy, false, __ATOMIC_RELEASE);
}

/* Null: there is none, or another thread is making one for that description. */
static struct buffer *reserve(struct posix_open *o)
{
	struct buffer *found = nullptr;
	bool made = false;

	spin_lock_acquire(&lock);
	for (uint32_t i = 0; i < BUFFERS; i++) {
		made = made || buffers[i].owner == o;
		if (!buffers[i].owner)
			found = &buffers[i];
	}
	if (made)
		found = nullptr;
	if (found)
		*found = (struct buffer){.owner = o, .busy = true};
	spin_lock_release(&lock);
	return found;
}

/* Asks the server to work with that memory. */
static enum status open_at_server(struct buffer *b, cap_id end, cap_id memory, bool writes)
{
	struct rpc_call call;
	enum status status;

	if (writes) {
		struct pipe_write_from_results_reader results;

		shared_buffer_builder_set_memory(
			pipe_write_from_params_builder_init_buffer(
				pipe_write_from_begin(&call, runtime_transport(), end)),
			rpc_add_cap(&call, memory));
		status = pipe_write_from_call(&call, &results);
		if (status == STATUS_OK)
			b->pipe = rpc_result_cap(&call, pipe_write_from_results_reader_pipe(results));
	} else {
		struct pipe_read_into_results_reader results;

		shared_buffer_builder_set_memory(
			pipe_read_into_params_builder_init_buffer(
				pipe_read_into_begin(&call, runtime_transport(), end)),
			rpc_add_cap(&call, memory));
		status = pipe_read_into_call(&call, &results);
		if (status == STATUS_OK)
			b->pipe = rpc_result_cap(&call, pipe_read_into_results_reader_pipe(results));
	}
	rpc_end(&call);
	return status;
}

static bool fill(struct buffer *b, bool writes)
{
	cap_id space = posix_grant_quiet("virtualMemory", VIRTUAL_MEMORY_INTERFACE_ID), memory;
	enum status status = STATUS_DENIED;

	if (space.raw)
		status = shared_buffer_make(&b->shared, runtime_transport(), space, BYTES, 1, &memory);
	if (status != STATUS_OK)
		return false;
	status = open_at_server(b, b->owner->cap, memory, writes);
	ring_release(runtime_ring(), memory); /* it is mapped */
	if (status != STATUS_OK)
		shared_buffer_detach(&b->shared);
	return status == STATUS_OK;
}

static void free_buffer(struct buffer *b)
{
	spin_lock_acquire(&lock);
	b->owner = nullptr;
	spin_lock_release(&lock);
}

/* Null: none, or not yet. */
static struct buffer *make(struct posix_open *o, size_t count, bool writes)
{
	struct buffer *b;
	size_t pages = (uint16_t)o->minor + count / 4096;

	if (o->minor == NEVER)
		return nullptr;
	o->minor = (uint16_t)(pages < ENOUGH ? pages : ENOUGH);
	b = pages < ENOUGH ? nullptr : reserve(o);
	if (!b)
		return nullptr;
	if (!fill(b, writes)) {
		o->minor = NEVER;
		free_buffer(b);
		return nullptr;
	}
	spin_lock_acquire(&lock);
	o->slot = (uint8_t)(b - buffers + 1);
	spin_lock_release(&lock);
	return b;
}

static long result_of(enum status status, enum pipe_outcome outcome, uint32_t count, bool writes)
{
	if (status == STATUS_DISCONNECTED ||
	    (status == STATUS_OK && outcome != PIPE_OUTCOME_DONE && outcome != PIPE_OUTCOME_WOULD_WAIT))
		return writes ? -EPIPE : 0;
	if (status != STATUS_OK)
		return posix_errno(status);
	if (writes && outcome == PIPE_OUTCOME_DONE && count == 0)
		return -EIO; /* a server that takes nothing and says that it is done */
	return outcome == PIPE_OUTCOME_WOULD_WAIT ? -EAGAIN : (long)count;
}

static long move(const struct buffer *b, uint32_t count, bool writes)
{
	enum pipe_outcome outcome = PIPE_OUTCOME_DONE;
	struct rpc_call call;
	struct buffered_pipe_move_params_builder p = buffered_pipe_move_begin(&call, runtime_transport(),
									      b->pipe);
	uint32_t moved = 0;
	enum status status;

	buffered_pipe_move_params_builder_set_count(p, count);
	buffered_pipe_move_params_builder_set_now(p, true);
	(void)buffered_pipe_move_send(&call);
	status = rpc_wait(&call);
	if (status == STATUS_OK) {
		struct buffered_pipe_move_results_reader results = buffered_pipe_move_results(&call);

		outcome = (enum pipe_outcome)buffered_pipe_move_results_reader_outcome(results);
		moved = buffered_pipe_move_results_reader_count(results);
	}
	rpc_end(&call);
	return result_of(status, outcome, moved < count ? moved : count, writes);
}

long posix_pipe_move(struct posix_open *o, void *bytes, size_t count, bool writes)
{
	uint32_t n = count < BYTES ? (uint32_t)count : BYTES;
	struct buffer *b = __atomic_load_n(&o->slot, __ATOMIC_RELAXED) ? take(o) : make(o, count, writes);
	long moved;

	if (!b)
		return -ENOSYS;
	if (writes)
		queue_copy(b->shared.data, bytes, n);
	while ((moved = move(b, n, writes)) == -EAGAIN && !(o->flags & O_NONBLOCK)) {
		long error = posix_pipe_wait(o); /* with the bytes where they are */

		if (error) {
			moved = error;
			break;
		}
	}
	if (!writes && moved > 0)
		queue_copy(bytes, b->shared.data, (size_t)moved);
	give_back(b);
	return moved;
}

static void drop(struct buffer *b)
{
	shared_buffer_detach(&b->shared);
	ring_release(runtime_ring(), b->pipe);
	free_buffer(b);
}

void posix_pipe_close(struct posix_open *o)
{
	if (o->slot)
		drop(&buffers[o->slot - 1]);
	o->slot = 0;
}

/* The parent goes on with them, and this process has its own mapping of each. One that was being made has no slot yet, and no mapping that is known. */
void posix_pipes_forked(void)
{
	for (uint32_t i = 0; i < BUFFERS; i++) {
		struct posix_open *o = buffers[i].owner;

		if (!o)
			continue;
		if (o->slot)
			posix_pipe_close(o);
		else
			free_buffer(&buffers[i]);
	}
}
