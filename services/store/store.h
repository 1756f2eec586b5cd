// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * store: blobs named by their contents, and names for them (schema/service/{store,namespace}.capnp).
 *
 * - handles.c: what is kept for each facet; keys, minting, release; buffers of clients.
 * - blob.c:    the methods of Store, Blob and BlobWriter.
 * - space.c:   those of Namespace.  bindings.c: bindings in messages.
 *
 * What blobs and names are, is lib/store. One thread; each call is done before the next is looked at. Keys for images: 1 is the
 * Store, 16 + rights (read 1, bind 2, history 4) the Namespace of all names.
 */
#pragma once

#include <pool/keys.h>
#include <pool/mapped.h>
#include <pool/paid.h>
#include <runtime/ring.h>
#include <runtime/service.h>
#include <schema/service/namespace.capnp.h>
#include <schema/service/store.capnp.h>
#include <shared_buffer/shared_buffer.h>
#include <store/names.h>

#define MAX_HANDLES 16384u
#define MAX_BUFFERS 256u
#define MAX_WATCHES 512u /* notifications that are kept: half of the capabilities that a process may have */
#define MAX_BUFFER (1u << 20)
#define MAX_INLINE 8192u
#define MAX_MESSAGE 8448u
#define MAX_VERIFY (1u << 20)
#define MAX_CHANGES 32u

#define OWN_PART 4u /* one part in that many of the memory is for handles, tables and nodes of generations */

#define KEY_STORE 1u
#define KEY_SPACE 16u
#define RIGHT_READ 1u
#define RIGHT_BIND 2u
#define RIGHT_HISTORY 4u
#define RIGHT_ALL 7u

enum handle_kind : uint8_t { HANDLE_STORE, HANDLE_BLOB, HANDLE_WRITER, HANDLE_SPACE, HANDLE_KINDS };

struct handle {
	struct keys_entry entry;
	uint64_t key;
	enum handle_kind kind;
	uint8_t rights; /* of a namespace */
	uint8_t share, buffer_share,
		watch_share;          /* places in st.open and, if it has such, st.buffers and st.watches */
	struct shared_buffer *buffer; /* null: none attached */
	union {
		struct blob *blob;
		struct blob_writer *writer;
		struct {
			char *prefix; /* of the pool */
			uint32_t prefix_len;
			uint64_t generation; /* 0: the present one */
			cap_id watch;
			struct handle *next, *previous; /* among those that watch */
		};
	};
};

struct store {
	struct service service;
	struct rpc_transport *transport;
	cap_id endpoint, space, manager;
	struct pool_mapped pool;
	struct blobs blobs;
	struct names names;
	struct keys handles;
	struct handle roots[KEY_SPACE + RIGHT_ALL + 1]; /* by key */
	cap_id templates[HANDLE_KINDS][RIGHT_ALL + 1];  /* of namespaces by rights, of others at 0 */
	struct handle *watching;
	struct shares open, buffers, watches; /* of handles, attached buffers, watches: by session */
	struct shares stored;  /* of bytes: those of who put the blob, or bound the name, first */
	struct paid_pool paid; /* what is stored is out of it */
	uint32_t open_blobs;
};

extern struct store st;

static inline enum file_outcome out(enum files_outcome outcome)
{
	return (enum file_outcome)outcome;
}

static inline struct files_text prefix_of(const struct handle *handle)
{
	return (struct files_text){handle->prefix, handle->prefix_len};
}

/* ---- handles.c ---- */
void *handle_of(void *context, uint64_t key);
void handle_released(void *context, uint64_t key, uint64_t mints);
/* A handle for a facet that goes with this answer. Null: *outcome NO_SPACE; *cap is then -1. */
struct handle *handle_make(struct rpc_request *request, enum handle_kind kind, uint8_t rights,
			   enum files_outcome *outcome, int32_t *cap);
/* A namespace with a prefix in two pieces. Outcomes: DONE, NO_SPACE. */
void handle_make_space(struct rpc_request *request, uint8_t rights, struct files_text prefix,
		       struct files_text rest, uint64_t generation, enum files_outcome *outcome,
		       int32_t *cap);
/* A blob that the caller may have room for. Without: -1, and nobody holds it. */
void handle_make_blob(struct rpc_request *request, struct blob *blob, enum files_outcome *outcome,
		      int32_t *cap);
/* index: of a Notification; none ends it. Outcomes: DONE, NO_SPACE: then nothing is watched. */
enum files_outcome handle_watch(struct handle *handle, struct rpc_request *request, int32_t index);
/* Tells who watches one of the names that were changed. */
void handle_changed(const struct names_change *changes, uint32_t count);
enum status buffer_attach(struct handle *handle, struct rpc_request *request, int32_t index, bool writable,
			  enum files_outcome *outcome);
void buffer_detach(struct handle *handle);
uint8_t *buffer_range(const struct handle *handle, uint64_t at, uint64_t count, bool writable);

/* What is put or bound from now on is this session's. */
void memory_pays(uint64_t session);
/* After something was collected: it is freed a piece at a time, while other calls are served. */
void memory_tidy(void);

/* ---- blob.c, space.c ---- */
extern const struct store_server_ops store_ops;
extern const struct blob_server_ops blob_ops;
extern const struct blob_writer_server_ops blob_writer_ops;
extern const struct namespace_server_ops namespace_ops;
/* The id's blob. Outcomes: DONE, BAD_NAME, NOT_FOUND. */
enum files_outcome blob_by_id(struct msg_data id, struct blob **blob);

/* ---- bindings.c ---- */
/* Out of a change; what it points to stays where it is. Outcomes: DONE, NOT_FOUND, BAD_NAME, ELSEWHERE, DENIED. */
enum files_outcome binding_read(struct rpc_request *request, struct namespace_binding_reader reader,
				struct names_binding *binding);
/* Into an answer. Outcomes: DONE, NO_SPACE. */
enum files_outcome binding_build(struct rpc_request *request, struct namespace_binding_builder builder,
				 const struct names_entry *entry);
enum namespace_kind binding_kind(const struct names_entry *entry); /* null: none */
