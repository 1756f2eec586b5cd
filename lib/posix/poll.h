// SPDX-License-Identifier: MIT OR Apache-2.0
/* What poll asks of kinds of descriptors (descriptor.h, ask and told). */
#pragma once

#include "posix.h"

#include <poll.h>
#include <rpc/client.h>

/* Time was granted; if not, the line that says so for `call`. */
bool posix_has_timer(const char *call);
