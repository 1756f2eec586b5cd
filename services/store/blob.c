// SPDX-License-Identifier: MIT OR Apache-2.0
/* The methods of Store, Blob and BlobWriter. */
#include "store.h"

static struct msg_data id_of(const struct blob *blob)
{
	return (struct msg_data){blob->id, BLOB_ID};
}

enum files_outcome blob_by_id(struct msg_data id, struct blob **blob)
{
	if (id.len != BLOB_ID)
		return FILES_BAD_NAME;
	*blob = blobs_find(&st.blobs, id.ptr);
	return *blob ? FILES_DONE : FILES_NOT_FOUND;
}

/* ids: room for BLOB_MAX_LINKS. */
static enum files_outcome take_links(struct msg_list list, const uint8_t **ids, uint32_t *count)
{
	*count = list.count;
	if (list.count > BLOB_MAX_LINKS)
		return FILES_TOO_LARGE;
	for (uint32_t i = 0; i < list.count; i++) {
		struct msg_data id = msg_list_data(list, i);

		if (id.len != BLOB_ID)
			return FILES_BAD_NAME;
		ids[i] = id.ptr;
	}
	return FILES_DONE;
}

/* Finishes the writer and holds the blob, if the caller has room. */
static enum files_outcome finish(struct rpc_request *request, struct blob_writer *w, struct msg_list links,
				 struct msg_data expected, struct blob **blob, int32_t *cap)
{
	const uint8_t *ids[BLOB_MAX_LINKS];
	uint32_t count;
	enum files_outcome outcome = take_links(links, ids, &count);

	*cap = -1;
	if (outcome == FILES_DONE && expected.len != 0 && expected.len != BLOB_ID)
		outcome = FILES_BAD_NAME;
	if (outcome == FILES_DONE)
		outcome = blob_finish(&st.blobs, w, ids, count, expected.len ? expected.ptr : nullptr, blob);
	else
		blob_writer_fini(&st.blobs, w);
	memory_tidy();
	if (outcome == FILES_DONE)
		handle_make_blob(request, *blob, &outcome, cap);
	return outcome;
}

/* ---- Store ---- */

static enum status put(void *self, struct rpc_request *request, struct store_put_params_reader params,
		       struct store_put_results_builder results)
{
	struct msg_data bytes = store_put_params_reader_bytes(params);
	struct blob_writer w;
	struct blob *blob;
	enum files_outcome outcome;
	int32_t cap = -1;

	(void)self;
	memory_pays(request->call->session);
	blob_writer_init(&st.blobs, &w);
	outcome = bytes.len > MAX_INLINE ? FILES_TOO_LARGE : blob_append(&st.blobs, &w, bytes.ptr, bytes.len);
	if (outcome == FILES_DONE)
		outcome = finish(request, &w, (struct msg_list){}, store_put_params_reader_expected(params),
				 &blob, &cap);
	else
		blob_writer_fini(&st.blobs, &w);
	store_put_results_builder_set_outcome(results, out(outcome));
	store_put_results_builder_set_blob(results, cap);
	if (outcome == FILES_DONE)
		store_put_results_builder_set_id(results, id_of(blob));
	return STATUS_OK;
}

static enum status put_linked(void *self, struct rpc_request *request,
			      struct store_put_linked_params_reader params,
			      struct store_put_linked_results_builder results)
{
	struct msg_data bytes = store_put_linked_params_reader_bytes(params);
	struct blob_writer w;
	struct blob *blob;
	enum files_outcome outcome;
	int32_t cap = -1;

