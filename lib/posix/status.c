// SPDX-License-Identifier: MIT OR Apache-2.0
/* What a failed call of a capability is called in errno. */
#include "posix.h"

static const uint8_t of_status[] = {
	[-STATUS_EXCEPTION] = EIO,     [-STATUS_BAD_ID] = EBADF,        [-STATUS_DENIED] = EACCES,
	[-STATUS_REVOKED] = EACCES,    [-STATUS_TIMED_OUT] = ETIMEDOUT, [-STATUS_CANCELLED] = EINTR,
	[-STATUS_DISCONNECTED] = EIO,  [-STATUS_TOO_LARGE] = E2BIG,     [-STATUS_AGAIN] = EAGAIN,
	[-STATUS_NO_QUOTA] = ENOMEM,   [-STATUS_NO_MEMORY] = ENOMEM,    [-STATUS_NO_SLOT] = EMFILE,
	[-STATUS_WRONG_TYPE] = EINVAL, [-STATUS_NOT_FOUND] = ENOENT,    [-STATUS_EXISTS] = EEXIST,
	[-STATUS_NOT_GRANTED] = EPERM, [-STATUS_INVALID] = EINVAL,      [-STATUS_OUT_OF_SCOPE] = EACCES,
};

long posix_errno(enum status status)
{
	long index = -(long)status;

	if (status == STATUS_OK)
		return 0;
	if (index < 0 || index >= (long)sizeof(of_status) || !of_status[index])
		return -EIO;
	return -(long)of_status[index];
}
