// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Consoles and terminals as descriptors: Console and StdIO.
 *
 * minor is the number that it was made for: what is written to 2 of a StdIO goes to writeError.
 */
#include "descriptor.h"
#include "poll.h"
#include "signal.h"

#include <fcntl.h>
#include <runtime/runtime.h>
#include <schema/kernel/console.capnp.h>
#include <schema/service/terminal.capnp.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>

#define CONSOLE_PIECE 512u /* a kernel object takes messages of 1 KiB */
#define TERMINAL_PIECE 1536u
#define READ_MOST 4096u

typedef enum status write_fn(struct rpc_transport *transport, cap_id cap, struct msg_data bytes);

static long write_pieces(struct posix_open *o, write_fn *write, const uint8_t *bytes, size_t count,
			 uint32_t most)
{
	size_t done = 0;

	while (done < count) {
		uint32_t length = count - done < most ? (uint32_t)(count - done) : most;
		enum status status = write(runtime_transport(), o->cap,
					   (struct msg_data){bytes + done, length});

		if (status != STATUS_OK)
			return done ? (long)done : posix_errno(status);
		done += length;
	}
	return (long)done;
}

static long console_write_to(struct posix_open *o, const void *bytes, size_t count, uint64_t offset)
{
	(void)offset;
	return write_pieces(o, console_write_bytes, bytes, count, CONSOLE_PIECE);
}

static long character_stat(struct posix_open *o, struct stat *stat)
{
	stat->st_mode = S_IFCHR | 0620;
	stat->st_ino = o->cap.raw;
	stat->st_nlink = 1;
	stat->st_rdev = 0x0500;
	stat->st_blksize = 1024;
	return 0;
}

const struct posix_kind posix_console = {
	.write = console_write_to,
	.stat = character_stat,
	.interface_id = CONSOLE_INTERFACE_ID,
};

static void std_io_ask(struct posix_open *o, struct rpc_call *call, short wanted, bool wait)
{
	(void)wanted;
	std_io_readable_params_builder_set_wait(std_io_readable_begin(call, runtime_transport(), o->cap),
						wait);
	(void)std_io_readable_send(call);
}

static short std_io_told(struct posix_open *o, struct rpc_call *call)
{
	(void)o;
	if (call->status != STATUS_OK)
		return POLLERR;
	return std_io_readable_results_reader_ready(std_io_readable_results(call)) ? POLLIN | POLLRDNORM : 0;
}

static bool is_readable(struct posix_open *o)
{
	struct rpc_call call;
	short told;

	std_io_ask(o, &call, POLLIN, false);
	(void)rpc_wait(&call);
	told = std_io_told(o, &call);
	rpc_end(&call);
	return told != 0;
}

/* A read that a signal takes back may have been answered, and a line be lost: so what waits is a call that takes nothing. As posix_pipe_wait. */
static long wait_readable(struct posix_open *o)
{
	struct rpc_call call;
	long result;

	std_io_ask(o, &call, POLLIN, true);
	result = posix_wait(&call);
	if (result == 0 && call.status != STATUS_OK)
		result = posix_errno(call.status);
	rpc_end(&call);
	return result;
}

