// SPDX-License-Identifier: MIT OR Apache-2.0
/* Reading pipes (pipe.c): a program that does not read does not carry it. */
#include "descriptor.h"
#include "pipe_buffer.h"

#include <fcntl.h>
#include <runtime/runtime.h>
#include <schema/service/pipe.capnp.h>

#define PIECE 4096u /* fits into the arena of a default ring, as a file's */

const char posix_reads_pipes = 1;

static long read_piece(struct posix_open *o, void *bytes, size_t count)
{
	struct pipe_read_params_builder params;
	struct pipe_read_results_reader results;
	struct rpc_call call;
	enum status status;
	uint32_t most = count < PIECE ? (uint32_t)count : PIECE;
	long got = 0;

	params.b = rpc_begin_root(&call, runtime_transport(), rpc_target_cap(o->cap),
				  (struct rpc_shape){
					  .interface_id = PIPE_INTERFACE_ID,
					  .method = PIPE_READ,
					  .params_bytes = 8 + PIPE_READ_PARAMS_DATA_WORDS * 8,
					  .result_bytes = 32 + rpc_data_room(most),
				  },
				  PIPE_READ_PARAMS_DATA_WORDS, PIPE_READ_PARAMS_POINTERS);
	pipe_read_params_builder_set_max(params, most);
	pipe_read_params_builder_set_now(params, true);
	(void)pipe_read_send(&call);
	status = rpc_wait(&call);
	if (status == STATUS_OK) {
		results = pipe_read_results(&call);

		struct msg_data data = pipe_read_results_reader_bytes(results);

		got = data.len < count ? (long)data.len : (long)count;
		__builtin_memcpy(bytes, data.ptr, (size_t)got);
		if (pipe_read_results_reader_outcome(results) == PIPE_OUTCOME_WOULD_WAIT)
			got = -EAGAIN;
	}
	rpc_end(&call);
	return got != 0 || status == STATUS_OK ? got : posix_errno(status);
}

static long read_some(struct posix_open *o, void *bytes, size_t count)
{
	long got = count > PIECE && posix_pipe_move ? posix_pipe_move(o, bytes, count, false) : -ENOSYS;

	return got != -ENOSYS ? got : read_piece(o, bytes, count);
}

long posix_pipe_read(struct posix_open *o, void *bytes, size_t count, uint64_t offset)
{
	long got = 0, error = 0;

	(void)offset;
	while (count > 0 && error == 0) {
		got = read_some(o, bytes, count);
		if (got != -EAGAIN || (o->flags & O_NONBLOCK))
			return got;
		error = posix_pipe_wait(o);
	}
	return error;
}
