// SPDX-License-Identifier: MIT OR Apache-2.0
/* Registries behind one another: what is not in the first is found behind it, and what is in none is asked for once each time. */
#include <registry/registry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASE 0xa000000000000000ull

static int number, failures;

static void report(bool good, const char *what)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++number, what);
	failures += !good;
}

/* One interface of one method, whose parameters are a struct of the same registry; it extends the interface `super`. */
static void make(struct registry *registry, const char *name, uint64_t id, uint64_t super)
{
	static _Alignas(8) uint8_t memory[8][2048];
	static unsigned used;
	struct msg_builder m;

	if (used == 8)
		abort();
	msg_builder_init(&m, memory[used], sizeof(memory[0]));

	struct registry_data_builder data = registry_data_builder_root(&m);
	struct registry_data_interface_builder i = registry_data_interface_list_builder_at(
		registry_data_builder_init_interfaces(data, 1), 0);
	struct registry_data_method_builder method = registry_data_method_list_builder_at(
		registry_data_interface_builder_init_methods(i, 1), 0);
	struct registry_data_struct_builder s = registry_data_struct_list_builder_at(
		registry_data_builder_init_structs(data, 1), 0);

	registry_data_interface_builder_set_id(i, id);
	registry_data_interface_builder_set_name(i, msg_text_from(name));
	if (super)
		msg_list_set_u64(registry_data_interface_builder_init_supers(i, 1), 0, super);
	registry_data_method_builder_set_name(method, msg_text_from(name));
	registry_data_method_builder_set_params(method, id + 1);
	registry_data_struct_builder_set_id(s, id + 1);
	registry_data_struct_builder_set_name(s, MSG_TEXT("Params"));
	if (!msg_builder_ok(&m) || !registry_open(registry, memory[used++], msg_builder_size(&m)))
		abort();
}

static struct registry first, second, third;
static unsigned asked;

static bool fetch(struct registry *registry)
{
	if (asked++ > 0)
		return false;
	registry->next->next = &third;
	return true;
}

int main(void)
{
	struct registry_data_interface_reader interface;
	struct registry_data_struct_reader s;
	struct registry_method method;

	make(&first, "First", BASE, 0);
	make(&second, "Second", BASE + 16, BASE);
	make(&third, "Third", BASE + 32, BASE + 16);

	report(!registry_interface_named(&first, MSG_TEXT("Second"), &interface),
	       "one alone knows only its own");
	first.next = &second;
	report(registry_interface_named(&first, MSG_TEXT("Second"), &interface) &&
		       registry_interface(&first, BASE + 16, &interface) &&
		       registry_struct(&first, BASE + 17, &s),
	       "by name and by id, what stands behind it");
	report(registry_method_named(&first, interface, MSG_TEXT("First"), &method) && method.ordinal == 0,
	       "an inherited method, from the one before");
	report(registry_extends(&first, BASE + 16, BASE) && !registry_extends(&first, BASE, BASE + 16),
	       "who extends whom, across both");

	first.missing = fetch;
	report(registry_interface_named(&first, MSG_TEXT("Third"), &interface) && asked == 1,
	       "what is in none is fetched");
	report(registry_extends(&first, BASE + 32, BASE) &&
		       registry_method_named(&first, interface, MSG_TEXT("First"), &method),
	       "and belongs to the others");
	report(!registry_interface_named(&first, MSG_TEXT("Fourth"), &interface) && asked == 2,
	       "what nobody has is asked for, and is not there");
	report(registry_interface_named(&first, MSG_TEXT("First"), &interface) && asked == 2,
	       "what is there is not asked for");

	printf("1..%d\n", number);
	return failures > 0;
}
