// SPDX-License-Identifier: MIT OR Apache-2.0
/* Pipes: an end is a Pipe of the PipeFactory granted as "pipes", whose bytes are its server's; so ends may be anywhere, any number of times. */
#include "descriptor.h"
#include "pipe_buffer.h"
#include "poll.h"
#include "signal.h"

#include <fcntl.h>
#include <limits.h>
#include <runtime/runtime.h>
#include <schema/service/pipe.capnp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#define PIECE 4096u /* fits into the arena of a default ring, as a file's */

static_assert(PIECE == PIPE_BUF);

/* One piece: how much of it was taken, or a negative errno value. */
static long write_piece(struct posix_open *o, struct msg_data piece, bool whole)
{
	enum pipe_outcome outcome = PIPE_OUTCOME_DONE;
	struct rpc_call call;
	struct pipe_write_params_builder p = pipe_write_begin_sized(
		&call, runtime_transport(), rpc_target_cap(o->cap), rpc_data_room(piece.len));
	enum status status;
	long taken = 0;

	pipe_write_params_builder_set_bytes(p, piece);
	pipe_write_params_builder_set_now(p, true);
	pipe_write_params_builder_set_whole(p, whole);
	(void)pipe_write_send(&call);
	status = rpc_wait(&call);
	if (status == STATUS_OK) {
		struct pipe_write_results_reader results = pipe_write_results(&call);

		outcome = pipe_write_results_reader_outcome(results);
		taken = pipe_write_results_reader_count(results);
	}
	rpc_end(&call);
	if (taken != 0)
		return taken < (long)piece.len ? taken : (long)piece.len;
	if (status == STATUS_OK && outcome == PIPE_OUTCOME_WOULD_WAIT)
		return -EAGAIN;
	if (status == STATUS_OK && outcome == PIPE_OUTCOME_DONE)
		return -EIO; /* a server that takes nothing and says that it is done */
	return status == STATUS_DISCONNECTED || status == STATUS_OK ? -EPIPE : posix_errno(status);
}

static long pipe_stat(struct posix_open *o, struct stat *stat)
{
	*stat = (struct stat){
		.st_mode = S_IFIFO | 0600, .st_ino = o->cap.raw, .st_nlink = 1, .st_blksize = 4096};
	return 0;
}

/* An end is read or written; of a pipe whose both ends are one, reading is what one waits for. */
static bool is_reader(const struct posix_open *o)
{
	return (o->flags & O_ACCMODE) != O_WRONLY;
}

static void pipe_ask(struct posix_open *o, struct rpc_call *call, short wanted, bool wait)
{
	(void)wanted;
	if (is_reader(o)) {
		pipe_readable_params_builder_set_wait(pipe_readable_begin(call, runtime_transport(), o->cap),
						      wait);
		(void)pipe_readable_send(call);
	} else {
		pipe_writable_params_builder_set_wait(pipe_writable_begin(call, runtime_transport(), o->cap),
						      wait);
		(void)pipe_writable_send(call);
	}
}

/*
 * Reading and writing never wait in a call that does them: a signal would take that back, and it may have been done. They wait until it
 * would not wait, and try again. 0, POSIX_RESTART, or an error.
 */
long posix_pipe_wait(struct posix_open *o)
{
	struct rpc_call call;
	long interrupted;

	pipe_ask(o, &call, 0, true);
	interrupted = posix_wait(&call);
	if (interrupted == 0 && call.status == STATUS_EXCEPTION) /* too many wait */
		interrupted = posix_errno(call.status);
	rpc_end(&call);
	return interrupted;
}

static long write_some(struct posix_open *o, const uint8_t *bytes, size_t count, bool whole)
{
	long taken = count > PIECE && posix_pipe_move
			     ? posix_pipe_move(o, (void *)(uintptr_t)bytes, count, true)
			     : -ENOSYS;

	if (taken != -ENOSYS)
		return taken;
	return write_piece(o, (struct msg_data){bytes, count < PIECE ? (uint32_t)count : PIECE}, whole);
}

/* At most PIPE_BUF bytes at once are together in the pipe. */
static long pipe_write_to(struct posix_open *o, const void *bytes, size_t count, uint64_t offset)
{
	bool whole = count <= PIECE;
	size_t done = 0;

	(void)offset;
	while (done < count) {
		long taken = write_some(o, (const uint8_t *)bytes + done, count - done, whole);

		if (taken == -EAGAIN && !(o->flags & O_NONBLOCK))
			taken = posix_pipe_wait(o);
		if (taken < 0 && done)
			break;
		if (taken == -EPIPE)
			posix_signal_post(SIGPIPE);
		if (taken < 0)
			return taken;
		done += (size_t)taken;
	}
	return (long)done;
}

static short pipe_told(struct posix_open *o, struct rpc_call *call)
{
	enum pipe_outcome outcome;

	if (call->status == STATUS_DISCONNECTED)
		return is_reader(o) ? POLLHUP : POLLERR;
	if (call->status != STATUS_OK)
		return POLLERR;
	outcome = is_reader(o) ? pipe_readable_results_reader_outcome(pipe_readable_results(call))
			       : pipe_writable_results_reader_outcome(pipe_writable_results(call));
	switch (outcome) {
	case PIPE_OUTCOME_DONE:
		return is_reader(o) ? POLLIN | POLLRDNORM : POLLOUT | POLLWRNORM;
	case PIPE_OUTCOME_END:
		return POLLHUP;
	case PIPE_OUTCOME_WOULD_WAIT:
		return 0;
	default:
		return POLLERR;
	}
}

/* FIONREAD */
static long pipe_control(struct posix_open *o, unsigned long request, void *argument)
{
	struct rpc_call call;
	long result = 0;

	if (request != FIONREAD || !is_reader(o))
		return -ENOTTY;
	pipe_ask(o, &call, POLLIN, false);
	if (rpc_wait(&call) == STATUS_OK)
		*(int *)argument = (int)pipe_readable_results_reader_count(pipe_readable_results(&call));
	else
		result = posix_errno(call.status);
	rpc_end(&call);
	return result;
}

static void pipe_close(struct posix_open *o)
{
	if (posix_pipe_close)
		posix_pipe_close(o);
}

const struct posix_kind posix_pipe = {
	.read = posix_pipe_read,
	.write = pipe_write_to,
	.stat = pipe_stat,
	.control = pipe_control,
	.ask = pipe_ask,
	.told = pipe_told,
	.close = pipe_close,
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
