// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * init: the only process that the kernel starts. It starts the processes of the image (schema/service/image.capnp)
 * that the boot package carries, each with exactly the grants that stand there, and reports how they end.
 *
 * It holds everything that the kernel gives away, so it does little: it takes no input, serves nothing, and reads the
 * package only after checking its hashes. When a process that ends the system has ended, it switches the machine off.
 */
#include <runtime/enter.h>
#include <runtime/print.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <runtime/status.h>
#include <schema/kernel/boot_package.capnp.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/entropy_source.capnp.h>
#include <schema/kernel/interrupt_source.capnp.h>
#include <schema/kernel/io_port.capnp.h>
#include <schema/kernel/power.capnp.h>
#include <schema/kernel/process_spawner.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <schema/service/package.capnp.h>

#include "init.h"

#define MAX_PARAMETERS 64u

static enum status read_image(struct init *init)
{
	struct image_process_list_reader processes;
	enum status status = spawn_package_open(&init->package, init->transport,
						runtime_need("bootPackage", BOOT_PACKAGE_INTERFACE_ID),
						runtime_need("virtualMemory", VIRTUAL_MEMORY_INTERFACE_ID));

	if (status != STATUS_OK)
		return status;
	msg_reader_init(&init->index, init->package.index, (size_t)init->package.index_len);
	msg_reader_set_limits(&init->index, UINT32_MAX, MSG_NESTING);
	init->image = package_index_reader_image(package_index_reader_root(&init->index));
	processes = image_reader_processes(init->image);
	init->count = image_process_list_reader_count(processes);
	if (!msg_reader_ok(&init->index) || init->count > MAX_PROCESSES)
		return STATUS_BAD_MESSAGE;
	for (uint32_t i = 0; i < init->count; i++) {
		init->processes[i].image = image_process_list_reader_at(processes, i);
		init->processes[i].name = image_process_reader_name(init->processes[i].image);
	}
	return STATUS_OK;
}

static void take_capabilities(struct init *init)
{
	init->transport = runtime_transport();
	init->spawner = runtime_need("processSpawner", PROCESS_SPAWNER_INTERFACE_ID);
	init->manager = runtime_need("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID);
	init->power = runtime_need("power", POWER_INTERFACE_ID);
	/* Without these the machine can still be of use: a grant that needs one fails. */
	(void)runtime_cap("entropy", ENTROPY_SOURCE_INTERFACE_ID, &init->entropy);
	(void)runtime_cap("ioPorts", IO_PORT_INTERFACE_ID, &init->io_ports);
	(void)runtime_cap("interrupts", INTERRUPT_SOURCE_INTERFACE_ID, &init->interrupts);
}

static uint32_t take_arguments(struct image_process_reader image, struct msg_text *arguments)
{
	struct msg_list list = image_process_reader_arguments(image);
	uint32_t count = list.count < MAX_PARAMETERS ? list.count : MAX_PARAMETERS;

	for (uint32_t i = 0; i < count; i++)
		arguments[i] = msg_list_text(list, i);
	return count;
}

static uint32_t take_environment(struct image_process_reader image, struct spawn_variable *variables)
{
	struct image_variable_list_reader list = image_process_reader_environment(image);
	uint32_t count = image_variable_list_reader_count(list);

	count = count < MAX_PARAMETERS ? count : MAX_PARAMETERS;
	for (uint32_t i = 0; i < count; i++) {
		struct image_variable_reader v = image_variable_list_reader_at(list, i);

		variables[i] = (struct spawn_variable){image_variable_reader_name(v),
						       image_variable_reader_value(v)};
	}
	return count;
}

static struct spawn_limits take_limits(struct image_process_reader image)
{
	struct image_limits_reader l = image_process_reader_limits(image);

	return (struct spawn_limits){
		.pages = image_limits_reader_pages(l),
		.capabilities = image_limits_reader_capabilities(l),
		.threads = image_limits_reader_threads(l),
		.calls = image_limits_reader_calls(l),
	};
}

static enum status start_process(struct init *init, struct process *process, const char **why)
{
	static struct grants grants;
	static struct msg_text arguments[MAX_PARAMETERS];
	static struct spawn_variable environment[MAX_PARAMETERS];
	enum status status = spawn_package_program(
		&init->package, image_process_reader_program(process->image), &process->program);

	*why = "its program";
	if (status != STATUS_OK)
		return status;
	*why = "its grants";
	status = init_make_grants(init, process, &grants);
	if (status == STATUS_OK) {
		struct spawn_request request = {
			.program = &process->program,
			.name = process->name,
			.spawner = init->spawner,
			.grants = grants.list,
			.grant_count = grants.count,
			.arguments = arguments,
			.argument_count = take_arguments(process->image, arguments),
			.environment = environment,
			.environment_count = take_environment(process->image, environment),
			.limits = take_limits(process->image),
			.seed = spawn_seed(init->transport, init->entropy),
		};

		status = spawn_start(init->transport, &request, &process->spawned, why);
	}
	init_end_grants(&grants);
	return status;
}

/* False: a process on which the system depends could not be started. */
static bool start_all(struct init *init)
{
	bool ok = true;

	for (uint32_t i = 0; i < init->count; i++) {
		struct process *process = &init->processes[i];
		const char *why;
		enum status status = start_process(init, process, &why);

		if (status == STATUS_OK)
			continue;
		runtime_print("init: %.*s: cannot be started: %s: %s\n", (int)process->name.len,
			      process->name.ptr, why, status_text(status));
		process->failed = true;
		ok &= !image_process_reader_ends_system(process->image);
	}
	return ok;
}

/* In test images a failure also shows in the machine's exit. */
[[noreturn]] static void end_system(const struct init *init, int64_t code)
{
	if (code != 0 && image_reader_testing(init->image))
		(void)power_test_exit(init->transport, init->power, 1);
	(void)power_power_off(init->transport, init->power);
	runtime_print("init: the machine cannot be switched off; halted\n");
	for (;;)
		ring_wait(runtime_ring(), 0);
}

int main(void)
{
	static struct init init;

	take_capabilities(&init);

	enum status status = read_image(&init);

	if (status != STATUS_OK) {
		runtime_print("init: the boot package cannot be used: %s\n", status_text(status));
		end_system(&init, 1);
	}
	status = init_make_endpoints(&init);

	bool ok = status == STATUS_OK && start_all(&init);

	init_drop_endpoints(&init);
	end_system(&init, ok ? init_watch(&init) : 1);
}
