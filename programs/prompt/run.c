// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Programs: from the boot package, with exactly the grants that were written. Without any, what a program asks for is
 * said, and nothing runs. And scripts, which are files of the boot package.
 */
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <schema/kernel/boot_package.capnp.h>
#include <schema/kernel/entropy_source.capnp.h>
#include <schema/kernel/process_spawner.capnp.h>
#include <schema/kernel/scheduling_context.capnp.h>
#include <schema/kernel/session_context.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <schema/service/package.capnp.h>
#include <schema/service/program.capnp.h>
#include <spawn/spawn.h>

#include "prompt.h"
#include "view.h"

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
		shell_fail_status(&shell, "the boot package", status);
		return nullptr;
	}
	package_is_open = true;
	return &package;
}

static bool not_found(const char *what, const char *list, enum package_index_kind kind,
		      struct shell_word word)
{
	struct shell_nearest nearest = shell_nearest(word.ptr, word.len);
	int len = (int)(word.len < 40 ? word.len : 40);
	struct msg_text name;

	for (uint32_t i = 0; spawn_package_name(&package, kind, i, &name); i++)
		shell_nearest_offer(&nearest, name.ptr, name.len);
	if (nearest.found)
		return shell_fail_at(&shell, word.at, "there is no %s \"%.*s\"; did you mean \"%.*s\"?", what,
				     len, word.ptr, (int)nearest.name_len, nearest.name);
	return shell_fail_at(&shell, word.at, "there is no %s \"%.*s\"; \"programs\" lists %s", what, len,
			     word.ptr, list);
}

static bool find_program(struct shell_word word, struct spawn_program *program)
{
	enum status status;

	if (!package_open())
		return false;
	status = spawn_package_program(&package, (struct msg_text){word.ptr, word.len}, program);
	if (status == STATUS_NOT_FOUND)
		return not_found("program", "them", PACKAGE_INDEX_KIND_PROGRAM, word);
	return status == STATUS_OK || shell_fail_status(&shell, "the program's file", status);
}

static struct program_reader needs_of(const struct spawn_program *program, struct msg_reader *reader)
{
	msg_reader_init(reader, program->needs.ptr, program->needs.len);
	return program_reader_root(reader);
}

bool command_programs(const struct shell_word *words, uint32_t count)
{
	struct msg_text name;

	(void)words, (void)count;
	if (!package_open())
		return false;
	for (uint32_t i = 0; spawn_package_name(&package, PACKAGE_INDEX_KIND_PROGRAM, i, &name); i++) {
		struct spawn_program program;
		struct msg_reader reader;

		text_put(&out, "  ");
		text_put_text(&out, name);
		if (spawn_package_program(&package, name, &program) == STATUS_OK) {
			text_put_pad(&out, name.len, 18);
			text_put(&out, " ");
			text_put_text(&out, program_reader_summary(needs_of(&program, &reader)));
		}
		text_put(&out, "\n");
	}
	for (uint32_t i = 0; spawn_package_name(&package, PACKAGE_INDEX_KIND_DATA, i, &name); i++) {
		text_put(&out, "  ");
		text_put_text(&out, name);
		text_put_pad(&out, name.len, 18);
		text_put(&out, " a file: source \"");
		text_put_text(&out, name);
		text_put(&out, "\"\n");
	}
	return true;
}

/* ---- Grants ---- */

