// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Memory: mmap and its relatives over the VirtualMemory granted as "virtualMemory".
 *
 * - Anonymous memory is VirtualMemory.allocate: pages are taken when they are touched. There is no heap by brk.
 * - What is asked for without access (a thread's guard, a reservation) is allocated, and then closed: touching it is a fault.
 * - Files are mapped by their kind of descriptor (map_file.c).
 * - Protection is never widened beyond what a mapping began with, and nothing is writable and executable.
 */
#include "descriptor.h"
#include "thread.h"

#include <runtime/runtime.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <sys/mman.h>

#define PAGE 4096ul

static size_t pages(size_t bytes)
{
	return (bytes + PAGE - 1) & ~(PAGE - 1);
}

static cap_id space(const char *call)
{
	static cap_id cap;

	if (!cap.raw)
		cap = posix_grant("virtualMemory", VIRTUAL_MEMORY_INTERFACE_ID, "VirtualMemory", call);
	return cap;
}

static long allocate(uint64_t address, size_t bytes)
{
	uint64_t base;
	enum status status;
	cap_id cap = space("mmap");

	if (!cap.raw)
		return -ENOMEM;
	status = virtual_memory_allocate(runtime_transport(), cap, bytes, address, &base);
	return status == STATUS_OK ? (long)base : -ENOMEM;
}

static long map_file(long fd, struct posix_mapping m)
{
	struct posix_open *o = posix_get(fd);
	long result;

	if (!o)
		return -EBADF;
	if (m.offset % PAGE != 0)
		result = -EINVAL;
	else if (!posix_file_map)
		result = -ENODEV;
	else
		result = space("mmap").raw ? posix_file_map(o, space("mmap"), &m) : -ENOMEM;
	posix_put(o);
	return result;
}

POSIX_CALL(mmap)
{
	size_t bytes = pages((size_t)b);
	long prot = c, flags = d, fd = e;

	if (bytes == 0 || ((flags & MAP_PRIVATE) != 0) == ((flags & MAP_SHARED) != 0))
		return -EINVAL;
	if ((prot & PROT_WRITE) && (prot & PROT_EXEC))
		return -EACCES;
	if ((flags & MAP_FIXED) && (a & (long)(PAGE - 1)) != 0)
		return -EINVAL;
	if (flags & MAP_FIXED) /* what was mapped there goes; that nothing was is no failure */
		(void)!virtual_memory_unmap(runtime_transport(), space("mmap"), (uint64_t)a, bytes);
	if (!(flags & MAP_ANONYMOUS))
		return map_file(fd, (struct posix_mapping){.address = flags & MAP_FIXED ? (uint64_t)a : 0,
							   .bytes = bytes,
							   .offset = (uint64_t)f,
							   .writable = (prot & PROT_WRITE) != 0,
							   .executable = (prot & PROT_EXEC) != 0,
							   .shared = (flags & MAP_SHARED) != 0});
	a = allocate(flags & MAP_FIXED ? (uint64_t)a : 0, bytes);
	if (a > 0 && prot == PROT_NONE)
		(void)!virtual_memory_protect(runtime_transport(), space("mmap"), (uint64_t)a, bytes,
					      VIRTUAL_MEMORY_PROTECTION_NONE);
	return a;
}

static enum virtual_memory_protection protection_of(long prot)
{
	if (prot & PROT_EXEC)
		return VIRTUAL_MEMORY_PROTECTION_READ_EXECUTE;
	if (prot & PROT_WRITE)
		return VIRTUAL_MEMORY_PROTECTION_READ_WRITE;
	return prot & PROT_READ ? VIRTUAL_MEMORY_PROTECTION_READ : VIRTUAL_MEMORY_PROTECTION_NONE;
}

POSIX_CALL(munmap)
{
	cap_id cap = space("munmap");
	enum status status;

	if ((a & (long)(PAGE - 1)) != 0 || b == 0)
		return -EINVAL;
	if (!cap.raw)
		return -EINVAL;
	if (posix_threads_leave && posix_threads_leave((uint64_t)a, pages((size_t)b)))
		return 0;
	status = virtual_memory_unmap(runtime_transport(), cap, (uint64_t)a, pages((size_t)b));
	return status == STATUS_EXCEPTION ? -EINVAL : posix_errno(status);
}

POSIX_CALL(mprotect)
{
	cap_id cap = space("mprotect");
	enum status status;

	if ((a & (long)(PAGE - 1)) != 0)
		return -EINVAL;
	if ((c & PROT_WRITE) && (c & PROT_EXEC))
		return -EACCES;
	if (b == 0 || !cap.raw)
		return b == 0 ? 0 : -ENOMEM;
	status = virtual_memory_protect(runtime_transport(), cap, (uint64_t)a, pages((size_t)b),
					protection_of(c));
	return status == STATUS_EXCEPTION ? -EACCES : posix_errno(status);
}

/* Grows where it is, if there is room behind it; else it moves, if it may. Only memory of one's own grows. */
static long grow(long address, size_t old, size_t new, bool may_move)
{
	long to = allocate((uint64_t)address + old, new - old);

	if (to > 0)
		return address;
	if (!may_move)
		return -ENOMEM;
	to = allocate(0, new);
	if (to < 0)
		return to;
	__builtin_memcpy(POSIX_POINTER(to), POSIX_POINTER(address), old);
	(void)sys_munmap(address, (long)old, 0, 0, 0, 0);
	return to;
}

POSIX_CALL(mremap)
{
	size_t old = pages((size_t)b), new = pages((size_t)c);

	if ((a & (long)(PAGE - 1)) != 0 || new == 0)
		return -EINVAL;
	if (d & ~(long)MREMAP_MAYMOVE)
		return -EINVAL;
	if (new > old)
		return grow(a, old, new, (d & MREMAP_MAYMOVE) != 0);
	if (new < old) {
		long error = sys_munmap(a + (long)new, (long)(old - new), 0, 0, 0, 0);

		if (error)
			return error;
	}
	return a;
}

/* What is written to shared memory of a file is the file's at once; how durable that is, its fsync says. */
POSIX_PLAIN_CALL(msync)
{
	return (a & (long)(PAGE - 1)) != 0 || ((c & MS_SYNC) && (c & MS_ASYNC)) ? -EINVAL : 0;
}

/* Advice may be ignored. */
POSIX_PLAIN_CALL(madvise)
{
	return 0;
}

/* There is no heap of this kind; allocators then use mmap. */
POSIX_PLAIN_CALL(brk)
{
	return 0;
}
