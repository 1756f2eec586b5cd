// SPDX-License-Identifier: MIT OR Apache-2.0
/* Files: the script of the original capOS first. */
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static void test_original(void)
{
	char text[32] = "";
	int fd = open("/hostname", O_RDWR | O_CREAT | O_EXCL, 0644);

	tap_ok(fd >= 0, "create /hostname");
	tap_ok(write(fd, "capos-machine\n", 14) == 14, "write it");
	tap_ok(lseek(fd, 0, SEEK_SET) == 0 && read(fd, text, sizeof(text)) == 14 &&
		       strcmp(text, "capos-machine\n") == 0,
	       "seek to its beginning and read all of it");
	memset(text, 0, sizeof(text));
	tap_ok(lseek(fd, -8, SEEK_END) == 6 && read(fd, text, sizeof(text)) == 8 &&
		       strcmp(text, "machine\n") == 0,
	       "read its tail");
	tap_ok(read(fd, text, sizeof(text)) == 0, "then it has ended");
	tap_fails(lseek(fd, -1, SEEK_SET), EINVAL, "no position before its beginning");
	tap_fails(open("/hostname", O_RDWR | O_CREAT | O_EXCL, 0644), EEXIST, "O_EXCL");
	tap_fails(open("hostname", O_RDONLY), ENOENT,
		  "a relative path leads nowhere without a working directory");
	tap_fails(open("/missing", O_RDONLY), ENOENT, "what is not there");
	tap_fails(open("/hostname/x", O_RDONLY), ENOTDIR, "what is below a file");
	tap_fails(open("/hostname/", O_RDONLY), ENOTDIR, "a file with a slash behind");
	close(fd);
}

static void test_flags(void)
{
	struct stat stat;
	char text[16] = "";
	int fd = open("/flags", O_WRONLY | O_CREAT | O_APPEND, 0600);

	tap_ok(write(fd, "one", 3) == 3 && lseek(fd, 0, SEEK_SET) == 0 && write(fd, "two", 3) == 3, "append");
	close(fd);
	fd = open("/flags", O_RDWR);
	tap_ok(read(fd, text, 16) == 6 && memcmp(text, "onetwo", 6) == 0, "whatever the position is");
	tap_ok(pwrite(fd, "X", 1, 1) == 1 && pread(fd, text, 3, 0) == 3 && memcmp(text, "oXe", 3) == 0,
	       "pwrite and pread");
	tap_ok(lseek(fd, 0, SEEK_CUR) == 6, "leave the position");
	tap_ok(ftruncate(fd, 2) == 0 && fstat(fd, &stat) == 0 && stat.st_size == 2, "ftruncate, fstat");
	tap_ok(lseek(fd, 10, SEEK_SET) == 10 && write(fd, "!", 1) == 1 && pread(fd, text, 16, 0) == 11 &&
		       memcmp(text, "oX\0\0\0\0\0\0\0\0!", 11) == 0,
	       "what was never written reads as 0");

	struct iovec v[2] = {{text, 2}, {text + 8, 3}};

	memset(text, 0, sizeof(text));
	lseek(fd, 0, SEEK_SET);
	tap_ok(readv(fd, v, 2) == 5 && memcmp(text, "oX", 2) == 0, "readv");
	close(fd);
	fd = open("/flags", O_WRONLY | O_TRUNC);
	tap_ok(fstat(fd, &stat) == 0 && stat.st_size == 0 && S_ISREG(stat.st_mode), "O_TRUNC");
	tap_fails(read(fd, text, 1), EBADF, "who opened for writing does not read");
	close(fd);
	unlink("/flags");
}

