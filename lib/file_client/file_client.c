// SPDX-License-Identifier: MIT OR Apache-2.0
/* Calls of File and Directory (file_client/file_client.h). */
#include <file_client/file_client.h>

#define LIST_BYTES 3072u /* of an answer */

enum status file_client_read(struct rpc_transport *transport, cap_id file, uint64_t offset, void *to,
			     uint32_t count, enum file_outcome *outcome, uint32_t *got)
{
	RPC_UNCLEARED struct rpc_call call;
	struct file_read_params_builder params;
	enum status status;

	*got = 0;
	count = count < FILE_CLIENT_INLINE ? count : FILE_CLIENT_INLINE;
	params.b = rpc_begin_root(&call, transport, rpc_target_cap(file),
				  (struct rpc_shape){
					  .interface_id = FILE_INTERFACE_ID,
					  .method = FILE_READ,
					  .params_bytes = 8 + FILE_READ_PARAMS_DATA_WORDS * 8,
					  .result_bytes = 24 + rpc_data_room(count),
				  },
				  FILE_READ_PARAMS_DATA_WORDS, FILE_READ_PARAMS_POINTERS);
	file_read_params_builder_set_offset(params, offset);
	file_read_params_builder_set_count(params, count);
	status = rpc_call(&call);
	if (status == STATUS_OK) {
		struct file_read_results_reader results = file_read_results(&call);
		struct msg_data bytes = file_read_results_reader_bytes(results);

		*outcome = file_read_results_reader_outcome(results);
		*got = bytes.len < count ? bytes.len : count;
		__builtin_memcpy(to, bytes.ptr, *got);
	}
	rpc_end(&call);
	return status;
}

static void take_stat(struct file_client_stat *to, struct file_stat_reader from)
{
	*to = (struct file_client_stat){
		.kind = file_stat_reader_kind(from),
		.size = file_stat_reader_size(from),
		.version = file_stat_reader_version(from),
		.stored = file_stat_reader_stored(from),
		.entries = file_stat_reader_entries(from),
		.open_readers = file_stat_reader_open_readers(from),
		.open_writers = file_stat_reader_open_writers(from),
	};
}

enum status file_client_stat(struct rpc_transport *transport, cap_id file, enum file_outcome *outcome,
			     struct file_client_stat *stat)
{
	struct file_stat_results_reader results;
	struct rpc_call call;
	enum status status;

	file_stat_begin(&call, transport, file);
	status = file_stat_call(&call, &results);
	if (status == STATUS_OK) {
		*outcome = file_stat_results_reader_outcome(results);
		take_stat(stat, file_stat_results_reader_stat(results));
	}
	rpc_end(&call);
	return status;
}

enum status file_client_stat_path(struct rpc_transport *transport, cap_id directory, struct msg_text path,
				  enum file_outcome *outcome, struct file_client_stat *stat)
{
	struct directory_stat_results_reader results;
	struct rpc_call call;
	enum status status;

	directory_stat_params_builder_set_path(directory_stat_begin_sized(&call, transport,
									  rpc_target_cap(directory),
									  rpc_text_room(path.len)),
					       path);
	status = directory_stat_call(&call, &results);
	if (status == STATUS_OK) {
		*outcome = directory_stat_results_reader_outcome(results);
		take_stat(stat, directory_stat_results_reader_stat(results));
	}
	rpc_end(&call);
	return status;
}

enum status file_client_list(struct rpc_transport *transport, cap_id directory, struct msg_text path,
			     struct msg_text after, struct file_client_entry *entries, uint32_t max,
			     enum file_outcome *outcome, uint32_t *count, bool *more)
{
	struct directory_list_params_builder params;
	struct rpc_call call;
	enum status status;
	uint32_t bytes = 8 + (DIRECTORY_LIST_PARAMS_DATA_WORDS + DIRECTORY_LIST_PARAMS_POINTERS) * 8 +
			 rpc_text_room(path.len) + rpc_text_room(after.len);

