// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * ramfs: directories and files in memory (schema/service/{directory,file}.capnp).
 *
 * - handles.c:   what is kept for each facet; rights, keys, minting (open.h), release.
 * - directory.c: the methods of Directory.  file.c: those of File.
 * - memory.c:    chunks for the pool, clients' buffers, files as memory.
 * - initial.c:   a folder of the build host, at the start.
 *
 * What a file or directory is, is lib/files. One thread; each call is done before the next is looked at, so every operation is
 * atomic. A facet's key is its handle's; the keys below 256 are the root with these rights, for images. What clients can make
 * it keep is bounded: memory by the argument, handles, buffers and lent files by the numbers below.
 */
#pragma once

#include <abi/cap.h>
#include <files/opening.h>
#include <pool/keys.h>
#include <pool/mapped.h>
#include <pool/paid.h>
#include <rpc/rpc.h>
#include <runtime/ring.h>
#include <runtime/service.h>
#include <schema/service/directory.capnp.h>
#include <schema/service/file.capnp.h>
#include <shared_buffer/shared_buffer.h>

#define MAX_HANDLES 32768u
#define MAX_BUFFERS 256u /* attached at a time */
#define MAX_BUFFER (1u << 20)
#define MAX_LENT 64u      /* files mapped as memory */
#define MAX_WATCHES 512u  /* notifications that are kept: half of the capabilities that a process may have */
#define MAX_MAP_CALLS 48u /* calls that wait until their file can be mapped: a process may have received 64 */
#define MOVE_PAGES 64u    /* of such a file at a time */
#define MAX_INLINE 8192u  /* bytes of a file in one message */
#define MAX_MESSAGE 8448u /* what the images give its endpoint */
#define BOUNCE_BYTES 65536u
#define OWN_PART 4u /* one part in that many is for handles, tables and what does not fit together */

/* Rights of a directory, as bits; also the keys of the root. */
#define RIGHT_READ 1u
#define RIGHT_CREATE 2u
#define RIGHT_WRITE 4u
#define RIGHT_APPEND 8u
#define RIGHT_REMOVE 16u
#define RIGHT_LIMIT 32u
#define RIGHT_ALL 63u

struct handle {
	struct keys_entry entry;
	struct files_opening opening;
	cap_id watch;                 /* null when the handle is made */
	struct shared_buffer *buffer; /* of the pool; null: none attached, as when the handle is made */
	enum files_kind kind;         /* also when it is stale */
	uint8_t rights;               /* of a directory; of a file FILES_READS and so on */
	uint8_t share, buffer_share,
		watch_share; /* places in fs.open and, if it has such, fs.buffers and fs.watches */
};

struct lent {
	struct files_node *node; /* null: free */
	cap_id memory, revoker;  /* memory: revocable, writable */
	uint64_t address, bytes;
	uint64_t committed;   /* bytes whose pages have been taken */
	bool ready;           /* the file is there */
	uint8_t share, payer; /* of who mapped it first; of the file */
};

/* Of File.map or mapShared, whose file is not ready. */
struct map_call {
	struct service_reply reply;
	struct lent *lent; /* null: free */
	bool writable;     /* mapShared */
	uint8_t share;
};

struct ramfs {
	struct service service;
	struct rpc_transport *transport;
	cap_id endpoint, space, manager;
	struct pool_mapped pool;
	struct files_tree tree;
	struct keys handles;
	struct handle roots[RIGHT_ALL + 1]; /* by key; opened when first used */
	cap_id directory_templates[RIGHT_ALL + 1],
		file_templates[FILES_ANYTHING + 1]; /* by rights; made when first used */
	struct shares open, buffers, watches, mapped,
		maps;          /* of handles, attached buffers, watches, lent files, map_calls: by session */
	struct shares stored;  /* of bytes: those of who made the file or directory */
	struct paid_pool paid; /* what is stored is out of it */
	struct lent lent[MAX_LENT];
	struct map_call map_calls[MAX_MAP_CALLS];
	cap_id bounce_memory;
	uint8_t *bounce; /* mapped; null: not made yet */
};

extern struct ramfs fs;

/* ---- handles.c ---- */
void *handle_of(void *context, uint64_t key);
void handle_released(void *context, uint64_t key, uint64_t mints);
void handle_changed(void *context, struct files_opening *opening);
/* Of facets with these rights, which there is none of yet. Null: it could not be made. */
cap_id handle_make_template(enum files_kind kind, uint8_t rights);
/*
 * Opens the node for a facet that goes with this answer; *cap is its index for the setter. Status: OK, or a raised exception.
 * Outcomes: DONE, BUSY, NO_SPACE.
 */
enum status handle_open(struct rpc_request *request, struct files_node *node, uint8_t rights, uint8_t allows,
			enum files_outcome *outcome, int32_t *cap);
/* The same for who has it open: allows nothing less. */
enum status handle_open_also(struct rpc_request *request, struct files_node *node, uint8_t rights,
			     enum files_outcome *outcome, int32_t *cap);
/* index: of a Notification; none ends it. Outcomes: DONE, NO_SPACE: then nothing is watched. */
enum files_outcome handle_watch(struct handle *handle, struct rpc_request *request, int32_t index);
/* Of another directory of this service, that came as an argument. Outcomes: DONE, ELSEWHERE, STALE, DENIED. */
enum files_outcome handle_identify(struct rpc_request *request, int32_t index, uint8_t rights,
				   uint64_t methods, struct handle **handle);

/* ---- directory.c, file.c ---- */
extern const struct directory_server_ops directory_ops;
extern const struct file_server_ops file_ops;
extern rpc_method_fn *const *const directory_methods, *const *const file_methods;
void stat_build(struct file_stat_builder b, const struct files_node *node);

/* ---- memory.c ---- */
/* Made ready for what is stored; limits it, too. */
struct files_memory memory_of_pool(void);
/* What is made from now on is this session's. */
void memory_pays(uint64_t session);
/* INVALID_ARGUMENT is raised for a buffer that is none, or not such; status as handle_open. */
enum status buffer_attach(struct handle *handle, struct rpc_request *request, int32_t index, bool writable,
			  enum files_outcome *outcome);
void buffer_detach(struct handle *handle);
/* count bytes from `at`, or null. */
uint8_t *buffer_range(const struct handle *handle, uint64_t at, uint64_t count, bool writable);
enum status memory_copy(const struct files_node *file, struct rpc_request *request, uint64_t offset,
			uint64_t *count, int32_t into, uint64_t at);
/*
 * A capability of the file's own memory: *cap is the caller's to pass on and release. Outcomes: as File.map. RPC_DEFERRED: the file moves
 * there first, a piece at a time, while other calls are served; then the call is answered.
 */
enum status memory_lend(struct rpc_request *request, struct files_node *file, bool writable,
			enum files_outcome *outcome, cap_id *cap);
void memory_dropped(void *context, struct files_node *node);
/* After something was removed or cut off: what is large is freed a piece at a time, while other calls are served. */
void memory_tidy(void);
/* The caller of a deferred call no longer waits. */
void memory_cancelled(void *context, uint64_t token);

/* ---- initial.c ---- */
void initial_load(void);
