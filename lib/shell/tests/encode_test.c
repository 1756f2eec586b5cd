// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * From a typed line to a message and back to text, by the real registry (out/gen/registry.bin): what is
 * encoded by the types known at run time is read with the generated accessors, and what those build is
 * printed.
 */
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/process_handle.capnp.h>
#include <schema/kernel/process_spawner.capnp.h>
#include <schema/kernel/timer.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <schema/service/image.capnp.h>
#include <shell/encode.h>
#include <shell/parse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int test_number, failures;
static struct registry registry;
static struct shell_node *node;
static uint8_t memory[65536];
static struct shell_value values[32];
static struct shell_error error;
static uint64_t words[1024];
static struct msg_builder builder;
static struct msg_reader reader;
static char printed[65536];
static size_t printed_len;

static void report(bool good, const char *what)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++test_number, what);
	if (!good)
		printf("# error at %u: %s\n# printed: %.*s\n", error.at, error.text, (int)printed_len,
		       printed);
	failures += !good;
}

static void keep(void *self, const char *bytes, size_t len)
{
	(void)self;
	if (printed_len + len < sizeof(printed)) {
		memcpy(printed + printed_len, bytes, len);
		printed_len += len;
		printed[printed_len] = '\0';
	}
}

static const struct text_out out = {keep, nullptr, nullptr};

static bool add_capability(void *self, const struct shell_value *value, uint64_t interface_id, int32_t *index)
{
	(void)self;
	if (interface_id != 0 && value->interface_id != interface_id) {
		error = (struct shell_error){.at = value->word.at, .text = "another interface"};
		return false;
	}
	*index = 0;
	return true;
}

static const struct shell_value *variable(void *self, struct shell_word name)
{
	static const struct shell_value memory_object = {.kind = SHELL_CAPABILITY,
							 .interface_id = MEMORY_OBJECT_INTERFACE_ID};
	static const struct shell_value number = {.kind = SHELL_INTEGER, .magnitude = 77};

	(void)self;
	if (shell_word_is(name, "memory"))
		return &memory_object;
	if (shell_word_is(name, "number"))
		return &number;
	error = (struct shell_error){.at = name.at, .text = "no such capability"};
	return nullptr;
}

/* Literals and bare names as the interpreter makes values of them. */
static const struct shell_value *values_of(const struct shell_node *first, uint32_t *used)
{
	const struct shell_value *head = nullptr, **link = &head;

	for (const struct shell_node *n = first; n; n = n->next) {
		struct shell_value *v = &values[(*used)++ % 32];

		*v = n->kind == SHELL_NODE_LITERAL ? *n->value : (struct shell_value){.word = n->name};
		if (n->kind == SHELL_NODE_BARE)
			v->kind = SHELL_NAME;
		if (n->kind == SHELL_NODE_LIST || n->kind == SHELL_NODE_STRUCT) {
			v->kind = n->kind == SHELL_NODE_LIST ? SHELL_LIST : SHELL_STRUCT;
			v->count = n->count;
			v->first = values_of(n->first, used);
			v->word.at = n->at;
		}
		v->name = n->label;
		v->next = nullptr;
		*link = v;
		link = &v->next;
	}
	return head;
}

/* Parses "x.method arguments" and encodes it for a method of an interface. */
static bool encode(const char *interface_name, const char *line)
{
	struct registry_data_interface_reader interface;
	struct registry_data_struct_reader params;
	struct registry_method method;
	struct shell_arena arena = {memory, sizeof(memory), 0};
	struct shell_encoder encoder = {&registry, &error, add_capability, variable, nullptr};
	struct shell_parser parser;
	uint32_t used = 0;

	shell_parser_init(&parser, line, (uint32_t)strlen(line), &arena, &error);
	if (!shell_parse_statement(&parser, &node) || node->kind != SHELL_NODE_DO ||
	    node->a->kind != SHELL_NODE_STEP ||
	    !registry_interface_named(&registry, msg_text_from(interface_name), &interface) ||
	    !registry_method_named(&registry, interface,
				   (struct msg_text){node->a->name.ptr, node->a->name.len}, &method) ||
	    !registry_struct(&registry, registry_data_method_reader_params(method.method), &params)) {
		snprintf(error.text, sizeof(error.text), "not known");
		return false;
	}
	msg_builder_init(&builder, words, sizeof(words));
	struct msg_struct_builder b = msg_builder_root(&builder,
						       registry_data_struct_reader_data_words(params),
						       registry_data_struct_reader_pointers(params));
	if (!shell_encode_params(&encoder, params, b, values_of(node->a->first, &used), node->a->name.at))
		return false;
	msg_reader_init(&reader, words, msg_builder_size(&builder));
	return msg_builder_ok(&builder);
}

