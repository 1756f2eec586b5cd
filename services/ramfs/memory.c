// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Memory: chunks for the pool, buffers that clients bring, files that are lent as memory.
 *
 * All pages are taken before anything touches them: what cannot be had is an outcome, never a fault of this process. A file
 * that is lent lies in a memory object of its own from then on, which can be revoked; with the file it is.
 */
#include <runtime/commit.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/revoker.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>

#include "ramfs.h"

static_assert(FILES_NOBODY == PAID_BY_NOBODY);

/* What was removed is room for what is new, also before it has been freed. */
static bool reclaim(void *context)
{
	(void)context;
	return files_free_more(&fs.tree);
}

struct files_memory memory_of_pool(void)
{
	shares_init(&fs.stored, fs.pool.max_bytes - fs.pool.max_bytes / OWN_PART);
	fs.paid = (struct paid_pool){&fs.pool.pool, &fs.stored, reclaim, nullptr};
	return (struct files_memory){paid_pool_alloc, paid_pool_free, &fs.paid, FILES_NOBODY};
}

void memory_pays(uint64_t session)
{
	fs.tree.memory.payer = shares_place(&fs.stored, session);
}

/* ---- Buffers ---- */

enum status buffer_attach(struct handle *handle, struct rpc_request *request, int32_t index, bool writable,
			  enum files_outcome *outcome)
{
	struct shared_buffer *buffer;
	enum status status;
	uint8_t share;

	buffer_detach(handle);
	*outcome = FILES_NO_SPACE;
	if (!shares_take(&fs.buffers, request->call->session, &share))
		return STATUS_OK;
	buffer = pool_alloc(&fs.pool.pool, sizeof(*buffer));
	if (!buffer) {
		shares_give(&fs.buffers, share);
		return STATUS_OK;
	}
	status = shared_buffer_take(buffer, fs.transport, fs.space, fs.manager,
				    rpc_request_cap(request, index),
				    writable ? SHARED_BUFFER_WRITE : SHARED_BUFFER_READ, MAX_BUFFER);
	if (status != STATUS_OK) {
		shares_give(&fs.buffers, share);
		pool_free(&fs.pool.pool, buffer, sizeof(*buffer));
		if (status == STATUS_NO_QUOTA || status == STATUS_NO_MEMORY)
			return STATUS_OK;
		return rpc_raise(request, EXCEPTION_TYPE_INVALID_ARGUMENT,
				 "not a shared buffer of at most 1 MiB, not revocable", "buffer");
	}
	handle->buffer = buffer;
	handle->buffer_share = share;
	*outcome = FILES_DONE;
	return STATUS_OK;
}

void buffer_detach(struct handle *handle)
{
	if (!handle->buffer)
		return;
	shared_buffer_detach(handle->buffer);
	pool_free(&fs.pool.pool, handle->buffer, sizeof(*handle->buffer));
	handle->buffer = nullptr;
	shares_give(&fs.buffers, handle->buffer_share);
}

uint8_t *buffer_range(const struct handle *handle, uint64_t at, uint64_t count, bool writable)
{
	if (!handle->buffer || (writable && handle->buffer->access != SHARED_BUFFER_WRITE))
		return nullptr;
	return shared_buffer_range(handle->buffer, at, count);
}

/* ---- Copies ---- */

static bool have_bounce(void)
{
	uint64_t address;

	if (fs.bounce)
		return true;
	if (pool_map_memory(fs.transport, fs.space, BOUNCE_BYTES, &fs.bounce_memory, &address) != STATUS_OK)
		return false;
	if (service_has_room(&fs.service)) {
		fs.bounce = (uint8_t *)(uintptr_t)address;
		return true;
	}
	(void)!virtual_memory_unmap(fs.transport, fs.space, address, BOUNCE_BYTES);
	ring_release(fs.service.ring, fs.bounce_memory);
	return false;
}

/* Through the kernel: the memory stays its owner's, who may have no page left for it, or take it back. */
enum status memory_copy(const struct files_node *file, struct rpc_request *request, uint64_t offset,
			uint64_t *count, int32_t into, uint64_t at)
{
	cap_id memory = rpc_request_cap(request, into);
	uint64_t left = *count < MAX_BUFFER ? *count : MAX_BUFFER, done = 0;

	*count = 0;
	if (shared_memory_check(fs.transport, fs.manager, memory, false) != STATUS_OK)
		return rpc_raise(request, EXCEPTION_TYPE_INVALID_ARGUMENT, "not memory of the kernel",
				 "into");
	if (!have_bounce())
		return rpc_raise(request, EXCEPTION_TYPE_OVERLOADED, "no memory", nullptr);
	while (left > 0) {
		uint64_t part = files_read(file, offset + done, fs.bounce,
					   left < BOUNCE_BYTES ? left : BOUNCE_BYTES);
		enum status status;

		if (part == 0)
			break;
		status = memory_object_copy_from(fs.transport, memory, fs.bounce_memory, 0, at + done, part);
		if (status != STATUS_OK)
			return rpc_raise(request, EXCEPTION_TYPE_INVALID_ARGUMENT,
					 "not memory that can be written there", "into");
		done += part;
		left -= part;
	}
	*count = done;
	return STATUS_OK;
}

