// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Starting programs. /bin/NAME is the program NAME of the boot package; a file that begins with "#!" is a script.
 *
 * A child gets: its descriptors (stdio_N), and of the capabilities that this process was granted those that its requirement record asks
 * for under the same name. So a program never holds what it does not ask for, nor what its parent does not hold.
 */
#include "process.h"
#include "parent.h"
#include "path.h"
#include "position.h"
#include "removed.h"
#include "signal.h"

#include <fcntl.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <runtime/string.h>
#include <runtime/thread.h>
#include <schema/kernel/boot_package.capnp.h>
#include <schema/kernel/entropy_source.capnp.h>
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/process_handle.capnp.h>
#include <schema/kernel/process_spawner.capnp.h>
#include <schema/kernel/thread.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <schema/service/program.capnp.h>
#include <spawn/spawn.h>
#include <stdlib.h>
#include <sys/stat.h>

#define ARGUMENTS 64u
#define KEPT_GRANTS 16u

static struct spawn_package package;

static bool open_package(const char *call)
{
	static bool opened;
	cap_id boot, space;

	if (opened)
		return true;
	boot = posix_grant("bootPackage", BOOT_PACKAGE_INTERFACE_ID, "BootPackage", call);
	space = posix_grant("virtualMemory", VIRTUAL_MEMORY_INTERFACE_ID, "VirtualMemory", call);
	if (!boot.raw || !space.raw)
		return false;
	opened = spawn_package_open(&package, runtime_transport(), boot, space) == STATUS_OK;
	return opened;
}

/* NAME of /bin/NAME and /usr/bin/NAME; null. */
static const char *name_in_bin(const char *path)
{
	static const char *const directories[] = {"/bin/", "/usr/bin/"};

	for (int i = 0; i < 2; i++) {
		size_t length = strlen(directories[i]);

		if (strncmp(path, directories[i], length) == 0 && !strchr(path + length, '/') && path[length])
			return path + length;
	}
	return nullptr;
}

static bool look_up(const char *name, struct spawn_program *program)
{
	if (spawn_package_program(&package, msg_text_from(name), program) == STATUS_OK)
		return true;
	/* The shell by the name that everybody uses. */
	return strcmp(name, "sh") == 0 &&
	       spawn_package_program(&package, msg_text_from("dash"), program) == STATUS_OK;
}

/* The package stays as it is, and so does what this process was granted; and the same program is often started again. */
static struct {
	struct spin_lock lock;
	char name[NAME_MAX + 1];
	struct spawn_program program;
	struct spawn_grant capabilities[KEPT_GRANTS]; /* what add_capabilities gave for it */
	uint32_t capability_count;
	bool has_capabilities;
} last;

void posix_programs_hold(bool hold)
{
	if (hold)
		spin_lock_acquire(&last.lock);
	else
		spin_lock_release(&last.lock);
}

static bool is_last(const char *name, struct spawn_program *program)
{
	bool same;

	spin_lock_acquire(&last.lock);
	same = last.program.package && strcmp(last.name, name) == 0;
	if (same)
		*program = last.program;
	spin_lock_release(&last.lock);
	return same;
}

static bool find(const char *path, struct spawn_program *program)
{
	const char *name = name_in_bin(path);

	if (!name || strlen(name) > NAME_MAX || !open_package("exec"))
		return false;
	if (!is_last(name, program)) {
		if (!look_up(name, program))
			return false;
		spin_lock_acquire(&last.lock);
		__builtin_memcpy(last.name, name, strlen(name) + 1);
		last.program = *program;
		last.has_capabilities = false;
		spin_lock_release(&last.lock);
	}
	program->name = msg_text_from(name); /* as long as the path */
	return true;
}

bool posix_has_program(const char *path)
{
	struct spawn_program ignored;

	return name_in_bin(path) && posix_grant_quiet("bootPackage", BOOT_PACKAGE_INTERFACE_ID).raw &&
	       find(path, &ignored);
}

/* ---- What a child is granted ---- */

static uint32_t put_number(char *to, long value)
{
	uint64_t n = (uint64_t)value;
	char digits[20];
	uint32_t count = 0, length = 0;

	do
		digits[count++] = (char)('0' + n % 10);
	while ((n /= 10) != 0);
	while (count > 0)
		to[length++] = digits[--count];
	return length;
}

