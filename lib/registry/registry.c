// SPDX-License-Identifier: MIT OR Apache-2.0
/* Look-ups: by id in the sorted lists, by name from the first to the last. */
#include <fmt/fmt.h>
#include <registry/registry.h>

#define NESTING 16u
#define MAX_SUPERS 8u
#define MAX_SUPER_DEPTH 4u

void registry_renew(struct registry *registry)
{
	msg_reader_set_limits(&registry->reader, UINT32_MAX, NESTING);
}

bool registry_open(struct registry *registry, const void *bytes, size_t len)
{
	msg_reader_init(&registry->reader, bytes, len);
	registry_renew(registry);

	struct registry_data_reader root = registry_data_reader_root(&registry->reader);
	registry->interfaces = registry_data_reader_interfaces(root);
	registry->structs = registry_data_reader_structs(root);
	registry->enums = registry_data_reader_enums(root);
	registry->constants = registry_data_reader_constants(root);
	registry->next = nullptr;
	registry->missing = nullptr;
	return msg_reader_ok(&registry->reader) && msg_list_count(registry->interfaces.l) > 0;
}

enum list { INTERFACES, STRUCTS, ENUMS };

static struct msg_list list_of(const struct registry *registry, enum list which)
{
	return which == INTERFACES ? registry->interfaces.l
	       : which == STRUCTS  ? registry->structs.l
				   : registry->enums.l;
}

/* In all three kinds of node the id is the first field, at offset 0. */
static bool find_id(struct msg_list list, uint64_t id, struct msg_struct *out)
{
	uint32_t low = 0, high = msg_list_count(list);

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		struct msg_struct node = msg_list_struct(list, middle);
		uint64_t found = msg_struct_u64(node, 0);

		if (found == id) {
			*out = node;
			return true;
		}
		if (found < id)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* And the name is the first pointer. */
static bool find_name(struct msg_list list, struct msg_text name, struct msg_struct *out)
{
	for (uint32_t i = 0; i < msg_list_count(list); i++) {
		struct msg_struct node = msg_list_struct(list, i);

		if (msg_text_equal(msg_struct_text(node, 0), name)) {
			*out = node;
			return true;
		}
	}
	return false;
}

/* By name, or, if that is null, by id. */
static bool find(struct registry *first, enum list which, uint64_t id, const struct msg_text *name,
		 struct msg_struct *out)
{
	do {
		for (struct registry *r = first; r; r = r->next) {
			registry_renew(r);
			if (name ? find_name(list_of(r, which), *name, out)
				 : find_id(list_of(r, which), id, out))
				return true;
		}
	} while (first->missing && first->missing(first));
	return false;
}

bool registry_interface(struct registry *registry, uint64_t id, struct registry_data_interface_reader *out)
{
	return find(registry, INTERFACES, id, nullptr, &out->s);
}

bool registry_interface_named(struct registry *registry, struct msg_text name,
			      struct registry_data_interface_reader *out)
{
	return find(registry, INTERFACES, 0, &name, &out->s);
}

bool registry_struct(struct registry *registry, uint64_t id, struct registry_data_struct_reader *out)
{
	return find(registry, STRUCTS, id, nullptr, &out->s);
}

bool registry_struct_named(struct registry *registry, struct msg_text name,
			   struct registry_data_struct_reader *out)
{
	return find(registry, STRUCTS, 0, &name, &out->s);
}

bool registry_enum(struct registry *registry, uint64_t id, struct registry_data_enum_reader *out)
{
	return find(registry, ENUMS, id, nullptr, &out->s);
}

bool registry_enum_named(struct registry *registry, struct msg_text name,
			 struct registry_data_enum_reader *out)
{
	return find(registry, ENUMS, 0, &name, &out->s);
}

struct msg_text registry_interface_name(struct registry *registry, uint64_t id, char buffer[24])
{
	struct registry_data_interface_reader interface;

	if (registry_interface(registry, id, &interface))
		return registry_data_interface_reader_name(interface);
	fmt_print(buffer, 24, "0x%llx", (unsigned long long)id);
	return msg_text_from(buffer);
}

/*
 * The index-th method of an interface and its supers, counting down *index; bounded in depth, as cycles are
 * possible.
 */
static bool method_at(struct registry *registry, struct registry_data_interface_reader interface,
		      uint32_t *index, unsigned depth, struct registry_method *out)
{
	struct registry_data_method_list_reader methods = registry_data_interface_reader_methods(interface);
	uint32_t count = registry_data_method_list_reader_count(methods);
	struct msg_list supers = registry_data_interface_reader_supers(interface);

	if (*index < count) {
		*out = (struct registry_method){
			interface, registry_data_method_list_reader_at(methods, *index), (uint16_t)*index};
		return true;
	}
	*index -= count;
	for (uint32_t i = 0; depth < MAX_SUPER_DEPTH && i < msg_list_count(supers) && i < MAX_SUPERS; i++) {
		struct registry_data_interface_reader super;

		if (registry_interface(registry, msg_list_u64(supers, i), &super) &&
		    method_at(registry, super, index, depth + 1, out))
			return true;
	}
	return false;
}

bool registry_method_at(struct registry *registry, struct registry_data_interface_reader interface,
			uint32_t index, struct registry_method *out)
{
	for (struct registry *r = registry; r; r = r->next)
		registry_renew(r);
	return method_at(registry, interface, &index, 0, out);
}

bool registry_method_named(struct registry *registry, struct registry_data_interface_reader interface,
			   struct msg_text name, struct registry_method *out)
{
	for (uint32_t i = 0; registry_method_at(registry, interface, i, out); i++)
		if (msg_text_equal(registry_data_method_reader_name(out->method), name))
			return true;
	return false;
}

static bool extends(struct registry *registry, uint64_t id, uint64_t super, unsigned depth)
{
	struct registry_data_interface_reader interface;

	if (id == super)
		return true;
	if (depth >= MAX_SUPER_DEPTH || !registry_interface(registry, id, &interface))
		return false;

	struct msg_list supers = registry_data_interface_reader_supers(interface);
	for (uint32_t i = 0; i < msg_list_count(supers) && i < MAX_SUPERS; i++)
		if (extends(registry, msg_list_u64(supers, i), super, depth + 1))
			return true;
	return false;
}

bool registry_extends(struct registry *registry, uint64_t id, uint64_t super)
{
	return extends(registry, id, super, 0);
}

bool registry_field_named(struct registry_data_struct_reader s, struct msg_text name,
			  struct registry_data_field_reader *out)
{
	struct registry_data_field_list_reader fields = registry_data_struct_reader_fields(s);

	for (uint32_t i = 0; i < registry_data_field_list_reader_count(fields); i++) {
		*out = registry_data_field_list_reader_at(fields, i);
		if (msg_text_equal(registry_data_field_reader_name(*out), name))
			return true;
	}
	return false;
}
