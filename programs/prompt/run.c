// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Programs: found in the boot package, granted what the command says (or, without `with`, what the program
 * asks for and this prompt holds under the same name), started, waited for.
 *
 * "virtualMemory" is special: a program that is given it gets its own address space, never the prompt's.
 */
#include <fmt/fmt.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <schema/kernel/boot_package.capnp.h>
#include <schema/kernel/entropy_source.capnp.h>
#include <schema/kernel/process_handle.capnp.h>
#include <schema/kernel/process_spawner.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <schema/service/package.capnp.h>
#include <schema/service/program.capnp.h>
#include <shell/nearest.h>
#include <spawn/spawn.h>

#include "prompt.h"

#define MAX_JOBS 16u

struct job {
	uint32_t number; /* 0: free */
	cap_id handle;
	char name[MAX_NAME + 1];
};

static struct job jobs[MAX_JOBS];
static uint32_t last_job;
static struct spawn_package package;
static bool package_is_open;

struct spawn_package *package_open(void)
{
	cap_id boot_package, space;

	if (package_is_open)
		return &package;
	if (!names_need("bootPackage", BOOT_PACKAGE_INTERFACE_ID, &boot_package) ||
	    !names_need("virtualMemory", VIRTUAL_MEMORY_INTERFACE_ID, &space))
		return nullptr;

	enum status status = spawn_package_open(&package, runtime_transport(), boot_package, space);
	if (status != STATUS_OK) {
		show_status("the boot package", status);
		return nullptr;
	}
	package_is_open = true;
	return &package;
}

static void program_not_found(struct shell_word word)
{
	struct shell_nearest nearest = shell_nearest(word.ptr, word.len);
	struct shell_error error = {.at = word.at};
	struct msg_text name;

	for (uint32_t i = 0; spawn_package_name(&package, PACKAGE_INDEX_KIND_PROGRAM, i, &name); i++)
		shell_nearest_offer(&nearest, name.ptr, name.len);
	fmt_print(error.text, sizeof(error.text),
		  nearest.found ? "there is no program \"%.*s\"; did you mean \"%.*s\"?"
				: "there is no program \"%.*s\"; \"programs\" lists them%.*s",
		  (int)(word.len < 40 ? word.len : 40), word.ptr, (int)nearest.name_len,
		  nearest.found ? nearest.name : "");
	show_error(&error);
}

void command_programs(const struct shell_statement *statement)
{
	struct msg_text name;

	(void)statement;
	if (!package_open())
		return;
	for (uint32_t i = 0; spawn_package_name(&package, PACKAGE_INDEX_KIND_PROGRAM, i, &name); i++) {
		text_put(&out, "  ");
		text_put_text(&out, name);
		text_put(&out, "\n");
	}
}

/* ---- Grants ---- */

struct grants {
	struct spawn_grant grant[SHELL_MAX_GRANTS];
	uint32_t count;
};

static bool add_grant(struct grants *grants, struct msg_text name, const struct name *held, bool own_space)
{
	if (grants->count == SHELL_MAX_GRANTS)
		return false;
	grants->grant[grants->count++] = (struct spawn_grant){
		.name = name,
		.interface_id = held ? held->interface_id : VIRTUAL_MEMORY_INTERFACE_ID,
		.kind = own_space ? SPAWN_GRANT_OWN_SPACE : SPAWN_GRANT_COPY,
		.cap = own_space ? CAP_ID_NULL : held->id,
	};
	return true;
}

static bool names_interface(const struct name *held, struct msg_text interface)
{
	char buffer[24];

	return held &&
	       msg_text_equal(registry_interface_name(&registry, held->interface_id, buffer), interface);
}

static void show_need(struct program_need_reader need)
{
	text_put(&out, "    ");
	text_put_text(&out, program_need_reader_name(need));
	text_put(&out, " :");
	text_put_text(&out, program_need_reader_interface(need));
	text_put(&out, program_need_reader_optional(need) ? " (optional)  " : "  ");
	text_put_text(&out, program_need_reader_why(need));
	text_put(&out, "\n");
}

