// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The tables of users and groups, which musl reads from files: here each has one row, the program's own (identity.h). They are in place of its
 * getpw_a.c, getgr_a.c and getlogin.c.
 */
#include "identity.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int __getpw_a(const char *name, uid_t user, struct passwd *row, char **buffer, size_t *size,
	      struct passwd **result);
int __getgr_a(const char *name, gid_t group, struct group *row, char **buffer, size_t *size, char ***members,
	      size_t *count, struct group **result);

/* name null: by number. */
static bool is_own(const char *name, uint32_t number)
{
	const struct posix_identity *own = posix_identity();

	return name ? strcmp(name, own->name) == 0 : number == own->user;
}

/* Texts one behind the other in a buffer that grows; null: there is no memory. */
static char *lay_out(char **buffer, size_t *size, const char *const texts[], int count)
{
	size_t bytes = 0;
	char *at;

	for (int i = 0; i < count; i++)
		bytes += strlen(texts[i]) + 1;
	if (bytes > *size) {
		at = realloc(*buffer, bytes);
		if (!at)
			return nullptr;
		*buffer = at;
		*size = bytes;
	}
	at = *buffer;
	for (int i = 0; i < count; i++)
		at = stpcpy(at, texts[i]) + 1;
	return *buffer;
}

static int fill_user(struct passwd *row, char **buffer, size_t *size)
{
	const struct posix_identity *own = posix_identity();
	const char *home = getenv("HOME");
	const char *const texts[] = {own->name, "x", "", home ? home : "/", "/bin/sh"};
	char *at = lay_out(buffer, size, texts, 5);

	if (!at)
		return ENOMEM;
	*row = (struct passwd){.pw_uid = own->user, .pw_gid = own->user, .pw_name = at};
	row->pw_passwd = at += strlen(at) + 1;
	row->pw_gecos = at += strlen(at) + 1;
	row->pw_dir = at += strlen(at) + 1;
	row->pw_shell = at + strlen(at) + 1;
	return 0;
}

int __getpw_a(const char *name, uid_t user, struct passwd *row, char **buffer, size_t *size,
	      struct passwd **result)
{
	int error = 0;

	*result = nullptr;
	if (is_own(name, user)) {
		error = fill_user(row, buffer, size);
		if (error == 0)
			*result = row;
	}
	if (error)
		errno = error;
	return error;
}

int __getgr_a(const char *name, gid_t group, struct group *row, char **buffer, size_t *size, char ***members,
	      size_t *count, struct group **result)
{
	const struct posix_identity *own = posix_identity();
	const char *const texts[] = {own->name, "x"};
	char **none, *at;

	*result = nullptr;
	if (!is_own(name, group))
		return 0;
	at = lay_out(buffer, size, texts, 2);
	none = realloc(*members, sizeof(*none));
	if (none)
		*members = none;
	if (!at || !none) {
		errno = ENOMEM;
		return ENOMEM;
	}
	none[0] = nullptr;
	*count = 0;
	*row = (struct group){
		.gr_name = at, .gr_passwd = at + strlen(at) + 1, .gr_gid = own->user, .gr_mem = none};
	*result = row;
	return 0;
}

char *getlogin(void)
{
	static char name[sizeof(posix_identity()->name)];
	const struct posix_identity *own = posix_identity();

	if (!own->from_session) {
		errno = ENXIO;
		return nullptr;
	}
	return strcpy(name, own->name);
}