struct grants {
	struct spawn_grant list[SPAWN_MAX_GRANTS];
	char names[POSIX_DESCRIPTORS][12]; /* stdio_N */
	char child_names[POSIX_CHILDREN][16];
	uint32_t count, children;
};

static void add_descriptors(struct grants *g, const struct posix_table *table)
{
	for (uint32_t fd = 0; fd < table->count && g->count < SPAWN_MAX_GRANTS; fd++) {
		const struct posix_open *o = table->open[fd];
		char *name = g->names[fd];
		uint32_t length = 6;

		if (!o || table->close_on_exec[fd] || !o->cap.raw || !o->kind->interface_id)
			continue;
		__builtin_memcpy(name, "stdio_", 6);
		if (fd >= 100)
			name[length++] = (char)('0' + fd / 100);
		if (fd >= 10)
			name[length++] = (char)('0' + fd / 10 % 10);
		name[length++] = (char)('0' + fd % 10);
		g->list[g->count++] = (struct spawn_grant){.name = {name, length},
							   .interface_id = o->kind->interface_id,
							   .kind = SPAWN_GRANT_COPY,
							   .cap = o->cap};
	}
}

/* Names that a program asks for. */
struct asked {
	struct msg_text names[SPAWN_MAX_GRANTS];
	uint32_t count;
};

static void read_asked(struct asked *asked, const struct spawn_program *program)
{
	struct msg_reader reader;
	struct program_need_list_reader list;

	msg_reader_init(&reader, program->needs.ptr, program->needs.len);
	list = program_reader_grants(program_reader_root(&reader));
	asked->count = program_need_list_reader_count(list);
	if (asked->count > SPAWN_MAX_GRANTS)
		asked->count = SPAWN_MAX_GRANTS;
	for (uint32_t i = 0; i < asked->count; i++)
		asked->names[i] = program_need_reader_name(program_need_list_reader_at(list, i));
}

static bool asks_for(const struct asked *asked, struct msg_text name)
{
	for (uint32_t i = 0; i < asked->count; i++)
		if (msg_text_equal(asked->names[i], name))
			return true;
	return false;
}

static bool add_kept(struct grants *g, const struct spawn_program *program)
{
	bool kept;

	spin_lock_acquire(&last.lock);
	kept = last.has_capabilities && last.program.needs.ptr == program->needs.ptr &&
	       g->count + last.capability_count <= SPAWN_MAX_GRANTS;
	if (kept) {
		__builtin_memcpy(g->list + g->count, last.capabilities,
				 last.capability_count * sizeof(struct spawn_grant));
		g->count += last.capability_count;
	}
	spin_lock_release(&last.lock);
	return kept;
}

static void keep(const struct spawn_grant *list, uint32_t count, const struct spawn_program *program)
{
	if (count > KEPT_GRANTS)
		return;
	spin_lock_acquire(&last.lock);
	if (last.program.needs.ptr == program->needs.ptr) {
		__builtin_memcpy(last.capabilities, list, count * sizeof(struct spawn_grant));
		last.capability_count = count;
		last.has_capabilities = true;
	}
	spin_lock_release(&last.lock);
}

/* What it asks for and this process was granted, but for descriptors. */
static void add_capabilities(struct grants *g, const struct spawn_program *program)
{
	uint32_t first = g->count;
	__attribute__((uninitialized)) struct runtime_grant own[SPAWN_MAX_GRANTS];
	__attribute__((uninitialized)) struct asked asked;

	if (add_kept(g, program))
		return;
	read_asked(&asked, program);
	for (uint32_t i = 0, count = runtime_grants(own, SPAWN_MAX_GRANTS);
	     i < count && g->count < SPAWN_MAX_GRANTS; i++) {
		if (own[i].name.len > 6 && __builtin_memcmp(own[i].name.ptr, "stdio_", 6) == 0)
			continue;
		if (!asks_for(&asked, own[i].name))
			continue;
		g->list[g->count++] = (struct spawn_grant){
			.name = own[i].name,
			.interface_id = own[i].interface_id,
			.kind = own[i].interface_id == VIRTUAL_MEMORY_INTERFACE_ID ? SPAWN_GRANT_OWN_SPACE
										   : SPAWN_GRANT_COPY,
			.cap = own[i].id,
		};
	}
	if (g->count < SPAWN_MAX_GRANTS)
		keep(g->list + first, g->count - first, program);
}

