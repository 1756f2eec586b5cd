// SPDX-License-Identifier: MIT OR Apache-2.0
/* The methods of Directory. Rights are checked here as well as by the kernel: the root's facets are made by init. */
#include "open.h"

#define ENTRY_WORDS (DIRECTORY_ENTRY_DATA_WORDS + DIRECTORY_ENTRY_POINTERS + FILE_STAT_DATA_WORDS)

static struct files_text text_of(struct msg_text text)
{
	return (struct files_text){text.ptr, text.len};
}

static enum file_outcome out(enum files_outcome outcome)
{
	return (enum file_outcome)outcome;
}

/* Null, and the outcome why: a facet of a file, a missing right, removed. */
static struct files_node *directory_of(const struct handle *handle, uint8_t rights,
				       enum files_outcome *outcome)
{
	*outcome = FILES_DONE;
	if (handle->kind != FILES_DIRECTORY || (handle->rights & rights) != rights)
		*outcome = FILES_DENIED;
	else if (!handle->opening.node)
		*outcome = FILES_STALE;
	return *outcome == FILES_DONE ? handle->opening.node : nullptr;
}

static enum files_outcome find(const struct handle *handle, uint8_t rights, struct msg_text path,
			       struct files_node **node)
{
	enum files_outcome outcome;
	struct files_node *directory = directory_of(handle, rights, &outcome);

	return directory ? files_find(&fs.tree, directory, text_of(path), node) : outcome;
}

static enum files_outcome find_kind(const struct handle *handle, uint8_t rights, struct msg_text path,
				    enum files_kind kind, struct files_node **node)
{
	enum files_outcome outcome = find(handle, rights, path, node);

	if (outcome == FILES_DONE && (*node)->kind != kind)
		outcome = kind == FILES_FILE ? FILES_IS_DIRECTORY : FILES_NOT_DIRECTORY;
	return outcome;
}

/* ---- Opening ---- */

/* What is asked for most, so it becomes part of what decodes the call. */
[[gnu::always_inline]] static inline enum status open_file(void *self, struct rpc_request *request,
							   struct directory_open_params_reader params,
							   struct directory_open_results_builder results)
{
	struct files_node *node;
	enum files_outcome outcome = find_kind(self, RIGHT_READ, directory_open_params_reader_path(params),
					       FILES_FILE, &node);
	enum status status = STATUS_OK;
	int32_t cap = -1;

	if (outcome == FILES_DONE)
		status = handle_open_as(request, node, FILES_FILE, FILES_READS, FILES_ANYTHING, false,
					&outcome, &cap);
	if (status != STATUS_OK)
		return status;
	directory_open_results_builder_set_outcome(results, out(outcome));
	directory_open_results_builder_set_file(results, cap);
	return STATUS_OK;
}

static uint8_t allowed(enum file_sharing others)
{
	switch (others) {
	case FILE_SHARING_READERS:
		return FILES_READS;
	case FILE_SHARING_APPENDERS:
		return FILES_READS | FILES_APPENDS;
	case FILE_SHARING_WRITERS:
		return FILES_ANYTHING;
	default:
		return 0; /* none, and what this service does not know */
	}
}

static enum status create(void *self, struct rpc_request *request,
			  struct directory_create_params_reader params,
			  struct directory_create_results_builder results)
{
	uint8_t allows = allowed(directory_create_params_reader_others(params));
	struct files_text path = text_of(directory_create_params_reader_path(params));
	enum files_outcome outcome;
	struct files_node *directory = directory_of(self, RIGHT_CREATE, &outcome), *node;
	enum status status = STATUS_OK;
	int32_t cap = -1;

	if (directory && request->caps_out_max == 0)
		return rpc_raise(request, EXCEPTION_TYPE_FAILED, "no room was reserved for a capability",
				 nullptr);
	memory_pays(request->call->session);
	if (directory)
		outcome = files_create(&fs.tree, directory, path, FILES_FILE, &node);
	if (outcome == FILES_DONE) {
		status = handle_open(request, node, FILES_READS | FILES_APPENDS | FILES_WRITES, allows,
				     &outcome, &cap);
		if (outcome != FILES_DONE) /* what cannot be opened was not made */
			(void)!files_remove(&fs.tree, directory, path);
	}
	if (status != STATUS_OK)
		return status;
	directory_create_results_builder_set_outcome(results, out(outcome));
	directory_create_results_builder_set_file(results, cap);
	return STATUS_OK;
}

