// SPDX-License-Identifier: MIT OR Apache-2.0
/* The methods of File. */
#include "ramfs.h"

static enum file_outcome out(enum files_outcome outcome)
{
	return (enum file_outcome)outcome;
}

/* Null, and the outcome why: a facet of a directory, opened for something else, removed. */
static struct files_node *file_of(const struct handle *handle, uint8_t does, enum files_outcome *outcome)
{
	if (__builtin_expect(handle->kind == FILES_FILE && (handle->rights & does) == does &&
				     handle->opening.node,
			     1)) {
		*outcome = FILES_DONE;
		return handle->opening.node;
	}
	*outcome = handle->kind == FILES_FILE && !handle->opening.node ? FILES_STALE : FILES_DENIED;
	return nullptr;
}

/* ---- In messages ---- */

static enum status read(void *self, struct rpc_request *request, struct file_read_params_reader params,
			struct file_read_results_builder results)
{
	uint64_t offset = file_read_params_reader_offset(params),
		 count = file_read_params_reader_count(params);
	uint64_t room = (request->results.capacity - request->results.words) * 8ull;
	enum files_outcome outcome;
	const struct files_node *file = file_of(self, FILES_READS, &outcome);

	file_read_results_builder_set_outcome(results, out(outcome));
	if (!file || offset >= file->content.size)
		return STATUS_OK;
	room = room < MAX_INLINE ? room : MAX_INLINE;
	count = count < room ? count : room;
	count = count < file->content.size - offset ? count : file->content.size - offset;

	uint8_t *to = msg_reserve_data(msg_struct_slot(results.b, FILE_READ_RESULTS_DATA_WORDS * 8),
				       (uint32_t)count);

	if (to)
		(void)files_read(file, offset, to, count);
	return STATUS_OK;
}

static enum status write(void *self, struct rpc_request *request, struct file_write_params_reader params,
			 struct file_write_results_builder results)
{
	struct msg_data bytes = file_write_params_reader_bytes(params);
	enum files_outcome outcome;
	struct files_node *file = file_of(self, FILES_WRITES, &outcome);

	(void)request;
	if (file)
		outcome = files_write(&fs.tree, file, file_write_params_reader_offset(params), bytes.ptr,
				      bytes.len);
	file_write_results_builder_set_outcome(results, out(outcome));
	return STATUS_OK;
}

static enum status append(void *self, struct rpc_request *request, struct file_append_params_reader params,
			  struct file_append_results_builder results)
{
	struct msg_data bytes = file_append_params_reader_bytes(params);
	enum files_outcome outcome;
	struct files_node *file = file_of(self, FILES_APPENDS, &outcome);
	uint64_t offset = file ? file->content.size : 0;

	(void)request;
	if (file)
		outcome = files_write(&fs.tree, file, offset, bytes.ptr, bytes.len);
	file_append_results_builder_set_outcome(results, out(outcome));
	file_append_results_builder_set_offset(results, offset);
	return STATUS_OK;
}

static enum status truncate(void *self, struct rpc_request *request,
			    struct file_truncate_params_reader params,
			    struct file_truncate_results_builder results)
{
	enum files_outcome outcome;
	struct files_node *file = file_of(self, FILES_WRITES, &outcome);

	(void)request;
	if (file)
		outcome = files_truncate(&fs.tree, file, file_truncate_params_reader_size(params));
	memory_tidy();
	file_truncate_results_builder_set_outcome(results, out(outcome));
	return STATUS_OK;
}

static enum status stat(void *self, struct rpc_request *request, struct file_stat_results_builder results)
{
	enum files_outcome outcome;
	const struct files_node *file = file_of(self, 0, &outcome);

	(void)request;
	file_stat_results_builder_set_outcome(results, out(outcome));
	if (file)
		stat_build(file_stat_results_builder_init_stat(results), file);
	return STATUS_OK;
}

/* ---- Through a buffer ---- */

static enum status attach(void *self, struct rpc_request *request, struct file_attach_params_reader params,
			  struct file_attach_results_builder results)
{
	enum files_outcome outcome;
	enum status status = STATUS_OK;