static bool is_granted(const struct shell_run *run, struct msg_text name)
{
	for (uint32_t i = 0; i < run->grant_count; i++)
		if (msg_text_equal(run->grants[i].name, name))
			return true;
	return false;
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

/* "run hello with { console }": what would start it, as far as it is held here under the same names. */
static void show_suggestion(struct shell_word program, struct program_need_list_reader list)
{
	bool first = true;

	text_print(&out, "  run %.*s with {", (int)program.len, program.ptr);
	for (uint32_t i = 0; i < program_need_list_reader_count(list); i++) {
		struct program_need_reader need = program_need_list_reader_at(list, i);

		if (program_need_reader_optional(need))
			continue;
		text_put(&out, first ? " " : ", ");
		text_put_text(&out, program_need_reader_name(need));
		first = false;
	}
	text_put(&out, first ? "}\n" : " }\n");
}

/* What was given under a name that is asked for must be what is asked for. False: shell_fail was called. */
static bool check_types(const struct shell_run *run, struct program_need_list_reader list)
{
	for (uint32_t i = 0; i < program_need_list_reader_count(list); i++) {
		struct program_need_reader need = program_need_list_reader_at(list, i);
		struct msg_text name = program_need_reader_name(need),
				type = program_need_reader_interface(need);
		struct registry_data_interface_reader wanted;
		char buffer[24];

		if (!registry_interface_named(&registry, type, &wanted))
			continue; /* a program may bring types that are not known here */
		for (uint32_t g = 0; g < run->grant_count; g++) {
			uint64_t given = run->grants[g].own_space ? VIRTUAL_MEMORY_INTERFACE_ID
								  : run->grants[g].interface_id;
			struct msg_text is = registry_interface_name(&registry, given, buffer);

			if (!msg_text_equal(run->grants[g].name, name) ||
			    given == registry_data_interface_reader_id(wanted) ||
			    registry_extends(&registry, given, registry_data_interface_reader_id(wanted)))
				continue;
			return shell_fail_at(&shell, run->program.at,
					     "%.*s wants %.*s to be a %.*s, not a %.*s; nothing was started",
					     (int)run->program.len, run->program.ptr, (int)name.len, name.ptr,
					     (int)type.len, type.ptr, (int)is.len, is.ptr);
		}
	}
	return true;
}

/* Says what is asked for and was not given. False: nothing was missing. */
static bool show_missing(const struct shell_run *run, struct program_need_list_reader list)
{
	bool missing = false;

	for (uint32_t i = 0; i < program_need_list_reader_count(list); i++) {
		struct program_need_reader need = program_need_list_reader_at(list, i);

		if ((run->with && program_need_reader_optional(need)) ||
		    is_granted(run, program_need_reader_name(need)))
			continue;
		if (!missing)
			text_print(&out,
				   run->with ? "%.*s was not started; it also asks for:\n"
					     : "%.*s asks for:\n",
				   (int)run->program.len, run->program.ptr);
		show_need(need);
		missing = true;
	}
	return missing;
}

/* Exactly what was written. What the program cannot do without must be among it. */
static bool check_grants(const struct shell_run *run, struct program_reader needs)
{
	struct program_need_list_reader list = program_reader_grants(needs);

	if (!show_missing(run, list))
		return true;
	if (!run->with) {
		text_put(&out, "nothing was started; to start it with exactly that:\n");
		show_suggestion(run->program, list);
	}
	shell.status = 1;
	return false;
}

/* ---- Starting ---- */

/* The shell's own StdIO becomes one of the program's, which ends with it. */
static cap_id own_stdio(const struct shell_run *run, const struct shell_grant *grant, struct job *job)
{
	cap_id given, opened;

	if (grant->interface_id != STD_IO_INTERFACE_ID ||
	    runtime_cap("stdio", STD_IO_INTERFACE_ID, &given) != STATUS_OK || given.raw != grant->cap.raw ||
	    job->stdio != 0 || terminal_open_stdio(!run->background, &opened, &job->stdio) != STATUS_OK)
		return CAP_ID_NULL;
	return opened;
}

struct starting {
	struct spawn_grant grants[SHELL_MAX_GRANTS];
	cap_id opened; /* ours to release */
};

static void fill_grants(const struct shell_run *run, struct starting *s, struct job *job)
{
	for (uint32_t i = 0; i < run->grant_count; i++) {
		const struct shell_grant *g = &run->grants[i];
		cap_id stdio = own_stdio(run, g, job);

		if (stdio.raw)
			s->opened = stdio;
		s->grants[i] = (struct spawn_grant){
			.name = g->name,
			.interface_id = g->own_space ? VIRTUAL_MEMORY_INTERFACE_ID : g->interface_id,
			.kind = g->own_space ? SPAWN_GRANT_OWN_SPACE : SPAWN_GRANT_COPY,
			.cap = stdio.raw ? stdio : g->cap,
		};
	}
}

static bool start(const struct shell_run *run, const struct spawn_program *program, struct job *job)
{
	static struct starting s;
	struct spawn_process process;
	const char *why = "";
	cap_id spawner, entropy;

	if (!names_need("processSpawner", PROCESS_SPAWNER_INTERFACE_ID, &spawner))
		return false;
	if (runtime_cap("entropy", ENTROPY_SOURCE_INTERFACE_ID, &entropy) != STATUS_OK)
		entropy = CAP_ID_NULL;
	s = (struct starting){};
	fill_grants(run, &s, job);

	struct spawn_request request = {
		.program = program,
		.spawner = spawner,
		.grants = s.grants,
		.grant_count = run->grant_count,
		.arguments = run->arguments,
		.argument_count = run->argument_count,
		.session = run->session,
		.context = run->context,
		.capture = trace_prepare(),
		.seed = spawn_seed(runtime_transport(), entropy),
	};
	enum status status = spawn_start(runtime_transport(), &request, &process, &why);
	ring_release(runtime_ring(), s.opened);
	if (status != STATUS_OK)
		return shell_fail_status(&shell, why, status);
	job->handle = process.handle;
	return true;
}

/* On whose behalf it is to run: a session that lives, or ours. */
static bool check_session(const struct shell_run *run)
{
	struct session_context_info_results_reader results;
	struct rpc_call call;
	bool alive = true;

	if (!run->session.raw)
		return true;
	if (run->session_interface != SESSION_CONTEXT_INTERFACE_ID)
		return shell_fail_at(
			&shell, run->program.at,
			"what stands behind \"in\" must be a SessionContext; nothing was started");
	session_context_info_begin(&call, runtime_transport(), run->session);
	if (session_context_info_call(&call, &results) == STATUS_OK)
		alive = session_context_info_results_reader_alive(results);
	rpc_end(&call);
	return alive ||
	       shell_fail(&shell, "ended",
			  "that session has ended: nothing runs in it any more; nothing was started");
}

/* On what CPU time: a context that is nobody's. */
static bool check_context(const struct shell_run *run)
{
	struct scheduling_context_look_results_reader results;
	struct rpc_call call;
	bool is_free = true;

	if (!run->context.raw)
		return true;
	if (run->context_interface != SCHEDULING_CONTEXT_INTERFACE_ID)
		return shell_fail_at(
			&shell, run->program.at,
			"what stands behind \"on\" must be a SchedulingContext; nothing was started");
	scheduling_context_look_begin(&call, runtime_transport(), run->context);
	if (scheduling_context_look_call(&call, &results) == STATUS_OK)
		is_free = scheduling_context_status_reader_state(
				  scheduling_context_look_results_reader_status(results)) ==
			  SCHEDULING_CONTEXT_STATE_FREE;
	rpc_end(&call);
	return is_free ||
	       shell_fail(&shell, "taken", "that CPU time is another's, or has ended; nothing was started");
}

bool run_program(void *self, struct shell *shell_, const struct shell_run *run, struct shell_value *result)
{
	static const struct shell_word job_name = {"job", 3, 0};
	static uint32_t last_job;
	struct spawn_program program;
	struct msg_reader reader;
	struct job *job;

	(void)self, (void)shell_;
	if (!find_program(run->program, &program))
		return false;
	if (!check_types(run, program_reader_grants(needs_of(&program, &reader))))
		return false;
	if (!check_session(run) || !check_context(run))
		return false;
	if (!check_grants(run, needs_of(&program, &reader)))
		return true;
	job = job_new();
	if (!job)
		return shell_fail(&shell, "", "too many jobs: \"jobs\" lists them");

	uint32_t len = run->program.len < SHELL_MAX_NAME ? run->program.len : SHELL_MAX_NAME;
	__builtin_memcpy(job->name, run->program.ptr, len);
	terminal_flush();
	bool started = start(run, &program, job);
	if (started && run->background)
		job->number = ++last_job;
	trace_attach(started ? job : nullptr, run);
	if (!started)
		return false;
	if (!run->background)
		return job_wait(job, false, result);
	text_print(&out, "[%u] %s\n", job->number, job->name);
	terminal_flush(); /* before what it says itself */
	shell_add_integer(&shell, result, job_name, job->number);
	return true;
}

/* ---- Scripts ---- */

bool find_script(void *self, struct shell_word name, const char **text, uint32_t *len)
{
	struct msg_data bytes;
	enum status status;

	(void)self;
	if (!package_open())
		return false;
	status = spawn_package_file(&package, (struct msg_text){name.ptr, name.len}, PACKAGE_INDEX_KIND_DATA,
				    &bytes);
	if (status == STATUS_NOT_FOUND)
		return not_found("script", "what there is", PACKAGE_INDEX_KIND_DATA, name);
	if (status != STATUS_OK)
		return shell_fail_status(&shell, "the script", status);
	*text = (const char *)bytes.ptr;
	*len = bytes.len;
	return true;
}

bool command_source(const struct shell_word *words, uint32_t count)
{
	const char *text;
	uint32_t len;

	if (count != 2)
		return shell_fail(&shell, "",
				  "source \"FILE\" runs a script; \"programs\" lists what there is");
	return find_script(nullptr, words[1], &text, &len) && shell_script(&shell, words[1], text, len);
}
