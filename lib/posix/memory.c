// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Memory: mmap and its relatives over the VirtualMemory granted as "virtualMemory".
 *
 * - Anonymous memory is VirtualMemory.allocate: pages are taken when they are touched. There is no heap by brk.
 * - What is asked for without access (a thread's guard, a reservation) is allocated, and protection that the kernel has no word for
 *   (none at all) stays readable: whoever counts on a fault there does not get one.
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

POSIX_CALL(mmap)
{
	size_t bytes = pages((size_t)b);
	long prot = c, flags = d, fd = e;

	if (bytes == 0 || ((flags & MAP_PRIVATE) != 0) == ((flags & MAP_SHARED) != 0))
		return -EINVAL;
	if ((prot & PROT_WRITE) && (prot & PROT_EXEC))
		return -EACCES;
	if (!(flags & MAP_ANONYMOUS))
		return fd < 0 ? -EBADF : -ENODEV;
	if (!(flags & MAP_FIXED))
		return allocate(0, bytes);
	if ((a & (long)(PAGE - 1)) != 0)
		return -EINVAL;
	/* What was mapped there goes; that nothing was is no failure. */
	(void)!virtual_memory_unmap(runtime_transport(), space("mmap"), (uint64_t)a, bytes);
	return allocate((uint64_t)a, bytes);
}

POSIX_CALL(munmap)
{
	cap_id cap = space("munmap");
	enum status status;

	if ((a & (long)(PAGE - 1)) != 0 || b == 0)
		return -EINVAL;
	if (!cap.raw)
		return -EINVAL;
	if (posix_threads_leave)
		posix_threads_leave((uint64_t)a, pages((size_t)b));
	status = virtual_memory_unmap(runtime_transport(), cap, (uint64_t)a, pages((size_t)b));
	return status == STATUS_EXCEPTION ? -EINVAL : posix_errno(status);
}

POSIX_CALL(mprotect)
{
	enum status status = STATUS_OK;
	cap_id cap = space("mprotect");

	if ((a & (long)(PAGE - 1)) != 0)
		return -EINVAL;
	if ((c & PROT_WRITE) && (c & PROT_EXEC))
		return -EACCES;
	if (!(c & PROT_WRITE) && c != PROT_NONE && cap.raw)
		status = virtual_memory_protect(runtime_transport(), cap, (uint64_t)a, pages((size_t)b),
						c & PROT_EXEC ? VIRTUAL_MEMORY_PROTECTION_READ_EXECUTE
							      : VIRTUAL_MEMORY_PROTECTION_READ);
	return status == STATUS_EXCEPTION ? -EACCES : posix_errno(status);
}

/* Grows only by a move, which the caller does itself (musl's realloc copies then). */
POSIX_CALL(mremap)
{
	size_t old = pages((size_t)b), new = pages((size_t)c);

	if ((a & (long)(PAGE - 1)) != 0 || new == 0)
		return -EINVAL;
	if (new > old)
		return -ENOMEM;
	if (new < old) {
		long error = sys_munmap(a + (long)new, (long)(old - new), 0, 0, 0, 0);

		if (error)
			return error;
	}
	return a;
}

/* Advice may be ignored. */
POSIX_CALL(madvise)
{
	return 0;
}

/* There is no heap of this kind; allocators then use mmap. */
POSIX_CALL(brk)
{
	return 0;
}
