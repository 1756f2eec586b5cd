// SPDX-License-Identifier: MIT OR Apache-2.0
/* Reading and writing descriptors, and their positions; read.c has the calls that read. */
#include "io.h"
#include "position.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>

bool posix_may(const struct posix_open *o, enum posix_direction direction)
{
	int mode = o->flags & O_ACCMODE;

	return direction == POSIX_READ ? mode != O_WRONLY : mode != O_RDONLY;
}

/* One piece at *offset, which moves on by what was done. */
static long piece(struct posix_open *o, enum posix_direction direction, const struct iovec *v,
		  uint64_t *offset)
{
	long done;

	if (direction == POSIX_READ)
		done = o->kind->read ? o->kind->read(o, v->iov_base, v->iov_len, *offset) : -EINVAL;
	else
		done = o->kind->write ? o->kind->write(o, v->iov_base, v->iov_len, *offset) : -EINVAL;
	if (done > 0)
		*offset += (uint64_t)done;
	return done;
}

/* Pieces until one is not done whole. What was done before an error counts. */
static long pieces(struct posix_open *o, enum posix_direction direction, const struct iovec *v, long count,
		   uint64_t *offset)
{
	long total = 0;

	for (long i = 0; i < count; i++) {
		if (v[i].iov_len == 0 && (count > 1 || o->kind->size))
			continue;

		long done = piece(o, direction, &v[i], offset);

		if (done < 0)
			return total ? total : done;
		total += done;
		if ((size_t)done < v[i].iov_len)
			break;
	}
	return total;
}

long posix_transfer(long fd, enum posix_direction direction, const struct iovec *v, long count,
		    const long *at)
{
	struct posix_open *o = posix_get(fd);
	long result = 0;
	uint64_t offset;

	if (!o)
		return -EBADF;
	if (!posix_may(o, direction))
		result = -EBADF;
	else if (count < 0 || count > IOV_MAX)
		result = -EINVAL;
	else if (at && !o->kind->size)
		result = -ESPIPE;
	else if (at && *at < 0)
		result = -EINVAL;
	if (result == 0) {
		offset = at ? (uint64_t)*at : *posix_position(o);
		if (direction == POSIX_WRITE && (o->flags & O_APPEND) && o->kind->size)
			result = o->kind->size(o, &offset);
		if (result == 0)
			result = pieces(o, direction, v, count, &offset);
		if (!at && o->kind->size)
			*posix_position(o) = offset;
	}
	posix_put(o);
	return result;
}

POSIX_CALL(write)
{
	return posix_transfer(a, POSIX_WRITE, &(struct iovec){POSIX_POINTER(b), (size_t)c}, 1, nullptr);
}

POSIX_CALL(writev)
{
	return posix_transfer(a, POSIX_WRITE, POSIX_POINTER(b), c, nullptr);
}

POSIX_CALL(pwrite64)
{
	return posix_transfer(a, POSIX_WRITE, &(struct iovec){POSIX_POINTER(b), (size_t)c}, 1, &d);
}

POSIX_CALL(pwritev)
{
	return posix_transfer(a, POSIX_WRITE, POSIX_POINTER(b), c, &d);
}

static long seek(struct posix_open *o, long offset, long whence)
{
	uint64_t end;
	long base = 0, error, result;

	if (!o->kind->size)
		return -ESPIPE;
	if (whence == SEEK_CUR)
		base = (long)*posix_position(o);
	else if (whence == SEEK_END) {
		error = o->kind->size(o, &end);
		if (error)
			return error;
		base = (long)end;
	} else if (whence != SEEK_SET)
		return -EINVAL;
	if (__builtin_add_overflow(base, offset, &result) || result < 0)
		return -EINVAL;
	*posix_position(o) = (uint64_t)result;
	return result;
}

POSIX_CALL(lseek)
{
	struct posix_open *o = posix_get(a);
	long result;

	if (!o)
		return -EBADF;
	result = seek(o, b, c);
	posix_put(o);
	return result;
}

POSIX_CALL(ioctl)
{
	struct posix_open *o = posix_get(a);
	long result;

	if (!o)
		return -EBADF;
	result = o->kind->control ? o->kind->control(o, (unsigned long)b, POSIX_POINTER(c)) : -ENOTTY;
	posix_put(o);
	return result;
}

/* Nothing is faster than reading and writing here; programs then do that themselves. */
POSIX_CALL(sendfile)
{
	return -EINVAL;
}
