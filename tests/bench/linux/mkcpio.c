// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * mkcpio: writes an initramfs (cpio "newc") to standard output: /dev/console and the files given as NAME=PATH.
 * A tool of its own because a device node in an archive needs neither root nor a cpio program.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned next_inode = 1;

static void pad(size_t written)
{
	for (; written % 4; written++)
		putchar(0);
}

static void entry(const char *name, unsigned mode, unsigned major, unsigned minor, const char *data,
		  size_t size)
{
	size_t name_size = strlen(name) + 1;

	/* magic, then 13 fields: inode mode uid gid links mtime size devmajor devminor rdevmajor rdevminor namesize check */
	printf("070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x", next_inode++, mode, 0, 0, 1, 0,
	       size, 0, 0, major, minor, name_size, 0);
	fwrite(name, 1, name_size, stdout);
	pad(110 + name_size);
	fwrite(data, 1, size, stdout);
	pad(size);
}

static void add_file(const char *name, const char *path)
{
	FILE *file = fopen(path, "rb");
	long size;
	char *data;

	if (!file || fseek(file, 0, SEEK_END) || (size = ftell(file)) < 0 ||
	    !(data = malloc((size_t)size + 1))) {
		perror(path);
		exit(1);
	}
	rewind(file);
	if (fread(data, 1, (size_t)size, file) != (size_t)size) {
		perror(path);
		exit(1);
	}
	entry(name, 0100755, 0, 0, data, (size_t)size);
	free(data);
	fclose(file);
}

int main(int argc, char **argv)
{
	entry("dev", 0040755, 0, 0, "", 0);
	entry("dev/console", 0020600, 5, 1, "", 0);
	for (int i = 1; i < argc; i++) {
		char *path = strchr(argv[i], '=');

		if (!path) {
			fprintf(stderr, "usage: mkcpio NAME=PATH...\n");
			return 2;
		}
		*path++ = 0;
		add_file(argv[i], path);
	}
	entry("TRAILER!!!", 0, 0, 0, "", 0);
	return ferror(stdout) || fflush(stdout);
}
