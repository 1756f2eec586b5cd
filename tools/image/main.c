// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * image: makes a boot package (abi/package.h) of a system image, a typed constant `image` of type Image
 * (schema/service/image.capnp), after checking it against the programs and the schema registry.
 *
 *	image build images/NAME.capnp -o NAME.pkg [--programs DIR] [--registry FILE]
 *	image report images/NAME.capnp            [--programs DIR] [--registry FILE]
 *
 * Run at the top of the tree. Findings are printed as `images/NAME.capnp:LINE: what is wrong`; the exit status is 1
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
	fputs("usage: image build SOURCE -o PACKAGE [--programs DIR] [--registry FILE]\n"
	      "       image report SOURCE [--programs DIR] [--registry FILE]\n",
	      stderr);
	exit(2);
}

struct options {
	const char *command, *source, *output, *programs, *registry;
};

static struct options parse(int argc, char **argv)
{
	struct options o = {.programs = "out/user/bin", .registry = "out/gen/registry.bin"};

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
			o.programs = argv[i + 1];
		else if (strcmp(argv[i], "--registry") == 0)
			o.registry = argv[i + 1];
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
	programs_open(o.programs);

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
