// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Open directories, and what is said of files. A directory is read in pieces; each is a snapshot, and the position is a count of
 * names, so that a name which is there all the time is seen exactly once when names come and go.
 */
#include "identity.h"
#include "path.h"
#include "process.h"

#include <dirent.h>
#include <fcntl.h>
#include <file_client/file_client.h>
#include <runtime/runtime.h>
#include <runtime/thread.h>
#include <sys/stat.h>

#define DIRECTORIES 16u /* open at a time */

[[gnu::section(".bss.large")]] static struct directory {
	bool used;
	bool ended;
	uint32_t after_length;
	char after[NAME_MAX + 1]; /* the name that was given last */
	struct posix_path path;
} directories[DIRECTORIES];

static struct spin_lock lock; /* directories[].used */

void posix_directories_hold(bool hold)
{
	if (hold)
		spin_lock_acquire(&lock);
	else
		spin_lock_release(&lock);
}

static uint8_t take_slot(void)
{
	uint8_t slot = DIRECTORIES;

	spin_lock_acquire(&lock);
	for (uint8_t i = 0; i < DIRECTORIES && slot == DIRECTORIES; i++)
		if (!directories[i].used)
			slot = i;
	if (slot < DIRECTORIES)
		directories[slot].used = true;
	spin_lock_release(&lock);
	return slot;
}

static long is_directory(const struct posix_path *path)
{
	enum file_outcome outcome = FILE_OUTCOME_DONE;
	struct file_client_stat stat;
	enum status status = file_client_stat_path(runtime_transport(), path->directory,
						   posix_path_text(path), &outcome, &stat);
	long error = posix_outcome(status, (int)outcome);

	return error ? error : stat.kind == FILE_KIND_DIRECTORY ? 0 : -ENOTDIR;
}

long posix_directory_open(const struct posix_path *path, int flags)
{
	long error = is_directory(path);
	struct posix_open *o;
	uint8_t slot;

	if (error)
		return error;
	slot = take_slot();
	if (slot == DIRECTORIES)
		return -ENFILE;
	o = posix_open_new(&posix_directory, path->directory, flags);
	if (!o) {
		directories[slot].used = false;
		return -ENFILE;
	}
	directories[slot].path = *path;
	directories[slot].ended = false;
	directories[slot].after_length = 0;
	o->slot = slot;
	o->granted = true; /* it is the directory that the path begins at */
	o->identity = posix_path_identity(path);
	return posix_install(o, 0, (flags & O_CLOEXEC) != 0);
}

const struct posix_path *posix_directory_path(const struct posix_open *o)
{
	return o->kind == &posix_directory ? &directories[o->slot].path : nullptr;
}

void posix_stat_from(struct stat *to, const struct file_client_stat *from, uint64_t identity)
{
	bool is_directory = from->kind == FILE_KIND_DIRECTORY;

	*to = (struct stat){
		.st_dev = 1,
		.st_ino = identity,
		.st_nlink = 1,
		.st_uid = posix_identity()->user,
		.st_gid = posix_identity()->user,
		.st_mode = is_directory ? S_IFDIR | 0755 : S_IFREG | 0755,
		.st_size = is_directory ? 0 : (off_t)from->size,
		.st_blksize = 4096,
		.st_blocks = (blkcnt_t)((from->stored + 511) / 512),
	};
}

static long describe(struct posix_open *o, struct stat *to)
{
	const struct posix_path *p = posix_directory_path(o);
	enum file_outcome outcome = FILE_OUTCOME_DONE;
	struct file_client_stat stat;
	enum status status = file_client_stat_path(runtime_transport(), p->directory, posix_path_text(p),
						   &outcome, &stat);
	long error = posix_outcome(status, (int)outcome);

	if (error == 0)
		posix_stat_from(to, &stat, o->identity);
	return error;
}

static long read_none(struct posix_open *o, void *bytes, size_t count, uint64_t offset)
{
	(void)o, (void)bytes, (void)count, (void)offset;
	return -EISDIR;
}

