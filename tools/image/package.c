// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Writes the boot package: header, index, files, each on a page boundary (abi/package.h). The image goes into the
 * index with what the checks found out filled in: interface ids and method sets, so that init needs no registry.
 */
#include <abi/package.h>
#include <hash/hash.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image_tool.h"

#define PAGE 4096u
#define INDEX_BYTES (1u << 20)
#define MAX_ENTRIES 256u
#define MAX_SUPERS 7u /* with itself, what Endpoint.template takes */

static uint64_t page_up(uint64_t n)
{
	return (n + PAGE - 1) / PAGE * PAGE;
}

static uint64_t interface_id(struct msg_text name)
{
	return registry_data_interface_reader_id(registry_interface(name));
}

/* All that an interface extends, itself not included; at most room. */
static uint32_t collect_supers(struct registry_data_interface_reader interface, uint64_t *ids, uint32_t count,
			       uint32_t room)
{
	struct msg_list supers = registry_data_interface_reader_supers(interface);

	for (uint32_t i = 0; i < supers.count; i++) {
		uint64_t id = msg_list_u64(supers, i);
		bool known = false;

		for (uint32_t j = 0; j < count; j++)
			known |= ids[j] == id;
		if (known || count == room)
			continue;
		ids[count++] = id;
		count = collect_supers(registry_interface_by_id(id), ids, count, room);
	}
	return count;
}

static void resolve_exports(struct image_process_reader process, struct image_export_list_builder out)
{
	struct image_export_list_reader exports = image_process_reader_exports(process);

	for (uint32_t i = 0; i < image_export_list_reader_count(exports); i++) {
		struct msg_text name = image_export_reader_interface(image_export_list_reader_at(exports, i));
		struct image_export_builder e = image_export_list_builder_at(out, i);
		uint64_t ids[MAX_SUPERS];
		uint32_t count = collect_supers(registry_interface(name), ids, 0, MAX_SUPERS);
		struct msg_list_builder supers = image_export_builder_init_supers(e, count);

		image_export_builder_set_interface_id(e, interface_id(name));
		for (uint32_t j = 0; j < count; j++)
			msg_list_set_u64(supers, j, ids[j]);
	}
}

static void resolve_grants(struct source *s, struct image_process_reader process,
			   struct image_grant_list_builder out)
{
	struct image_grant_list_reader grants = image_process_reader_grants(process);
	struct program *program = program_find(image_process_reader_program(process));

	for (uint32_t i = 0; i < image_grant_list_reader_count(grants); i++) {
		struct image_grant_reader grant = image_grant_list_reader_at(grants, i);
		struct image_grant_builder b = image_grant_list_builder_at(out, i);
		struct msg_text asked;

		if (!grant_asked(s, program, grant, &asked))
			abort(); /* checked */
		image_grant_builder_set_interface_id(b, interface_id(asked));
		image_grant_builder_set_line(b, source_line(s, image_process_reader_name(process),
							    image_grant_reader_name(grant)));
		image_grant_builder_set_methods(b, grant_methods(s, image_process_reader_name(process), grant,
								 registry_interface(asked)));
	}
}

static void resolve_image(struct source *s, struct image_builder image)
{
	struct image_process_list_reader processes = image_reader_processes(s->image);
	struct image_process_list_builder out = image_builder_processes(image);

	for (uint32_t i = 0; i < image_process_list_reader_count(processes); i++) {
		struct image_process_reader process = image_process_list_reader_at(processes, i);
		struct image_process_builder b = image_process_list_builder_at(out, i);

		resolve_exports(process, image_process_builder_exports(b));
		resolve_grants(s, process, image_process_builder_grants(b));
	}
}

struct entry {
	struct msg_text name;
	enum package_index_kind kind;
	struct file file;
	uint64_t offset;
};

static void add_entry(struct package_index_file_builder b, const struct entry *e)
{
	uint8_t hash[CAP_HASH_BYTES];

	hash_blake2b(hash, e->file.bytes, e->file.size);
	package_index_file_builder_set_name(b, e->name);
	package_index_file_builder_set_kind(b, e->kind);
	package_index_file_builder_set_offset(b, e->offset);
	package_index_file_builder_set_size(b, e->file.size);
	package_index_file_builder_set_hash(b, (struct msg_data){hash, sizeof(hash)});
}

static struct file build_index(struct source *s, const struct entry *entries, uint32_t count)
{
	struct file index = {.bytes = allocate(INDEX_BYTES)};
	struct msg_builder builder;

	msg_builder_init(&builder, index.bytes, INDEX_BYTES);

	struct package_index_builder root = package_index_builder_root(&builder);

	package_index_builder_set_image(root, s->image);
	resolve_image(s, package_index_builder_image(root));

	struct package_index_file_list_builder files = package_index_builder_init_files(root, count);

