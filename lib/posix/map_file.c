// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Files as memory. The service lends its own pages: a shared mapping shows and changes the file, a private one copies a page when it is
 * written. What it does not lend (it has lent enough; the file is empty) is read into memory of this process's own, if it is to be private.
 * Pages behind the file's end are empty memory, and not a fault. When the file is removed, so is what it lent.
 */
#include "descriptor.h"
#include "path.h"

#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <schema/service/file.capnp.h>

#define PAGE 4096ul

/* The file's own pages. ENODEV: they are not to be had. */
static long borrow(struct posix_open *o, bool shared, cap_id *memory, uint64_t *size)
{
	enum file_outcome outcome = FILE_OUTCOME_DONE;
	enum status status = shared ? file_map_shared(runtime_transport(), o->cap, &outcome, memory, size)
				    : file_map(runtime_transport(), o->cap, &outcome, memory, size);

	if (status == STATUS_OK && (outcome == FILE_OUTCOME_NO_SPACE || outcome == FILE_OUTCOME_TOO_LARGE ||
				    outcome == FILE_OUTCOME_NOT_FOUND))
		return -ENODEV;
	return status == STATUS_DENIED ? -EACCES : posix_outcome(status, (int)outcome);
}

static long map_at(cap_id space, cap_id memory, const struct posix_mapping *m, uint64_t address,
		   uint64_t bytes)
{
	enum virtual_memory_sharing sharing = m->shared ? VIRTUAL_MEMORY_SHARING_SHARED
							: VIRTUAL_MEMORY_SHARING_COPY_ON_WRITE;
	uint64_t at;
	enum status status = virtual_memory_map_as(
		runtime_transport(), space, memory, m->offset, bytes, address,
		m->writable ? VIRTUAL_MEMORY_PROTECTION_READ_WRITE : VIRTUAL_MEMORY_PROTECTION_READ, sharing,
		&at);

	return status == STATUS_OK ? (long)at : -ENOMEM;
}

static long allocate(cap_id space, const struct posix_mapping *m)
{
	uint64_t at;
	enum status status = virtual_memory_allocate(runtime_transport(), space, m->bytes, m->address, &at);

	return status == STATUS_OK ? (long)at : -ENOMEM;
}

/* All that the file has of it; behind that, empty memory. */
static long map_borrowed(cap_id space, cap_id memory, const struct posix_mapping *m, uint64_t size)
{
	uint64_t end = (size + PAGE - 1) & ~(PAGE - 1), there = end > m->offset ? end - m->offset : 0;
	long address = m->address ? (long)m->address : 0;

	if (there >= m->bytes)
		return map_at(space, memory, m, m->address, m->bytes);
	address = allocate(space, m);
	if (address < 0 || there == 0)
		return address;
	(void)!virtual_memory_unmap(runtime_transport(), space, (uint64_t)address, there);
	return map_at(space, memory, m, (uint64_t)address, there);
}

static long map_copy(struct posix_open *o, cap_id space, const struct posix_mapping *m)
{
	long address = allocate(space, m), got;

	if (address < 0)
		return address;
	got = o->kind->read(o, POSIX_POINTER(address), m->bytes, m->offset);
	if (got < 0) {
		(void)!virtual_memory_unmap(runtime_transport(), space, (uint64_t)address, m->bytes);
		return got;
	}
	if (!m->writable)
		(void)!virtual_memory_protect(runtime_transport(), space, (uint64_t)address, m->bytes,
					      VIRTUAL_MEMORY_PROTECTION_READ);
	return address;
}

const char posix_maps_files = 1;

long posix_file_map(struct posix_open *o, cap_id space, const struct posix_mapping *m)
{
	cap_id memory;
	uint64_t size;
	long result;

	if (o->kind != &posix_file)
		return -ENODEV;
	if (m->executable)
		return -EACCES; /* programs come from the boot package */
	result = borrow(o, m->shared && m->writable, &memory, &size);
	if (result == -ENODEV && !m->shared)
		return map_copy(o, space, m);
	if (result)
		return result;
	result = map_borrowed(space, memory, m, size);
	ring_release(runtime_ring(), memory);
	return result;
}
