// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Handles: what the service keeps for a facet. A handle is made with the answer that carries its facet, and goes with the
 * notice that the last copy of that facet is gone (or that the answer could not be delivered).
 */
#include <schema/kernel/endpoint.capnp.h>

#include "open.h"

#define METHOD(name) (1ull << DIRECTORY_##name)
#define FILE_METHOD(name) (1ull << FILE_##name)

static constexpr uint64_t always = METHOD(SUB) | METHOD(SYNC);
/* By bit of the right. */
static constexpr uint64_t methods_by_right[] = {
	METHOD(OPEN) | METHOD(STAT) | METHOD(LIST) | METHOD(VIEW) | METHOD(WATCH) | METHOD(LIMIT),
	METHOD(CREATE) | METHOD(MAKE_DIRECTORY),
	METHOD(EDIT),
	METHOD(APPENDER),
	METHOD(REMOVE) | METHOD(RENAME),
	METHOD(SET_LIMIT),
};
static constexpr uint64_t file_always = FILE_METHOD(STAT) | FILE_METHOD(ATTACH) | FILE_METHOD(DETACH) |
					FILE_METHOD(SYNC);
static constexpr uint64_t file_methods_by_right[] = {
	FILE_METHOD(READ) | FILE_METHOD(READ_BUF) | FILE_METHOD(COPY) | FILE_METHOD(MAP) |
		FILE_METHOD(WATCH) | FILE_METHOD(READER),
	FILE_METHOD(APPEND) | FILE_METHOD(APPEND_BUF) | FILE_METHOD(APPENDER),
	FILE_METHOD(WRITE) | FILE_METHOD(TRUNCATE) | FILE_METHOD(WRITE_BUF) | FILE_METHOD(MAP_SHARED),
};

static uint64_t methods_of(uint64_t methods, const uint64_t *table, unsigned count, uint8_t rights)
{
	for (unsigned i = 0; i < count; i++)
		if (rights >> i & 1)
			methods |= table[i];
	return methods;
}

cap_id handle_make_template(enum files_kind kind, uint8_t rights)
{
	bool file = kind == FILES_FILE;
	cap_id *made = file ? &fs.file_templates[rights] : &fs.directory_templates[rights];

	(void)!service_template(fs.transport, fs.endpoint, file ? FILE_INTERFACE_ID : DIRECTORY_INTERFACE_ID,
				file ? methods_of(file_always, file_methods_by_right, 3, rights)
				     : methods_of(always, methods_by_right, 6, rights),
				made);
	if (made->raw && !service_has_room(&fs.service)) {
		ring_release(fs.service.ring, *made);
		*made = CAP_ID_NULL;
	}
	return *made;
}

void *handle_of(void *context, uint64_t key)
{
	(void)context;
	if (key > RIGHT_ALL)
		return keys_find(&fs.handles, key);

	struct handle *root = &fs.roots[key];

	if (!root->opening.node) {
		root->kind = FILES_DIRECTORY;
		root->rights = (uint8_t)key;
		files_open_also(&root->opening, &fs.tree.root, FILES_READS);
	}
	return root;
}

static void drop_watch(struct handle *handle)
{
	if (!handle->watch.raw)
		return;
	files_watch(&handle->opening, false);
	ring_release(fs.service.ring, handle->watch);
	handle->watch = CAP_ID_NULL;
	shares_give(&fs.watches, handle->watch_share);
}

[[gnu::noinline]] static void drop_watch_and_buffer(struct handle *handle)
{
	drop_watch(handle);
	buffer_detach(handle);
}

void handle_released(void *context, uint64_t key, uint64_t mints)
{
	struct handle *handle = keys_find(&fs.handles, key);

	(void)context, (void)mints; /* each key is minted once */
	if (!handle)
		return;
	if (__builtin_expect(handle->watch.raw != 0 || handle->buffer != nullptr, 0))
		drop_watch_and_buffer(handle);
	files_close(&handle->opening);
	shares_give(&fs.open, handle->share);
	keys_give(&fs.handles, handle, key);
}

void handle_changed(void *context, struct files_opening *opening)
{
	const struct handle *handle = (const struct handle *)(const void *)((uint8_t *)opening -
									    offsetof(struct handle, opening));

	(void)context;
	ring_signal_bits(fs.service.ring, handle->watch, 0);
}

enum files_outcome handle_watch(struct handle *handle, struct rpc_request *request, int32_t index)
{
	drop_watch(handle);
	if (!rpc_request_cap(request, index).raw)
		return FILES_DONE;
	if (!shares_take(&fs.watches, request->call->session, &handle->watch_share))
		return FILES_NO_SPACE;
	handle->watch = service_keep(request, index);
	if (!handle->watch.raw) {
		shares_give(&fs.watches, handle->watch_share);
		return FILES_NO_SPACE;
	}
	files_watch(&handle->opening, true);
	return FILES_DONE;
}

enum status handle_open(struct rpc_request *request, struct files_node *node, uint8_t rights, uint8_t allows,
			enum files_outcome *outcome, int32_t *cap)
{
	return handle_open_as(request, node, node->kind, rights, allows, false, outcome, cap);
}

enum status handle_open_also(struct rpc_request *request, struct files_node *node, uint8_t rights,
			     enum files_outcome *outcome, int32_t *cap)
{
	return handle_open_as(request, node, node->kind, rights, FILES_ANYTHING, true, outcome, cap);
}

enum files_outcome handle_identify(struct rpc_request *request, int32_t index, uint8_t rights,
				   uint64_t methods, struct handle **handle)
{
	uint64_t key, allowed;

	if (service_identify(fs.transport, fs.endpoint, rpc_request_cap(request, index),
			     DIRECTORY_INTERFACE_ID, &key, &allowed) != STATUS_OK)
		return FILES_ELSEWHERE;
	*handle = handle_of(nullptr, key);
	if (!*handle || (*handle)->kind != FILES_DIRECTORY)
		return FILES_ELSEWHERE;
	if (!(*handle)->opening.node)
		return FILES_STALE;
	return ((*handle)->rights & rights) == rights && (allowed & methods) == methods ? FILES_DONE
											: FILES_DENIED;
}
