// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The Tab key among 200 interfaces with eight methods each, and as many capabilities: no real image has that many, so the registry is
 * made here, in the form that the schema compiler's plugin gives it.
 */
#include <fmt/fmt.h>
#include <shell/complete.h>
#include <testing/tap.h>

#include "parts.h"

#define INTERFACES 200u
#define METHODS 8u
#define PARAMS_ID 0x9000000000000001ull
#define FIRST_ID 0xa000000000000000ull

static _Alignas(8) uint8_t bytes[384 * 1024];
static struct registry registry;

static void set_methods(struct registry_data_interface_builder interface)
{
	struct registry_data_method_list_builder list = registry_data_interface_builder_init_methods(
		interface, METHODS);

	for (uint32_t i = 0; i < METHODS; i++) {
		struct registry_data_method_builder method = registry_data_method_list_builder_at(list, i);
		char name[16];

		fmt_print(name, sizeof(name), "method%u", i);
		registry_data_method_builder_set_name(method, msg_text_from(name));
		registry_data_method_builder_set_doc(method, MSG_TEXT("What it does, in a sentence."));
		registry_data_method_builder_set_params(method, PARAMS_ID);
		registry_data_method_builder_set_results(method, PARAMS_ID);
	}
}

static void set_params(struct registry_data_struct_builder s)
{
	static const char *const names[] = {"first", "second"};
	struct registry_data_field_list_builder list;

	registry_data_struct_builder_set_id(s, PARAMS_ID);
	registry_data_struct_builder_set_name(s, MSG_TEXT("Params"));
	registry_data_struct_builder_set_data_words(s, 2);
	list = registry_data_struct_builder_init_fields(s, 2);
	for (uint32_t i = 0; i < 2; i++) {
		struct registry_data_field_builder field = registry_data_field_list_builder_at(list, i);

		registry_data_field_builder_set_name(field, msg_text_from(names[i]));
		registry_data_field_builder_set_offset(field, i);
		registry_data_field_builder_set_discriminant(field, 65535);
		registry_data_type_builder_set_kind(registry_data_field_builder_init_type(field),
						    REGISTRY_DATA_KIND_UINT64);
	}
}

static bool make_registry(void)
{
	struct msg_builder m;

	msg_builder_init(&m, bytes, sizeof(bytes));

	struct registry_data_builder data = registry_data_builder_root(&m);
	struct registry_data_interface_list_builder list = registry_data_builder_init_interfaces(data,
												 INTERFACES);

	for (uint32_t i = 0; i < INTERFACES; i++) {
		struct registry_data_interface_builder interface = registry_data_interface_list_builder_at(
			list, i);
		char name[24];

		fmt_print(name, sizeof(name), "Interface%03u", i);
		registry_data_interface_builder_set_id(interface, FIRST_ID + i);
		registry_data_interface_builder_set_name(interface, msg_text_from(name));
		registry_data_interface_builder_set_doc(interface,
							MSG_TEXT("What it is for, in a sentence."));
		set_methods(interface);
	}
	set_params(registry_data_struct_list_builder_at(registry_data_builder_init_structs(data, 1), 0));
	return msg_builder_ok(&m) && registry_open(&registry, bytes, msg_builder_size(&m));
}

static bool variable(void *, uint32_t index, struct shell_word *name, uint64_t *interface_id)
{
	static char text[16];

	if (index >= INTERFACES)
		return false;
	*name = (struct shell_word){text, (uint32_t)fmt_print(text, sizeof(text), "holds%03u", index), 0};
	*interface_id = FIRST_ID + index;
	return true;
}

static uint64_t methods(void *, struct shell_word)
{
	return ~0ull;
}

static bool command(void *, uint32_t index, struct shell_word *name)
{
	static const char *const list[] = {"describe", "caps", "help", "trace"};

	if (index < 4)
		*name = (struct shell_word){list[index], (uint32_t)__builtin_strlen(list[index]), 0};
	return index < 4;
}

void test_completion(void)
{
	static const struct {
		const char *line;
		uint32_t total;
		const char *first;
	} rows[] = {
		{"", 0, nullptr}, /* everything: how many is the language's business */
		{"describe Interface", INTERFACES, "Interface000"},
		{"describe Interface1", 100, "Interface100"},
		{"holds", INTERFACES, "holds000"},
		{"holds199.", METHODS, "method0"},
		{"let x = holds199.method7(fi", 1, "first"},
		{"for i in 1..3 { holds150.method3 second=1 f", 1, "first"},
	};
	static const struct shell_completer completer = {
		.registry = &registry, .variable = variable, .methods = methods, .command = command};
	static struct shell_completion found;
	uint64_t most = 0;

	if (!tap_ok(make_registry(), "a registry of %u interfaces", INTERFACES))
		return;
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t len = (uint32_t)__builtin_strlen(rows[i].line);
		uint64_t began = tsc();

		shell_complete(&completer, rows[i].line, len, len, &found);

		uint64_t cost = tsc() - began;
		bool good = found.count > 0 &&
			    (!rows[i].first ||
			     (found.total >= rows[i].total &&
			      found.total <= rows[i].total + 2 && /* only, where */
			      __builtin_strcmp(found.candidate[0].text, rows[i].first) == 0));

		most = cost > most ? cost : most;
		tap_ok(good, "Tab behind \"%s\": %u names from %s on", rows[i].line, found.total,
		       found.count ? found.candidate[0].text : "none");
	}
	tap_note("row complete_200 %llu", (unsigned long long)most);
}
