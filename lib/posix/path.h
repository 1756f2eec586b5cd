// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * From a path to a Directory that was granted and a path inside of it.
 *
 * - "/" is the Directory granted as "root". A relative path begins at the working directory: the Directory granted as "cwd", or where
 *   chdir has gone since. Without the one that a path needs it leads nowhere (ENOENT), and the line of posix_missing says so.
 * - There are no links, so "." and ".." are taken out of the text, and ".." at the top stays there: nothing leads out of what was granted.
 * - A directory that is open (openat and its relatives) is the Directory that it was found in and its path there.
 */
#pragma once

#include "descriptor.h"

#include <limits.h>

#define POSIX_PATH 1024u /* of a resolved path */

struct posix_path {
	cap_id directory;
	uint32_t length;
	bool is_root;         /* `directory` is the root: "/" and text is its absolute path */
	bool wants_directory; /* it ended in "/", "." or ".." */
	char text
		[POSIX_PATH]; /* `length` bytes and NUL, nothing behind them; without "/" at either end; empty: the directory itself. Ends with NUL */
};

/* A local one is as it comes: clearing it would cost more than resolving most paths. */
#define POSIX_PATH_LOCAL __attribute__((uninitialized)) struct posix_path

/* Errors: ENOENT, EBADF, ENOTDIR, ENAMETOOLONG. call: for the line about a missing grant. */
long posix_resolve(long base_fd, const char *path, const char *call, struct posix_path *resolved);

static inline struct msg_text posix_path_text(const struct posix_path *p)
{
	return (struct msg_text){p->text, p->length};
}

/* The working directory as CAPOS_CWD has it (inherit.h); false: there is none, or it is what was granted as "cwd". */
[[gnu::weak, gnu::visibility("hidden")]] bool posix_working_directory(char *to, uint32_t size);

/* What stands for an inode number: it follows from the path. */
uint64_t posix_path_identity(const struct posix_path *p);

/* The same, a word of the path at a time; the last one is filled up with zeroes. */
static inline uint64_t posix_identity_begin(cap_id directory, bool is_root)
{
	return 0xcbf29ce484222325ull ^ (is_root ? 0 : directory.raw);
}

static inline uint64_t posix_identity_word(uint64_t identity, uint64_t word)
{
	return (identity ^ word) * 0x100000001b3ull;
}

static inline uint64_t posix_identity_end(uint64_t identity)
{
	return (identity ^ identity >> 32) | 1; /* 0 is none */
}

/*
 * A Directory that a path can be looked up in as it stands, without "/" at its beginning: the root, or the working directory if that
 * is a Directory itself. Null: only posix_resolve knows.
 */
cap_id posix_path_begin(bool absolute, bool *is_root);

/* An operation of File or Directory as 0 or a negative errno value. */
long posix_outcome(enum status status, int outcome);

/* Open directories. */
long posix_directory_open(const struct posix_path *path, int flags);
const struct posix_path *posix_directory_path(const struct posix_open *o);

struct stat;
struct file_client_stat;
void posix_stat_from(struct stat *to, const struct file_client_stat *from, uint64_t identity);