	(void)self;
	memory_pays(request->call->session);
	blob_writer_init(&st.blobs, &w);
	outcome = bytes.len > MAX_INLINE ? FILES_TOO_LARGE : blob_append(&st.blobs, &w, bytes.ptr, bytes.len);
	if (outcome == FILES_DONE)
		outcome = finish(request, &w, store_put_linked_params_reader_links(params),
				 (struct msg_data){}, &blob, &cap);
	else
		blob_writer_fini(&st.blobs, &w);
	store_put_linked_results_builder_set_outcome(results, out(outcome));
	store_put_linked_results_builder_set_blob(results, cap);
	if (outcome == FILES_DONE)
		store_put_linked_results_builder_set_id(results, id_of(blob));
	return STATUS_OK;
}

static enum status begin(void *self, struct rpc_request *request, struct store_begin_results_builder results)
{
	enum files_outcome outcome = FILES_NO_SPACE;
	struct blob_writer *w;
	struct handle *h = nullptr;
	int32_t cap = -1;

	(void)self;
	memory_pays(request->call->session);
	w = files_take(&st.blobs.memory, sizeof(*w));
	if (w)
		h = handle_make(request, HANDLE_WRITER, 0, &outcome, &cap);
	if (h) {
		blob_writer_init(&st.blobs, w);
		h->writer = w;
	} else if (w) {
		files_give(&st.blobs.memory, w, sizeof(*w));
	}
	store_begin_results_builder_set_outcome(results, out(outcome));
	store_begin_results_builder_set_writer(results, cap);
	return STATUS_OK;
}

/* Into the Data field at that place of the results. */
static enum files_outcome read_into(struct rpc_request *request, struct msg_pointer_builder field,
				    const struct blob *blob, uint64_t offset, uint64_t count)
{
	uint64_t room = (request->results.capacity - request->results.words) * 8ull,
		 left = offset < blob->bytes.size ? blob->bytes.size - offset : 0;
	enum files_outcome outcome;

	room = room < MAX_INLINE ? room : MAX_INLINE;
	count = count < room ? count : room;
	count = count < left ? count : left;
	if (count == 0)
		return FILES_DONE;

	uint8_t *to = msg_reserve_data(field, (uint32_t)count);

	outcome = to ? blob_read(blob, offset, to, count, &left) : FILES_NO_SPACE;
	if (outcome != FILES_DONE)
		msg_set_null(field);
	return outcome;
}

static enum status get(void *self, struct rpc_request *request, struct store_get_params_reader params,
		       struct store_get_results_builder results)
{
	struct blob *blob;
	enum files_outcome outcome = blob_by_id(store_get_params_reader_id(params), &blob);

	(void)self;
	if (outcome == FILES_DONE) {
		store_get_results_builder_set_size(results, blob->bytes.size);
		outcome = read_into(request, msg_struct_slot(results.b, STORE_GET_RESULTS_DATA_WORDS * 8),
				    blob, store_get_params_reader_offset(params),
				    store_get_params_reader_count(params));
	}
	store_get_results_builder_set_outcome(results, out(outcome));
	return STATUS_OK;
}

static enum status open_blob(void *self, struct rpc_request *request, struct store_open_params_reader params,
			     struct store_open_results_builder results)
{
	struct blob *blob;
	enum files_outcome outcome = blob_by_id(store_open_params_reader_id(params), &blob);
	int32_t cap = -1;

	(void)self;
	if (outcome == FILES_DONE) {
		store_open_results_builder_set_size(results, blob->bytes.size);
		outcome = FILES_NO_SPACE;
		handle_make_blob(request, blob, &outcome, &cap);
	}
	store_open_results_builder_set_outcome(results, out(outcome));
	store_open_results_builder_set_blob(results, cap);
	return STATUS_OK;
}

static enum status verify(void *self, struct rpc_request *request, struct store_verify_params_reader params,
			  struct store_verify_results_builder results)
{
	struct blob *blob;
	enum files_outcome outcome = blob_by_id(store_verify_params_reader_id(params), &blob);

	(void)self, (void)request;
	if (outcome == FILES_DONE)
		outcome = blob->bytes.size > MAX_VERIFY ? FILES_TOO_LARGE : blob_verify(&st.blobs, blob);
	store_verify_results_builder_set_outcome(results, out(outcome));
	return STATUS_OK;
}

