// SPDX-License-Identifier: MIT OR Apache-2.0
/* Calls that few programs make, and what of File only they need: a program without them does not carry it. */
#include "io.h"
#include "path.h"

#include <file_client/file_client.h>
#include <runtime/runtime.h>

long posix_file_truncate(struct posix_open *o, uint64_t size)
{
	enum file_outcome outcome = FILE_OUTCOME_DONE;
	enum status status = file_truncate(runtime_transport(), o->cap, size, &outcome);

	return posix_outcome(status, (int)outcome);
}

long posix_file_sync(struct posix_open *o)
{
	enum file_outcome outcome = FILE_OUTCOME_DONE;
	enum file_durability durability;
	enum status status = file_sync(runtime_transport(), o->cap, &outcome, &durability);

	return posix_outcome(status, (int)outcome);
}

POSIX_CALL(ftruncate)
{
	struct posix_open *o = posix_get(a);
	long result;

	if (!o)
		return -EBADF;
	if (!posix_may(o, POSIX_WRITE) || !o->kind->truncate || b < 0)
		result = -EINVAL;
	else
		result = o->kind->truncate(o, (uint64_t)b);
	posix_put(o);
	return result;
}

POSIX_CALL(fsync)
{
	struct posix_open *o = posix_get(a);
	long result;

	if (!o)
		return -EBADF;
	result = o->kind->sync ? o->kind->sync(o) : -EINVAL;
	posix_put(o);
	return result;
}

POSIX_CALL(fdatasync)
{
	return sys_fsync(a, 0, 0, 0, 0, 0);
}