/* ---- Files as memory ---- */

static struct lent *lent_of(const struct files_node *node)
{
	for (uint32_t i = 0; i < MAX_LENT; i++)
		if (fs.lent[i].node == node)
			return &fs.lent[i];
	return nullptr;
}

static enum status attenuated(const struct lent *lent, bool writable, cap_id *cap)
{
	uint64_t methods = 1ull << MEMORY_OBJECT_SIZE | 1ull << MEMORY_OBJECT_READ |
			   1ull << MEMORY_OBJECT_COMMIT | (writable ? 1ull << MEMORY_OBJECT_WRITE : 0);

	return capability_manager_attenuate(fs.transport, fs.manager, lent->memory,
					    MEMORY_OBJECT_INTERFACE_ID, methods, cap);
}

static void build_results(struct map_call *call, enum files_outcome outcome, int32_t index, uint64_t size)
{
	struct msg_builder *b = &call->reply.results;

	if (call->writable) {
		struct file_map_shared_results_builder results = file_map_shared_results_builder_root(b);

		file_map_shared_results_builder_set_outcome(results, (enum file_outcome)outcome);
		file_map_shared_results_builder_set_memory(results, index);
		file_map_shared_results_builder_set_size(results, size);
	} else {
		struct file_map_results_builder results = file_map_results_builder_root(b);

		file_map_results_builder_set_outcome(results, (enum file_outcome)outcome);
		file_map_results_builder_set_memory(results, index);
		file_map_results_builder_set_size(results, size);
	}
}

static void free_map_call(struct map_call *call)
{
	shares_give(&fs.maps, call->share);
	*call = (struct map_call){};
}

/* A caller that is gone gets nothing, which is not an error. */
static void answer(struct map_call *call, enum files_outcome outcome)
{
	const struct lent *lent = call->lent;
	cap_id cap = CAP_ID_NULL;
	int32_t index = -1;

	if (outcome == FILES_DONE && attenuated(lent, call->writable, &cap) != STATUS_OK)
		outcome = FILES_NO_SPACE;
	if (service_reply_begin(&call->reply, 0, 1) == STATUS_OK) {
		if (outcome == FILES_DONE)
			index = service_reply_add_cap(
				&call->reply, (struct cap_desc){.id = cap.raw, .kind = CAP_DESC_MOVE});
		build_results(call, outcome, index, outcome == FILES_DONE ? lent->node->content.size : 0);
	}
	if (service_reply_send(&call->reply) != STATUS_OK)
		ring_release(fs.service.ring, cap);
	free_map_call(call);
}

static void answer_all(const struct lent *lent, enum files_outcome outcome)
{
	for (uint32_t i = 0; i < MAX_MAP_CALLS; i++)
		if (fs.map_calls[i].lent == lent)
			answer(&fs.map_calls[i], outcome);
}

void memory_cancelled(void *context, uint64_t token)
{
	(void)context;
	for (uint32_t i = 0; i < MAX_MAP_CALLS; i++) {
		struct map_call *call = &fs.map_calls[i];

		if (!call->lent || call->reply.token != token)
			continue;
		(void)!service_reply_raise(&call->reply, EXCEPTION_TYPE_FAILED, "cancelled", nullptr);
		free_map_call(call);
		return;
	}
}

static void free_lent(struct lent *lent)
{
	struct ring_client *ring = fs.service.ring;
	uint64_t entries, calls, mappings;

	if (lent->revoker.raw)
		(void)!revoker_revoke(fs.transport, lent->revoker, &entries, &calls, &mappings);
	if (lent->address)
		(void)!virtual_memory_unmap(fs.transport, fs.space, lent->address, lent->bytes);
	ring_release(ring, lent->revoker);
	ring_release(ring, lent->memory);
	shares_give(&fs.mapped, lent->share);
	shares_give_many(&fs.stored, lent->payer, lent->bytes);
	*lent = (struct lent){};
}

/* The file is about to go. */
void memory_dropped(void *context, struct files_node *node)
{
	struct lent *lent = lent_of(node);

	(void)context;
	if (!lent)
		return;
	answer_all(lent, FILES_STALE);
	free_lent(lent);
}

/* Nothing has moved yet. */
static void give_up(struct lent *lent, enum files_outcome outcome)
{
	lent->node->watched_end = false;
	answer_all(lent, outcome);
	free_lent(lent);
}

