// SPDX-License-Identifier: MIT OR Apache-2.0
/* Handles: what the service keeps for a facet, until the notice that the last copy of it is gone. */
#include "store.h"

#define METHOD(name) (1ull << NAMESPACE_##name)

static uint64_t space_methods(uint8_t rights)
{
	return METHOD(GENERATION) | METHOD(SUB) |
	       (rights & RIGHT_READ
			? METHOD(LOOKUP) | METHOD(LIST) | METHOD(AT) | METHOD(DIFF) | METHOD(WATCH)
			: 0) |
	       (rights & RIGHT_BIND ? METHOD(UPDATE) : 0) | (rights & RIGHT_HISTORY ? METHOD(ROLLBACK) : 0);
}

static cap_id template_of(enum handle_kind kind, uint8_t rights)
{
	static constexpr uint64_t interfaces[HANDLE_KINDS] = {
		[HANDLE_STORE] = STORE_INTERFACE_ID,
		[HANDLE_BLOB] = BLOB_INTERFACE_ID,
		[HANDLE_WRITER] = BLOB_WRITER_INTERFACE_ID,
		[HANDLE_SPACE] = NAMESPACE_INTERFACE_ID,
	};
	cap_id *made = &st.templates[kind][rights];

	if (made->raw)
		return *made;
	(void)!service_template(st.transport, st.endpoint, interfaces[kind],
				kind == HANDLE_SPACE ? space_methods(rights) : UINT64_MAX, made);
	if (made->raw && !service_has_room(&st.service)) {
		ring_release(st.service.ring, *made);
		*made = CAP_ID_NULL;
	}
	return *made;
}

void *handle_of(void *context, uint64_t key)
{
	(void)context;
	if (key >> 32)
		return keys_find(&st.handles, key);
	if (key != KEY_STORE && (key < KEY_SPACE || key > KEY_SPACE + RIGHT_ALL))
		return nullptr;
	st.roots[key].key = key;
	st.roots[key].kind = key == KEY_STORE ? HANDLE_STORE : HANDLE_SPACE;
	st.roots[key].rights = key == KEY_STORE ? 0 : (uint8_t)(key - KEY_SPACE);
	return &st.roots[key];
}

static void unwatch(struct handle *h)
{
	if (!h->watch.raw)
		return;
	if (h->next)
		h->next->previous = h->previous;
	if (h->previous)
		h->previous->next = h->next;
	else
		st.watching = h->next;
	ring_release(st.service.ring, h->watch);
	h->watch = CAP_ID_NULL;
	shares_give(&st.watches, h->watch_share);
}

void handle_released(void *context, uint64_t key, uint64_t mints)
{
	struct handle *h = key >> 32 ? keys_find(&st.handles, key) : nullptr;

	(void)context, (void)mints; /* each key is minted once */
	if (!h)
		return;
	buffer_detach(h);
	if (h->kind == HANDLE_BLOB && h->blob) {
		blob_unref(&st.blobs, h->blob);
		st.open_blobs--;
	} else if (h->kind == HANDLE_WRITER && h->writer) {
		blob_writer_fini(&st.blobs, h->writer);
		st.blobs.memory.payer = h->writer->payer;
		files_give(&st.blobs.memory, h->writer, sizeof(*h->writer));
		memory_tidy();
	} else if (h->kind == HANDLE_SPACE) {
		unwatch(h);
		pool_free(&st.pool.pool, h->prefix, h->prefix_len);
	}
	shares_give(&st.open, h->share);
	keys_give(&st.handles, h, key);
}

struct handle *handle_make(struct rpc_request *request, enum handle_kind kind, uint8_t rights,
			   enum files_outcome *outcome, int32_t *cap)
{
	cap_id facets = template_of(kind, rights);
	struct handle *h;
	uint8_t share;
	uint64_t key;

	*cap = -1;
	*outcome = FILES_NO_SPACE;
	if (!facets.raw || request->caps_out_max <= request->caps_out_len ||
	    !shares_take(&st.open, request->call->session, &share))
		return nullptr;
	h = keys_take(&st.handles, &key);
	if (!h) {
		shares_give(&st.open, share);
		return nullptr;
	}
	*outcome = FILES_DONE;
	*h = (struct handle){.entry = h->entry, .key = key, .kind = kind, .rights = rights, .share = share};
	*cap = rpc_request_mint_cap(request, facets, key);
	return h;
}

void handle_make_space(struct rpc_request *request, uint8_t rights, struct files_text prefix,
		       struct files_text rest, uint64_t generation, enum files_outcome *outcome, int32_t *cap)
{
	uint32_t slash = prefix.len && rest.len, len = prefix.len + slash + rest.len;
	char *copy = len ? pool_alloc(&st.pool.pool, len) : nullptr;
	struct handle *h;