	*count = 0;
	*more = false;
	params.b = rpc_begin_root(&call, transport, rpc_target_cap(directory),
				  (struct rpc_shape){
					  .interface_id = DIRECTORY_INTERFACE_ID,
					  .method = DIRECTORY_LIST,
					  .params_bytes = bytes,
					  .result_bytes = LIST_BYTES,
				  },
				  DIRECTORY_LIST_PARAMS_DATA_WORDS, DIRECTORY_LIST_PARAMS_POINTERS);
	directory_list_params_builder_set_path(params, path);
	directory_list_params_builder_set_after(params, after);
	directory_list_params_builder_set_max(params, max);
	status = rpc_call(&call);
	if (status == STATUS_OK) {
		struct directory_list_results_reader results = directory_list_results(&call);
		struct directory_entry_list_reader list = directory_list_results_reader_entries(results);

		*outcome = directory_list_results_reader_outcome(results);
		*more = directory_list_results_reader_more(results);
		for (; *count < max && *count < directory_entry_list_reader_count(list); ++*count) {
			struct directory_entry_reader from = directory_entry_list_reader_at(list, *count);
			struct msg_text name = directory_entry_reader_name(from);
			struct file_client_entry *to = &entries[*count];

			to->name_len = name.len < 255 ? name.len : 255;
			__builtin_memcpy(to->name, name.ptr, to->name_len);
			to->name[to->name_len] = 0;
			take_stat(&to->stat, directory_entry_reader_stat(from));
		}
	}
	rpc_end(&call);
	return status;
}

const char *file_client_text(enum file_outcome outcome)
{
	static const char *const texts[] = {
		[FILE_OUTCOME_DONE] = "done",
		[FILE_OUTCOME_NOT_FOUND] = "nothing has that name",
		[FILE_OUTCOME_EXISTS] = "the name is taken; remove what has it first, or choose another",
		[FILE_OUTCOME_NOT_DIRECTORY] = "there is a file, not a directory",
		[FILE_OUTCOME_IS_DIRECTORY] = "there is a directory, not a file",
		[FILE_OUTCOME_NOT_EMPTY] = "the directory is not empty",
		[FILE_OUTCOME_STALE] = "it has been removed",
		[FILE_OUTCOME_DENIED] = "this capability has no right to that",
		[FILE_OUTCOME_BUSY] = "somebody has it open, and lets others do less than that",
		[FILE_OUTCOME_BAD_NAME] = "not a name",
		[FILE_OUTCOME_NO_SPACE] =
			"no memory is left, or a limit of a directory is reached (its method limit tells)",
		[FILE_OUTCOME_TOO_LARGE] = "too large",
		[FILE_OUTCOME_ELSEWHERE] = "the other one is not of this service",
		[FILE_OUTCOME_INSIDE] = "a directory cannot be moved into itself",
		[FILE_OUTCOME_NOT_ATTACHED] = "no buffer is attached for that",
		[FILE_OUTCOME_CONFLICT] = "it has changed meanwhile",
		[FILE_OUTCOME_DAMAGED] = "the bytes are not those that were stored",
	};

	return (unsigned)outcome < sizeof(texts) / sizeof(texts[0]) ? texts[outcome] : "an unknown outcome";
}

const char *file_client_name(enum file_outcome outcome)
{
	static const char *const names[] = {
		[FILE_OUTCOME_DONE] = "done",
		[FILE_OUTCOME_NOT_FOUND] = "notFound",
		[FILE_OUTCOME_EXISTS] = "exists",
		[FILE_OUTCOME_NOT_DIRECTORY] = "notDirectory",
		[FILE_OUTCOME_IS_DIRECTORY] = "isDirectory",
		[FILE_OUTCOME_NOT_EMPTY] = "notEmpty",
		[FILE_OUTCOME_STALE] = "stale",
		[FILE_OUTCOME_DENIED] = "denied",
		[FILE_OUTCOME_BUSY] = "busy",
		[FILE_OUTCOME_BAD_NAME] = "badName",
		[FILE_OUTCOME_NO_SPACE] = "noSpace",
		[FILE_OUTCOME_TOO_LARGE] = "tooLarge",
		[FILE_OUTCOME_ELSEWHERE] = "elsewhere",
		[FILE_OUTCOME_INSIDE] = "inside",
		[FILE_OUTCOME_NOT_ATTACHED] = "notAttached",
		[FILE_OUTCOME_CONFLICT] = "conflict",
		[FILE_OUTCOME_DAMAGED] = "damaged",
	};

	return (unsigned)outcome < sizeof(names) / sizeof(names[0]) ? names[outcome] : "unknown";
}
