// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * init: the only process that the kernel starts. It starts the processes of the image (schema/service/image.capnp)
 * that the boot package carries, each with exactly the grants that stand there, reports how they end, and starts again those
 * that are to be (watch.c).
 *
 * It holds everything that the kernel gives away, so it does little: it reads the package only after checking its hashes, takes no
 * input, and serves nothing but the Supervisor (serve.c), and that only if the image grants it. When a process that ends
 * the system has ended for good, it switches the machine off.
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

static void read_process(struct process *process, struct image_process_reader image)
{
	struct image_restart_reader restart = image_process_reader_restart(image);

	static_assert((int)RESTART_NEVER == (int)IMAGE_RESTART_POLICY_NEVER &&
		      (int)RESTART_ON_FAILURE == (int)IMAGE_RESTART_POLICY_ON_FAILURE &&
		      (int)RESTART_ALWAYS == (int)IMAGE_RESTART_POLICY_ALWAYS);
	process->image = image;
	process->name = image_process_reader_name(image);
	process->policy = (struct restart_policy){
		.when = (enum restart_when)image_restart_reader_policy(restart),
		.delay_ms = image_restart_reader_delay_ms(restart),
		.max_delay_ms = image_restart_reader_max_delay_ms(restart),
		.limit = image_restart_reader_limit(restart),
		.window_ms = image_restart_reader_window_ms(restart),
	};
}

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
	for (uint32_t i = 0; i < init->count; i++)
		read_process(&init->processes[i], image_process_list_reader_at(processes, i));
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

/* False: a process on which the system depends could not be started. */
static bool start_all(struct init *init)
{
	bool ok = true;

	for (uint32_t i = 0; i < init->count; i++) {
		struct process *process = &init->processes[i];

		if (init_start_process(init, process) == STATUS_OK)
			continue;
		init_set_state(process, SUPERVISOR_STATE_FAILED);
		init_close_endpoint(init, process, true);
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
	runtime_print("the machine cannot be switched off; halted\n");
	for (;;)
		ring_wait(runtime_ring(), 0);
}

int main(void)
{
	static struct init init;

	take_capabilities(&init);

	enum status status = read_image(&init);

	if (status != STATUS_OK) {
		runtime_print("the boot package cannot be used: %s\n", status_text(status));
		end_system(&init, 1);
	}
	status = init_make_endpoints(&init);
	if (status == STATUS_OK)
		status = init_make_supervisor(&init);

	bool ok = status == STATUS_OK && start_all(&init);

	init_drop_endpoints(&init);
	end_system(&init, ok ? init_watch(&init) : 1);
}