static enum status collect(void *self, struct rpc_request *request,
			   struct store_collect_results_builder results)
{
	uint64_t blobs, bytes;

	(void)self, (void)request;
	blobs_collect(&st.blobs, &blobs, &bytes);
	memory_tidy();
	store_collect_results_builder_set_blobs(results, blobs);
	store_collect_results_builder_set_bytes(results, bytes);
	return STATUS_OK;
}

static enum status statistics(void *self, struct rpc_request *request,
			      struct store_statistics_results_builder results)
{
	(void)self, (void)request;
	store_statistics_results_builder_set_blobs(results, st.blobs.count);
	store_statistics_results_builder_set_bytes(results, st.blobs.bytes);
	store_statistics_results_builder_set_stored(results, st.pool.pool.pages_used * POOL_PAGE);
	store_statistics_results_builder_set_limit(results, st.pool.max_bytes);
	store_statistics_results_builder_set_open(results, st.open_blobs);
	store_statistics_results_builder_set_bound(results, names_present(&st.names)->bound);
	store_statistics_results_builder_set_puts(results, st.blobs.puts);
	store_statistics_results_builder_set_duplicates(results, st.blobs.duplicates);
	return STATUS_OK;
}

const struct store_server_ops store_ops = {
	.put = put,
	.put_linked = put_linked,
	.begin = begin,
	.get = get,
	.open = open_blob,
	.verify = verify,
	.collect = collect,
	.statistics = statistics,
};

/* ---- Blob. The kernel lets nobody call it but through a blob's facet, or one that an image misnames. ---- */

static const struct blob *blob_of(const struct handle *h)
{
	return h->kind == HANDLE_BLOB ? h->blob : nullptr;
}

static enum status read(void *self, struct rpc_request *request, struct blob_read_params_reader params,
			struct blob_read_results_builder results)
{
	const struct blob *blob = blob_of(self);
	enum files_outcome outcome = FILES_DENIED;

	if (blob)
		outcome = read_into(request, msg_struct_slot(results.b, BLOB_READ_RESULTS_DATA_WORDS * 8),
				    blob, blob_read_params_reader_offset(params),
				    blob_read_params_reader_count(params));
	blob_read_results_builder_set_outcome(results, out(outcome));
	return STATUS_OK;
}

static enum status attach(void *self, struct rpc_request *request, struct blob_attach_params_reader params,
			  struct blob_attach_results_builder results)
{
	enum files_outcome outcome = FILES_DENIED;
	enum status status = STATUS_OK;

	if (blob_of(self))
		status = buffer_attach(self, request,
				       shared_buffer_reader_memory(blob_attach_params_reader_buffer(params)),
				       true, &outcome);
	if (status != STATUS_OK)
		return status;
	blob_attach_results_builder_set_outcome(results, out(outcome));
	return STATUS_OK;
}

static enum status read_buf(void *self, struct rpc_request *request,
			    struct blob_read_buf_params_reader params,
			    struct blob_read_buf_results_builder results)
{
	uint64_t count = blob_read_buf_params_reader_count(params), got = 0;
	const struct blob *blob = blob_of(self);
	uint8_t *to = buffer_range(self, blob_read_buf_params_reader_at(params), count, true);
	enum files_outcome outcome = blob ? FILES_NOT_ATTACHED : FILES_DENIED;

	(void)request;
	if (blob && to)
		outcome = blob_read(blob, blob_read_buf_params_reader_offset(params), to, count, &got);
	blob_read_buf_results_builder_set_outcome(results, out(outcome));
	blob_read_buf_results_builder_set_count(results, got);
	return STATUS_OK;
}

static enum status detach(void *self, struct rpc_request *request)
{
	(void)request;
	buffer_detach(self);
	return STATUS_OK;
}

