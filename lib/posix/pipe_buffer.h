// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Pipes through memory that this process shares with their server: what does not fit into a few messages is copied once on each side of it.
 *
 * - A description gets its memory when enough has been read or written at once; small transfers, and whoever is refused, use messages.
 * - The memory is this process's: a clone begins without, and so does a program that is started.
 * - Null in programs that have no memory of their own (they do not call mmap).
 */
#pragma once

#include "descriptor.h"

#define PIPE_BUFFERED [[gnu::weak, gnu::visibility("hidden")]]

/* Reads or (bytes are only looked at) writes: at most count; 0 is the end. -ENOSYS: not so. Else as read and write. */
PIPE_BUFFERED long posix_pipe_move(struct posix_open *o, void *bytes, size_t count, bool writes);
/* Until reading, or writing, would not wait: 0, POSIX_RESTART, or an error (pipe.c). */
long posix_pipe_wait(struct posix_open *o);
/* The description ends. */
PIPE_BUFFERED void posix_pipe_close(struct posix_open *o);
/* In a clone. */
PIPE_BUFFERED void posix_pipes_forked(void);

/* Brings them, and reading pipes. */
extern const char posix_buffers_pipes, posix_reads_pipes;