/* Who waits for a child goes on waiting after exec: its handle is the grant child_NUMBER. */
static void add_child(void *context, long number, cap_id handle)
{
	struct grants *g = context;
	char *name = g->child_names[g->children];
	uint32_t length = sizeof(POSIX_CHILD) - 1;

	if (g->count == SPAWN_MAX_GRANTS)
		return;
	__builtin_memcpy(name, POSIX_CHILD, length);
	length += put_number(name + length, number);
	g->children++;
	g->list[g->count++] = (struct spawn_grant){
		.name = {name, length}, .interface_id = PROCESS_HANDLE_INTERFACE_ID, .cap = handle};
}

/* Its parent's: this process's facet, or, for exec, what this process has. */
static void add_parent(struct grants *g, cap_id parent)
{
	if (parent.raw && g->count < SPAWN_MAX_GRANTS)
		g->list[g->count++] = (struct spawn_grant){.name = MSG_TEXT(POSIX_PARENT),
							   .interface_id = THREAD_HANDLE_INTERFACE_ID,
							   .kind = SPAWN_GRANT_COPY,
							   .cap = parent};
}

/* ---- Parameters ---- */

struct parameters {
	struct msg_text arguments[ARGUMENTS];
	struct spawn_variable environment[ARGUMENTS];
	uint32_t argument_count, variable_count;
	char fds[POSIX_INHERIT_BYTES], pids[48], signals[64], cwd[POSIX_PATH + 1];
};

static long add_variable(struct parameters *p, struct msg_text name, struct msg_text value)
{
	if (p->variable_count == ARGUMENTS)
		return -E2BIG;
	p->environment[p->variable_count++] = (struct spawn_variable){name, value};
	return 0;
}

static long add_environment(struct parameters *p, char *const *environment)
{
	long error = 0;

	for (; environment && *environment && error == 0; environment++) {
		char *equals = strchr(*environment, '=');

		if (equals)
			error = add_variable(
				p, (struct msg_text){*environment, (uint32_t)(equals - *environment)},
				msg_text_from(equals + 1));
	}
	return error;
}

static long add_arguments(struct parameters *p, char *const *arguments)
{
	for (; *arguments; arguments++) {
		if (p->argument_count == ARGUMENTS)
			return -E2BIG;
		p->arguments[p->argument_count++] = msg_text_from(*arguments);
	}
	return 0;
}

static long add_inherited(struct parameters *p, const char *name, const struct posix_table *table,
			  long number)
{
	uint32_t length = posix_inherit_write(table, p->fds, sizeof(p->fds));
	long error = add_variable(p, MSG_TEXT("CAPOS_FDS"), (struct msg_text){p->fds, length});
	long own = sys_getpid(0, 0, 0, 0, 0, 0);
	bool cwd = posix_working_directory && posix_working_directory(p->cwd, sizeof(p->cwd));

	length = put_number(p->pids, number);
	p->pids[length++] = ',';
	length += put_number(p->pids + length, number == own ? sys_getppid(0, 0, 0, 0, 0, 0) : own);
	if (error == 0)
		error = add_variable(p, MSG_TEXT("CAPOS_PIDS"), (struct msg_text){p->pids, length});
	if (error == 0 && (table->ignored | table->blocked) != 0) {
		length = put_number(p->signals, (long)table->ignored);
		p->signals[length++] = ',';
		length += put_number(p->signals + length, (long)table->blocked);
		p->signals[length++] = ',';
		length += put_number(p->signals + length, (long)table->pending);
		error = add_variable(p, MSG_TEXT("CAPOS_SIGNALS"), (struct msg_text){p->signals, length});
	}
	if (error == 0)
		error = add_variable(p, MSG_TEXT("CAPOS_NAME"), msg_text_from(name));
	if (error == 0 && cwd)
		error = add_variable(p, MSG_TEXT("CAPOS_CWD"), msg_text_from(p->cwd));
	return error;
}