static bool refuses(const char *interface_name, const char *line, unsigned at, const char *text)
{
	return !encode(interface_name, line) && error.at == at && strstr(error.text, text);
}

static void test_encode(void)
{
	report(encode("CapabilityManager", "m.createEndpoint maxCaps=4 maxMessage=1024") &&
		       capability_manager_create_endpoint_params_reader_max_message(
			       capability_manager_create_endpoint_params_reader_root(&reader)) == 1024 &&
		       capability_manager_create_endpoint_params_reader_max_caps(
			       capability_manager_create_endpoint_params_reader_root(&reader)) == 4,
	       "named arguments in any order");
	report(encode("MemoryObject", "m.write 4096 0x\"de ad\"") &&
		       memory_object_write_params_reader_offset(
			       memory_object_write_params_reader_root(&reader)) == 4096 &&
		       memory_object_write_params_reader_bytes(
			       memory_object_write_params_reader_root(&reader))
				       .len == 2,
	       "positions, and data");
	report(encode("VirtualMemory", "m.map(memory, 0, 8192, 0, protection = readWrite)") &&
		       virtual_memory_map_params_reader_protection(
			       virtual_memory_map_params_reader_root(&reader)) == 1 &&
		       virtual_memory_map_params_reader_memory(
			       virtual_memory_map_params_reader_root(&reader)) == 0 &&
		       virtual_memory_map_params_reader_length(
			       virtual_memory_map_params_reader_root(&reader)) == 8192,
	       "capabilities and enumerants by name");
	report(encode("ProcessSpawner", "s.create \"worker\" (pages = 100, threads = 2)") &&
		       process_spawner_limits_reader_pages(process_spawner_create_params_reader_limits(
			       process_spawner_create_params_reader_root(&reader))) == 100 &&
		       process_spawner_limits_reader_threads(process_spawner_create_params_reader_limits(
			       process_spawner_create_params_reader_root(&reader))) == 2,
	       "a struct");
	report(encode("ProcessSpawner", "s.create name=\"worker\""), "a struct may be left out");
	report(encode("Timer", "t.sleep number") &&
		       timer_sleep_params_reader_ns(timer_sleep_params_reader_root(&reader)) == 77,
	       "a variable");
	report(encode("Endpoint",
		      "e.template [(interfaceId = 0xf45bba02b13298cb), (interfaceId = 1, methods = 3)]"),
	       "a list of structs, with a default");
}

static void test_refusals(void)
{
	report(refuses("Timer", "t.sleep", 2, "missing: \"ns\""), "a missing argument");
	report(refuses("Timer", "t.sleep nss=1", 8, "did you mean \"ns\""), "a misspelled one");
	report(refuses("Timer", "t.sleep 1 2", 10, "too many"), "one too many");
	report(refuses("Timer", "t.sleep 1 ns=2", 10, "given twice"), "one given twice");
	report(refuses("Timer", "t.sleep \"x\"", 8, "whole number") &&
		       refuses("Timer", "t.sleep 1.5", 8, "whole number") &&
		       refuses("Timer", "t.sleep -1", 8, "negative") &&
		       refuses("Timer", "t.sleep 1e30", 8, "whole number"),
	       "values of another type");
	report(refuses("Power", "p.testExit 256", 11, "8 bits") && encode("Power", "p.testExit 255") &&
		       encode("ProcessHandle", "p.kill -9223372036854775808") &&
		       encode("ProcessHandle", "p.kill 9223372036854775807") &&
		       refuses("ProcessHandle", "p.kill 9223372036854775808", 7, "64 bits") &&
		       refuses("ProcessHandle", "p.kill -9223372036854775809", 7, "64 bits"),
	       "ranges end where they end");
	report(refuses("VirtualMemory", "m.map(memory, 0, 1, 0, readWrit)", 23, "did you mean \"readWrite\""),
	       "enumerants");
	report(refuses("VirtualMemory", "m.map(memroy, 0, 1, 0, read)", 6, "no such capability"),
	       "capabilities");
	report(refuses("ProcessSpawner", "s.create \"w\" (pagse = 1)", 14, "did you mean \"pages\""),
	       "members of structs");
	report(refuses("Timer", "t.now 1", 6, "takes no values"), "a method without parameters");
}

static bool prints(uint64_t type_id, const char *text)
{
	struct registry_data_struct_reader type;

	printed_len = 0;
	msg_reader_init(&reader, words, msg_builder_size(&builder));
	if (!registry_struct(&registry, type_id, &type))
		return false;
	registry_print_results(&registry, &out, type, msg_reader_root(&reader));
	return msg_reader_ok(&reader) && strcmp(printed, text) == 0;
}

