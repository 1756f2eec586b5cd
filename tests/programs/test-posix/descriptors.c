// SPDX-License-Identifier: MIT OR Apache-2.0
/* The table of descriptors: what a program starts with, dup and its relatives, close. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_start(void)
{
	char byte;
	struct stat stat;

	tap_fails(read(0, &byte, 1), EBADF, "0 is closed where nothing was granted for it, and no Console");
	tap_ok(write(1, "# one\n", 6) == 6 && write(2, "# two\n", 6) == 6, "1 and 2 are the Console");
	tap_fails(read(1, &byte, 1), EBADF, "which is written, not read");
	tap_ok(fstat(1, &stat) == 0 && S_ISCHR(stat.st_mode), "and is a character device");
	tap_ok(!isatty(1), "but no terminal");
	tap_ok(write(5, "# five\n", 7) == 7 && write(4, "x", 1) == -1, "stdio_5 is 5, and nothing else is");
	tap_fails(lseek(1, 0, SEEK_SET), ESPIPE, "a Console has no positions");
}

static void test_dup(void)
{
	char text[8] = "";
	int fd = open("/dup", O_RDWR | O_CREAT | O_TRUNC, 0644), other, second;

	tap_ok(fd == 0, "open gives the lowest number");
	other = dup(fd);
	tap_ok(other == 3, "so does dup");
	tap_ok(write(fd, "abc", 3) == 3 && write(other, "def", 3) == 3, "both write");
	tap_ok(lseek(other, 0, SEEK_SET) == 0 && read(fd, text, 8) == 6 && memcmp(text, "abcdef", 6) == 0,
	       "and share the position of one open description");
	second = open("/dup", O_RDONLY);
	tap_ok(read(second, text, 3) == 3 && memcmp(text, "abc", 3) == 0, "a second open has its own");
	tap_ok(dup2(fd, fd) == fd, "dup2 onto itself does nothing");
	tap_fails(dup2(99, 99), EBADF, "unless it is closed");
	tap_fails(dup2(99, fd), EBADF, "dup2 of a closed one leaves the target");
	tap_ok(dup2(fd, 20) == 20 && lseek(20, 0, SEEK_CUR) == 6, "dup2 chooses the number");
	tap_ok(dup2(second, 20) == 20 && lseek(20, 0, SEEK_CUR) == 3, "and closes what was there");
	tap_fails(dup3(fd, fd, 0), EINVAL, "dup3 onto itself is a mistake");
	tap_ok(fcntl(fd, F_DUPFD_CLOEXEC, 30) == 30 && fcntl(30, F_GETFD) == FD_CLOEXEC, "F_DUPFD_CLOEXEC");
	tap_ok(fcntl(30, F_SETFD, 0) == 0 && fcntl(30, F_GETFD) == 0, "F_SETFD");
	tap_ok((fcntl(second, F_GETFL) & O_ACCMODE) == O_RDONLY, "F_GETFL");
	tap_fails(write(second, "x", 1), EBADF, "who opened for reading does not write");
	close(20), close(30), close(second), close(other);
	tap_ok(close(fd) == 0, "close");
	tap_fails(close(fd), EBADF, "closed once");
	tap_fails(write(fd, "x", 1), EBADF, "and gone");
}

void test_descriptors(void)
{
	test_start();
	test_dup();
}