static enum status edit(void *self, struct rpc_request *request, struct directory_edit_params_reader params,
			struct directory_edit_results_builder results)
{
	struct files_node *node;
	enum files_outcome outcome = find_kind(self, RIGHT_READ | RIGHT_WRITE,
					       directory_edit_params_reader_path(params), FILES_FILE, &node);
	enum status status = STATUS_OK;
	int32_t cap = -1;

	if (outcome == FILES_DONE)
		status = handle_open(request, node, FILES_READS | FILES_APPENDS | FILES_WRITES,
				     allowed(directory_edit_params_reader_others(params)), &outcome, &cap);
	if (status != STATUS_OK)
		return status;
	directory_edit_results_builder_set_outcome(results, out(outcome));
	directory_edit_results_builder_set_file(results, cap);
	return STATUS_OK;
}

static enum status appender(void *self, struct rpc_request *request,
			    struct directory_appender_params_reader params,
			    struct directory_appender_results_builder results)
{
	struct files_node *node;
	enum files_outcome outcome = find_kind(
		self, RIGHT_APPEND, directory_appender_params_reader_path(params), FILES_FILE, &node);
	enum status status = STATUS_OK;
	int32_t cap = -1;

	if (outcome == FILES_DONE)
		status = handle_open(request, node, FILES_APPENDS,
				     allowed(directory_appender_params_reader_others(params)), &outcome,
				     &cap);
	if (status != STATUS_OK)
		return status;
	directory_appender_results_builder_set_outcome(results, out(outcome));
	directory_appender_results_builder_set_file(results, cap);
	return STATUS_OK;
}

/* ---- Looking ---- */

void stat_build(struct file_stat_builder b, const struct files_node *node)
{
	file_stat_builder_set_version(b, node->version);
	if (node->kind == FILES_DIRECTORY) {
		file_stat_builder_set_kind(b, FILE_KIND_DIRECTORY);
		file_stat_builder_set_size(b, node->count);
		file_stat_builder_set_stored(b, node->below.bytes);
		file_stat_builder_set_entries(b, node->below.entries);
		return;
	}
	file_stat_builder_set_kind(b, FILE_KIND_FILE);
	file_stat_builder_set_size(b, node->content.size);
	file_stat_builder_set_stored(b, node->content.pages * FILES_PAGE);
	file_stat_builder_set_open_readers(b,
					   files_users(node, FILES_READS) - files_users(node, FILES_WRITES));
	file_stat_builder_set_open_writers(b, files_users(node, FILES_APPENDS));
}

static enum status stat(void *self, struct rpc_request *request, struct directory_stat_params_reader params,
			struct directory_stat_results_builder results)
{
	struct files_node *node;
	enum files_outcome outcome = find(self, RIGHT_READ, directory_stat_params_reader_path(params), &node);

	(void)request;
	directory_stat_results_builder_set_outcome(results, out(outcome));
	if (outcome == FILES_DONE)
		stat_build(directory_stat_results_builder_init_stat(results), node);
	return STATUS_OK;
}

static uint32_t entry_words(const struct files_node *node)
{
	return ENTRY_WORDS + (node->name_len + 8u) / 8;
}

static struct files_node *next(const struct files_node *directory, const struct files_node *node)
{
	return files_next(directory, (struct files_text){node->name, node->name_len});
}

