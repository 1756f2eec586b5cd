// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A file that this process removes while it has it open. To the service it would be gone (ESTALE); Unix programs write on, and read: so it gets
 * another name beside the old one, ".removed-NUMBER-N", and is removed when it is closed here, or when this process ends by itself. Who
 * inherited it has it until then. One that another process removes is gone at once, and so is one when there are too many of these.
 */
#pragma once

#include "path.h"

/* True: it was one that this process has open, and its name is free now. */
bool posix_removed_later(const struct posix_path *path);

/* Null in programs that remove no files. */
#define POSIX_OF_REMOVED [[gnu::weak, gnu::visibility("hidden")]]
/* The last holder of such a description (o->slot) is gone. */
POSIX_OF_REMOVED void posix_removed_close(struct posix_open *o);
/* The process ends, or becomes another program. */
POSIX_OF_REMOVED void posix_removed_end(void);
/* In a clone: they are the other process's. */
POSIX_OF_REMOVED void posix_removed_forked(void);
