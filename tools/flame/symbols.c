// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Names. Programs are position-independent and lie anywhere; but every stack ends in one of two places, _start or
 * runtime_thread_entry (lib/runtime), and a load address is a multiple of the page: so one address of a whole stack tells it, and
 * what was learned of a program is kept for its stacks that were cut short.
 */
#include <elf/elf.h>
#include <registry/registry.h>
#include <stdlib.h>
#include <string.h>

#include "flame.h"

#define PROGRAMS 64
#define DIRECTORIES 8
#define ALIASES 32
#define PAGE 4096u

struct program {
	char *name;
	struct elf elf;
	bool known;    /* its file was found */
	uint64_t base; /* 0: not known yet */
};

static struct program programs[PROGRAMS];
static unsigned program_count;
static const char *directories[DIRECTORIES];
static unsigned directory_count;
static const char *aliases[ALIASES]; /* PROCESS=PROGRAM */
static unsigned alias_count;
static struct registry registry;
static bool has_registry;

static void *read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	char *bytes = nullptr;

	if (!file)
		return nullptr;
	if (fseek(file, 0, SEEK_END) == 0 && ftell(file) > 0) {
		*size = (size_t)ftell(file);
		rewind(file);
		bytes = malloc(*size);
		if (bytes && fread(bytes, 1, *size, file) != *size) {
			free(bytes);
			bytes = nullptr;
		}
	}
	fclose(file);
	return bytes;
}

bool symbols_package(const char *path)
{
	size_t size;
	void *bytes = read_file(path, &size);

	has_registry = bytes && registry_open(&registry, bytes, size);
	return has_registry;
}

bool symbols_directory(const char *path)
{
	if (directory_count == DIRECTORIES)
		return false;
	directories[directory_count++] = path;
	return true;
}

bool symbols_alias(const char *pair)
{
	if (alias_count == ALIASES || !strchr(pair, '='))
		return false;
	aliases[alias_count++] = pair;
	return true;
}

/* What a process runs: what it was said to, else the program of its name. */
static const char *program_of(const char *process)
{
	size_t length = strlen(process);

	for (unsigned i = 0; i < alias_count; i++)
		if (strncmp(aliases[i], process, length) == 0 && aliases[i][length] == '=')
			return aliases[i] + length + 1;
	return process;
}

static void open_program(struct program *program)
{
	static const char *const usual[] = {"out/user/bin", "out/user/tests/programs/bin"};
	const char *const *in = directory_count ? directories : usual;
	unsigned n = directory_count ? directory_count : 2;
	char path[512];

	for (unsigned i = 0; i < n && !program->known; i++) {
		size_t size;
		void *bytes;

		snprintf(path, sizeof(path), "%s/%s", in[i], program_of(program->name));
		bytes = read_file(path, &size);
		program->known = bytes && elf_open(&program->elf, bytes, size, nullptr) == STATUS_OK;
	}
}

static struct program *find_program(const char *name)
{
	for (unsigned i = 0; i < program_count; i++)
		if (strcmp(programs[i].name, name) == 0)
			return &programs[i];
	if (program_count == PROGRAMS)
		return nullptr;
	struct program *program = &programs[program_count++];

	program->name = strdup(name);
	open_program(program);
	return program;
}

/* A function's name at an address of the file, if one covers it. */
static const char *name_at(const struct program *program, uint64_t address)
{
	const char *name;
	uint64_t offset;

	return address < program->elf.end && elf_symbol(&program->elf, address, &name, &offset) ? name
												: nullptr;
}

/* Where the program must lie for this return address to be in one of the two functions in which stacks end; 0: it cannot be. */
static uint64_t base_from(const struct program *program, uint64_t last)
{
	for (uint64_t address = last % PAGE; address < program->elf.end && address <= last; address += PAGE) {
		const char *name = name_at(program, address - 1);

		if (name && (strcmp(name, "_start") == 0 || strcmp(name, "runtime_thread_entry") == 0) &&
		    (!name_at(program, address) || strcmp(name_at(program, address), name) == 0))
			return last - address;
	}
	return 0;
}

const char *symbols_function(const char *name, const uint64_t *pcs, unsigned count, unsigned at)
{
	static char text[128];
	struct program *program = find_program(name);
	const char *found = nullptr;

	if (program && program->known) {
		uint64_t base = base_from(program, pcs[count - 1]);

		/* A return address is behind the call: it may be the next function's first. */
		program->base = base ? base : program->base;
		if (program->base && pcs[at] >= program->base)
			found = name_at(program, pcs[at] - program->base - (at > 0));
	}
	if (found) { /* the linker's optimiser adds ".llvm.NUMBER" to what was static */
		snprintf(text, sizeof(text), "%.*s",
			 (int)(strcspn(found, ".") ? strcspn(found, ".") : strlen(found)), found);
		return text;
	}
	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)pcs[at]);
	return text;
}

const char *symbols_operation(uint64_t id, unsigned method)
{
	static char text[128];
	struct registry_data_interface_reader interface;
	struct registry_method found;

	if (id == 0)
		return "[kernel]";
	if (has_registry && registry_interface(&registry, id, &interface)) {
		char buffer[24];
		struct msg_text name = registry_interface_name(&registry, id, buffer);

		if (registry_method_at(&registry, interface, method, &found)) {
			struct msg_text m = registry_data_method_reader_name(found.method);

			snprintf(text, sizeof(text), "[kernel] %.*s.%.*s", (int)name.len, name.ptr,
				 (int)m.len, m.ptr);
		} else {
			snprintf(text, sizeof(text), "[kernel] %.*s.%u", (int)name.len, name.ptr, method);
		}
		return text;
	}
	snprintf(text, sizeof(text), "[kernel] %llx.%u", (unsigned long long)id, method);
	return text;
}