static void build_list(struct rpc_request *request, struct directory_list_results_builder results,
		       const struct files_node *directory, struct files_text after, uint32_t max)
{
	uint32_t room = request->results.capacity - request->results.words, count = 0;
	struct files_node *first = files_next(directory, after), *node = first;

	for (room = room > 0 ? room - 1 : 0; node && count < max && entry_words(node) <= room; count++) {
		room -= entry_words(node);
		node = next(directory, node);
	}
	directory_list_results_builder_set_more(results, node != nullptr);

	struct directory_entry_list_builder list = directory_list_results_builder_init_entries(results,
											       count);

	node = first;
	for (uint32_t i = 0; i < count; i++, node = next(directory, node)) {
		struct directory_entry_builder entry = directory_entry_list_builder_at(list, i);

		directory_entry_builder_set_name(entry, (struct msg_text){node->name, node->name_len});
		stat_build(directory_entry_builder_init_stat(entry), node);
	}
}

static enum status list(void *self, struct rpc_request *request, struct directory_list_params_reader params,
			struct directory_list_results_builder results)
{
	struct files_node *node;
	enum files_outcome outcome = find_kind(self, RIGHT_READ, directory_list_params_reader_path(params),
					       FILES_DIRECTORY, &node);

	directory_list_results_builder_set_outcome(results, out(outcome));
	if (outcome == FILES_DONE)
		build_list(request, results, node, text_of(directory_list_params_reader_after(params)),
			   directory_list_params_reader_max(params));
	return STATUS_OK;
}

/* ---- Changing ---- */

static enum status make_directory(void *self, struct rpc_request *request,
				  struct directory_make_directory_params_reader params,
				  struct directory_make_directory_results_builder results)
{
	enum files_outcome outcome;
	struct files_node *directory = directory_of(self, RIGHT_CREATE, &outcome), *made;

	memory_pays(request->call->session);
	if (directory)
		outcome = files_create(&fs.tree, directory,
				       text_of(directory_make_directory_params_reader_path(params)),
				       FILES_DIRECTORY, &made);
	directory_make_directory_results_builder_set_outcome(results, out(outcome));
	return STATUS_OK;
}

static enum status remove(void *self, struct rpc_request *request,
			  struct directory_remove_params_reader params,
			  struct directory_remove_results_builder results)
{
	enum files_outcome outcome;
	struct files_node *directory = directory_of(self, RIGHT_REMOVE, &outcome);

	(void)request;
	if (directory)
		outcome = files_remove(&fs.tree, directory,
				       text_of(directory_remove_params_reader_path(params)));
	memory_tidy();
	directory_remove_results_builder_set_outcome(results, out(outcome));
	return STATUS_OK;
}

static enum status rename(void *self, struct rpc_request *request,
			  struct directory_rename_params_reader params,
			  struct directory_rename_results_builder results)
{
	bool replace = directory_rename_params_reader_replace(params);
	uint8_t rights = RIGHT_CREATE | (replace ? RIGHT_REMOVE : 0);
	uint64_t methods = 1ull << DIRECTORY_CREATE | (replace ? 1ull << DIRECTORY_REMOVE : 0);
	int32_t into = directory_rename_params_reader_into(params);
	enum files_outcome outcome;
	struct files_node *from = directory_of(self, RIGHT_REMOVE, &outcome);
	struct handle *to = self;

	if (from && into >= 0)
		outcome = handle_identify(request, into, rights, methods, &to);
	else if (from && (to->rights & rights) != rights)
		outcome = FILES_DENIED;
	if (outcome == FILES_DONE)
		outcome = files_rename(&fs.tree, from, text_of(directory_rename_params_reader_from(params)),
				       to->opening.node, text_of(directory_rename_params_reader_to(params)),
				       replace);
	memory_tidy();
	directory_rename_results_builder_set_outcome(results, out(outcome));
	return STATUS_OK;
}

/* ---- Smaller roots ---- */

static enum status sub(void *self, struct rpc_request *request, struct directory_sub_params_reader params,
		       struct directory_sub_results_builder results)
{
	uint8_t rights = (uint8_t)(directory_sub_params_reader_read(params) |
				   directory_sub_params_reader_create(params) << 1 |
				   directory_sub_params_reader_write(params) << 2 |
				   directory_sub_params_reader_append(params) << 3 |
				   directory_sub_params_reader_remove(params) << 4 |
				   directory_sub_params_reader_limit(params) << 5);
	struct files_node *node;
	enum files_outcome outcome = find_kind(self, 0, directory_sub_params_reader_path(params),
					       FILES_DIRECTORY, &node);
	enum status status = STATUS_OK;
	int32_t cap = -1;