static void test_large(void)
{
	enum { BYTES = 100'000 };
	static unsigned char out[BYTES], in[BYTES];
	FILE *f = fopen("/large", "w+");

	for (int i = 0; i < BYTES; i++)
		out[i] = (unsigned char)(i * 7 + i / 251);
	tap_ok(f && fwrite(out, 1, BYTES, f) == BYTES && fflush(f) == 0, "fwrite 100,000 bytes");
	rewind(f);
	tap_ok(fread(in, 1, BYTES, f) == BYTES && memcmp(in, out, BYTES) == 0, "fread the same");
	tap_ok(fseek(f, -1, SEEK_END) == 0 && fgetc(f) == out[BYTES - 1] && fgetc(f) == EOF && feof(f),
	       "to the end");
	fclose(f);
	tap_ok(remove("/large") == 0, "remove");
	tap_fails(access("/large", F_OK), ENOENT, "and gone");
}

static void test_removed(void)
{
	char text[8] = "";
	struct dirent *entry;
	int fd, left = 0;
	FILE *f;
	DIR *d;

	mkdir("/removed", 0755);
	fd = open("/removed/file", O_RDWR | O_CREAT, 0644);
	write(fd, "abc", 3);
	tap_ok(unlink("/removed/file") == 0 && access("/removed/file", F_OK) == -1,
	       "an open file is removed");
	tap_ok(write(fd, "def", 3) == 3 && pread(fd, text, 8, 0) == 6 && memcmp(text, "abcdef", 6) == 0,
	       "and read and written all the same");
	close(open("/removed/file", O_RDWR | O_CREAT | O_EXCL, 0644));
	tap_ok(unlink("/removed/file") == 0 && pread(fd, text, 1, 1) == 1 && *text == 'b',
	       "its name may be taken by another one");
	close(fd);
	d = opendir("/removed");
	while ((entry = readdir(d)))
		left += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
	closedir(d);
	tap_ok(left == 0 && rmdir("/removed") == 0, "closed, it leaves nothing");
	mkdir("/tmp", 0755);
	f = tmpfile();
	tap_ok(f && fputs("kept", f) >= 0 && fseek(f, 0, SEEK_SET) == 0 && fgets(text, 8, f) &&
		       strcmp(text, "kept") == 0 && fclose(f) == 0,
	       "tmpfile");
}

static unsigned long inode(const char *path, int flags)
{
	struct stat stat = {};
	int fd = open(path, flags);

	if (fd < 0 || fstat(fd, &stat) != 0)
		stat.st_ino = 0;
	close(fd);
	return stat.st_ino;
}

/* Paths that are looked up as they stand, and those just beside them. */
static void test_paths(void)
{
	static char path[600];
	struct stat stat;
	unsigned long one;
	int fd;

	mkdir("/paths", 0755);
	close(open("/paths/.hidden", O_WRONLY | O_CREAT, 0644));
	close(open("/paths/eightlet", O_WRONLY | O_CREAT, 0644));
	close(open("/devices", O_WRONLY | O_CREAT, 0644));
	one = inode("/paths/eightlet", O_RDONLY);
	tap_ok(one != 0 && inode("/paths//eightlet", O_RDONLY) == one &&
		       inode("/./paths/eightlet", O_RDONLY) == one &&
		       inode("/paths/../paths/eightlet", O_RDONLY) == one &&
		       inode("//paths/eightlet", O_RDONLY) == one && inode("/paths/eightlet", O_RDWR) == one,
	       "one file, whatever its path and its flags");
	tap_ok(fstatat(AT_FDCWD, "/paths/eightlet", &stat, 0) == 0 && stat.st_ino == one, "and to stat, too");
	tap_ok(inode("/paths/.hidden", O_RDONLY) && inode("/paths/.hidden", O_RDONLY) != one,
	       "a name with a dot in front");
	tap_ok(inode("/devices", O_RDONLY) != 0, "a name that begins as /dev does");
	tap_fails(open("", O_RDONLY), ENOENT, "no path");
	tap_fails(open("/paths/eightlet/", O_RDONLY), ENOTDIR, "a slash behind a file");
	tap_fails(open("/paths/eightlet/.", O_RDONLY), ENOTDIR, "and a dot behind that");
	tap_fails(open("/paths/eightlet", O_RDONLY | O_DIRECTORY), ENOTDIR, "O_DIRECTORY of a file");
	fd = open("/paths", O_RDONLY);
	tap_ok(fd >= 0 && fstat(fd, &stat) == 0 && S_ISDIR(stat.st_mode), "a directory is opened without it");
	close(fd);
	fd = open("/paths/eightlet", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	tap_ok(fcntl(fd, F_GETFD) == FD_CLOEXEC &&
		       (fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK)) == O_NONBLOCK,
	       "O_CLOEXEC and O_NONBLOCK");
	close(fd);

	/* A path of 230 to 234 bytes, around what a message has room for at once; and names that are too long. */
	bool all = true;

	for (size_t length = 230; length < 235; length++) {
		memcpy(path, "/paths/", 7);
		memset(path + 7, 'x', length - 7);
		path[length] = '\0';
		all = all && open(path, O_RDONLY) == -1 && errno == ENOENT;
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
		all = all && fd >= 0 && write(fd, &length, 8) == 8;
		close(fd);
	}
	for (size_t length = 230; length < 235; length++) {
		size_t read_back = 0;

		path[length] = '\0';
		for (size_t i = 7; i < length; i++)
			path[i] = 'x';
		fd = open(path, O_RDONLY);
		all = all && fd >= 0 && read(fd, &read_back, 8) == 8 && read_back == length;
		close(fd);
		all = all && unlink(path) == 0;
	}
	tap_ok(all, "paths of 230 to 234 bytes name what they say");
	memset(path + 7, 'x', 256);
	path[7 + 256] = '\0';
	tap_fails(open(path, O_RDONLY), ENAMETOOLONG, "a name of 256 bytes");
}

/* The numbers of both words of the table, until there is none. */
static void test_many(void)
{
	static int fds[200];
	int count = 0, again;
	bool all = true;

	while (count < 200 && (fds[count] = open("/devices", O_RDONLY)) >= 0)
		count++;
	tap_ok(count > 64 && count < 200 && (errno == EMFILE || errno == ENFILE),
	       "more than 64 files, and an end");
	for (int i = 1; i < count; i++)
		all = all && fds[i] > fds[i - 1];
	tap_ok(all, "each at the lowest number that was free");
	close(fds[70]);
	close(fds[3]);
	again = open("/devices", O_RDONLY);
	tap_ok(again == fds[3], "what was closed is taken again, the lowest first");
	again = open("/devices", O_RDONLY);
	tap_ok(again == fds[70], "then the next");
	for (int i = 0; i < count; i++)
		all = all && close(fds[i]) == 0;
	tap_ok(all && open("/devices", O_RDONLY) == fds[0] && close(fds[0]) == 0, "all closed");
	tap_fails(close(fds[70]), EBADF, "closed once");
	tap_fails(close(128), EBADF, "and none behind the end");
	tap_fails(close(-1), EBADF, "or before it");
}

void test_files(void)
{
	test_paths();
	test_many();
	test_original();
	test_flags();
	test_large();
	test_removed();
}
