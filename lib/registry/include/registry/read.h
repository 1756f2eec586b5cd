// SPDX-License-Identifier: MIT OR Apache-2.0
/* Reading members of structs and lists whose types are known only at run time; pieces for printers and decoders. */
#pragma once

#include <registry/registry.h>

/* A type as its parts, so that the element of a list is one with one list less. */
struct registry_type {
	enum registry_data_kind kind;
	unsigned lists;
	uint64_t id;
};

struct registry_type registry_type_of(struct registry_data_field_reader field);
/* Bits of a scalar's size in the data section; 0: it is not there but among the pointers, or is void. */
unsigned registry_scalar_bits(enum registry_data_kind kind);
enum msg_elem registry_elem(struct registry_type type);
uint64_t registry_element_bits(struct msg_list list, uint32_t i, unsigned bits);
/* offset: as the registry gives it, in units of the size. */
uint64_t registry_field_bits(struct msg_struct s, unsigned bits, uint32_t offset);
/* Is this member of a union not the one that is set? */
bool registry_absent(struct registry_data_struct_reader type, struct registry_data_field_reader field,
		     struct msg_struct s);