	if (outcome == FILES_DONE)
		status = handle_open(request, node, rights & ((struct handle *)self)->rights, FILES_ANYTHING,
				     &outcome, &cap);
	if (status != STATUS_OK)
		return status;
	directory_sub_results_builder_set_outcome(results, out(outcome));
	directory_sub_results_builder_set_directory(results, cap);
	return STATUS_OK;
}

static enum status view(void *self, struct rpc_request *request, struct directory_view_params_reader params,
			struct directory_view_results_builder results)
{
	struct files_node *node;
	enum files_outcome outcome = find_kind(self, RIGHT_READ, directory_view_params_reader_path(params),
					       FILES_DIRECTORY, &node);
	enum status status = STATUS_OK;
	int32_t cap = -1;

	if (outcome == FILES_DONE)
		status = handle_open(request, node, RIGHT_READ, FILES_ANYTHING, &outcome, &cap);
	if (status != STATUS_OK)
		return status;
	directory_view_results_builder_set_outcome(results, out(outcome));
	directory_view_results_builder_set_directory(results, cap);
	return STATUS_OK;
}

static enum status watch(void *self, struct rpc_request *request, struct directory_watch_params_reader params,
			 struct directory_watch_results_builder results)
{
	enum files_outcome outcome;

	if (directory_of(self, RIGHT_READ, &outcome))
		outcome = handle_watch(self, request, directory_watch_params_reader_notification(params));
	directory_watch_results_builder_set_outcome(results, out(outcome));
	return STATUS_OK;
}

/* ---- Limits ---- */

static enum status set_limit(void *self, struct rpc_request *request,
			     struct directory_set_limit_params_reader params,
			     struct directory_set_limit_results_builder results)
{
	struct files_node *node;
	enum files_outcome outcome = find_kind(
		self, RIGHT_LIMIT, directory_set_limit_params_reader_path(params), FILES_DIRECTORY, &node);

	(void)request;
	if (outcome == FILES_DONE)
		files_set_limit(node, directory_set_limit_params_reader_bytes(params),
				directory_set_limit_params_reader_entries(params));
	directory_set_limit_results_builder_set_outcome(results, out(outcome));
	return STATUS_OK;
}

static enum status limit(void *self, struct rpc_request *request, struct directory_limit_params_reader params,
			 struct directory_limit_results_builder results)
{
	struct files_node *node;
	enum files_outcome outcome = find_kind(self, RIGHT_READ, directory_limit_params_reader_path(params),
					       FILES_DIRECTORY, &node);

	(void)request;
	directory_limit_results_builder_set_outcome(results, out(outcome));
	if (outcome == FILES_DONE) {
		directory_limit_results_builder_set_bytes(results, node->max_bytes);
		directory_limit_results_builder_set_entries(results, node->max_entries);
	}
	return STATUS_OK;
}

static enum status sync(void *self, struct rpc_request *request,
			struct directory_sync_results_builder results)
{
	enum files_outcome outcome;

	(void)request;
	(void)directory_of(self, 0, &outcome);
	directory_sync_results_builder_set_outcome(results, out(outcome));
	directory_sync_results_builder_set_durability(results, FILE_DURABILITY_NONE);
	return STATUS_OK;
}

const struct directory_server_ops directory_ops = {
	.open = open_file,
	.create = create,
	.edit = edit,
	.appender = appender,
	.stat = stat,
	.list = list,
	.make_directory = make_directory,
	.remove = remove,
	.rename = rename,
	.sub = sub,
	.view = view,
	.watch = watch,
	.set_limit = set_limit,
	.limit = limit,
	.sync = sync,
};

DIRECTORY_BIND(directory, directory_ops);
rpc_method_fn *const *const directory_methods = directory_bound;
