// SPDX-License-Identifier: MIT OR Apache-2.0
/* See registry/package.h. */
#include <abi/package.h>
#include <registry/package.h>
#include <schema/service/package.capnp.h>

bool registry_open_package(struct registry *registry, const void *package, size_t len)
{
	const struct cap_package_header *header = package;
	const uint8_t *bytes = package;
	struct msg_reader reader;

	if (len < sizeof(*header) || header->magic != CAP_PACKAGE_MAGIC || header->index_off > len ||
	    header->index_len > len - header->index_off)
		return false;
	msg_reader_init(&reader, bytes + header->index_off, header->index_len);
	struct package_index_file_list_reader files = package_index_reader_files(
		package_index_reader_root(&reader));
	for (uint32_t i = 0; i < package_index_file_list_reader_count(files); i++) {
		struct package_index_file_reader file = package_index_file_list_reader_at(files, i);
		uint64_t at = package_index_file_reader_offset(file),
			 size = package_index_file_reader_size(file);
		if (package_index_file_reader_kind(file) == PACKAGE_INDEX_KIND_REGISTRY && at <= len &&
		    size <= len - at)
			return registry_open(registry, bytes + at, size);
	}
	return false;
}
