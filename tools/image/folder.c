// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Folders of the build host (images/folders/NAME), packed as one message each (schema/service/folder.capnp): in the order of
 * names, so that the same folder is always the same bytes. Names must be ones that a Directory takes; there are no links.
 */
#include <dirent.h>
#include <files/tree.h>
#include <schema/service/folder.capnp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "image_tool.h"

#define T(t) (int)(t).len, (t).ptr
#define MAX_PATH 1024u

struct packed {
	char *path; /* below the folder */
	bool directory;
	struct file file;
};

struct list {
	struct packed *entries;
	uint32_t count, room;
	size_t bytes; /* of the message, at most */
};

static void add(struct list *list, const char *path, bool directory, struct file file)
{
	if (list->count == list->room) {
		list->room = list->room ? list->room * 2 : 64;
		list->entries = realloc(list->entries, list->room * sizeof(*list->entries));
		if (!list->entries)
			die("out of memory");
	}
	list->entries[list->count++] = (struct packed){strdup(path), directory, file};
	list->bytes += 64 + strlen(path) + file.size;
}

static void walk(struct list *list, const char *top, const char *below);

static void walk_one(struct list *list, const char *top, const char *below, const char *name)
{
	char path[MAX_PATH], full[2 * MAX_PATH];
	struct file file = {};
	struct stat st;

	if (!files_name_ok((struct files_text){name, (uint32_t)strlen(name)}))
		die("%s/%s: \"%s\" is no name for a file", top, below, name);
	if (snprintf(path, sizeof(path), "%s%s%s", below, *below ? "/" : "", name) >= (int)sizeof(path))
		die("%s/%s: too long a path", top, below);
	snprintf(full, sizeof(full), "%s/%s", top, path);
	if (lstat(full, &st) < 0 || !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
		die("%s is neither a file nor a directory", full);
	if (S_ISREG(st.st_mode) && !read_file(full, &file))
		die("cannot read %s", full);
	add(list, path, S_ISDIR(st.st_mode), file);
	if (S_ISDIR(st.st_mode))
		walk(list, top, path);
}

static void walk(struct list *list, const char *top, const char *below)
{
	char full[2 * MAX_PATH];
	struct dirent **names;

	snprintf(full, sizeof(full), "%s/%s", top, below);

	int count = scandir(full, &names, nullptr, alphasort);

	if (count < 0)
		die("cannot read %s", full);
	for (int i = 0; i < count; i++) {
		if (strcmp(names[i]->d_name, ".") != 0 && strcmp(names[i]->d_name, "..") != 0)
			walk_one(list, top, below, names[i]->d_name);
		free(names[i]);
	}
	free(names);
}

bool folder_exists(struct msg_text name)
{
	char path[MAX_PATH];
	struct stat st;

	snprintf(path, sizeof(path), "%s/folders/%.*s", image_data, T(name));
	return name.len > 0 && name.len < 256 && !memchr(name.ptr, '/', name.len) && stat(path, &st) == 0 &&
	       S_ISDIR(st.st_mode);
}

struct file folder_pack(struct msg_text name)
{
	char path[MAX_PATH];
	struct list list = {};
	struct msg_builder builder;
	struct file out;

	snprintf(path, sizeof(path), "%s/folders/%.*s", image_data, T(name));
	walk(&list, path, "");
	out = (struct file){.bytes = allocate(list.bytes + 64)};
	msg_builder_init(&builder, out.bytes, list.bytes + 64);

	struct folder_entry_list_builder entries = folder_builder_init_entries(folder_builder_root(&builder),
									       list.count);

	for (uint32_t i = 0; i < list.count; i++) {
		struct folder_entry_builder e = folder_entry_list_builder_at(entries, i);
		const struct packed *p = &list.entries[i];

		folder_entry_builder_set_path(e, msg_text_from(p->path));
		folder_entry_builder_set_directory(e, p->directory);
		if (p->file.size)
			folder_entry_builder_set_bytes(
				e, (struct msg_data){p->file.bytes, (uint32_t)p->file.size});
	}
	if (!msg_builder_ok(&builder))
		die("%s is too large", path);
	out.size = msg_builder_size(&builder);
	return out;
}
