// SPDX-License-Identifier: MIT OR Apache-2.0
/* What reading and writing descriptors have in common. */
#pragma once

#include "descriptor.h"

struct iovec;

enum posix_direction : uint8_t { POSIX_READ, POSIX_WRITE };

/* at: null = the description's own position, which moves on. As readv and writev. */
long posix_transfer(long fd, enum posix_direction direction, const struct iovec *v, long count,
		    const long *at);
bool posix_may(const struct posix_open *o, enum posix_direction direction);
