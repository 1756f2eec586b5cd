// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Opening files: the calls, and, in place of musl's own, the function of the C library.
 *
 * What programs do most has a quick way, which is all in line: reading a file whose path can be looked up as it stands. The path is
 * checked while it is copied to where the message wants it. Everything else is open_at's, which begins anew.
 */
#undef RPC_SMALL /* here speed counts more than bytes, and this file comes only into programs that open some */
#include "device.h"
#include "path.h"
#include "process.h"
#include "signal.h"

#include <fcntl.h>
#include <file_client/file_client.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <unistd.h>

#define SHARE FILE_SHARING_WRITERS /* Unix: a file may be open any number of times */

static enum file_outcome try_create(const struct posix_path *p, enum status *status, cap_id *file)
{
	enum file_outcome outcome = FILE_OUTCOME_DONE;

	*status = directory_create(runtime_transport(), p->directory, posix_path_text(p), SHARE, &outcome,
				   file);
	return outcome;
}

static enum file_outcome try_open(const struct posix_path *p, int flags, enum status *status, cap_id *file)
{
	enum file_outcome outcome = FILE_OUTCOME_DONE;

	if ((flags & O_ACCMODE) == O_RDONLY)
		*status = directory_open(runtime_transport(), p->directory, posix_path_text(p), &outcome,
					 file);
	else
		*status = directory_edit(runtime_transport(), p->directory, posix_path_text(p), SHARE,
					 &outcome, file);
	return outcome;
}

/* Who opens files may map them. */
[[gnu::used]] static const char *const with_maps = &posix_maps_files;

/* The File that a path and flags mean. A file that somebody else makes or removes in between is tried again. */
static long open_file(const struct posix_path *p, int flags, cap_id *file, bool *created)
{
	enum status status = STATUS_OK;
	enum file_outcome outcome = FILE_OUTCOME_NOT_FOUND;

	*created = false;
	for (int tries = 0; tries < 4; tries++) {
		if (!(flags & O_CREAT && flags & O_EXCL))
			outcome = try_open(p, flags, &status, file);
		if (!(flags & O_CREAT) || status != STATUS_OK || outcome != FILE_OUTCOME_NOT_FOUND)
			break;
		outcome = try_create(p, &status, file);
		*created = status == STATUS_OK && outcome == FILE_OUTCOME_DONE;
		if (outcome != FILE_OUTCOME_EXISTS || flags & O_EXCL)
			break;
	}
	return posix_outcome(status, (int)outcome);
}

/* O_CREAT of a file that is open for reading only: what create gave may write, and the flags say that this one does not. */
static long open_at(long base, const char *path, int flags)
{
	enum file_outcome outcome = FILE_OUTCOME_DONE;
	POSIX_PATH_LOCAL p;
	cap_id file = CAP_ID_NULL;
	bool created;
	long error = posix_resolve(base, path, "open", &p);

	if (error)
		return error;
	if (flags & O_DIRECTORY || p.wants_directory || p.length == 0)
		error = -EISDIR;
	else
		error = open_file(&p, flags, &file, &created);
	if (error == -EISDIR)
		return (flags & O_ACCMODE) != O_RDONLY || flags & O_CREAT ? error
									  : posix_directory_open(&p, flags);
	if (error)
		return error;
	if (flags & O_TRUNC && !created && (flags & O_ACCMODE) != O_RDONLY)
		error = posix_outcome(file_truncate(runtime_transport(), file, 0, &outcome), (int)outcome);
	if (error == 0)
		error = posix_install_new(&posix_file, file, flags & (O_ACCMODE | O_APPEND | O_NONBLOCK),
					  posix_path_identity(&p), (flags & O_CLOEXEC) != 0);
	if (error < 0)
		ring_release(runtime_ring(), file);
	return error;
}

POSIX_CALL(openat)
{
	const char *path = POSIX_POINTER(b);
	/* What is only to be named is open for reading; to musl O_PATH is one of the access modes. */
	int flags = (int)(c & O_PATH ? c & ~O_ACCMODE : c);
	long device = path ? posix_device_open(path, flags) : -EFAULT;

	return device != -ENODEV ? device : open_at(a, path, flags);
}

POSIX_PLAIN_CALL(creat)
{
	return sys_openat(AT_FDCWD, a, O_CREAT | O_WRONLY | O_TRUNC, b, 0, 0);
}

/* ---- The quick way ---- */

#define QUICK_TEXT \
	232u /* a path's bytes with its NUL: beside the answer's room it fits into a transport's first block */
#define QUICK_FLAGS                                        \
	(O_LARGEFILE | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | \
	 O_NOFOLLOW) /* those that change nothing of the way */