	for (uint32_t i = 0; i < count; i++)
		add_entry(package_index_file_list_builder_at(files, i), &entries[i]);
	if (!msg_builder_ok(&builder))
		die("%s: the index is larger than %u bytes", s->path, INDEX_BYTES);
	index.size = msg_builder_size(&builder);
	return index;
}

static void place(FILE *out, uint64_t offset, const void *bytes, size_t size)
{
	if (fseek(out, (long)offset, SEEK_SET) < 0 || fwrite(bytes, 1, size, out) != size)
		die("cannot write the package");
}

static bool is_listed(const struct entry *entries, uint32_t count, enum package_index_kind kind,
		      struct msg_text name)
{
	for (uint32_t i = 0; i < count; i++)
		if (entries[i].kind == kind && msg_text_equal(entries[i].name, name))
			return true;
	return false;
}

/* Those that are granted, each once. */
static uint32_t list_folders(struct source *s, struct entry *entries, uint32_t count)
{
	struct image_process_list_reader processes = image_reader_processes(s->image);

	for (uint32_t i = 0; i < image_process_list_reader_count(processes); i++) {
		struct image_grant_list_reader grants = image_process_reader_grants(
			image_process_list_reader_at(processes, i));

		for (uint32_t g = 0; g < image_grant_list_reader_count(grants); g++) {
			struct image_grant_source_reader source = image_grant_reader_source(
				image_grant_list_reader_at(grants, g));
			struct msg_text name;

			if (image_grant_source_reader_which(source) != IMAGE_GRANT_SOURCE_WHICH_FOLDER)
				continue;
			name = image_grant_source_reader_folder(source);
			if (is_listed(entries, count, PACKAGE_INDEX_KIND_FOLDER, name))
				continue;
			if (count == MAX_ENTRIES)
				die("%s: too many files", s->path);
			entries[count++] = (struct entry){name, PACKAGE_INDEX_KIND_FOLDER, folder_pack(name),
							  0};
		}
	}
	return count;
}

static uint32_t list_entries(struct source *s, struct entry *entries)
{
	struct msg_list files = image_reader_files(s->image);
	uint32_t count = 0;

	for (struct program *p = programs_used(); p; p = p->next)
		entries[count++] = (struct entry){p->name, PACKAGE_INDEX_KIND_PROGRAM, p->file, 0};
	entries[count++] = (struct entry){MSG_TEXT("registry"), PACKAGE_INDEX_KIND_REGISTRY, registry_file(),
					  0};
	for (uint32_t i = 0; i < files.count; i++) {
		struct msg_text name = msg_list_text(files, i);
		struct entry e = {name, PACKAGE_INDEX_KIND_DATA, {}, 0};

		if (count == MAX_ENTRIES || !data_file(name, &e.file))
			die("%s: too many files", s->path);
		entries[count++] = e;
	}
	return list_folders(s, entries, count);
}

/* Equal bytes are kept once: a program by several names is one. */
static const struct entry *placed_before(const struct entry *entries, uint32_t i)
{
	const struct file *file = &entries[i].file;

	for (uint32_t k = 0; k < i; k++)
		if (entries[k].file.size == file->size &&
		    memcmp(entries[k].file.bytes, file->bytes, file->size) == 0)
			return &entries[k];
	return nullptr;
}

void write_package(struct source *s, const char *path)
{
	static struct entry entries[MAX_ENTRIES];
	uint32_t count = list_entries(s, entries);
	struct program *init = program_find(image_reader_init(s->image));
	struct cap_package_header header = {
		.magic = CAP_PACKAGE_MAGIC,
		.version = CAP_PACKAGE_VERSION,
		.header_size = sizeof(header),
		.index_off = PAGE,
	};

	/* The size of the index does not depend on the offsets in it. */
	header.index_len = build_index(s, entries, count).size;

	uint64_t at = page_up(header.index_off + header.index_len);

	for (uint32_t i = 0; i < count; i++) {
		const struct entry *same = placed_before(entries, i);

		entries[i].offset = same ? same->offset : at;
		if (entries[i].file.bytes == init->file.bytes)
			header.init_off = entries[i].offset;
		if (!same)
			at = page_up(at + entries[i].file.size);
	}
	header.init_len = init->file.size;
	header.total_size = at;

	struct file index = build_index(s, entries, count);

	hash_blake2b(header.init_hash, init->file.bytes, init->file.size);
	hash_blake2b(header.index_hash, index.bytes, index.size);

	FILE *out = fopen(path, "wb");

	if (!out)
		die("cannot write %s", path);
	place(out, 0, &header, sizeof(header));
	place(out, header.index_off, index.bytes, index.size);
	for (uint32_t i = 0; i < count; i++)
		place(out, entries[i].offset, entries[i].file.bytes, entries[i].file.size);
	/* The last page is whole, too. */
	if (fflush(out) != 0 || ftruncate(fileno(out), (off_t)header.total_size) < 0 || fclose(out) != 0)
		die("cannot write %s", path);
}
