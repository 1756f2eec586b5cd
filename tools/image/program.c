// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Compiled programs and their requirement records (section .capos.needs: one flat message of type Program).
 */
#include <stdio.h>
#include <string.h>

#include "image_tool.h"

#define DIRECTORIES 8

static const char *directories[DIRECTORIES];
static int directory_count;
static struct program *used, **last = &used;

void programs_open(const char *path)
{
	if (directory_count == DIRECTORIES)
		die("more than %d directories of programs", DIRECTORIES);
	directories[directory_count++] = path;
}

struct program *programs_used(void)
{
	return used;
}

/* In the first directory that has it. */
static bool find_file(struct msg_text name, char path[512], struct file *file)
{
	for (int i = 0; i < directory_count; i++) {
		snprintf(path, 512, "%s/%.*s", directories[i], (int)name.len, name.ptr);
		if (read_file(path, file))
			return true;
	}
	return false;
}

static struct program *load(struct msg_text name)
{
	char path[512];
	struct program *p = allocate(sizeof(*p));
	struct elf elf;
	const char *why;
	struct file needs;
	const uint8_t *bytes;

	if (name.len == 0 || memchr(name.ptr, '/', name.len) || !find_file(name, path, &p->file))
		return nullptr;
	if (elf_open(&elf, p->file.bytes, p->file.size, &why) != STATUS_OK)
		die("%s: %s", path, why);
	p->name = name;
	if (elf_section(&elf, ".capos.needs", &bytes, &needs.size)) {
		needs.bytes = (uint8_t *)(uintptr_t)bytes;
		open_message(&p->reader, needs);
		p->needs = program_reader_root(&p->reader);
		if (!msg_reader_ok(&p->reader))
			die("%s: its requirement record is damaged", path);
	}
	return p;
}

struct program *program_find(struct msg_text name)
{
	for (struct program *p = used; p; p = p->next)
		if (msg_text_equal(p->name, name))
			return p;

	struct program *p = load(name);

	if (p) {
		*last = p;
		last = &p->next;
	}
	return p;
}

bool program_need(const struct program *p, struct msg_text name, struct program_need_reader *need)
{
	struct program_need_list_reader needs = program_reader_grants(p->needs);

	for (uint32_t i = 0; i < program_need_list_reader_count(needs); i++) {
		*need = program_need_list_reader_at(needs, i);
		if (msg_text_equal(program_need_reader_name(*need), name))
			return true;
	}
	return false;
}