/* ---- Starting ---- */

struct start {
	struct spawn_program program;
	struct grants grants;
	struct parameters parameters;
};

/*
 * Unpredictable bits for each program. Drawing them costs the kernel the same for eight as for one. A child knows its own and nobody else's;
 * a clone of this process begins with none.
 */
static struct {
	uint64_t left[8];
	uint32_t count;
} seeds;

void posix_programs_forked(void)
{
	seeds.count = 0;
}

static uint64_t take_seed(void)
{
	cap_id entropy = posix_grant_quiet("entropy", ENTROPY_SOURCE_INTERFACE_ID);
	struct msg_data bytes;
	struct rpc_call call;
	struct entropy_source_fill_results_reader results;
	uint64_t seed;

	if (seeds.count == 0 && entropy.raw) {
		entropy_source_fill_params_builder_set_count(
			entropy_source_fill_begin(&call, runtime_transport(), entropy), sizeof(seeds.left));
		if (entropy_source_fill_call(&call, &results) == STATUS_OK) {
			bytes = entropy_source_fill_results_reader_bytes(results);
			if (bytes.len == sizeof(seeds.left)) {
				__builtin_memcpy(seeds.left, bytes.ptr, sizeof(seeds.left));
				seeds.count = 8;
			}
		}
		rpc_end(&call);
	}
	if (seeds.count == 0)
		return spawn_seed(runtime_transport(), entropy);
	seed = seeds.left[--seeds.count];
	seeds.left[seeds.count] = 0;
	return seed;
}

/* What is the same for a program that is started, and for one that takes this one's place. */
static long fill(struct start *s, const char *name, char *const *environment, const struct posix_table *table,
		 long number, struct spawn_request *request)
{
	long error = add_environment(&s->parameters, environment);

	if (error == 0)
		error = add_inherited(&s->parameters, name, table, number);
	if (error)
		return error;
	add_descriptors(&s->grants, table);
	add_capabilities(&s->grants, &s->program);
	if (posix_positions_memory().raw && s->grants.count < SPAWN_MAX_GRANTS)
		s->grants.list[s->grants.count++] = (struct spawn_grant){
			.name = MSG_TEXT(POSIX_POSITIONS),
			.interface_id = MEMORY_OBJECT_INTERFACE_ID,
			.cap = posix_positions_memory()};
	*request = (struct spawn_request){
		.program = &s->program,
		.spawner = posix_grant("processSpawner", PROCESS_SPAWNER_INTERFACE_ID, "ProcessSpawner",
				       "exec"),
		.grants = s->grants.list,
		.grant_count = s->grants.count,
		.arguments = s->parameters.arguments,
		.argument_count = s->parameters.argument_count,
		.environment = s->parameters.environment,
		.environment_count = s->parameters.variable_count,
	};
	if (!request->spawner.raw)
		return -EPERM;
	request->seed = take_seed();
	return 0;
}

static long as_errno(enum status status)
{
	return status == STATUS_INVALID ? -E2BIG : posix_errno(status);
}

static long start(struct start *s, const char *name, char *const *environment,
		  const struct posix_table *table, long *number)
{
	struct spawn_process process;
	struct spawn_request request;
	enum status status;
	long error;

	if (*number == 0)
		*number = posix_new_number();
	error = fill(s, name, environment, table, *number, &request);
	if (error)
		return error;
	add_parent(&s->grants, posix_parent_facet());
	request.grant_count = s->grants.count;
	status = spawn_start(runtime_transport(), &request, &process, nullptr);
	return status == STATUS_OK ? posix_child_add(*number, process.handle) : as_errno(status);
}

/* Only comes back if it failed. */
static long replace(struct start *s, const char *name, char *const *environment,
		    const struct posix_table *table)
{
	struct spawn_request request;
	long error;

	posix_children_each(add_child, &s->grants);
	add_parent(&s->grants, posix_parent_of());
	error = fill(s, name, environment, table, sys_getpid(0, 0, 0, 0, 0, 0), &request);
	if (error)
		return error;
	if (posix_removed_end)
		posix_removed_end();
	posix_signals_quiet(true);
	error = as_errno(spawn_replace(runtime_transport(), &request,
				       posix_grant_quiet("virtualMemory", VIRTUAL_MEMORY_INTERFACE_ID)));
	posix_signals_quiet(false);
	return error;
}