static long std_io_read_from(struct posix_open *o, void *bytes, size_t count, uint64_t offset)
{
	struct std_io_read_results_reader results;
	struct rpc_call call;
	enum status status;
	long got = 0;

	(void)offset;
	if (count == 0)
		return 0;
	if (o->flags & O_NONBLOCK)
		got = is_readable(o) ? 0 : -EAGAIN;
	else
		got = wait_readable(o);
	if (got)
		return got;
	std_io_read_params_builder_set_count(
		(struct std_io_read_params_builder){
			rpc_begin_root(&call, runtime_transport(), rpc_target_cap(o->cap),
				       (struct rpc_shape){
					       .interface_id = STD_IO_INTERFACE_ID,
					       .method = STD_IO_READ,
					       .params_bytes = 8 + STD_IO_READ_PARAMS_DATA_WORDS * 8,
					       .result_bytes = 24 + READ_MOST,
				       },
				       STD_IO_READ_PARAMS_DATA_WORDS, STD_IO_READ_PARAMS_POINTERS)},
		count < READ_MOST ? (uint32_t)count : READ_MOST);
	(void)std_io_read_send(&call);
	got = posix_wait(&call);
	status = call.status;
	if (got == 0 && status == STATUS_OK) {
		results = std_io_read_results(&call);

		struct msg_data data = std_io_read_results_reader_bytes(results);

		got = data.len < count ? (long)data.len : (long)count;
		__builtin_memcpy(bytes, data.ptr, (size_t)got);
	}
	rpc_end(&call);
	return got != 0 || status == STATUS_OK ? got : posix_errno(status);
}

static long std_io_write_to(struct posix_open *o, const void *bytes, size_t count, uint64_t offset)
{
	(void)offset;
	return write_pieces(o, o->minor == 2 ? std_io_write_error : std_io_write, bytes, count,
			    TERMINAL_PIECE);
}

/* What tcgetattr shows; the terminal itself knows three ways of input. */
static struct termios settings = {
	.c_iflag = ICRNL,
	.c_oflag = OPOST | ONLCR,
	.c_cflag = CS8 | CREAD | B38400,
	.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | IEXTEN,
	.c_cc = {[VINTR] = 3, [VQUIT] = 28, [VERASE] = 127, [VKILL] = 21, [VEOF] = 4, [VMIN] = 1},
};

static enum std_io_input_mode mode_of(const struct termios *t)
{
	if (!(t->c_lflag & ICANON))
		return STD_IO_INPUT_MODE_RAW;
	return t->c_lflag & ECHO ? STD_IO_INPUT_MODE_LINE : STD_IO_INPUT_MODE_HIDDEN;
}

static long set_termios(struct posix_open *o, const struct termios *t)
{
	enum status status = STATUS_OK;

	if (mode_of(t) != mode_of(&settings))
		status = std_io_set_mode(runtime_transport(), o->cap, mode_of(t), false);
	if (status == STATUS_OK)
		__builtin_memcpy(&settings, t, offsetof(struct termios, c_cc) + 19); /* the kernel's struct */
	return posix_errno(status);
}

/* The requests that need no terminal of a certain interface. */
static long terminal_control(struct posix_open *o, unsigned long request, void *argument, uint16_t columns,
			     uint16_t rows)
{
	(void)o;
	switch (request) {
	case TIOCGWINSZ:
		*(struct winsize *)argument = (struct winsize){.ws_row = rows, .ws_col = columns};
		return 0;
	case TCGETS:
		__builtin_memcpy(argument, &settings, offsetof(struct termios, c_cc) + 19);
		return 0;
	case TIOCGPGRP:
	case TIOCGSID:
		*(int *)argument = (int)sys_getpid(0, 0, 0, 0, 0, 0);
		return 0;
	case TIOCSPGRP: /* the terminal's owner decides who is in the foreground */
		return 0;
	default:
		return -EINVAL;
	}
}

static long std_io_control(struct posix_open *o, unsigned long request, void *argument)
{
	uint16_t columns = 80, rows = 24;

	if (request == TCSETS || request == TCSETSW || request == TCSETSF)
		return set_termios(o, argument);
	if (request == TIOCGWINSZ) {
		enum status status = std_io_size(runtime_transport(), o->cap, &columns, &rows);

		if (status != STATUS_OK)
			return posix_errno(status);
	}
	return terminal_control(o, request, argument, columns, rows);
}

const struct posix_kind posix_std_io = {
	.read = std_io_read_from,
	.write = std_io_write_to,
	.stat = character_stat,
	.control = std_io_control,
	.ask = std_io_ask,
	.told = std_io_told,
	.writes_at_once = true,
	.interface_id = STD_IO_INTERFACE_ID,
};
