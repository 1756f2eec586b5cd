// SPDX-License-Identifier: MIT OR Apache-2.0
/* The file system that crashes (crashing.h): each file of it is one of the usual one, with another table of methods. */
#include "crashing.h"

#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

static uint32_t left; /* operations until the crash; 0: never */
static bool in_the_middle;
static const sqlite3_io_methods *usual_methods;
static sqlite3_io_methods methods;
static sqlite3_vfs *usual, vfs;

void crashing_set(uint32_t n, bool torn)
{
	left = n;
	in_the_middle = torn;
}

static bool is_now(void)
{
	return left > 0 && --left == 0;
}

static void before(void)
{
	if (!in_the_middle && is_now())
		_exit(CRASHED);
}

static int crashing_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset)
{
	before();
	if (in_the_middle && is_now()) {
		(void)usual_methods->xWrite(file, bytes, count / 2, offset);
		_exit(CRASHED);
	}
	return usual_methods->xWrite(file, bytes, count, offset);
}

static int crashing_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	before();
	return usual_methods->xTruncate(file, size);
}

static int crashing_sync(sqlite3_file *file, int flags)
{
	before();
	return usual_methods->xSync(file, flags);
}

static int crashing_open(sqlite3_vfs *self, const char *name, sqlite3_file *file, int flags, int *out)
{
	int result;

	(void)self;
	if (flags & SQLITE_OPEN_CREATE)
		before();
	result = usual->xOpen(usual, name, file, flags, out);
	if (result != SQLITE_OK || !file->pMethods)
		return result;
	usual_methods = file->pMethods;
	methods = *usual_methods;
	methods.xWrite = crashing_write;
	methods.xTruncate = crashing_truncate;
	methods.xSync = crashing_sync;
	file->pMethods = &methods;
	return result;
}

static int crashing_delete(sqlite3_vfs *self, const char *name, int sync)
{
	(void)self;
	before();
	return usual->xDelete(usual, name, sync);
}

const char *crashing_vfs(void)
{
	if (usual)
		return vfs.zName;
	usual = sqlite3_vfs_find(nullptr);
	vfs = *usual;
	vfs.zName = "crashing";
	vfs.xOpen = crashing_open;
	vfs.xDelete = crashing_delete;
	sqlite3_vfs_register(&vfs, 0);
	return vfs.zName;
}
