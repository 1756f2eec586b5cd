// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Sources. Each is copied by the kernel into memory of this process before it is looked at, so nobody can change it under a
 * reader, and a memory object that its giver serves itself cannot make this process wait.
 */
#include <runtime/commit.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <schema/kernel/boot_package.capnp.h>
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <schema/service/package.capnp.h>

#include "schemas.h"

#define PAGE 4096ull
#define PIECE 65536ull /* most that copyFrom takes */

struct registry_set set;
struct source sources[REGISTRY_SET_MAX];
static cap_id space;

static enum status copy_in(cap_id to, cap_id from, uint64_t offset, uint64_t length)
{
	for (uint64_t done = 0; done < length;) {
		uint64_t piece = length - done < PIECE ? length - done : PIECE;
		enum status status = memory_object_copy_from(runtime_transport(), to, from, offset + done,
							     done, piece);

		if (status != STATUS_OK)
			return status;
		done += piece;
	}
	return STATUS_OK;
}

static void free_source(struct source *s)
{
	if (s->address)
		(void)!virtual_memory_unmap(runtime_transport(), space, s->address, s->mapped);
	ring_release(runtime_ring(), s->memory);
	*s = (struct source){};
}

static enum status fill(struct source *s, cap_id memory, uint64_t offset, uint64_t length)
{
	enum status status;

	s->length = length;
	s->mapped = (length + PAGE - 1) & ~(PAGE - 1);
	status = virtual_memory_create_memory(runtime_transport(), space, s->mapped, &s->memory);
	if (status == STATUS_OK)
		status = copy_in(s->memory, memory, offset, length);
	if (status == STATUS_OK)
		status = virtual_memory_map(runtime_transport(), space, s->memory, 0, s->mapped, 0,
					    VIRTUAL_MEMORY_PROTECTION_READ, &s->address);
	if (status == STATUS_OK)
		status = commit_range(runtime_transport(), space, s->address, s->mapped);
	return status;
}

enum status source_add(struct msg_text name, cap_id memory, uint64_t offset, uint64_t length,
		       uint32_t *number)
{
	struct source *s = nullptr;
	enum status status;

	for (uint32_t i = 0; i < REGISTRY_SET_MAX && !s; i++) {
		if (!set.there[i]) {
			s = &sources[i];
			*number = i;
		}
	}
	if (!s)
		return STATUS_NO_SLOT;
	*s = (struct source){};
	status = fill(s, memory, offset, length);
	if (status == STATUS_OK &&
	    !registry_open(&set.source[*number], (const void *)(uintptr_t)s->address, length))
		status = STATUS_BAD_MESSAGE;
	if (status != STATUS_OK) {
		free_source(s);
		return status;
	}
	s->name_len = name.len < MAX_NAME ? name.len : MAX_NAME;
	if (s->name_len > 0)
		__builtin_memcpy(s->name, name.ptr, s->name_len);
	set.there[*number] = true;
	return STATUS_OK;
}

bool source_is_left_for(uint64_t session)
{
	uint32_t left = 0, own = 0;

	for (uint32_t i = 0; i < REGISTRY_SET_MAX; i++) {
		left += !set.there[i];
		own += i > 0 && set.there[i] && sources[i].session == session;
	}
	return own < left;
}

void source_remove(uint32_t number)
{
	if (!set.there[number] || number == 0)
		return;
	set.there[number] = false;
	free_source(&sources[number]);
}

enum status sources_start(void)
{
	cap_id boot_package = runtime_need("bootPackage", BOOT_PACKAGE_INTERFACE_ID);
	static struct spawn_package package;
	struct msg_data bytes;
	uint32_t number;
	enum status status;

	space = runtime_need("virtualMemory", VIRTUAL_MEMORY_INTERFACE_ID);
	commit_program_or_exit(runtime_transport(), space);
	status = spawn_package_open(&package, runtime_transport(), boot_package, space);
	if (status == STATUS_OK)
		status = spawn_package_file(&package, MSG_TEXT("registry"), PACKAGE_INDEX_KIND_REGISTRY,
					    &bytes);
	return status != STATUS_OK ? status
				   : source_add(MSG_TEXT("boot package"), package.memory,
						(uint64_t)(bytes.ptr - package.base), bytes.len, &number);
}
