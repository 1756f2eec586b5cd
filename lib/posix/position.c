// SPDX-License-Identifier: MIT OR Apache-2.0
/* Shared positions (position.h). */
#include "position.h"

#include <runtime/runtime.h>
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>

#define BYTES 4096u

struct place {
	uint64_t position;   /* atomic; two processes that write at a time are their own race */
	uint32_t references; /* atomic; processes that use it. 0: free */
	uint32_t zero;
};

#define PLACES \
	(BYTES / sizeof(struct place)) /* the first one stays free: 0 in struct posix_open says "its own" */

static struct place *places;
static cap_id memory;

static bool map_page(void)
{
	cap_id space = posix_grant_quiet("virtualMemory", VIRTUAL_MEMORY_INTERFACE_ID);
	uint64_t address;

	if (places)
		return true;
	if (!space.raw)
		return false;
	memory = posix_grant_quiet(POSIX_POSITIONS, MEMORY_OBJECT_INTERFACE_ID);
	if (!memory.raw &&
	    virtual_memory_create_memory(runtime_transport(), space, BYTES, &memory) != STATUS_OK)
		return false;
	if (virtual_memory_map(runtime_transport(), space, memory, 0, BYTES, 0,
			       VIRTUAL_MEMORY_PROTECTION_READ_WRITE, &address) != STATUS_OK)
		return false;
	places = (struct place *)(uintptr_t)address;
	return true;
}

uint64_t *posix_position(struct posix_open *o)
{
	return o->place && map_page() ? &places[o->place % PLACES].position : &o->position;
}

static uint16_t take_place(void)
{
	for (uint16_t i = 1; i < PLACES; i++) {
		uint32_t none = 0;

		if (__atomic_compare_exchange_n(&places[i].references, &none, 1, false, __ATOMIC_ACQ_REL,
						__ATOMIC_RELAXED))
			return i;
	}
	return 0;
}

bool posix_position_share(struct posix_open *o)
{
	if (o->kind != &posix_file || !map_page())
		return false;
	if (!o->place) {
		uint16_t place = take_place();

		if (!place)
			return false;
		places[place].position = o->position;
		o->place = place;
	}
	__atomic_fetch_add(&places[o->place].references, 1, __ATOMIC_ACQ_REL);
	return true;
}

void posix_position_leave(struct posix_open *o)
{
	if (o->place && map_page())
		__atomic_fetch_sub(&places[o->place % PLACES].references, 1, __ATOMIC_ACQ_REL);
}

cap_id posix_positions_memory(void)
{
	return memory;
}
