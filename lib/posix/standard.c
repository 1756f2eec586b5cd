// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The descriptors that a program starts with, from its CapSet:
 *
 * - a grant stdio_N (N = 0, 1, ...) of any interface that can be a descriptor is N;
 * - of 0, 1 and 2, those that remain are the StdIO granted as "stdio";
 * - if there is neither, 1 and 2 are the Console granted as "console", and 0 stays closed: reading it is EBADF.
 */
#include "descriptor.h"

#include <fcntl.h>
#include <runtime/runtime.h>
#include <schema/kernel/console.capnp.h>
#include <schema/service/file.capnp.h>
#include <schema/service/pipe.capnp.h>
#include <schema/service/terminal.capnp.h>

#define GRANTS 64u /* looked at */

const struct posix_kind *posix_kind_of(uint64_t interface_id)
{
	switch (interface_id) {
	case CONSOLE_INTERFACE_ID:
		return &posix_console;
	case STD_IO_INTERFACE_ID:
		return &posix_std_io;
	case PIPE_INTERFACE_ID:
		return &posix_pipe;
	case FILE_INTERFACE_ID:
		return &posix_file;
	default:
		return nullptr;
	}
}

/* Puts a granted capability at `fd`. The terminal's kinds share no position, so 0, 1 and 2 may each have a description of their own. */
static void put(const struct posix_kind *kind, cap_id cap, uint32_t fd, int flags)
{
	struct posix_open *o = posix_open_new(kind, cap, flags);

	if (!o)
		return;
	o->granted = true;
	o->minor = (uint16_t)fd;
	(void)posix_install_at(o, fd, false);
}

/* N of stdio_N, below POSIX_DESCRIPTORS; otherwise that. */
static uint32_t number_of(struct msg_text name)
{
	const char prefix[] = "stdio_";
	const uint32_t length = sizeof(prefix) - 1;
	uint32_t n = 0;

	if (name.len <= length || name.len > length + 3 || __builtin_memcmp(name.ptr, prefix, length) != 0)
		return POSIX_DESCRIPTORS;
	for (uint32_t i = length; i < name.len; i++) {
		if (name.ptr[i] < '0' || name.ptr[i] > '9')
			return POSIX_DESCRIPTORS;
		n = n * 10 + (uint32_t)(name.ptr[i] - '0');
	}
	return n;
}

/*
 * What a pipe's or file's descriptor was made of goes when the last number of it is closed: its other end learns that. After exec, several grants
 * of one id are one description, as they were before; terminals and consoles have no state, and stay.
 */
struct seen {
	uint32_t count;
	struct {
		cap_id cap;
		uint32_t fd;
	} list[POSIX_DESCRIPTORS];
};

static void put_own(struct seen *seen, const struct posix_kind *kind, cap_id cap, uint32_t fd)
{
	struct posix_open *o;

	for (uint32_t i = 0; i < seen->count; i++) {
		if (seen->list[i].cap.raw == cap.raw) {
			(void)posix_install_at(posix_get(seen->list[i].fd), fd, false);
			return;
		}
	}
	put(kind, cap, fd, O_RDWR);
	o = posix_get(fd);
	if (!o)
		return;
	o->granted = false;
	posix_put(o);
	if (seen->count == POSIX_DESCRIPTORS)
		return;
	seen->list[seen->count].cap = cap;
	seen->list[seen->count++].fd = fd;
}

static void put_numbered(const struct runtime_grant *grants, uint32_t count)
{
	__attribute__((uninitialized)) struct seen seen;

	seen.count = 0;
	for (uint32_t i = 0; i < count; i++) {
		const struct posix_kind *kind = posix_kind_of(grants[i].interface_id);
		uint32_t fd = kind ? number_of(grants[i].name) : POSIX_DESCRIPTORS;

		if (fd >= POSIX_DESCRIPTORS)
			continue;
		if (kind == &posix_pipe || kind == &posix_file)
			put_own(&seen, kind, grants[i].id, fd);
		else
			put(kind, grants[i].id, fd, O_RDWR);
	}
}

static cap_id find(const struct runtime_grant *grants, uint32_t count, const char *name,
		   uint64_t interface_id)
{
	for (uint32_t i = 0; i < count; i++)
		if (grants[i].interface_id == interface_id &&
		    msg_text_equal(grants[i].name, msg_text_from(name)))
			return grants[i].id;
	return CAP_ID_NULL;
}

void posix_descriptors_init(void)
{
	__attribute__((uninitialized)) struct runtime_grant grants[GRANTS];
	uint32_t count = runtime_grants(grants, GRANTS);
	cap_id terminal = find(grants, count, "stdio", STD_IO_INTERFACE_ID);
	cap_id out = terminal;
	const struct posix_kind *out_kind = &posix_std_io;

	if (!out.raw) {
		out = find(grants, count, "console", CONSOLE_INTERFACE_ID);
		out_kind = &posix_console;
	}
	put_numbered(grants, count);
	if (terminal.raw && posix_close_on_exec(0, -1) < 0)
		put(&posix_std_io, terminal, 0, O_RDWR);
	for (uint32_t fd = 1; fd <= 2; fd++)
		if (out.raw && posix_close_on_exec(fd, -1) < 0)
			put(out_kind, out, fd, out_kind == &posix_console ? O_WRONLY : O_RDWR);
}
