// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The registry: what is known of every interface, struct and enum at run time
 * (schema/service/registry_data.capnp).
 *
 * - Look-ups by id and by name; printing of types, signatures and values.
 * - The data is read in place and must stay. Damaged data reads as "not known"; nothing here trusts it.
 * - Registries can stand behind one another (next): what is not in the first is looked for in those behind it, and whoever holds
 *   the first may fetch more (missing).
 * - For one thread: handles share the budget of one reader, which each look-up renews.
 */
#pragma once

#include <registry/out.h>
#include <schema/service/registry_data.capnp.h>

struct registry {
	struct msg_reader reader;
	struct registry_data_interface_list_reader interfaces;
	struct registry_data_struct_list_reader structs;
	struct registry_data_enum_list_reader enums;
	struct registry_data_constant_list_reader constants;
	struct registry *next; /* looked through after this one; null: none */
	/* Something is in none of them. True: there are more now, behind this one; look again. May be null. */
	bool (*missing)(struct registry *registry);
};

/* False if the bytes are no registry. */
bool registry_open(struct registry *registry, const void *bytes, size_t len);

/* A new budget for who reads its lists directly. */
void registry_renew(struct registry *registry);

/* False: not known. */
bool registry_interface(struct registry *registry, uint64_t id, struct registry_data_interface_reader *out);
bool registry_interface_named(struct registry *registry, struct msg_text name,
			      struct registry_data_interface_reader *out);
bool registry_struct(struct registry *registry, uint64_t id, struct registry_data_struct_reader *out);
bool registry_struct_named(struct registry *registry, struct msg_text name,
			   struct registry_data_struct_reader *out);
bool registry_enum(struct registry *registry, uint64_t id, struct registry_data_enum_reader *out);
bool registry_enum_named(struct registry *registry, struct msg_text name,
			 struct registry_data_enum_reader *out);
/* The interface's name, or its number in hexadecimal in `buffer`. */
struct msg_text registry_interface_name(struct registry *registry, uint64_t id, char buffer[24]);

struct registry_method {
	struct registry_data_interface_reader interface; /* that declares it */
	struct registry_data_method_reader method;
	uint16_t ordinal;
};

/* Of the interface or one that it extends. */
bool registry_method_named(struct registry *registry, struct registry_data_interface_reader interface,
			   struct msg_text name, struct registry_method *out);
/* All of them, its own first, by index: false beyond the last. */
bool registry_method_at(struct registry *registry, struct registry_data_interface_reader interface,
			uint32_t index, struct registry_method *out);

/* Is the interface `id` the interface `super`, or does it extend it? */
bool registry_extends(struct registry *registry, uint64_t id, uint64_t super);

/* Finds a member of a struct by name; groups are members. */
bool registry_field_named(struct registry_data_struct_reader s, struct msg_text name,
			  struct registry_data_field_reader *out);

/* ---- Printing (print.c, value.c) ---- */

/* "List(UInt64)", "Notification" */
void registry_print_type(struct registry *registry, const struct text_out *out,
			 struct registry_data_type_reader type);
/* "sleep (ns :UInt64) -> ()"; returns how long it was. */
uint32_t registry_print_signature(struct registry *registry, const struct text_out *out,
				  struct registry_data_method_reader m);
/* One line: "(a = 1, b = "x")". */
void registry_print_struct(struct registry *registry, const struct text_out *out,
			   struct registry_data_struct_reader type, struct msg_struct value);
/* Each member on a line of its own, "  name = value"; lists of structs one element a line. */
void registry_print_results(struct registry *registry, const struct text_out *out,
			    struct registry_data_struct_reader type, struct msg_struct value);
/* With at least one digit behind the point; inf, nan. */
void registry_print_real(const struct text_out *out, double v);
/* The names of a method set's members, separated by commas, in parentheses' place of the caller. */
void registry_print_methods(struct registry *registry, const struct text_out *out,
			    struct registry_data_interface_reader interface, uint64_t methods);
