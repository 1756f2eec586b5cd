// SPDX-License-Identifier: MIT OR Apache-2.0
/* A folder of the build host, packed into the image (schema/service/folder.capnp), as the first contents of the root. */
#include <runtime/commit.h>
#include <runtime/print.h>
#include <runtime/runtime.h>
#include <runtime/status.h>
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <schema/service/folder.capnp.h>

#include "ramfs.h"

static enum files_outcome load_one(struct folder_entry_reader entry)
{
	struct msg_text path = folder_entry_reader_path(entry);
	struct msg_data bytes = folder_entry_reader_bytes(entry);
	bool directory = folder_entry_reader_directory(entry);
	struct files_node *node;
	enum files_outcome outcome = files_create(&fs.tree, &fs.tree.root,
						  (struct files_text){path.ptr, path.len},
						  directory ? FILES_DIRECTORY : FILES_FILE, &node);

	for (uint32_t at = 0, part; !directory && outcome == FILES_DONE && at < bytes.len; at += part) {
		part = bytes.len - at < FILES_MAX_WRITE ? bytes.len - at : FILES_MAX_WRITE;
		outcome = files_write(&fs.tree, node, at, bytes.ptr + at, part);
	}
	return outcome;
}

static void load(const void *message, uint64_t bytes)
{
	struct folder_entry_list_reader entries;
	struct msg_reader reader;
	uint32_t count;

	msg_reader_init(&reader, message, bytes);
	msg_reader_set_limits(&reader, UINT32_MAX, MSG_NESTING);
	entries = folder_reader_entries(folder_reader_root(&reader));
	count = folder_entry_list_reader_count(entries);
	for (uint32_t i = 0; i < count; i++) {
		struct folder_entry_reader entry = folder_entry_list_reader_at(entries, i);

		/* What has no room is left out: a service with some of its files is better than none. */
		if (load_one(entry) != FILES_DONE)
			runtime_print("%.*s: cannot be loaded\n", (int)folder_entry_reader_path(entry).len,
				      folder_entry_reader_path(entry).ptr);
	}
}

void initial_load(void)
{
	uint64_t bytes, address;
	cap_id memory;

	memory_pays(0); /* nobody who calls */
	if (runtime_cap("initial", MEMORY_OBJECT_INTERFACE_ID, &memory) != STATUS_OK)
		return;
	if (memory_object_size(fs.transport, memory, &bytes) == STATUS_OK &&
	    virtual_memory_map(fs.transport, fs.space, memory, 0, bytes, 0, VIRTUAL_MEMORY_PROTECTION_READ,
			       &address) == STATUS_OK) {
		enum status status = commit_range(fs.transport, fs.space, address, bytes);

		if (status == STATUS_OK)
			load((const void *)(uintptr_t)address, bytes);
		else
			runtime_print("no initial files: %s\n", status_text(status));
		(void)!virtual_memory_unmap(fs.transport, fs.space, address, bytes);
	}
	ring_release(fs.service.ring, memory);
	ring_flush(fs.service.ring);
}