static const struct rpc_shape quick_shape = {
	.interface_id = DIRECTORY_INTERFACE_ID,
	.method = DIRECTORY_OPEN,
	.result_caps = 1,
	.params_bytes = 16 + QUICK_TEXT,
	.result_bytes = 24 + 64,
};

/*
 * Copies a path whose names are each as they are (no "", ".", "..", nor anything else with a dot in front), and gives its length; 0: it
 * is not such a one. `to` has QUICK_TEXT bytes and 8 more; the word in which the text ends is filled up.
 */
[[gnu::always_inline]] static inline uint32_t copy_plain(char *to, const char *from)
{
	uint32_t n = 0;
	char c = from[0];

	if (c == '.' || c == '/' || c == '\0')
		return 0;
	do {
		to[n] = c;
		c = from[++n];
		if (__builtin_expect(c != '/', 1))
			continue;

		char next = from[n + 1];

		if (next == '/' || next == '.' || next == '\0')
			return 0;
	} while (c && n < QUICK_TEXT - 1);
	msg_store64((uint8_t *)to + n, 0);
	return c ? 0 : n;
}

/* POSIX_AGAIN: this is not for the quick way, or the quick way has found that it is not. Held. */
[[gnu::always_inline]] static inline long open_quickly(struct ring_client *ring, const char *path, int flags)
{
	struct rpc_transport *t = &ring->transport;
	RPC_UNCLEARED struct rpc_quick call;
	RPC_UNCLEARED struct msg_builder message;
	struct directory_open_params_builder params;
	struct directory_open_results_reader results;
	bool absolute = *path == '/', is_root;
	uint64_t identity;
	uint32_t length;
	cap_id directory, file;
	enum file_outcome outcome;
	enum status status;
	long fd;

	if (__builtin_expect(flags & ~QUICK_FLAGS, 0))
		return POSIX_AGAIN;
	path += absolute;
	directory = posix_path_begin(absolute, &is_root);
	if (__builtin_expect(!directory.raw, 0) ||
	    (absolute && path[0] == 'd' && path[1] == 'e' && path[2] == 'v'))
		return POSIX_AGAIN;
	params.b = rpc_quick_begin(&call, &message, t, quick_shape, 0, 1);

	const char *text = msg_text_place(&message);

	length = copy_plain(msg_text_place(&message), path);
	if (__builtin_expect(length == 0, 0))
		return POSIX_AGAIN;
	identity = posix_identity_begin(directory, is_root);
#pragma clang loop unroll(disable)
	for (uint32_t i = 0; i < length; i += 8)
		identity = posix_identity_word(identity, msg_load64((const uint8_t *)text + i));
	msg_take_text((struct msg_pointer_builder){&message, params.b.data}, length);
	status = rpc_quick_call(&call, &message, directory, quick_shape);
	if (__builtin_expect(status != STATUS_OK, 0))
		return posix_errno(status);
	results.s = rpc_quick_results(&call, quick_shape, 1, 1);
	if (__builtin_expect(!results.s.data || !rpc_quick_is_cap(&call, results.s, 0), 0))
		return POSIX_AGAIN; /* an answer of another version of the schema */
	outcome = directory_open_results_reader_outcome(results);
	if (outcome != FILE_OUTCOME_DONE)
		return outcome == FILE_OUTCOME_IS_DIRECTORY ? POSIX_AGAIN
							    : posix_outcome(status, (int)outcome);
	file = rpc_quick_cap(&call, quick_shape, directory_open_results_reader_file(results));
	fd = posix_install_new(&posix_file, file, flags & O_NONBLOCK, posix_identity_end(identity),
			       (flags & O_CLOEXEC) != 0);
	if (fd < 0)
		ring_release(ring, file);
	return fd;
}

POSIX_PLAIN_CALL(open)
{
	struct ring_client *ring = posix_begin();
	long fd = a ? open_quickly(ring, POSIX_POINTER(a), (int)b) : POSIX_AGAIN;

	fd = posix_end(ring, fd);
	return fd == POSIX_AGAIN ? sys_openat(AT_FDCWD, a, b, c, 0, 0) : fd;
}

/* A mode is nothing here (file.c). */
int open(const char *path, int flags, ...)
{
	long cancelled = posix_cancel_point();

	return (int)posix_result(
		cancelled ? cancelled : sys_open((long)(uintptr_t)path, flags | O_LARGEFILE, 0, 0, 0, 0));
}

#undef open64
[[gnu::weak, gnu::alias("open")]] int open64(const char *path, int flags, ...);
