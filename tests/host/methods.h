// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The methods of the kernel's interfaces as the schema has them, from the registry data that is made of it: which there are, how
 * their parameters lie in a message, which interfaces come back. What a kernel object can be asked is never written down twice.
 */
#pragma once

#include "input.h"

#define METHOD_FIELDS 24u
#define METHOD_RESULTS 4u
#define METHOD_CAPS 8u /* that a call brings */

struct method_field {
	uint8_t bits;   /* of a scalar in the data section; 0: behind a pointer */
	bool is_cap;    /* a capability */
	bool is_struct; /* of words and pointers: */
	uint8_t words, pointers;
	uint8_t element;       /* of a list, Text or Data: bits of an element, 0: pointers */
	uint16_t offset;       /* in units of the size; of pointers */
	uint64_t interface_id; /* of a capability; 0: any */
};

struct method {
	uint64_t interface_id;
	uint16_t ordinal;
	uint8_t words, pointers; /* of the parameter struct */
	uint8_t field_count;
	struct method_field fields[METHOD_FIELDS];
	uint64_t results[METHOD_RESULTS]; /* interfaces of the capabilities that come back; 0: no more */
};

/* Reads the registry once; calls beyond the first do nothing. */
void methods_load(void);
unsigned methods_count(void);
const struct method *methods_at(unsigned i);
/* Of that interface: the first one's index; count in *count (0: the kernel has no such interface). */
unsigned methods_of(uint64_t interface_id, unsigned *count);

/* Parameters for the method, filled from the input, now and then damaged. Returns their length in words, at most `limit`, which is
 * at least 64. The struct's capability fields name the descriptors 0, 1, ...; *caps says how many, and `wanted` of which interfaces. */
unsigned method_message(const struct method *method, struct input *in, uint64_t *words, unsigned limit,
			unsigned *caps, uint64_t wanted[METHOD_CAPS]);
