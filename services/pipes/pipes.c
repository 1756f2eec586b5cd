// SPDX-License-Identifier: MIT OR Apache-2.0
/* Pipes for programs that have no other way to pass bytes on: PipeFactory, and the pipes that it makes (lib/pipe). */
#include <pipe/server.h>
#include <runtime/commit.h>
#include <runtime/runtime.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/endpoint.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>

#define ANSWER 4096u /* bytes that a read gets at most */

int main(void)
{
	static struct pipe_server server;
	struct service_options options = {.max_reply = ANSWER + 256};
	struct service service;
	cap_id endpoint = runtime_need("endpoint", ENDPOINT_INTERFACE_ID);
	cap_id space, manager;
	enum status status;

	if (runtime_cap("virtualMemory", VIRTUAL_MEMORY_INTERFACE_ID, &space) != STATUS_OK)
		space = CAP_ID_NULL;
	else
		commit_program_or_exit(runtime_transport(), space);
	if (runtime_cap("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID, &manager) != STATUS_OK)
		manager = CAP_ID_NULL;
	status = pipe_server_init(&server, runtime_transport(), endpoint, space, manager);
	if (status != STATUS_OK)
		return 1;
	pipe_server_options(&server, &options);
	status = service_init(&service, runtime_ring(), endpoint, &options);
	return status == STATUS_OK && service_run(&service) == STATUS_OK ? 0 : 1;
}
