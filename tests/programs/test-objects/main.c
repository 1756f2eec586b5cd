// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Every kernel object, every method, every error that its schema documents. Processes and address spaces:
 * test-process, test-memory.
 */
#include <schema/kernel/boot_package.capnp.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/console.capnp.h>
#include <schema/kernel/entropy_source.capnp.h>
#include <schema/kernel/io_port.capnp.h>
#include <schema/kernel/log_reader.capnp.h>
#include <schema/kernel/power.capnp.h>
#include <schema/kernel/process_spawner.capnp.h>
#include <schema/kernel/system_info.capnp.h>
#include <schema/kernel/thread.capnp.h>
#include <schema/kernel/timer.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>

#include "objects.h"

struct world w;

int main(void)
{
	tap_start();
	w = (struct world){
		.t = runtime_transport(),
		.ring = runtime_ring(),
		.console = runtime_need("console", CONSOLE_INTERFACE_ID),
		.timer = runtime_need("timer", TIMER_INTERFACE_ID),
		.entropy = runtime_need("entropy", ENTROPY_SOURCE_INTERFACE_ID),
		.info = runtime_need("systemInfo", SYSTEM_INFO_INTERFACE_ID),
		.manager = runtime_need("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID),
		.space = runtime_need("virtualMemory", VIRTUAL_MEMORY_INTERFACE_ID),
		.spawner = runtime_need("processSpawner", PROCESS_SPAWNER_INTERFACE_ID),
		.threads = runtime_need("threadSpawner", THREAD_SPAWNER_INTERFACE_ID),
		.log = runtime_need("log", LOG_READER_INTERFACE_ID),
		.package = runtime_need("bootPackage", BOOT_PACKAGE_INTERFACE_ID),
		.power = runtime_need("power", POWER_INTERFACE_ID),
		.ports = runtime_need("ports", IO_PORT_INTERFACE_ID),
	};
	child_start_up();
	test_console();
	test_timer();
	test_entropy();
	test_system_info();
	test_mitigations();
	test_log();
	test_package();
	test_manager();
	test_notification();
	test_endpoint();
	test_io_port();
	test_memory_object();
	test_threads();
	test_power();
	return tap_end();
}
