// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Arbitrary bytes as a line at the prompt: parsed or refused with a place inside it, and if it is a call,
 * encoded for every method of that name that the real registry has. What was encoded is well-formed and can
 * be printed.
 */
#include <shell/encode.h>
#include <shell/parse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct registry registry;
static struct shell_statement statement;
static struct shell_error error;
static volatile size_t sink;

static void swallow(void *self, const char *bytes, size_t len)
{
	(void)self;
	for (size_t i = 0; i < len; i++)
		sink += (uint8_t)bytes[i];
}

static bool any_capability(void *self, struct shell_word name, uint64_t interface_id, int32_t *index)
{
	(void)self, (void)name, (void)interface_id;
	*index = 3;
	return true;
}

static void open_registry(void)
{
	static uint64_t space[65536];
	FILE *file = fopen("out/gen/registry.bin", "rb");

	/* Without it only the parser is tested: then say so. */
	if (!file || !registry_open(&registry, space, fread(space, 1, sizeof(space), file)))
		abort();
	fclose(file);
}

static void encode(const struct registry_method *m, const struct shell_step *step)
{
	static uint64_t words[512];
	const struct text_out out = {swallow, nullptr};
	struct shell_encoder encoder = {&registry, &statement.values, &error, any_capability, nullptr};
	struct registry_data_struct_reader params;
	struct msg_builder b;
	struct msg_reader r;

	if (!registry_struct(&registry, registry_data_method_reader_params(m->method), &params))
		return;
	msg_builder_init(&b, words, sizeof(words));
	struct msg_struct_builder root = msg_builder_root(&b, registry_data_struct_reader_data_words(params),
							  registry_data_struct_reader_pointers(params));
	if (!shell_encode_params(&encoder, params, root, step->first, step->count, step->name.at)) {
		if (error.text[0] == '\0')
			abort();
		return;
	}
	if (!msg_builder_ok(&b))
		return;
	msg_reader_init(&r, words, msg_builder_size(&b));
	registry_print_results(&registry, &out, params, msg_reader_root(&r));
	if (!msg_reader_ok(&r))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool opened;
	struct registry_method m;

	if (!opened)
		open_registry();
	opened = true;
	if (!shell_parse((const char *)data, (uint32_t)size, &statement, &error)) {
		if (error.text[0] == '\0' || error.at > size)
			abort();
		return 0;
	}
	if (statement.kind != SHELL_EXPRESSION || statement.step_count == 0)
		return 0;
	for (uint32_t i = 0; i < registry_data_interface_list_reader_count(registry.interfaces); i++) {
		struct registry_data_interface_reader interface = registry_data_interface_list_reader_at(
			registry.interfaces, i);
		struct shell_word name = statement.steps[0].name;

		for (uint32_t k = 0; registry_method_at(&registry, interface, k, &m); k++) {
			struct msg_text text = registry_data_method_reader_name(m.method);

			/* The first letter is enough, so that the fuzzer finds methods. */
			if (text.len > 0 && name.len > 0 && text.ptr[0] == name.ptr[0])
				encode(&m, &statement.steps[0]);
		}
	}
	return 0;
}
