// SPDX-License-Identifier: MIT OR Apache-2.0
/* Starting children, and the counts before and after. */
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <schema/kernel/boot_package.capnp.h>
#include <schema/kernel/process_spawner.capnp.h>
#include <schema/kernel/session_context.capnp.h>
#include <schema/kernel/system_info.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <testing/child.h>
#include <testing/tap.h>

static struct spawn_package package;
static cap_id spawner, info;

void child_start_up(void)
{
	cap_id boot_package = runtime_need("bootPackage", BOOT_PACKAGE_INTERFACE_ID);
	cap_id space = runtime_need("virtualMemory", VIRTUAL_MEMORY_INTERFACE_ID);
	enum status status = spawn_package_open(&package, runtime_transport(), boot_package, space);

	spawner = runtime_need("processSpawner", PROCESS_SPAWNER_INTERFACE_ID);
	info = runtime_need("systemInfo", SYSTEM_INFO_INTERFACE_ID);
	if (status != STATUS_OK) {
		tap_is(status, STATUS_OK, "the boot package");
		runtime_exit(tap_end());
	}
}

enum status child_start(const char *program, const struct child_options *options, cap_id *handle)
{
	struct msg_text arguments[CHILD_MAX_ARGUMENTS];
	static struct spawn_program found; /* its hash is checked once; names are compared */
	struct spawn_process process;
	const char *why = "";
	uint32_t count = 0;

	enum status status = spawn_package_program(&package, msg_text_from(program), &found);
	if (status != STATUS_OK) {
		tap_note("program %s: %s", program, tap_status_name(status));
		return status;
	}
	for (; count < CHILD_MAX_ARGUMENTS && options->arguments[count]; count++)
		arguments[count] = msg_text_from(options->arguments[count]);

	status = spawn_start(runtime_transport(),
			     &(struct spawn_request){
				     .program = &found,
				     .spawner = spawner,
				     .grants = options->grants,
				     .grant_count = options->grant_count,
				     .arguments = arguments,
				     .argument_count = count,
				     .limits = options->limits,
				     .session = options->session,
				     .capture = options->capture,
				     .context = options->context,
				     .seed = spawn_seed(runtime_transport(), CAP_ID_NULL),
			     },
			     &process, &why);
	if (status != STATUS_OK)
		tap_note("%s was not started: %s: %s", program, why ? why : "", tap_status_name(status));
	*handle = process.handle;
	return status;
}

struct spawn_exit child_wait(cap_id handle)
{
	struct spawn_exit exit = {};
	enum status status = spawn_wait(runtime_transport(), handle, runtime_now() + 20'000'000'000ull,
					&exit);

	if (status != STATUS_OK) {
		tap_note("waiting for a child: %s", tap_status_name(status));
		exit.reason = 0;
		(void)!spawn_kill(runtime_transport(), handle, -1);
	}
	ring_release(runtime_ring(), handle);
	ring_flush(runtime_ring());
	return exit;
}

struct spawn_exit child_run(const char *program, const struct child_options *options)
{
	cap_id handle;

	if (child_start(program, options, &handle) != STATUS_OK)
		return (struct spawn_exit){};
	return child_wait(handle);
}

struct spawn_grant child_grant(const char *name)
{
	struct spawn_grant grant = {.name = msg_text_from(name)};

	for (uint32_t i = 0; i < runtime_grant_count(); i++) {
		struct runtime_grant g = runtime_grant_at(i);

		if (msg_text_equal(g.name, grant.name)) {
			grant.cap = g.id;
			grant.interface_id = g.interface_id;
		}
	}
	return grant;
}

struct spawn_grant child_grant_as(const char *name, cap_id cap, uint64_t interface_id)
{
	return (struct spawn_grant){.name = msg_text_from(name), .cap = cap, .interface_id = interface_id};
}

struct spawn_grant child_grant_space(void)
{
	return (struct spawn_grant){.name = MSG_TEXT("virtualMemory"),
				    .interface_id = VIRTUAL_MEMORY_INTERFACE_ID,
				    .kind = SPAWN_GRANT_OWN_SPACE};
}

/* Stack that this program reaches for the first time between two counts is no leak. */
[[gnu::noinline]] static void touch_stack(void)
{
	volatile uint8_t deep[16384];

	for (unsigned i = 0; i < sizeof(deep); i += 4096)
		deep[i] = 0;
}

cap_id child_session(cap_id factory, const char *account)
{
	struct session_factory_create_results_reader results;
	struct rpc_call call;
	struct session_factory_create_params_builder p = session_factory_create_begin(
		&call, runtime_transport(), factory);
	cap_id session = CAP_ID_NULL;

	subject_builder_set_account(session_factory_create_params_builder_init_subject(p),
				    msg_text_from(account));
	if (session_factory_create_call(&call, &results) == STATUS_OK)
		session = rpc_result_cap(&call, session_factory_create_results_reader_session(results));
	rpc_end(&call);
	return session;
}

struct child_counts child_counts(void)
{
	struct system_info_counters_results_reader results;
	struct child_counts counts = {};
	struct rpc_call call;

	touch_stack();
	ring_flush(runtime_ring()); /* releases that are only queued */
	system_info_counters_begin(&call, runtime_transport(), info);
	if (system_info_counters_call(&call, &results) == STATUS_OK) {
		struct system_info_counters_reader c = system_info_counters_results_reader_counters(results);

		counts.frames_free = system_info_counters_reader_frames_free(c);
		counts.objects = system_info_counters_reader_kernel_objects(c);
		counts.entries = system_info_counters_reader_entries(c);
		counts.processes = system_info_counters_reader_processes(c);
		counts.threads = system_info_counters_reader_threads(c);
	}
	rpc_end(&call);
	return counts;
}

bool child_counts_return(const struct child_counts *before)
{
	uint64_t end = runtime_now() + 20'000'000'000ull;
	struct child_counts now;

	do {
		now = child_counts();
		if (now.frames_free >= before->frames_free && now.objects <= before->objects &&
		    now.entries <= before->entries && now.processes <= before->processes &&
		    now.threads <= before->threads)
			return true;
		ring_wait(runtime_ring(), runtime_now() + 10'000'000ull);
	} while (runtime_now() < end);
	tap_note("free frames %lld, objects %lld, entries %lld, processes %lld, threads %lld",
		 (long long)(now.frames_free - before->frames_free),
		 (long long)(now.objects - before->objects), (long long)(now.entries - before->entries),
		 (long long)(now.processes - before->processes), (long long)(now.threads - before->threads));
	return false;
}
