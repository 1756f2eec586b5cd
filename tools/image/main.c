// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * image: makes a boot package (abi/package.h) of a system image, a typed constant `image` of type Image
 * (schema/service/image.capnp), after checking it against the programs and the schema registry.
 *
 *	image build SOURCE -o PACKAGE [options]
 *	image report SOURCE           [options]
 *
 *	--programs DIR    compiled programs (out/user/bin); repeat: the first that has one of the name
 *	--registry FILE   what is known of interfaces (out/gen/registry.bin)
 *	-I DIR            where imports that begin with / are looked for, after the current directory; repeat
 *	--data DIR        where files/ and folders/ are that images pack (images)
 *
 * Findings are printed as `images/NAME.capnp:LINE: what is wrong`; the exit status is 1
 * if there is any.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image_tool.h"

void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("image: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

const char *image_data = "images";

void *allocate(size_t bytes)
{
	void *memory = calloc(1, bytes ? bytes : 1);

	if (!memory)
		die("out of memory");
	return memory;
}

bool read_file(const char *path, struct file *file)
{
	FILE *f = fopen(path, "rb");
	size_t room = 1 << 16, got;

	if (!f)
		return false;
	*file = (struct file){.bytes = allocate(room)};
	while ((got = fread(file->bytes + file->size, 1, room - file->size, f)) > 0) {
		file->size += got;
		if (file->size == room) {
			room *= 2;
			file->bytes = realloc(file->bytes, room);
			if (!file->bytes)
				die("out of memory");
		}
	}
	fclose(f);
	return true;
}

void open_message(struct msg_reader *reader, struct file file)
{
	msg_reader_init(reader, file.bytes, file.size);
	msg_reader_set_limits(reader, UINT32_MAX, MSG_NESTING);
}

[[noreturn]] static void usage(void)
{
	fputs("usage: image build SOURCE -o PACKAGE [--programs DIR]... [--registry FILE] [-I DIR]... [--data DIR]\n"
	      "       image report SOURCE [--programs DIR]... [--registry FILE] [-I DIR]... [--data DIR]\n",
	      stderr);
	exit(2);
}

struct options {
	const char *command, *source, *output, *registry;
	bool programs;
};

static struct options parse(int argc, char **argv)
{
	struct options o = {.registry = "out/gen/registry.bin"};

	if (argc < 3)
		usage();
	o.command = argv[1];
	o.source = argv[2];
	for (int i = 3; i < argc; i += 2) {
		if (i + 1 == argc)
			usage();
		if (strcmp(argv[i], "-o") == 0)
			o.output = argv[i + 1];
		else if (strcmp(argv[i], "--programs") == 0)
			programs_open(argv[i + 1]), o.programs = true;
		else if (strcmp(argv[i], "--registry") == 0)
			o.registry = argv[i + 1];
		else if (strcmp(argv[i], "-I") == 0)
			source_import_path(argv[i + 1]);
		else if (strcmp(argv[i], "--data") == 0)
			image_data = argv[i + 1];
		else
			usage();
	}
	return o;
}

int main(int argc, char **argv)
{
	struct options o = parse(argc, argv);
	bool build = strcmp(o.command, "build") == 0;

	if (!build && strcmp(o.command, "report") != 0)
		usage();
	if (build != (o.output != nullptr))
		usage();
	registry_open(o.registry);
	if (!o.programs)
		programs_open("out/user/bin");

	struct source *s = source_open(o.source);

	check_image(s);
	if (s->errors > 0)
		return 1;
	if (build)
		write_package(s, o.output);
	else
		write_report(s);
	return 0;
}