	if (file_of(self, 0, &outcome))
		status = buffer_attach(self, request,
				       shared_buffer_reader_memory(file_attach_params_reader_buffer(params)),
				       file_attach_params_reader_writable(params), &outcome);
	if (status != STATUS_OK)
		return status;
	file_attach_results_builder_set_outcome(results, out(outcome));
	return STATUS_OK;
}

static enum status detach(void *self, struct rpc_request *request)
{
	(void)request;
	buffer_detach(self);
	return STATUS_OK;
}

static enum status read_buf(void *self, struct rpc_request *request,
			    struct file_read_buf_params_reader params,
			    struct file_read_buf_results_builder results)
{
	uint64_t offset = file_read_buf_params_reader_offset(params),
		 count = file_read_buf_params_reader_count(params);
	enum files_outcome outcome;
	const struct files_node *file = file_of(self, FILES_READS, &outcome);
	uint8_t *to = file ? buffer_range(self, file_read_buf_params_reader_at(params), count, true)
			   : nullptr;

	(void)request;
	if (file && !to)
		outcome = FILES_NOT_ATTACHED;
	count = to ? files_read(file, offset, to, count) : 0;
	file_read_buf_results_builder_set_outcome(results, out(outcome));
	file_read_buf_results_builder_set_count(results, count);
	return STATUS_OK;
}

static enum status write_buf(void *self, struct rpc_request *request,
			     struct file_write_buf_params_reader params,
			     struct file_write_buf_results_builder results)
{
	uint64_t count = file_write_buf_params_reader_count(params);
	enum files_outcome outcome;
	struct files_node *file = file_of(self, FILES_WRITES, &outcome);
	const uint8_t *from = file ? buffer_range(self, file_write_buf_params_reader_at(params), count, false)
				   : nullptr;

	(void)request;
	if (file)
		outcome = from ? files_write(&fs.tree, file, file_write_buf_params_reader_offset(params),
					     from, count)
			       : FILES_NOT_ATTACHED;
	file_write_buf_results_builder_set_outcome(results, out(outcome));
	return STATUS_OK;
}

static enum status append_buf(void *self, struct rpc_request *request,
			      struct file_append_buf_params_reader params,
			      struct file_append_buf_results_builder results)
{
	uint64_t count = file_append_buf_params_reader_count(params);
	enum files_outcome outcome;
	struct files_node *file = file_of(self, FILES_APPENDS, &outcome);
	const uint8_t *from = file ? buffer_range(self, file_append_buf_params_reader_at(params), count,
						  false)
				   : nullptr;
	uint64_t offset = file ? file->content.size : 0;

	(void)request;
	if (file)
		outcome = from ? files_write(&fs.tree, file, offset, from, count) : FILES_NOT_ATTACHED;
	file_append_buf_results_builder_set_outcome(results, out(outcome));
	file_append_buf_results_builder_set_offset(results, offset);
	return STATUS_OK;
}

/* ---- As memory ---- */

static enum status copy(void *self, struct rpc_request *request, struct file_copy_params_reader params,
			struct file_copy_results_builder results)
{
	uint64_t count = file_copy_params_reader_count(params);
	enum files_outcome outcome;
	enum status status = STATUS_OK;
	const struct files_node *file = file_of(self, FILES_READS, &outcome);

	if (file)
		status = memory_copy(file, request, file_copy_params_reader_offset(params), &count,
				     file_copy_params_reader_into(params),
				     file_copy_params_reader_at(params));
	if (status != STATUS_OK)
		return status;
	file_copy_results_builder_set_outcome(results, out(outcome));
	file_copy_results_builder_set_count(results, file ? count : 0);
	return STATUS_OK;
}

/* Of map and mapShared, whose results are alike. */
static enum status lend(struct handle *handle, struct rpc_request *request, bool writable,
			enum files_outcome *outcome, int32_t *index, uint64_t *size)
{
	struct files_node *file = file_of(handle, writable ? FILES_WRITES : FILES_READS, outcome);
	cap_id cap;

