// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Calls of File and Directory whose answers hold bytes, structs or lists. The others are one-liners that are generated
 * (file_write, directory_open, directory_remove...).
 *
 * status is that of the call; *outcome is what became of the operation, if the status is OK.
 */
#pragma once

#include <rpc/rpc.h>
#include <schema/service/directory.capnp.h>
#include <schema/service/file.capnp.h>

#define FILE_CLIENT_INLINE 8192u /* bytes of a file in one message, at most */

/* At most count bytes (and FILE_CLIENT_INLINE, and what the ring's arena has room for). */
enum status file_client_read(struct rpc_transport *transport, cap_id file, uint64_t offset, void *to,
			     uint32_t count, enum file_outcome *outcome, uint32_t *got);

struct file_client_stat {
	enum file_kind kind;
	uint64_t size, version, stored, entries;
	uint32_t open_readers, open_writers;
};

enum status file_client_stat(struct rpc_transport *transport, cap_id file, enum file_outcome *outcome,
			     struct file_client_stat *stat);
enum status file_client_stat_path(struct rpc_transport *transport, cap_id directory, struct msg_text path,
				  enum file_outcome *outcome, struct file_client_stat *stat);

struct file_client_entry {
	char name[256];
	uint32_t name_len;
	struct file_client_stat stat;
};

/* A piece of a list: up to max entries behind `after`; *more: there are others behind those. */
enum status file_client_list(struct rpc_transport *transport, cap_id directory, struct msg_text path,
			     struct msg_text after, struct file_client_entry *entries, uint32_t max,
			     enum file_outcome *outcome, uint32_t *count, bool *more);

/* What an outcome is called in the schema, and what it says to people. */
const char *file_client_name(enum file_outcome outcome);
const char *file_client_text(enum file_outcome outcome);
