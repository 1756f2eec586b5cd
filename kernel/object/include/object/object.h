// SPDX-License-Identifier: MIT OR Apache-2.0
/* Kernel objects, as boot hands them to init. */
#pragma once

#include <cap/object.h>
#include <cap/process.h>
#include <mm/memory.h>

/* Registers types with the rooms below; seeds the entropy pool. Once, before the first process. */
void objects_init(void);

/* What init gets: name in its CapSet and the object; each singleton, in a fixed order; NULL name at the end.
 * `process` is init: virtualMemory is its own. */
struct initial_object {
	const char *name;
	struct object *object; /* a reference for the caller */
};
#define INITIAL_OBJECTS_MAX 24u
enum status objects_initial(struct process *process, struct memory *package, uint64_t package_bytes,
			    struct initial_object out[INITIAL_OBJECTS_MAX], unsigned *count);

/* Random bytes from the kernel's pool. */
void entropy_fill(void *out, size_t len);

/* The time at which init was started, for SystemInfo. */
void system_info_set_boot_ns(uint64_t ns);

/* The line's interrupts go to the kernel itself: it cannot be given out. `handler` runs in the interrupt. */
void interrupt_for_kernel(unsigned line, void (*handler)(void));
bool interrupt_is_bound(unsigned line);
