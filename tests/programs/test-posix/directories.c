// SPDX-License-Identifier: MIT OR Apache-2.0
/* Directories, names, and that nothing leads out of the root. */
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Names in a directory, sorted, with a space behind each. */
static const char *names_in(const char *path)
{
	static char names[512];
	struct dirent **list;
	int count = scandir(path, &list, nullptr, alphasort);

	names[0] = '\0';
	for (int i = 0; i < count; i++) {
		strcat(strcat(names, list[i]->d_name), " ");
		free(list[i]);
	}
	if (count >= 0)
		free(list);
	return names;
}

static void test_list(void)
{
	DIR *d;
	int count = 0;

	tap_ok(mkdir("/d", 0755) == 0, "mkdir");
	tap_fails(mkdir("/d", 0755), EEXIST, "once");
	tap_fails(mkdir("/no/d", 0755), ENOENT, "not below what is not there");
	for (char c = 'a'; c <= 'z'; c++) {
		char path[] = {'/', 'd', '/', c, '\0'};

		close(open(path, O_CREAT | O_WRONLY, 0644));
	}
	d = opendir("/d");
	for (struct dirent *e; d && (e = readdir(d));)
		count++;
	tap_ok(count == 28, "readdir gives 26 names, . and ..");
	rewinddir(d);
	count = 0;
	while (readdir(d))
		count++;
	tap_ok(count == 28, "and again after rewinddir");
	closedir(d);
	tap_fails(rmdir("/d"), ENOTEMPTY, "a directory with names in it stays");
	for (char c = 'a'; c <= 'z'; c++) {
		char path[] = {'/', 'd', '/', c, '\0'};

		unlink(path);
	}
	tap_fails(unlink("/d"), EISDIR, "unlink is for files");
	tap_fails(rmdir("/hostname"), ENOTDIR, "rmdir for directories");
	tap_fails(open("/d", O_WRONLY), EISDIR, "directories are not written");
	tap_ok(rmdir("/d") == 0, "rmdir");
}

static void test_rename(void)
{
	struct stat stat_a, stat_b;

	mkdir("/r", 0755);
	mkdir("/r/sub", 0755);
	close(open("/r/a", O_CREAT | O_WRONLY, 0644));
	tap_ok(rename("/r/a", "/r/sub/b") == 0 && strcmp(names_in("/r"), ". .. sub ") == 0 &&
		       strcmp(names_in("/r/sub"), ". .. b ") == 0,
	       "rename into another directory");
	close(open("/r/a", O_CREAT | O_WRONLY, 0644));
	tap_ok(rename("/r/a", "/r/sub/b") == 0 && strcmp(names_in("/r"), ". .. sub ") == 0,
	       "replacing a file");
	tap_fails(rename("/r", "/r/sub/x"), EINVAL, "a directory not into itself");
	tap_fails(rename("/r/none", "/r/x"), ENOENT, "what is not there");
	tap_ok(stat("/r/sub/../sub/./b", &stat_a) == 0 && stat("/r/sub/b", &stat_b) == 0 &&
		       stat_a.st_ino == stat_b.st_ino,
	       "two ways to write one path are one file");
	tap_ok(stat("/../../../hostname", &stat_a) == 0, "nothing is above the root: .. stays there");
}

static void test_working_directory(void)
{
	char path[64];
	int d;

	tap_fails(getcwd(path, sizeof(path)) ? 0 : -1, ENOENT, "no working directory was granted");
	tap_fails(chdir("r"), ENOENT, "so no relative path can choose one");
	tap_ok(chdir("/r/sub") == 0 && strcmp(getcwd(path, sizeof(path)), "/r/sub") == 0,
	       "an absolute one can");
	tap_ok(access("b", F_OK) == 0 && access("../sub/b", F_OK) == 0, "and relative paths begin there");
	tap_fails(chdir("b"), ENOTDIR, "not at a file");
	tap_ok(chdir("../../../../..") == 0 && strcmp(getcwd(path, sizeof(path)), "/") == 0,
	       "upwards to the root");
	d = open("/r/sub", O_RDONLY | O_DIRECTORY);
	tap_ok(d >= 0 && faccessat(d, "b", F_OK, 0) == 0 && openat(d, "../none", O_RDONLY) == -1 &&
		       errno == ENOENT,
	       "openat and its relatives");
	tap_ok(fchdir(d) == 0 && unlink("b") == 0, "fchdir");
	close(d);
	tap_ok(rmdir("/r/sub") == 0 && rmdir("/r") == 0, "and everything is gone");
	chdir("/");
}

/* A directory that is open, and the working directory, are places in the tree below the root, whatever becomes of their names. */
static void test_up(void)
{
	char path[64];
	struct stat stat_a;
	int d;

	mkdir("/u", 0755);
	mkdir("/u/v", 0755);
	mkdir("/w", 0755);
	d = open("/u/v", O_RDONLY | O_DIRECTORY);
	tap_ok(fstatat(d, "../../../../hostname", &stat_a, 0) == 0,
	       "above an open directory, too, the root is the top");
	chdir("/u/v");
	tap_ok(rename("/u/v", "/w/v") == 0 && rmdir("/u") == 0, "a parent that goes while one is in it");
	tap_fails(access("x", F_OK), ENOENT, "leaves nothing there");
	tap_ok(fstatat(d, "../../hostname", &stat_a, 0) == 0 && stat("../../../hostname", &stat_a) == 0 &&
		       chdir("../../../..") == 0 && strcmp(getcwd(path, sizeof(path)), "/") == 0,
	       "and nothing above the root");
	tap_ok(openat(d, "/../../hostname", O_RDONLY | O_CLOEXEC) >= 0,
	       "nor does an absolute path of an open directory");
	close(d);
	rmdir("/w/v");
	rmdir("/w");
}

static void test_devices(void)
{
	char bytes[4] = {1, 1, 1, 1};
	int fd = open("/dev/null", O_RDWR);

	tap_ok(write(fd, "x", 1) == 1 && read(fd, bytes, 1) == 0, "/dev/null");
	close(fd);
	fd = open("/dev/zero", O_RDONLY);
	tap_ok(read(fd, bytes, 4) == 4 && memcmp(bytes, "\0\0\0\0", 4) == 0, "/dev/zero");
	close(fd);
	tap_fails(open("/dev/tty", O_RDWR), ENXIO, "no terminal was granted: no /dev/tty");
}

void test_directories(void)
{
	test_list();
	test_rename();
	test_working_directory();
	test_up();
	test_devices();
}
