// SPDX-License-Identifier: MIT OR Apache-2.0
/* Names below /dev (device.h). */
#include "device.h"
#include "descriptor.h"

#include <fcntl.h>
#include <runtime/string.h>
#include <schema/service/terminal.capnp.h>
#include <sys/stat.h>

static long read_nothing(struct posix_open *o, void *bytes, size_t count, uint64_t offset)
{
	(void)o, (void)bytes, (void)count, (void)offset;
	return 0;
}

static long read_zeroes(struct posix_open *o, void *bytes, size_t count, uint64_t offset)
{
	(void)o, (void)offset;
	__builtin_memset(bytes, 0, count);
	return (long)count;
}

static long read_random(struct posix_open *o, void *bytes, size_t count, uint64_t offset)
{
	(void)o, (void)offset;
	return sys_getrandom((long)(uintptr_t)bytes, (long)count, 0, 0, 0, 0);
}

static long write_away(struct posix_open *o, const void *bytes, size_t count, uint64_t offset)
{
	(void)o, (void)bytes, (void)offset;
	return (long)count;
}

static long stat_character(struct posix_open *o, struct stat *stat)
{
	(void)o;
	*stat = (struct stat){.st_mode = S_IFCHR | 0666, .st_ino = 1, .st_nlink = 1, .st_rdev = 0x0103};
	return 0;
}

static const struct posix_kind null_device = {
	.read = read_nothing, .write = write_away, .stat = stat_character};
static const struct posix_kind zero_device = {
	.read = read_zeroes, .write = write_away, .stat = stat_character};
static const struct posix_kind random_device = {
	.read = read_random, .write = write_away, .stat = stat_character};

static const struct {
	const char *name;
	const struct posix_kind *kind; /* null: the terminal */
} devices[] = {
	{"null", &null_device},      {"zero", &zero_device}, {"random", &random_device},
	{"urandom", &random_device}, {"tty", nullptr},       {"console", nullptr},
};

static const struct {
	const char *name;
	long fd;
} descriptors[] = {
	{"stdin", 0},
	{"stdout", 1},
	{"stderr", 2},
};

static const char *below_dev(const char *path)
{
	return path[0] == '/' && path[1] == 'd' && strncmp(path, "/dev/", 5) == 0 ? path + 5 : nullptr;
}

/* N of fd/N; -1. */
static long descriptor_of(const char *name)
{
	long fd = 0;

	for (size_t i = 0; i < sizeof(descriptors) / sizeof(descriptors[0]); i++)
		if (strcmp(name, descriptors[i].name) == 0)
			return descriptors[i].fd;
	if (strncmp(name, "fd/", 3) != 0 || !name[3])
		return -1;
	for (const char *c = name + 3; *c; c++) {
		if (*c < '0' || *c > '9' || fd > POSIX_DESCRIPTORS)
			return -1;
		fd = fd * 10 + (*c - '0');
	}
	return fd;
}

static long open_terminal(int flags)
{
	cap_id cap = posix_grant("stdio", STD_IO_INTERFACE_ID, "StdIO", "open /dev/tty");
	struct posix_open *o;

	if (!cap.raw)
		return -ENXIO;
	o = posix_open_new(&posix_std_io, cap, flags & O_ACCMODE);
	if (!o)
		return -ENFILE;
	o->granted = true;
	return posix_install(o, 0, (flags & O_CLOEXEC) != 0);
}

static const struct {
	char letter;
	const struct posix_kind *kind;
} letters[] = {{'n', &null_device}, {'z', &zero_device}, {'r', &random_device}};

char posix_device_letter(const struct posix_kind *kind)
{
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (letters[i].kind == kind)
			return letters[i].letter;
	return 0;
}

const struct posix_kind *posix_device_of(char letter)
{
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (letters[i].letter == letter)
			return letters[i].kind;
	return nullptr;
}

long posix_device_open(const char *path, int flags)
{
	const char *name = below_dev(path);
	struct posix_open *o;
	long fd;

	if (!name)
		return -ENODEV;
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		if (strcmp(name, devices[i].name) != 0)
			continue;
		if (!devices[i].kind)
			return open_terminal(flags);
		o = posix_open_new(devices[i].kind, CAP_ID_NULL, flags & O_ACCMODE);
		if (!o)
			return -ENFILE;
		o->granted = true;
		return posix_install(o, 0, (flags & O_CLOEXEC) != 0);
	}
	fd = descriptor_of(name);
	return fd >= 0 ? sys_fcntl(fd, flags & O_CLOEXEC ? F_DUPFD_CLOEXEC : F_DUPFD, 0, 0, 0, 0) : -ENODEV;
}

long posix_device_stat(const char *path, struct stat *to)
{
	const char *name = below_dev(path);

	if (!name)
		return -ENODEV;
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
		if (strcmp(name, devices[i].name) == 0)
			return stat_character(nullptr, to);
	return descriptor_of(name) >= 0 ? sys_fstat(descriptor_of(name), (long)(uintptr_t)to, 0, 0, 0, 0)
					: -ENODEV;
}