	*index = -1;
	*size = 0;
	if (!file)
		return STATUS_OK;
	if (request->caps_out_max == 0)
		return rpc_raise(request, EXCEPTION_TYPE_FAILED, "no room was reserved for a capability",
				 nullptr);
	enum status status = memory_lend(request, file, writable, outcome, &cap);

	if (status == STATUS_OK && *outcome == FILES_DONE) {
		*index = rpc_request_move_cap(request, cap);
		*size = file->content.size;
	}
	return status;
}

static enum status map(void *self, struct rpc_request *request, struct file_map_results_builder results)
{
	enum files_outcome outcome;
	int32_t index;
	uint64_t size;
	enum status status = lend(self, request, false, &outcome, &index, &size);

	if (status != STATUS_OK)
		return status;
	file_map_results_builder_set_outcome(results, out(outcome));
	file_map_results_builder_set_memory(results, index);
	file_map_results_builder_set_size(results, size);
	return STATUS_OK;
}

static enum status map_shared(void *self, struct rpc_request *request,
			      struct file_map_shared_results_builder results)
{
	enum files_outcome outcome;
	int32_t index;
	uint64_t size;
	enum status status = lend(self, request, true, &outcome, &index, &size);

	if (status != STATUS_OK)
		return status;
	file_map_shared_results_builder_set_outcome(results, out(outcome));
	file_map_shared_results_builder_set_memory(results, index);
	file_map_shared_results_builder_set_size(results, size);
	return STATUS_OK;
}

/* ---- The rest ---- */

static enum status watch(void *self, struct rpc_request *request, struct file_watch_params_reader params,
			 struct file_watch_results_builder results)
{
	enum files_outcome outcome;

	if (file_of(self, FILES_READS, &outcome))
		outcome = handle_watch(self, request, file_watch_params_reader_notification(params));
	file_watch_results_builder_set_outcome(results, out(outcome));
	return STATUS_OK;
}

static enum status sync(void *self, struct rpc_request *request, struct file_sync_results_builder results)
{
	enum files_outcome outcome;

	(void)request;
	(void)file_of(self, 0, &outcome);
	file_sync_results_builder_set_outcome(results, out(outcome));
	file_sync_results_builder_set_durability(results, FILE_DURABILITY_NONE);
	return STATUS_OK;
}

static enum status reader(void *self, struct rpc_request *request, struct file_reader_results_builder results)
{
	enum files_outcome outcome;
	struct files_node *file = file_of(self, FILES_READS, &outcome);
	enum status status = STATUS_OK;
	int32_t cap = -1;

	if (file)
		status = handle_open_also(request, file, FILES_READS, &outcome, &cap);
	if (status != STATUS_OK)
		return status;
	file_reader_results_builder_set_outcome(results, out(outcome));
	file_reader_results_builder_set_file(results, cap);
	return STATUS_OK;
}

static enum status appender(void *self, struct rpc_request *request,
			    struct file_appender_results_builder results)
{
	enum files_outcome outcome;
	struct files_node *file = file_of(self, FILES_APPENDS, &outcome);
	enum status status = STATUS_OK;
	int32_t cap = -1;

	if (file)
		status = handle_open_also(request, file, FILES_APPENDS, &outcome, &cap);
	if (status != STATUS_OK)
		return status;
	file_appender_results_builder_set_outcome(results, out(outcome));
	file_appender_results_builder_set_file(results, cap);
	return STATUS_OK;
}

const struct file_server_ops file_ops = {
	.read = read,
	.write = write,
	.append = append,
	.truncate = truncate,
	.stat = stat,
	.attach = attach,
	.read_buf = read_buf,
	.write_buf = write_buf,
	.append_buf = append_buf,
	.detach = detach,
	.copy = copy,
	.map = map,
	.map_shared = map_shared,
	.watch = watch,
	.sync = sync,
	.reader = reader,
	.appender = appender,
};

FILE_BIND(file, file_ops);
rpc_method_fn *const *const file_methods = file_bound;
