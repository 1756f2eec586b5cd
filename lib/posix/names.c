// SPDX-License-Identifier: MIT OR Apache-2.0
/* Calls that take a path: opening, and what happens to names. */
#include "device.h"
#include "path.h"
#include "process.h"

#include <fcntl.h>
#include <file_client/file_client.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <sys/stat.h>

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
	struct posix_open *o;
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
	o = error ? nullptr : posix_open_new(&posix_file, file, flags & (O_ACCMODE | O_APPEND | O_NONBLOCK));
	if (!o) {
		ring_release(runtime_ring(), file);
		return error ? error : -ENFILE;
	}
	o->identity = posix_path_identity(&p);
	return posix_install(o, 0, (flags & O_CLOEXEC) != 0);
}

POSIX_CALL(openat)
{
	const char *path = POSIX_POINTER(b);
	/* What is only to be named is open for reading; to musl O_PATH is one of the access modes. */
	int flags = (int)(c & O_PATH ? c & ~O_ACCMODE : c);
	long device = path ? posix_device_open(path, flags) : -EFAULT;

	return device != -ENODEV ? device : open_at(a, path, flags);
}

POSIX_PLAIN_CALL(open)
{
	return sys_openat(AT_FDCWD, a, b, c, 0, 0);
}

POSIX_PLAIN_CALL(creat)
{
	return sys_openat(AT_FDCWD, a, O_CREAT | O_WRONLY | O_TRUNC, b, 0, 0);
}

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
