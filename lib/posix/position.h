// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Positions that several processes share: an open description of a file that was inherited (fork, posix_spawn, exec) has one position,
 * wherever it is used. They lie in one page of memory that all processes of a family have mapped; each place counts the processes that
 * use it. A process that is killed does not give its places back; when none is left, a child goes on with a position of its own.
 */
#pragma once

#include "descriptor.h"

/* Where the position of o is. */
uint64_t *posix_position(struct posix_open *o);

/* Before `o` goes to one more process. False: it cannot be shared. Undone by posix_position_leave. */
bool posix_position_share(struct posix_open *o);
void posix_position_leave(struct posix_open *o);

/* The page, for a child's CapSet (POSIX_POSITIONS); null: nothing is shared. */
cap_id posix_positions_memory(void);
#define POSIX_POSITIONS "posix_positions"
