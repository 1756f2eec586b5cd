// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The parts of the image tool: what is read (an image's source, the schema registry, the programs' requirement
 * records), the checks over them, and what is written.
 *
 * Everything lives until the program ends. Functions that cannot go on print why and exit with status 1; a finding
 * about the image is reported with its line, counted, and the checks go on.
 */
#pragma once

#include <elf/elf.h>
#include <message/message.h>
#include <schema/service/image.capnp.h>
#include <schema/service/package.capnp.h>
#include <schema/service/program.capnp.h>
#include <schema/service/registry_data.capnp.h>
#include <stddef.h>
#include <stdint.h>

[[noreturn, gnu::format(printf, 1, 2)]] void die(const char *format, ...);
void *allocate(size_t bytes); /* zeroed */

struct file {
	uint8_t *bytes;
	size_t size;
};
bool read_file(const char *path, struct file *file);
/* A message from this build host, without bounds on its size. */
void open_message(struct msg_reader *reader, struct file file);

/* Where the folders files/ and folders/ are, which hold what images pack. */
extern const char *image_data;

/* ---- source.c: the image as written ---- */
/* One more directory for imports that begin with /. */
void source_import_path(const char *directory);
struct source {
	const char *path;
	struct file text;
	struct msg_reader reader;
	struct image_reader image;
	unsigned errors;
};
/* Evaluates the constant `image` with the stock compiler, whose own findings go to standard error. */
struct source *source_open(const char *path);
/*
 * Reports `message` at the line where `item` is named behind where the process is (either may be empty: then at the
 * process, then at the first line).
 */
[[gnu::format(printf, 4, 5)]] void source_error(struct source *s, struct msg_text process,
						struct msg_text item, const char *format, ...);

/* That line. */
unsigned source_line(const struct source *s, struct msg_text process, struct msg_text item);

/* ---- registry.c: what is known of interfaces ---- */
void registry_open(const char *path);
struct file registry_file(void);
struct registry_data_interface_reader registry_interface(struct msg_text name); /* id 0: unknown */
struct registry_data_interface_reader registry_interface_by_id(uint64_t id);
bool registry_extends(struct registry_data_interface_reader derived, uint64_t base_id);
int registry_method(struct registry_data_interface_reader i, struct msg_text name); /* ordinal, -1: none */

/* ---- program.c: compiled programs ---- */
struct program {
	struct msg_text name;
	struct file file;
	struct msg_reader reader;
	struct program_reader needs; /* empty if it has no record */
	struct program *next;
};
/* One more directory; at most 8. */
void programs_open(const char *directory);
/* Null: there is none. Exits if the file is there and no loadable program. */
struct program *program_find(struct msg_text name);
/* Every program that program_find gave out so far, in that order. */
struct program *programs_used(void);
/* What it asks for under that name. */
bool program_need(const struct program *p, struct msg_text name, struct program_need_reader *need);

/* ---- folder.c ---- */
bool folder_exists(struct msg_text name);
struct file folder_pack(struct msg_text name);

/* ---- check.c ---- */
bool data_file(struct msg_text name, struct file *file); /* of images/files */
struct msg_text grant_interface(struct source *s,
				struct image_grant_reader grant); /* empty: unknown export */
/* As which interface the program gets it: as it asks, or, if it takes others as well, as the source is. False: it does not. */
bool grant_asked(struct source *s, const struct program *program, struct image_grant_reader grant,
		 struct msg_text *asked);
struct image_process_reader find_process(struct source *s, struct msg_text name, bool *found);
bool find_export(struct image_process_reader process, struct msg_text name,
		 struct image_export_reader *export_);
const char *kernel_source_interface(enum image_kernel_source source); /* null: no such source */
uint64_t grant_methods(struct source *s, struct msg_text process, struct image_grant_reader grant,
		       struct registry_data_interface_reader interface);
/* Reports everything that is wrong with the image. */
void check_image(struct source *s);

/* ---- package.c, report.c ---- */
void write_package(struct source *s, const char *path);
void write_report(struct source *s);