/* Without `with`: all that it asks for and this prompt holds under that name. */
static bool grant_needs(struct program_reader needs, struct shell_word program, struct grants *grants)
{
	struct program_need_list_reader list = program_reader_grants(needs);
	bool missing = false;

	for (uint32_t i = 0; i < program_need_list_reader_count(list); i++) {
		struct program_need_reader need = program_need_list_reader_at(list, i);
		struct msg_text name = program_need_reader_name(need),
				interface = program_need_reader_interface(need);
		const struct name *held = names_find((struct shell_word){name.ptr, name.len, 0});

		if (msg_text_equal(name, MSG_TEXT("virtualMemory")) &&
		    msg_text_equal(interface, MSG_TEXT("VirtualMemory"))) {
			missing |= !add_grant(grants, name, nullptr, true);
		} else if (names_interface(held, interface)) {
			missing |= !add_grant(grants, name, held, false);
		} else if (!program_need_reader_optional(need)) {
			if (!missing)
				text_print(
					&out,
					"%.*s was not started; it asks for what this prompt does not hold:\n",
					(int)program.len, program.ptr);
			show_need(need);
			missing = true;
		}
	}
	return !missing;
}

static bool is_granted(const struct grants *grants, struct msg_text name)
{
	for (uint32_t i = 0; i < grants->count; i++)
		if (msg_text_equal(grants->grant[i].name, name))
			return true;
	return false;
}

/* With `with`: exactly these. What the program cannot do without must be among them. */
static bool grant_listed(const struct shell_statement *st, struct program_reader needs, struct grants *grants)
{
	struct program_need_list_reader list = program_reader_grants(needs);
	bool missing = false;

	for (uint32_t i = 0; i < st->grant_count; i++) {
		const struct shell_grant *g = &st->grants[i];
		const struct name *held = names_find(g->capability);
		struct msg_text name = {g->name.ptr, g->name.len};
		bool own = shell_word_is(g->name, "virtualMemory") &&
			   shell_word_is(g->capability, "virtualMemory");
		struct shell_error error;

		if (!own && !held) {
			names_not_found(g->capability, &error);
			show_error(&error);
			return false;
		}
		add_grant(grants, name, held, own);
	}
	for (uint32_t i = 0; i < program_need_list_reader_count(list); i++) {
		struct program_need_reader need = program_need_list_reader_at(list, i);

		if (program_need_reader_optional(need) || is_granted(grants, program_need_reader_name(need)))
			continue;
		if (!missing)
			text_print(&out, "%.*s was not started; it also asks for:\n", (int)st->program.len,
				   st->program.ptr);
		show_need(need);
		missing = true;
	}
	return !missing;
}

static void say_what_is_granted(const struct shell_statement *st, const struct grants *grants)
{
	text_print(&out, "%.*s with {", (int)st->program.len, st->program.ptr);
	for (uint32_t i = 0; i < grants->count; i++) {
		text_put(&out, i ? ", " : " ");
		text_put_text(&out, grants->grant[i].name);
	}
	text_put(&out, grants->count ? " }\n" : "}\n");
}

/* ---- Jobs ---- */

static struct job *free_job(void)
{
	for (uint32_t i = 0; i < MAX_JOBS; i++)
		if (jobs[i].number == 0)
			return &jobs[i];
	return nullptr;
}

static void free_handle(struct job *job)
{
	ring_release(runtime_ring(), job->handle);
	job->number = 0;
}

static void show_exit(const struct job *job, const struct spawn_exit *exit)
{
	char text[160];

	spawn_exit_text(exit, text, sizeof(text));
	text_print(&out, "%s: %s\n", job->name, text);
}

/* Waits for the end; says how it ended unless that was a plain success. */
static void wait_for(struct job *job, bool always)
{
	struct spawn_exit exit;

	terminal_flush();
	enum status status = spawn_wait(runtime_transport(), job->handle, 0, &exit);
	if (status != STATUS_OK)
		show_status(job->name, status);
	else if (always || exit.reason != PROCESS_HANDLE_EXIT_REASON_EXIT || exit.code != 0)
		show_exit(job, &exit);
	free_handle(job);
}

static bool has_ended(const struct job *job)
{
	struct process_handle_info_results_reader results;
	struct rpc_call call;
	bool ended = false;

	process_handle_info_begin(&call, runtime_transport(), job->handle);
	if (process_handle_info_call(&call, &results) == STATUS_OK)
		ended = process_handle_info_results_reader_state(results) == PROCESS_HANDLE_STATE_ENDED;
	rpc_end(&call);
	return ended;
}

