// SPDX-License-Identifier: MIT OR Apache-2.0
/* Paths (path.h), and the working directory. */
#include "path.h"

#include <fcntl.h>
#include <runtime/runtime.h>
#include <runtime/string.h>
#include <file_client/file_client.h>
#include <schema/service/directory.capnp.h>
#include <schema/service/file.capnp.h>

/* The working directory; without one `directory` is null. The lock of descriptors does not cover it: chdir of two threads is their race. */
static struct posix_path working;

static cap_id root_of(const char *call)
{
	return posix_grant("root", DIRECTORY_INTERFACE_ID, "Directory", call);
}

static bool begin_at(const char *path, const char *call)
{
	POSIX_PATH_LOCAL p;

	if (posix_resolve(AT_FDCWD, path, call, &p) == 0)
		working = p;
	return working.directory.raw != 0;
}

/*
 * Where the program begins: where whoever started it was (CAPOS_CWD: an absolute path, or one below what was granted as "cwd"), or what was
 * granted as "cwd".
 */
static bool find_working(const char *call)
{
	struct msg_text text;
	char path[POSIX_PATH];
	bool handed_on = runtime_environment("CAPOS_CWD", &text) && text.len < sizeof(path) && text.len > 0;

	if (handed_on) {
		__builtin_memcpy(path, text.ptr, text.len);
		path[text.len] = '\0';
		if (*path == '/')
			return begin_at(path, call);
	}
	working.directory = posix_grant_quiet("cwd", DIRECTORY_INTERFACE_ID);
	if (!working.directory.raw) {
		posix_missing("cwd", "Directory", call);
		return false;
	}
	return handed_on ? begin_at(path, call) : true;
}

static void copy_path(struct posix_path *to, const struct posix_path *from)
{
	to->directory = from->directory;
	to->length = from->length;
	to->is_root = from->is_root;
	to->wants_directory = from->wants_directory;
	__builtin_memcpy(to->text, from->text, from->length + 1);
}

/* The beginning of a relative path. */
static long start_at(long base_fd, const char *call, struct posix_path *p)
{
	if (base_fd == AT_FDCWD) {
		if (!working.directory.raw && !find_working(call))
			return -ENOENT;
		copy_path(p, &working);
		return 0;
	}

	struct posix_open *o = posix_get(base_fd);

	if (!o)
		return -EBADF;

	const struct posix_path *at = posix_directory_path(o);

	if (at)
		copy_path(p, at);
	posix_put(o);
	return at ? 0 : -ENOTDIR;
}

static void go_up(struct posix_path *p)
{
	while (p->length > 0 && p->text[p->length - 1] != '/')
		p->length--;
	if (p->length > 0)
		p->length--;
}

/* One name of a path. */
static long step(struct posix_path *p, const char *name, size_t length)
{
	bool is_dot = length == 1 && name[0] == '.';
	bool is_up = length == 2 && name[0] == '.' && name[1] == '.';

	p->wants_directory = is_dot || is_up;
	if (is_up)
		go_up(p);
	if (is_dot || is_up)
		return 0;
	if (length > NAME_MAX || p->length + 1 + length + 1 > POSIX_PATH)
		return -ENAMETOOLONG;
	if (p->length > 0)
		p->text[p->length++] = '/';
	__builtin_memcpy(p->text + p->length, name, length);
	p->length += (uint32_t)length;
	return 0;
}

long posix_resolve(long base_fd, const char *path, const char *call, struct posix_path *p)
{
	long error = 0;

	if (!path)
		return -EFAULT;
	if (!*path)
		return -ENOENT;
	if (*path == '/') {
		p->directory = root_of(call);
		p->length = 0;
		p->is_root = true;
		p->wants_directory = false;
		if (!p->directory.raw)
			return -ENOENT;
	} else {
		error = start_at(base_fd, call, p);
	}
	while (error == 0 && *path) {
		size_t length = 0;

		while (path[length] && path[length] != '/')
			length++;
		if (length > 0)
			error = step(p, path, length);
		path += length;
		if (*path == '/')
			p->wants_directory = true;
		while (*path == '/')
			path++;
	}
	if (error)
		return error;
	p->text[p->length] = '\0';
	return 0;
}

uint64_t posix_path_identity(const struct posix_path *p)
{
	uint64_t identity = posix_identity_begin(p->directory, p->is_root);

	for (uint32_t i = 0; i < p->length; i += 8) {
		uint64_t word = 0;

		__builtin_memcpy(&word, p->text + i, p->length - i < 8 ? p->length - i : 8);
		identity = posix_identity_word(identity, word);
	}
	return posix_identity_end(identity);
}