/* rewinddir and seekdir: the beginning is the only position that one can go back to. */
static long end_of(struct posix_open *o, uint64_t *size)
{
	(void)o;
	*size = 0;
	return 0;
}

static void close_directory(struct posix_open *o)
{
	__atomic_store_n(&directories[o->slot].used, false, __ATOMIC_RELEASE);
}

const struct posix_kind posix_directory = {
	.read = read_none,
	.size = end_of,
	.stat = describe,
	.close = close_directory,
	.interface_id = 0,
};

/* ---- getdents ---- */

struct out {
	uint8_t *at, *end;
};

/* false: it does not fit any more. */
static bool put_entry(struct out *out, const char *name, uint32_t length, uint64_t identity,
		      bool is_directory, uint64_t position)
{
	struct dirent *d = (struct dirent *)(void *)out->at;
	size_t bytes = (offsetof(struct dirent, d_name) + length + 1 + 7) & ~7ul;

	if (bytes > (size_t)(out->end - out->at))
		return false;
	d->d_ino = identity;
	d->d_off = (off_t)position;
	d->d_reclen = (unsigned short)bytes;
	d->d_type = is_directory ? DT_DIR : DT_REG;
	__builtin_memcpy(d->d_name, name, length);
	d->d_name[length] = '\0';
	out->at += bytes;
	return true;
}

static bool put_dots(struct posix_open *o, struct out *out)
{
	for (; o->position < 2; o->position++)
		if (!put_entry(out, "..", (uint32_t)o->position + 1, o->identity, true, o->position + 1))
			return false;
	return true;
}

/* The identity of a name in this directory: as posix_path_identity of its path. */
static uint64_t identity_in(const struct directory *d, const char *name, uint32_t length)
{
	struct posix_path p = d->path;

	if (p.length + 1 + length + 1 > POSIX_PATH)
		return 1;
	if (p.length > 0)
		p.text[p.length++] = '/';
	__builtin_memcpy(p.text + p.length, name, length);
	p.length += length;
	return posix_path_identity(&p);
}

/* Names behind the last one. 0 or a negative errno value; *full: there was no room for one. */
static long put_names(struct posix_open *o, struct directory *d, struct out *out, bool *full)
{
	enum { PIECE = 8 };
	struct file_client_entry entries[PIECE];
	enum file_outcome outcome = FILE_OUTCOME_DONE;
	uint32_t count;
	bool more;
	enum status status = file_client_list(
		runtime_transport(), d->path.directory, posix_path_text(&d->path),
		(struct msg_text){d->after, d->after_length}, entries, PIECE, &outcome, &count, &more);
	long error = posix_outcome(status, (int)outcome);

	if (error)
		return error;
	for (uint32_t i = 0; i < count; i++) {
		const struct file_client_entry *e = &entries[i];

		if (!put_entry(out, e->name, e->name_len, identity_in(d, e->name, e->name_len),
			       e->stat.kind == FILE_KIND_DIRECTORY, o->position + 1)) {
			*full = true;
			return 0;
		}
		__builtin_memcpy(d->after, e->name, e->name_len);
		d->after_length = e->name_len;
		o->position++;
	}
	d->ended = !more;
	return 0;
}

static long list(struct posix_open *o, void *buffer, size_t size)
{
	struct directory *d = &directories[o->slot];
	struct out out = {buffer, (uint8_t *)buffer + size};
	bool full = false;
	long error = 0;

	if (o->position == 0)
		d->after_length = 0, d->ended = false;
	full = !put_dots(o, &out);
	while (!full && !d->ended && error == 0)
		error = put_names(o, d, &out, &full);

	long bytes = out.at - (uint8_t *)buffer;

	if (bytes > 0)
		return bytes;
	return error ? error : full ? -EINVAL : 0;
}

POSIX_CALL(getdents64)
{
	struct posix_open *o = posix_get(a);
	long result;

	if (!o)
		return -EBADF;
	result = posix_directory_path(o) ? list(o, POSIX_POINTER(b), (size_t)c) : -ENOTDIR;
	posix_put(o);
	return result;
}
