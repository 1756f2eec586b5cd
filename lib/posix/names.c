// SPDX-License-Identifier: MIT OR Apache-2.0
/* Calls that take a path: what is known of a name, and what happens to it; open.c opens. */
#include "device.h"
#include "path.h"
#include "process.h"
#include "removed.h"

#include <fcntl.h>
#include <file_client/file_client.h>
#include <runtime/runtime.h>
#include <sys/stat.h>

/* ---- What is known of a name ---- */

static long stat_path(const struct posix_path *p, struct stat *to)
{
	enum file_outcome outcome = FILE_OUTCOME_DONE;
	struct file_client_stat stat;
	enum status status = file_client_stat_path(runtime_transport(), p->directory, posix_path_text(p),
						   &outcome, &stat);
	long error = posix_outcome(status, (int)outcome);

	if (error)
		return error;
	if (p->wants_directory && stat.kind != FILE_KIND_DIRECTORY)
		return -ENOTDIR;
	posix_stat_from(to, &stat, posix_path_identity(p));
	return 0;
}

static long stat_at(long base, const char *path, struct stat *to)
{
	POSIX_PATH_LOCAL p;
	long error;

	if (path && posix_device_stat(path, to) == 0)
		return 0;
	if (path && posix_has_program && posix_has_program(path)) {
		*to = (struct stat){.st_mode = S_IFREG | 0755, .st_ino = 2, .st_nlink = 1, .st_size = 1};
		return 0;
	}
	error = posix_resolve(base, path, "stat", &p);
	return error ? error : stat_path(&p, to);
}

POSIX_CALL(newfstatat)
{
	const char *path = POSIX_POINTER(b);

	if (d & AT_EMPTY_PATH && path && !*path)
		return sys_fstat(a, c, 0, 0, 0, 0);
	return stat_at(a, path, POSIX_POINTER(c));
}

POSIX_CALL(stat)
{
	return stat_at(AT_FDCWD, POSIX_POINTER(a), POSIX_POINTER(b));
}

POSIX_CALL(lstat)
{
	return stat_at(AT_FDCWD, POSIX_POINTER(a), POSIX_POINTER(b));
}

/* What may be done is decided when it is done; a name that is there is accessible as far as anybody can say. */
POSIX_CALL(faccessat)
{
	struct stat ignored;

	return stat_at(a, POSIX_POINTER(b), &ignored);
}

POSIX_CALL(access)
{
	return sys_faccessat(AT_FDCWD, a, b, 0, 0, 0);
}

/* ---- What happens to names ---- */

POSIX_CALL(mkdirat)
{
	enum file_outcome outcome = FILE_OUTCOME_DONE;
	POSIX_PATH_LOCAL p;
	long error = posix_resolve(a, POSIX_POINTER(b), "mkdir", &p);

	if (error)
		return error;
	if (p.length == 0)
		return -EEXIST;
	return posix_outcome(
		directory_make_directory(runtime_transport(), p.directory, posix_path_text(&p), &outcome),
		(int)outcome);
}

POSIX_CALL(mkdir)
{
	return sys_mkdirat(AT_FDCWD, a, b, 0, 0, 0);
}

/* Directory.remove takes files and empty directories alike, so their kind is looked at before. */
static long remove_at(long base, const char *path, bool directory)
{
	enum file_outcome outcome = FILE_OUTCOME_DONE;
	POSIX_PATH_LOCAL p;
	struct stat stat;
	long error = posix_resolve(base, path, directory ? "rmdir" : "unlink", &p);

	if (error == 0)
		error = stat_path(&p, &stat);
	if (error)
		return error;
	if (directory != (S_ISDIR(stat.st_mode) != 0))
		return directory ? -ENOTDIR : -EISDIR;
	if (p.length == 0)
		return -EBUSY;
	if (!directory && posix_removed_later(&p))
		return 0;
	return posix_outcome(
		directory_remove(runtime_transport(), p.directory, posix_path_text(&p), &outcome),
		(int)outcome);
}

POSIX_CALL(unlinkat)
{
	return remove_at(a, POSIX_POINTER(b), (c & AT_REMOVEDIR) != 0);
}

POSIX_CALL(unlink)
{
	return remove_at(AT_FDCWD, POSIX_POINTER(a), false);
}

POSIX_CALL(rmdir)
{
	return remove_at(AT_FDCWD, POSIX_POINTER(a), true);
}

POSIX_CALL(renameat2)
{
	enum file_outcome outcome = FILE_OUTCOME_DONE;
	POSIX_PATH_LOCAL from;
	POSIX_PATH_LOCAL to;
	enum status status;
	long error = posix_resolve(a, POSIX_POINTER(b), "rename", &from);

	if (error == 0)
		error = posix_resolve(c, POSIX_POINTER(d), "rename", &to);
	if (error == 0 && (e & ~1l) != 0) /* RENAME_NOREPLACE alone */
		error = -EINVAL;
	if (error == 0 && (from.length == 0 || to.length == 0))
		error = -EBUSY;
	if (error)
		return error;
	status = directory_rename(runtime_transport(), from.directory, posix_path_text(&from),
				  from.directory.raw == to.directory.raw ? CAP_ID_NULL : to.directory,
				  posix_path_text(&to), (e & 1) == 0, &outcome);
	return posix_outcome(status, (int)outcome);
}

POSIX_CALL(renameat)
{
	return sys_renameat2(a, b, c, d, 0, 0);
}

POSIX_CALL(rename)
{
	return sys_renameat2(AT_FDCWD, a, AT_FDCWD, b, 0, 0);
}

POSIX_CALL(truncate)
{
	long fd = sys_openat(AT_FDCWD, a, O_WRONLY | O_CLOEXEC, 0, 0, 0);
	long result;

	if (fd < 0)
		return fd;
	result = sys_ftruncate(fd, b, 0, 0, 0, 0);
	(void)sys_close(fd, 0, 0, 0, 0, 0);
	return result;
}

/* There are no links: a name that is there is none, and none can be made. */
POSIX_PLAIN_CALL(readlinkat)
{
	struct stat ignored;
	long error = stat_at(a, POSIX_POINTER(b), &ignored);

	return error ? error : -EINVAL;
}

POSIX_PLAIN_CALL(readlink)
{
	return sys_readlinkat(AT_FDCWD, a, b, c, 0, 0);
}

/* Modes and owners are not kept: the capability that one holds is the permission. Setting them is accepted for what is there. */
static long accept(long base, const char *path)
{
	struct stat ignored;

	return stat_at(base, path, &ignored);
}

POSIX_CALL(fchmodat)
{
	return accept(a, POSIX_POINTER(b));
}

POSIX_CALL(chmod)
{
	return accept(AT_FDCWD, POSIX_POINTER(a));
}

POSIX_CALL(fchmod)
{
	return posix_close_on_exec(a, -1) < 0 ? -EBADF : 0;
}

POSIX_CALL(utimensat)
{
	if (!POSIX_POINTER(b))
		return posix_close_on_exec(a, -1) < 0 ? -EBADF : 0;
	return accept(a, POSIX_POINTER(b));
}

POSIX_PLAIN_CALL(umask)
{
	return 022;
}