static cap_id root; /* once it was asked for */

[[gnu::cold, gnu::noinline]] static cap_id find_root(void)
{
	return root = posix_grant_quiet("root", DIRECTORY_INTERFACE_ID);
}

cap_id posix_path_begin(bool absolute, bool *is_root)
{
	if (absolute) {
		*is_root = true;
		return __builtin_expect(root.raw != 0, 1) ? root : find_root();
	}
	*is_root = working.is_root;
	return working.length == 0 ? working.directory : CAP_ID_NULL;
}

static const uint8_t of_outcome[] = {
	[FILE_OUTCOME_DONE] = 0,
	[FILE_OUTCOME_NOT_FOUND] = ENOENT,
	[FILE_OUTCOME_EXISTS] = EEXIST,
	[FILE_OUTCOME_NOT_DIRECTORY] = ENOTDIR,
	[FILE_OUTCOME_IS_DIRECTORY] = EISDIR,
	[FILE_OUTCOME_NOT_EMPTY] = ENOTEMPTY,
	[FILE_OUTCOME_STALE] = ESTALE,
	[FILE_OUTCOME_DENIED] = EACCES,
	[FILE_OUTCOME_BUSY] = EBUSY,
	[FILE_OUTCOME_BAD_NAME] = EINVAL,
	[FILE_OUTCOME_NO_SPACE] = ENOSPC,
	[FILE_OUTCOME_TOO_LARGE] = EFBIG,
	[FILE_OUTCOME_ELSEWHERE] = EXDEV,
	[FILE_OUTCOME_INSIDE] = EINVAL,
	[FILE_OUTCOME_NOT_ATTACHED] = EIO,
	[FILE_OUTCOME_CONFLICT] = EAGAIN,
	[FILE_OUTCOME_DAMAGED] = EIO,
};

long posix_outcome(enum status status, int outcome)
{
	if (status != STATUS_OK)
		return posix_errno(status);
	if (outcome < 0 || outcome >= (int)sizeof(of_outcome))
		return -EIO;
	return -(long)of_outcome[outcome];
}

/* ---- The working directory ---- */

static long go_to(const struct posix_path *p)
{
	enum file_outcome outcome = FILE_OUTCOME_DONE;
	struct file_client_stat stat;
	enum status status = file_client_stat_path(runtime_transport(), p->directory, posix_path_text(p),
						   &outcome, &stat);
	long error = posix_outcome(status, (int)outcome);

	if (error)
		return error;
	if (stat.kind != FILE_KIND_DIRECTORY)
		return -ENOTDIR;
	working = *p;
	return 0;
}

POSIX_CALL(chdir)
{
	POSIX_PATH_LOCAL p;
	long error = posix_resolve(AT_FDCWD, POSIX_POINTER(a), "chdir", &p);

	return error ? error : go_to(&p);
}

POSIX_CALL(fchdir)
{
	POSIX_PATH_LOCAL p;
	long error = start_at(a, "fchdir", &p);

	return error ? error : go_to(&p);
}

/* What this process has not looked at itself it hands on as it came. */
static bool handed_on(char *to, uint32_t size)
{
	struct msg_text text;

	if (!runtime_environment("CAPOS_CWD", &text) || text.len == 0 || text.len + 1 > size)
		return false;
	__builtin_memcpy(to, text.ptr, text.len);
	to[text.len] = '\0';
	return true;
}

bool posix_working_directory(char *to, uint32_t size)
{
	uint32_t length = working.length + working.is_root;

	if (!working.directory.raw)
		return handed_on(to, size);
	if (length == 0 || length + 1 > size)
		return false;
	to[0] = '/';
	__builtin_memcpy(to + working.is_root, working.text, working.length);
	to[length] = '\0';
	return true;
}

/* A working directory that was granted by itself has no name seen from the root. */
POSIX_CALL(getcwd)
{
	POSIX_PATH_LOCAL p;
	char *to = POSIX_POINTER(a);
	long error = start_at(AT_FDCWD, "getcwd", &p);

	if (error)
		return error;
	if (b < 0 || (uint64_t)b < p.length + 2ull)
		return -ERANGE;
	to[0] = '/';
	__builtin_memcpy(to + 1, p.text, p.length);
	to[1 + p.length] = '\0';
	return (long)p.length + 2;
}
