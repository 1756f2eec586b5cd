// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * File descriptors: small numbers for *open descriptions*, each of which stands for one capability.
 *
 * - An open description has a position and status flags; dup shares it, a second open makes another one.
 * - Its kind says what stands behind it and how that is read and written; a kind is a file of this directory.
 * - The table belongs to the process; its lock is never held while anything is called. Whoever works with a description holds it
 *   (posix_get, posix_put), so that a close meanwhile ends it only afterwards.
 */
#pragma once

#include "posix.h"

#define POSIX_DESCRIPTORS 128u
#define POSIX_OPENS 96u

struct posix_open;
struct ring_client;
struct rpc_call;
struct stat;

/* What mmap wants of a file. */
struct posix_mapping {
	uint64_t address;       /* exactly there, where nothing is; 0: anywhere */
	uint64_t bytes, offset; /* whole pages */
	bool writable, executable, shared;
};

struct posix_kind {
	/* Bytes at `offset` (kinds that seek) or the next ones. Gives the count or a negative errno value. null: EINVAL. */
	long (*read)(struct posix_open *o, void *bytes, size_t count, uint64_t offset);
	long (*write)(struct posix_open *o, const void *bytes, size_t count, uint64_t offset);
	/* Its end, for SEEK_END and O_APPEND. null: it has no positions (ESPIPE). */
	long (*size)(struct posix_open *o, uint64_t *size);
	long (*truncate)(struct posix_open *o, uint64_t size);
	long (*sync)(struct posix_open *o);
	long (*stat)(struct posix_open *o, struct stat *stat);
	long (*control)(struct posix_open *o, unsigned long request, void *argument);
	/*
	 * For poll: sends a call that tells whether reading (or, for ends that are not read, writing) would not wait; wait: once that is so.
	 * null: nothing ever waits.
	 */
	void (*ask)(struct posix_open *o, struct rpc_call *call, short wanted, bool wait);
	/* What its answer means: bits of POLLIN, POLLOUT, POLLHUP, POLLERR. */
	short (*told)(struct posix_open *o, struct rpc_call *call);
	/* The last holder is gone, and it is granted or has a slot: gives up what the description has. Its capability is released after it. */
	void (*close)(struct posix_open *o);
	bool writes_at_once;   /* only reading is asked about */
	uint64_t interface_id; /* of the capability; 0: there is none */
};

struct posix_open {
	const struct posix_kind *kind; /* null: free */
	uint32_t references;
	int32_t flags; /* O_ACCMODE, O_APPEND, O_NONBLOCK */
	cap_id cap;
	bool granted;      /* the capability is the CapSet's and stays */
	uint8_t slot;      /* the kind's: which of its own records */
	uint16_t minor;    /* the kind's: a variant */
	uint16_t place;    /* of a position shared with other processes (position.h); 0: */
	uint64_t position; /* its own */
	uint64_t identity; /* stands for an inode number */
};

/* ---- Descriptions ---- */

/* A new one with one reference, the caller's; null: ENFILE. */
struct posix_open *posix_open_new(const struct posix_kind *kind, cap_id cap, int flags);
/* What fd stands for, held until posix_put; null: EBADF. */
struct posix_open *posix_get(long fd);
void posix_put(struct posix_open *o);
/* One more reference to what the caller holds. */
struct posix_open *posix_hold(struct posix_open *o);

/* An open file with that identity, held until posix_put; null: there is none. */
struct posix_open *posix_find_file(uint64_t identity);

/* ---- Numbers ---- */

/* The lowest free number from `from` on gets the caller's reference. -EMFILE: and the reference is dropped. */
long posix_install(struct posix_open *o, uint32_t from, bool close_on_exec);
/* A new description of a file at the lowest free number: its only holder. ENFILE, EMFILE: and the capability stays the caller's. */
long posix_install_new(const struct posix_kind *kind, cap_id cap, int flags, uint64_t identity,
		       bool close_on_exec);
/* Exactly that number; what it stood for is closed. The caller's reference goes with it. */
long posix_install_at(struct posix_open *o, long fd, bool close_on_exec);
/* Empties the number and gives its reference to the caller; null: EBADF. */
struct posix_open *posix_remove(long fd);
/* Empties the number, for the thread of that ring. EBADF. */
long posix_drop(struct ring_client *ring, long fd);
/* FD_CLOEXEC of a number: -EBADF, or 0 and 1. set < 0: only asks. */
long posix_close_on_exec(long fd, int set);

/* Before fork: each description will have one process more. And if there was none. */
void posix_share_positions(void);
void posix_unshare_positions(void);

/* Fills numbers from the CapSet, once, before anything else asks. */
void posix_descriptors_init(void);

/* What a capability of an interface is as a descriptor; null: nothing. */
const struct posix_kind *posix_kind_of(uint64_t interface_id);

/* mmap of a file, into the address space `space`. Gives the address. ENODEV: not of such a descriptor. Null in a program that opens no files. */
[[gnu::weak, gnu::visibility("hidden")]] long posix_file_map(struct posix_open *o, cap_id space,
							     const struct posix_mapping *mapping);

/* The same of a pipe's kind, for programs that read (pipe_read.c). */
[[gnu::weak, gnu::visibility("hidden")]] long posix_pipe_read(struct posix_open *o, void *bytes, size_t count,
							      uint64_t offset);
/* The same of File's kind, for what few programs do (file_change.c). */
[[gnu::weak, gnu::visibility("hidden")]] long posix_file_truncate(struct posix_open *o, uint64_t size);
[[gnu::weak, gnu::visibility("hidden")]] long posix_file_sync(struct posix_open *o);

/* Brings posix_file_map. */
extern const char posix_maps_files;

extern const struct posix_kind posix_console, posix_std_io, posix_file, posix_directory, posix_pipe;