void report_ended_jobs(void)
{
	for (uint32_t i = 0; i < MAX_JOBS; i++) {
		if (jobs[i].number == 0 || !has_ended(&jobs[i]))
			continue;
		text_print(&out, "[%u] ", jobs[i].number);
		wait_for(&jobs[i], true);
	}
}

void command_jobs(const struct shell_statement *statement)
{
	(void)statement;
	for (uint32_t i = 0; i < MAX_JOBS; i++)
		if (jobs[i].number != 0)
			text_print(&out, "  [%u] %s %s\n", jobs[i].number, jobs[i].name,
				   has_ended(&jobs[i]) ? "ended" : "running");
}

static struct job *job_of(const struct shell_statement *st)
{
	uint32_t number = 0;

	if (st->word_count != 2) {
		text_put(&out, "which job? \"jobs\" lists their numbers\n");
		return nullptr;
	}
	for (uint32_t i = 0; i < st->words[1].len && st->words[1].ptr[i] >= '0' &&
			     st->words[1].ptr[i] <= '9' && number < 1000000;
	     i++)
		number = number * 10 + (uint32_t)(st->words[1].ptr[i] - '0');
	for (uint32_t i = 0; number != 0 && i < MAX_JOBS; i++)
		if (jobs[i].number == number)
			return &jobs[i];
	text_put(&out, "there is no such job\n");
	return nullptr;
}

void command_wait(const struct shell_statement *statement)
{
	struct job *job = job_of(statement);

	if (job)
		wait_for(job, true);
}

void command_kill(const struct shell_statement *statement)
{
	struct job *job = job_of(statement);

	if (!job)
		return;
	if (spawn_kill(runtime_transport(), job->handle, 0) == STATUS_OK)
		wait_for(job, true);
}

/* ---- Starting ---- */

static void start(const struct shell_statement *st, const struct spawn_program *program,
		  const struct grants *grants)
{
	struct msg_text arguments[SHELL_MAX_WORDS];
	struct spawn_process process;
	struct job *job = free_job();
	const char *why = "";
	cap_id spawner, entropy;

	if (!names_need("processSpawner", PROCESS_SPAWNER_INTERFACE_ID, &spawner))
		return;
	if (!job) {
		text_put(&out, "too many jobs\n");
		return;
	}
	if (runtime_cap("entropy", ENTROPY_SOURCE_INTERFACE_ID, &entropy) != STATUS_OK)
		entropy = CAP_ID_NULL;
	for (uint32_t i = 0; i < st->word_count; i++)
		arguments[i] = (struct msg_text){st->words[i].ptr, st->words[i].len};

	struct spawn_request request = {
		.program = program,
		.spawner = spawner,
		.grants = grants->grant,
		.grant_count = grants->count,
		.arguments = arguments,
		.argument_count = st->word_count,
		.seed = spawn_seed(runtime_transport(), entropy),
	};
	enum status status = spawn_start(runtime_transport(), &request, &process, &why);
	if (status != STATUS_OK) {
		show_status(why, status);
		return;
	}

	uint32_t len = st->program.len < MAX_NAME ? st->program.len : MAX_NAME;
	*job = (struct job){.number = st->background ? ++last_job : UINT32_MAX, .handle = process.handle};
	__builtin_memcpy(job->name, st->program.ptr, len);
	if (st->background)
		text_print(&out, "[%u] %s\n", job->number, job->name);
	else
		wait_for(job, false);
}

void run_program(const struct shell_statement *st)
{
	struct spawn_program program;
	struct grants grants = {};
	struct msg_reader reader;

	if (!package_open())
		return;

	enum status status = spawn_package_program(
		&package, (struct msg_text){st->program.ptr, st->program.len}, &program);
	if (status == STATUS_NOT_FOUND) {
		program_not_found(st->program);
		return;
	}
	if (status != STATUS_OK) {
		show_status("the program's file", status);
		return;
	}
	msg_reader_init(&reader, program.needs.ptr, program.needs.len);
	struct program_reader needs = program_reader_root(&reader);
	if (!(st->with ? grant_listed(st, needs, &grants) : grant_needs(needs, st->program, &grants)))
		return;
	if (!st->with)
		say_what_is_granted(st, &grants);
	terminal_flush();
	start(st, &program, &grants);
}
