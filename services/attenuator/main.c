// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The attenuator: any capability, narrowed by rules over the arguments of its calls (schema/service/attenuator.capnp).
 *
 * It holds what others entrust to it and the schema registry, and knows no interface: lib/rules reads parameters by their types, and what
 * passes goes on as the bytes that came (forward.c).
 */
#include <schema/kernel/boot_package.capnp.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/endpoint.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <schema/service/package.capnp.h>
#include <spawn/package.h>

#include "attenuator.h"

static bool open_registry(struct attenuator *a)
{
	static struct spawn_package package;
	struct msg_data bytes;

	return spawn_package_open(&package, a->transport,
				  runtime_need("bootPackage", BOOT_PACKAGE_INTERFACE_ID),
				  runtime_need("virtualMemory", VIRTUAL_MEMORY_INTERFACE_ID)) == STATUS_OK &&
	       spawn_package_file(&package, MSG_TEXT("registry"), PACKAGE_INDEX_KIND_REGISTRY, &bytes) ==
		       STATUS_OK &&
	       registry_open(&a->registry, bytes.ptr, bytes.len);
}

int main(void)
{
	static struct attenuator a;
	enum status status;

	a.ring = runtime_ring();
	a.transport = runtime_transport();
	a.endpoint = runtime_need("endpoint", ENDPOINT_INTERFACE_ID);
	a.manager = runtime_need("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID);
	if (!open_registry(&a))
		return 2;
	status = attenuator_start(&a);
	while (status == STATUS_OK)
		status = attenuator_step(&a);
	return 1;
}