static void test_print(void)
{
	msg_builder_init(&builder, words, sizeof(words));
	struct process_handle_wait_results_builder w = process_handle_wait_results_builder_root(&builder);
	struct process_handle_exit_builder e = process_handle_wait_results_builder_init_exit(w);
	process_handle_exit_builder_set_reason(e, PROCESS_HANDLE_EXIT_REASON_PAGE_FAULT);
	process_handle_exit_builder_set_code(e, -14);
	process_handle_exit_builder_set_address(e, 8);
	report(prints(PROCESS_HANDLE_WAIT_RESULTS_TYPE_ID,
		      "  exit = (reason = pageFault, code = -14, address = 8, instruction = 0)\n"),
	       "a struct, an enumerant, a negative number");

	msg_builder_init(&builder, words, sizeof(words));
	struct image_builder i = image_builder_root(&builder);
	image_builder_set_name(i, MSG_TEXT("a \"b\"\n\x01"));
	struct image_process_builder p = image_process_list_builder_at(image_builder_init_processes(i, 1), 0);
	struct image_grant_list_builder grants = image_process_builder_init_grants(p, 2);
	struct image_grant_source_builder source = image_grant_builder_source(
		image_grant_list_builder_at(grants, 0));
	image_grant_source_builder_set_interrupt(source, 4);
	prints(IMAGE_TYPE_ID, "");
	report(msg_reader_ok(&reader) &&
		       strstr(printed,
			      "  name = \"a \\\"b\\\"\\n\\x01\"\n  processes =\n    (name = \"\", ") &&
		       strstr(printed, "grants = [(name = \"\", source = (interrupt = 4), only = []") &&
		       strstr(printed, "source = (kernel = console), only = []") &&
		       strstr(printed, "maxMessage = 1024") && strstr(printed, "\n  programs = []\n"),
	       "lists, unions, groups, defaults, escapes");
}

static void test_lookup(void)
{
	struct registry_data_interface_reader interface;
	struct registry_method m;
	char buffer[24];

	printed_len = 0;
	report(registry_interface_named(&registry, MSG_TEXT("Timer"), &interface) &&
		       registry_method_named(&registry, interface, MSG_TEXT("sleep"), &m) && m.ordinal == 1,
	       "a method by name");
	registry_print_signature(&registry, &out, m.method);
	report(strcmp(printed, "sleep (ns :UInt64) -> ()") == 0, "a signature");
	printed_len = 0;
	registry_print_methods(&registry, &out, interface, 5);
	report(strcmp(printed, "now, sleepUntil") == 0, "a method set");
	report(!registry_method_named(&registry, interface, MSG_TEXT("nope"), &m) &&
		       !registry_interface(&registry, 1, &interface) &&
		       msg_text_equal(registry_interface_name(&registry, 0x1234, buffer), MSG_TEXT("0x1234")),
	       "what is not there");
}

/* Damaged registries: each byte of the real one changed in turn, then everything is looked up and printed. */
static void test_damage(uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len);

	srand(5);
	for (int i = 0; i < 300; i++) {
		struct registry_data_interface_reader interface;
		struct registry_method m;

		memcpy(copy, data, len);
		for (int k = 0; k < 200; k++)
			copy[(size_t)rand() % len] = (uint8_t)rand();
		if (!registry_open(&registry, copy, len))
			continue;
		for (uint32_t n = 0; n < 8; n++) {
			interface = registry_data_interface_list_reader_at(registry.interfaces, n);
			for (uint32_t k = 0; k < 20 && registry_method_at(&registry, interface, k, &m); k++) {
				printed_len = 0;
				registry_print_signature(&registry, &out, m.method);
			}
		}
		encode("ProcessSpawner", "s.create \"w\" (pages = 1)");
		encode("VirtualMemory", "m.map(memory, 0, 1, 0, read)");
		prints(IMAGE_TYPE_ID, "");
	}
	free(copy);
	registry_open(&registry, data, len);
	report(true, "300 damaged registries do no harm");
}

int main(void)
{
	FILE *file = fopen("out/gen/registry.bin", "rb");
	static uint64_t space[65536];
	size_t len = file ? fread(space, 1, sizeof(space), file) : 0;

	report(registry_open(&registry, space, len), "out/gen/registry.bin is a registry");
	test_encode();
	test_refusals();
	test_print();
	test_lookup();
	test_damage((uint8_t *)space, len);
	printf("1..%d\n", test_number);
	return failures != 0;
}