/* "#!INTERPRETER [ARGUMENT]" of a script: both in `line`, cut at the end. False: it is no script. */
static bool read_script(const char *path, char line[256], char **interpreter, char **argument)
{
	long fd = sys_openat(AT_FDCWD, (long)(uintptr_t)path, O_RDONLY | O_CLOEXEC, 0, 0, 0);
	long got = fd < 0 ? 0 : sys_read(fd, (long)(uintptr_t)line, 255, 0, 0, 0);
	char *end, *at = line + 2;

	if (fd >= 0)
		(void)sys_close(fd, 0, 0, 0, 0, 0);
	line[got < 0 ? 0 : got] = '\0';
	end = strchr(line, '\n');
	if (got < 3 || line[0] != '#' || line[1] != '!' || !end)
		return false;
	*end = '\0';
	while (*at == ' ')
		at++;
	*interpreter = at;
	*argument = strchr(at, ' ');
	if (*argument)
		*(*argument)++ = '\0';
	return true;
}

static bool is_directory(const char *path)
{
	struct stat stat;

	return sys_stat((long)(uintptr_t)path, (long)(uintptr_t)&stat, 0, 0, 0, 0) == 0 &&
	       S_ISDIR(stat.st_mode);
}

static long prepare(struct start *s, const char *path, char *const *arguments, char line[256])
{
	char *interpreter, *argument;
	long error;

	if (find(path, &s->program))
		return *arguments ? add_arguments(&s->parameters, arguments + 1) : 0;
	error = sys_faccessat(AT_FDCWD, (long)(uintptr_t)path, 0, 0, 0, 0);
	if (error)
		return error;
	if (is_directory(path))
		return -EACCES;
	if (!read_script(path, line, &interpreter, &argument) || !find(interpreter, &s->program))
		return -ENOEXEC;
	if (argument)
		s->parameters.arguments[s->parameters.argument_count++] = msg_text_from(argument);
	s->parameters.arguments[s->parameters.argument_count++] = msg_text_from(path);
	return *arguments ? add_arguments(&s->parameters, arguments + 1) : 0;
}

/* number null: exec. */
static long run(const char *path, char *const *arguments, char *const *environment,
		const struct posix_table *table, long *number)
{
	static const char *const none[] = {nullptr};
	__attribute__((uninitialized)) struct start start_of_it,
		*s = &start_of_it; /* large, and mostly not used */
	char line[256];
	long error;

	s->grants.count = s->grants.children = 0;
	s->parameters.argument_count = s->parameters.variable_count = 0;
	arguments = arguments ? arguments : (char *const *)(uintptr_t)none;
	error = prepare(s, path, arguments, line);
	if (error == 0 && number)
		error = start(s, *arguments ? *arguments : path, environment, table, number);
	else if (error == 0)
		error = replace(s, *arguments ? *arguments : path, environment, table);
	return error;
}

long posix_start_program(const char *path, char *const *arguments, char *const *environment,
			 const struct posix_table *table, long *number)
{
	return run(path, arguments, environment, table, number);
}

long posix_exec_program(const char *path, char *const *arguments, char *const *environment,
			const struct posix_table *table)
{
	return run(path, arguments, environment, table, nullptr);
}

long posix_search_program(const char *name, char *const *arguments, char *const *environment,
			  const struct posix_table *table, long *number)
{
	const char *at = getenv("PATH");
	char path[POSIX_PATH];
	size_t name_length = strlen(name);

	if (strchr(name, '/'))
		return posix_start_program(name, arguments, environment, table, number);
	for (at = at ? at : "/bin"; *at; at += *at == ':') {
		size_t length = 0;

		while (at[length] && at[length] != ':')
			length++;
		if (length + name_length + 2 <= sizeof(path)) {
			__builtin_memcpy(path, at, length);
			path[length] = '/';
			__builtin_memcpy(path + length + 1, name, name_length + 1);

			long error = posix_start_program(path, arguments, environment, table, number);

			if (error != -ENOENT)
				return error;
		}
		at += length;
	}
	return -ENOENT;
}
