// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Interfaces by name and id, from the registry data that capnpc-capos makes of all schemas.
 */
#include "image_tool.h"

static struct file file;
static struct msg_reader reader;
static struct registry_data_interface_list_reader interfaces;

void registry_open(const char *path)
{
	if (!read_file(path, &file))
		die("cannot read the schema registry %s", path);
	open_message(&reader, file);
	interfaces = registry_data_reader_interfaces(registry_data_reader_root(&reader));
	if (!msg_reader_ok(&reader) || registry_data_interface_list_reader_count(interfaces) == 0)
		die("%s is not registry data", path);
}

struct file registry_file(void)
{
	return file;
}

struct registry_data_interface_reader registry_interface(struct msg_text name)
{
	for (uint32_t i = 0; i < registry_data_interface_list_reader_count(interfaces); i++) {
		struct registry_data_interface_reader r = registry_data_interface_list_reader_at(interfaces,
												 i);

		if (msg_text_equal(registry_data_interface_reader_name(r), name))
			return r;
	}
	return (struct registry_data_interface_reader){};
}

struct registry_data_interface_reader registry_interface_by_id(uint64_t id)
{
	for (uint32_t i = 0; i < registry_data_interface_list_reader_count(interfaces); i++) {
		struct registry_data_interface_reader r = registry_data_interface_list_reader_at(interfaces,
												 i);

		if (registry_data_interface_reader_id(r) == id)
			return r;
	}
	return (struct registry_data_interface_reader){};
}

bool registry_extends(struct registry_data_interface_reader derived, uint64_t base_id)
{
	struct msg_list supers = registry_data_interface_reader_supers(derived);

	if (registry_data_interface_reader_id(derived) == base_id)
		return true;
	for (uint32_t i = 0; i < supers.count; i++)
		if (registry_extends(registry_interface_by_id(msg_list_u64(supers, i)), base_id))
			return true;
	return false;
}

int registry_method(struct registry_data_interface_reader i, struct msg_text name)
{
	struct registry_data_method_list_reader methods = registry_data_interface_reader_methods(i);

	for (uint32_t n = 0; n < registry_data_method_list_reader_count(methods); n++) {
		struct registry_data_method_reader m = registry_data_method_list_reader_at(methods, n);

		if (msg_text_equal(registry_data_method_reader_name(m), name))
			return (int)n;
	}
	return -1;
}
