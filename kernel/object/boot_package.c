// SPDX-License-Identifier: MIT OR Apache-2.0
/* BootPackage: the module that the boot loader loaded, as memory. */
#include "object_types.h"

#include <arch/memory.h>
#include <mm/slab.h>
#include <schema/kernel/boot_package.capnp.h>

#include <schema/kernel/memory_object.capnp.h>

struct boot_package {
	struct object object;
	struct object *memory; /* counted: a MemoryObject */
	uint64_t bytes;
};

static struct slab_cache boot_package_cache = SLAB_CACHE(boot_package);

static enum status memory(void *self, struct rpc_request *request,
			  struct boot_package_memory_results_builder results)
{
	struct boot_package *package = container_of((struct object *)self, struct boot_package, object);
	struct interface_set set = {MEMORY_OBJECT_INTERFACE_ID,
				    METHODS_ALL &
					    ~(1ull << MEMORY_OBJECT_WRITE | 1ull << MEMORY_OBJECT_COPY_FROM)};
	struct view *view;
	int32_t index;

	enum status status = view_create(kcall_of(request)->thread->process, package->memory, VIEW_OBJECT, 0,
					 &set, 1, &view);
	if (status == STATUS_OK)
		status = kcall_return(request, view, &index);
	if (status != STATUS_OK)
		return status;
	boot_package_memory_results_builder_set_memory(results, index);
	boot_package_memory_results_builder_set_bytes(results, package->bytes);
	return STATUS_OK;
}

static enum status command_line(void *self, struct rpc_request *request,
				struct boot_package_command_line_results_builder results)
{
	(void)self, (void)request;
	boot_package_command_line_results_builder_set_text(results, msg_text_from(arch_command_line));
	return STATUS_OK;
}

static const struct boot_package_server_ops boot_package_ops = {.memory = memory,
								.command_line = command_line};

static void destroy(struct object *object)
{
	struct boot_package *package = container_of(object, struct boot_package, object);

	object_put(package->memory);
	slab_free(&boot_package_cache, package);
}

OBJECT_TYPE(boot_package, BOOT_PACKAGE, destroy);

enum status boot_package_create(struct memory *package, uint64_t bytes, struct object **out)
{
	struct boot_package *boot_package = slab_alloc(&boot_package_cache);

	if (boot_package == NULL)
		return STATUS_NO_MEMORY;
	memory_get(package);
	enum status status = memory_object_create(NULL, package, &boot_package->memory);
	if (status != STATUS_OK) {
		slab_free(&boot_package_cache, boot_package);
		return status;
	}
	(void)object_init(&boot_package->object, &boot_package_type, NULL);
	boot_package->bytes = bytes;
	*out = &boot_package->object;
	return STATUS_OK;
}
