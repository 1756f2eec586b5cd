// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What a program hands on to one that it starts, besides capabilities: environment variables whose names begin with CAPOS_ and which
 * the program itself does not see.
 *
 *	CAPOS_NAME  argv[0]
 *	CAPOS_PIDS  "own,parent" numbers
 *	CAPOS_FDS   descriptors that are more than a capability: "N:K:FLAGS:POSITION:PLACE;" with K = c (the grant stdio_N), n, z, r (devices)
 *	CAPOS_SIGNALS "ignored,blocked,pending" sets of signals, if there are any; the last one for exec only
 *	CAPOS_CWD   the working directory: an absolute path below the root, or, without "/", one below what was granted as "cwd"
 */
#pragma once

#include "descriptor.h"

#include <message/types.h>

#define POSIX_INHERIT_BYTES 1024u

/* Descriptors as a table of their own, so that file actions of a child never touch this process's. */
struct posix_table {
	uint32_t count;                             /* of numbers: those from here on are closed */
	struct posix_open *open[POSIX_DESCRIPTORS]; /* held */
	bool close_on_exec[POSIX_DESCRIPTORS];
	uint64_t ignored, blocked, pending; /* signals, as signal.h has them */
};

void posix_table_take(struct posix_table *table);
void posix_table_drop(struct posix_table *table);

/* CAPOS_FDS of a table: its length. */
uint32_t posix_inherit_write(const struct posix_table *table, char *to, uint32_t size);
/* CAPOS_PIDS. */
void posix_identity_read(struct msg_text pids);
/* CAPOS_SIGNALS. */
void posix_signals_read(struct msg_text sets);
/* Applies it to what the CapSet gave. */
void posix_inherit_read(struct msg_text fds);

bool posix_is_inherit_variable(struct msg_text name);

/* A grant whose name begins so is a child of this process before exec; its number follows. */
#define POSIX_CHILD "child_"

/* Numbers of this process; 0: none were handed on. */
extern long posix_own_number, posix_parent_number;