/* Pages are taken before the file has its place there: then whatever is written to it finds some. */
static void commit_piece(struct lent *lent)
{
	uint64_t left = lent->bytes - lent->committed,
		 count = left < MOVE_PAGES * FILES_PAGE ? left : MOVE_PAGES * FILES_PAGE;
	enum files_outcome outcome = FILES_NO_SPACE;

	if (commit_range(fs.transport, fs.space, lent->address + lent->committed, count) == STATUS_OK) {
		lent->committed += count;
		outcome = lent->committed < lent->bytes
				  ? FILES_DONE
				  : files_back(lent->node, (uint8_t *)(uintptr_t)lent->address,
					       lent->bytes / FILES_PAGE);
	}
	if (outcome != FILES_DONE)
		give_up(lent, outcome);
}

/* Gives false when it is done, one way or the other. */
static bool move_piece(struct lent *lent)
{
	if (lent->committed < lent->bytes) {
		commit_piece(lent);
		return lent->node != nullptr;
	}
	if (!files_back_more(&fs.tree, lent->node, MOVE_PAGES))
		return true;
	lent->ready = true;
	answer_all(lent, FILES_DONE);
	return false;
}

/* One piece of each, and one of what was removed. */
static bool work(void *context)
{
	bool more = files_free_more(&fs.tree);

	(void)context;
	for (uint32_t i = 0; i < MAX_LENT; i++)
		if (fs.lent[i].node && !fs.lent[i].ready)
			more |= move_piece(&fs.lent[i]);
	return more;
}

void memory_tidy(void)
{
	if (fs.tree.remains)
		service_work(&fs.service, work);
}

static bool take_stored(uint8_t payer, uint64_t bytes)
{
	bool more = true, taken;

	while (!(taken = shares_take_many(&fs.stored, payer, bytes)) && more)
		more = files_free_more(&fs.tree);
	return taken;
}

/* Begins to move the file into memory of its own, for that session. Null: *outcome. */
static struct lent *begin(struct files_node *file, uint64_t session, enum files_outcome *outcome)
{
	struct lent *lent = lent_of(nullptr);
	uint64_t bytes = (file->content.size + FILES_PAGE - 1) / FILES_PAGE * FILES_PAGE;
	cap_id memory = {};
	enum status status;

	*outcome = bytes ? FILES_NO_SPACE : FILES_NOT_FOUND;
	if (*outcome != FILES_NO_SPACE || !lent || !shares_take(&fs.mapped, session, &lent->share))
		return nullptr;
	if (!take_stored(file->payer, bytes)) {
		shares_give(&fs.mapped, lent->share);
		return nullptr;
	}
	lent->bytes = bytes;
	lent->payer = file->payer;
	status = virtual_memory_create_memory(fs.transport, fs.space, bytes, &memory);
	if (status == STATUS_OK)
		status = virtual_memory_map(fs.transport, fs.space, memory, 0, bytes, 0,
					    VIRTUAL_MEMORY_PROTECTION_READ_WRITE, &lent->address);
	if (status == STATUS_OK)
		status = capability_manager_make_revocable(fs.transport, fs.manager, memory, 0, &lent->memory,
							   &lent->revoker);
	ring_release(fs.service.ring, memory);
	if (status != STATUS_OK || !service_has_room(&fs.service)) {
		free_lent(lent);
		return nullptr;
	}
	lent->node = file;
	file->watched_end = true;
	service_work(&fs.service, work);
	return lent;
}

/* It is moved at once. */
static bool is_small(const struct lent *lent)
{
	return lent->bytes <= MOVE_PAGES * FILES_PAGE;
}

static struct map_call *new_map_call(uint64_t session)
{
	for (uint32_t i = 0; i < MAX_MAP_CALLS; i++)
		if (!fs.map_calls[i].lent)
			return shares_take(&fs.maps, session, &fs.map_calls[i].share) ? &fs.map_calls[i]
										      : nullptr;
	return nullptr;
}

/* The call is answered when the file is there. */
static enum status wait_for(struct lent *lent, struct rpc_request *request, bool writable,
			    enum files_outcome *outcome)
{
	struct map_call *call = new_map_call(request->call->session);
	enum status status;

	*outcome = FILES_NO_SPACE;
	if (!call)
		return STATUS_OK;
	status = service_defer(request, &call->reply);
	if (status != RPC_DEFERRED) {
		shares_give(&fs.maps, call->share);
		return status;
	}
	call->lent = lent;
	call->writable = writable;
	return status;
}

enum status memory_lend(struct rpc_request *request, struct files_node *file, bool writable,
			enum files_outcome *outcome, cap_id *cap)
{
	struct lent *lent = lent_of(file);

	if (!lent && !(lent = begin(file, request->call->session, outcome)))
		return STATUS_OK;
	*outcome = FILES_NO_SPACE;
	while (is_small(lent) && !lent->ready)
		if (!move_piece(lent) && !lent->ready)
			return STATUS_OK;
	if (!lent->ready)
		return wait_for(lent, request, writable, outcome);
	if (attenuated(lent, writable, cap) == STATUS_OK)
		*outcome = FILES_DONE;
	return STATUS_OK;
}