static enum status info(void *self, struct rpc_request *request, struct blob_info_results_builder results)
{
	const struct blob *blob = blob_of(self);
	struct msg_list_builder links;

	(void)request;
	if (!blob)
		return STATUS_OK;
	blob_info_results_builder_set_id(results, id_of(blob));
	blob_info_results_builder_set_size(results, blob->bytes.size);
	links = blob_info_results_builder_init_links(results, blob->link_count);
	for (uint32_t i = 0; i < blob->link_count; i++)
		msg_set_data(msg_list_slot(links, i), id_of(blob->links[i]));
	return STATUS_OK;
}

const struct blob_server_ops blob_ops = {
	.read = read, .attach = attach, .read_buf = read_buf, .detach = detach, .info = info};

/* ---- BlobWriter ---- */

static struct blob_writer *writer_of(const struct handle *h)
{
	return h->kind == HANDLE_WRITER ? h->writer : nullptr;
}

static enum status append(void *self, struct rpc_request *request,
			  struct blob_writer_append_params_reader params,
			  struct blob_writer_append_results_builder results)
{
	struct msg_data bytes = blob_writer_append_params_reader_bytes(params);
	struct blob_writer *w = writer_of(self);
	enum files_outcome outcome = w ? blob_append(&st.blobs, w, bytes.ptr, bytes.len) : FILES_DENIED;

	(void)request;
	blob_writer_append_results_builder_set_outcome(results, out(outcome));
	blob_writer_append_results_builder_set_size(results, w ? w->bytes.size : 0);
	return STATUS_OK;
}

static enum status writer_attach(void *self, struct rpc_request *request,
				 struct blob_writer_attach_params_reader params,
				 struct blob_writer_attach_results_builder results)
{
	enum files_outcome outcome = FILES_DENIED;
	enum status status = STATUS_OK;

	if (writer_of(self))
		status = buffer_attach(
			self, request,
			shared_buffer_reader_memory(blob_writer_attach_params_reader_buffer(params)), false,
			&outcome);
	if (status != STATUS_OK)
		return status;
	blob_writer_attach_results_builder_set_outcome(results, out(outcome));
	return STATUS_OK;
}

static enum status append_buf(void *self, struct rpc_request *request,
			      struct blob_writer_append_buf_params_reader params,
			      struct blob_writer_append_buf_results_builder results)
{
	uint64_t count = blob_writer_append_buf_params_reader_count(params);
	struct blob_writer *w = writer_of(self);
	const uint8_t *from = buffer_range(self, blob_writer_append_buf_params_reader_at(params), count,
					   false);
	enum files_outcome outcome = w ? FILES_NOT_ATTACHED : FILES_DENIED;

	(void)request;
	if (w && from)
		outcome = blob_append(&st.blobs, w, from, count);
	blob_writer_append_buf_results_builder_set_outcome(results, out(outcome));
	blob_writer_append_buf_results_builder_set_size(results, w ? w->bytes.size : 0);
	return STATUS_OK;
}

static enum status writer_finish(void *self, struct rpc_request *request,
				 struct blob_writer_finish_params_reader params,
				 struct blob_writer_finish_results_builder results)
{
	struct blob_writer *w = writer_of(self);
	enum files_outcome outcome = FILES_DENIED;
	struct blob *blob = nullptr;
	int32_t cap = -1;

	if (w)
		outcome = finish(request, w, blob_writer_finish_params_reader_links(params),
				 blob_writer_finish_params_reader_expected(params), &blob, &cap);
	blob_writer_finish_results_builder_set_outcome(results, out(outcome));
	blob_writer_finish_results_builder_set_blob(results, cap);
	if (outcome == FILES_DONE)
		blob_writer_finish_results_builder_set_id(results, id_of(blob));
	return STATUS_OK;
}

const struct blob_writer_server_ops blob_writer_ops = {
	.append = append, .attach = writer_attach, .append_buf = append_buf, .finish = writer_finish};