	*cap = -1;
	*outcome = FILES_NO_SPACE;
	if (len && !copy)
		return;
	h = handle_make(request, HANDLE_SPACE, rights, outcome, cap);
	if (!h) {
		pool_free(&st.pool.pool, copy, len);
		return;
	}
	__builtin_memcpy(copy, prefix.ptr, prefix.len);
	if (slash)
		copy[prefix.len] = '/';
	__builtin_memcpy(copy + prefix.len + slash, rest.ptr, rest.len);
	h->prefix = copy;
	h->prefix_len = len;
	h->generation = generation;
}

void handle_make_blob(struct rpc_request *request, struct blob *blob, enum files_outcome *outcome,
		      int32_t *cap)
{
	struct handle *h;

	*cap = -1;
	if (request->caps_out_max == request->caps_out_len)
		return;
	h = handle_make(request, HANDLE_BLOB, 0, outcome, cap);
	if (!h)
		return;
	h->blob = blob;
	blob_ref(&st.blobs, blob);
	st.open_blobs++;
}

/* ---- Watching ---- */

enum files_outcome handle_watch(struct handle *h, struct rpc_request *request, int32_t index)
{
	unwatch(h);
	if (!rpc_request_cap(request, index).raw)
		return FILES_DONE;
	if (!shares_take(&st.watches, request->call->session, &h->watch_share))
		return FILES_NO_SPACE;
	h->watch = service_keep(request, index);
	if (!h->watch.raw) {
		shares_give(&st.watches, h->watch_share);
		return FILES_NO_SPACE;
	}
	h->previous = nullptr;
	h->next = st.watching;
	if (h->next)
		h->next->previous = h;
	st.watching = h;
	return FILES_DONE;
}

static char changed_at(const struct names_change *c, uint32_t i)
{
	if (i < c->prefix.len)
		return c->prefix.ptr[i];
	return c->prefix.len && i == c->prefix.len ? '/'
						   : c->name.ptr[i - c->prefix.len - (c->prefix.len != 0)];
}

/* Is what was changed below what the handle shows, or (rollback changes all below a prefix) the other way round? */
static bool concerns(const struct handle *h, const struct names_change *c)
{
	uint32_t len = c->prefix.len + (c->prefix.len && c->name.len) + c->name.len, i = 0;

	for (; i < h->prefix_len && i < len; i++)
		if (changed_at(c, i) != h->prefix[i])
			return false;
	if (i < len)
		return i == 0 || changed_at(c, i) == '/';
	return i == 0 || i == h->prefix_len || h->prefix[i] == '/';
}

void handle_changed(const struct names_change *changes, uint32_t count)
{
	for (const struct handle *h = st.watching; h; h = h->next)
		for (uint32_t i = 0; i < count; i++)
			if (concerns(h, &changes[i])) {
				ring_signal_bits(st.service.ring, h->watch, 0);
				break;
			}
}

/* ---- Buffers ---- */

enum status buffer_attach(struct handle *h, struct rpc_request *request, int32_t index, bool writable,
			  enum files_outcome *outcome)
{
	struct shared_buffer *buffer;
	enum status status;
	uint8_t share;

	buffer_detach(h);
	*outcome = FILES_NO_SPACE;
	if (!shares_take(&st.buffers, request->call->session, &share))
		return STATUS_OK;
	buffer = pool_alloc(&st.pool.pool, sizeof(*buffer));
	if (!buffer) {
		shares_give(&st.buffers, share);
		return STATUS_OK;
	}
	status = shared_buffer_take(buffer, st.transport, st.space, st.manager,
				    rpc_request_cap(request, index),
				    writable ? SHARED_BUFFER_WRITE : SHARED_BUFFER_READ, MAX_BUFFER);
	if (status != STATUS_OK) {
		shares_give(&st.buffers, share);
		pool_free(&st.pool.pool, buffer, sizeof(*buffer));
		if (status == STATUS_NO_QUOTA || status == STATUS_NO_MEMORY)
			return STATUS_OK;
		return rpc_raise(request, EXCEPTION_TYPE_INVALID_ARGUMENT,
				 "not a shared buffer of at most 1 MiB, not revocable", "buffer");
	}
	h->buffer = buffer;
	h->buffer_share = share;
	*outcome = FILES_DONE;
	return STATUS_OK;
}

void buffer_detach(struct handle *h)
{
	if (!h->buffer)
		return;
	shared_buffer_detach(h->buffer);
	pool_free(&st.pool.pool, h->buffer, sizeof(*h->buffer));
	h->buffer = nullptr;
	shares_give(&st.buffers, h->buffer_share);
}

uint8_t *buffer_range(const struct handle *h, uint64_t at, uint64_t count, bool writable)
{
	if (!h->buffer || (writable && h->buffer->access != SHARED_BUFFER_WRITE))
		return nullptr;
	return shared_buffer_range(h->buffer, at, count);
}
