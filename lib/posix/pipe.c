// SPDX-License-Identifier: MIT OR Apache-2.0
/* Pipes: an end is a Pipe of the PipeFactory granted as "pipes", whose bytes are its server's; so ends may be anywhere, any number of times. */
#include "descriptor.h"
#include "signal.h"

#include <fcntl.h>
#include <runtime/runtime.h>
#include <schema/service/pipe.capnp.h>
#include <signal.h>
#include <sys/stat.h>

#define PIECE 2048u

static long pipe_read_from(struct posix_open *o, void *bytes, size_t count, uint64_t offset)
{
	struct pipe_read_results_reader results;
	struct rpc_call call;
	enum status status;
	uint32_t most = count < PIECE ? (uint32_t)count : PIECE;
	long got = 0;

	(void)offset;
	if (count == 0)
		return 0;
	pipe_read_params_builder_set_max((struct pipe_read_params_builder){rpc_begin_root(
						 &call, runtime_transport(), rpc_target_cap(o->cap),
						 (struct rpc_shape){
							 .interface_id = PIPE_INTERFACE_ID,
							 .method = PIPE_READ,
							 .params_bytes = 8 + PIPE_READ_PARAMS_DATA_WORDS * 8,
							 .result_bytes = 32 + rpc_data_room(most),
						 },
						 PIPE_READ_PARAMS_DATA_WORDS, PIPE_READ_PARAMS_POINTERS)},
					 most);
	status = pipe_read_call(&call, &results);
	if (status == STATUS_OK) {
		struct msg_data data = pipe_read_results_reader_bytes(results);

		got = data.len < count ? (long)data.len : (long)count;
		__builtin_memcpy(bytes, data.ptr, (size_t)got);
	}
	rpc_end(&call);
	return status == STATUS_OK ? got : posix_errno(status);
}

static long broken(size_t done)
{
	if (done)
		return (long)done;
	posix_signal_post(SIGPIPE);
	(void)posix_signal_deliver();
	return -EPIPE;
}

static long pipe_write_to(struct posix_open *o, const void *bytes, size_t count, uint64_t offset)
{
	size_t done = 0;

	(void)offset;
	while (done < count) {
		struct msg_data piece = {(const uint8_t *)bytes + done,
					 count - done < PIECE ? (uint32_t)(count - done) : PIECE};
		enum pipe_outcome outcome = PIPE_OUTCOME_DONE;
		uint32_t taken = 0;
		enum status status = pipe_write(runtime_transport(), o->cap, piece, &taken, &outcome);

		if (status == STATUS_DISCONNECTED || (status == STATUS_OK && outcome != PIPE_OUTCOME_DONE))
			return broken(done);
		if (status != STATUS_OK)
			return done ? (long)done : posix_errno(status);
		done += taken;
	}
	return (long)done;
}

static long pipe_stat(struct posix_open *o, struct stat *stat)
{
	*stat = (struct stat){
		.st_mode = S_IFIFO | 0600, .st_ino = o->cap.raw, .st_nlink = 1, .st_blksize = 4096};
	return 0;
}

const struct posix_kind posix_pipe = {
	.read = pipe_read_from,
	.write = pipe_write_to,
	.stat = pipe_stat,
	.interface_id = PIPE_INTERFACE_ID,
};

static long end_of(cap_id cap, int flags)
{
	struct posix_open *o = posix_open_new(&posix_pipe, cap, flags & ~O_CLOEXEC);

	return o ? posix_install(o, 0, (flags & O_CLOEXEC) != 0) : -ENFILE;
}

POSIX_CALL(pipe2)
{
	cap_id factory = posix_grant("pipes", PIPE_FACTORY_INTERFACE_ID, "PipeFactory", "pipe");
	cap_id reader, writer;
	int *to = POSIX_POINTER(a);
	long r, w;
	enum status status;

	if (!factory.raw)
		return -EMFILE;
	status = pipe_factory_create(runtime_transport(), factory, &reader, &writer);
	if (status != STATUS_OK)
		return status == STATUS_EXCEPTION ? -EMFILE : posix_errno(status);
	r = end_of(reader, O_RDONLY | (int)b);
	w = end_of(writer, O_WRONLY | (int)b);
	if (r < 0 || w < 0) {
		if (r >= 0)
			(void)sys_close(r, 0, 0, 0, 0, 0);
		if (w >= 0)
			(void)sys_close(w, 0, 0, 0, 0, 0);
		return -EMFILE;
	}
	to[0] = (int)r;
	to[1] = (int)w;
	return 0;
}

POSIX_CALL(pipe)
{
	return sys_pipe2(a, 0, 0, 0, 0, 0);
}
