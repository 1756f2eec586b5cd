// SPDX-License-Identifier: MIT OR Apache-2.0
/* caps and describe: what is held here, and what is known of an interface, struct or enum. */
#include <fmt/fmt.h>
#include <runtime/runtime.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <shell/nearest.h>

#include "prompt.h"

bool capability_facts(cap_id id, uint64_t *interface_id, uint64_t *methods, uint16_t *provenance,
		      uint32_t *giver)
{
	struct capability_manager_describe_results_reader results;
	struct rpc_call call;
	cap_id manager;

	if (runtime_cap("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID, &manager) != STATUS_OK)
		return false;

	struct capability_manager_describe_params_builder params = capability_manager_describe_begin(
		&call, runtime_transport(), manager);
	capability_manager_describe_params_builder_set_capability(params, rpc_add_cap(&call, id));

	bool good = capability_manager_describe_call(&call, &results) == STATUS_OK;
	if (good) {
		struct capability_manager_entry_reader entry =
			capability_manager_describe_results_reader_entry(results);

		*interface_id = capability_manager_entry_reader_interface_id(entry);
		*methods = capability_manager_entry_reader_methods(entry);
		*provenance = (uint16_t)capability_manager_entry_reader_provenance(entry);
		*giver = capability_manager_entry_reader_giver(entry);
	}
	rpc_end(&call);
	return good;
}

static void show_capability(const struct name *name)
{
	static const char *const sources[] = {"boot", "a grant", "a call", "an answer", "a duplicate"};
	struct registry_data_interface_reader interface;
	uint64_t interface_id, methods;
	uint32_t giver, used;
	uint16_t provenance;
	char buffer[24];
	struct msg_text type = registry_interface_name(&registry, name->interface_id, buffer);

	used = (uint32_t)__builtin_strlen(name->text);
	text_print(&out, "  %s", name->text);
	text_put_pad(&out, used, 18);
	text_put(&out, " ");
	text_put_text(&out, type);
	text_put_pad(&out, type.len, 18);
	if (capability_facts(name->id, &interface_id, &methods, &provenance, &giver)) {
		if (registry_interface(&registry, interface_id, &interface)) {
			uint32_t count = registry_data_method_list_reader_count(
				registry_data_interface_reader_methods(interface));
			uint64_t known = count < 64 ? (1ull << count) - 1 : ~0ull;

			text_print(&out, " %2u of %2u methods",
				   (unsigned)__builtin_popcountll(methods & known), count);
		}
		text_print(&out, "   %s", name->given ? "from the image" : "from ");
		if (!name->given)
			text_put(&out, provenance < 5 ? sources[provenance] : "somewhere");
	}
	text_put(&out, "\n");
}

void command_caps(const struct shell_statement *statement)
{
	(void)statement;
	for (uint32_t i = 0; i < name_count; i++)
		show_capability(&names[i]);
}

static void show_doc(const char *indent, struct msg_text doc)
{
	while (doc.len > 0) {
		const char *newline = __builtin_memchr(doc.ptr, '\n', doc.len);
		uint32_t len = newline ? (uint32_t)(newline - doc.ptr) : doc.len;

		text_put(&out, indent);
		text_put_text(&out, (struct msg_text){doc.ptr, len});
		text_put(&out, "\n");
		doc.ptr += len + (newline != nullptr);
		doc.len -= len + (newline != nullptr);
	}
}

static void describe_method(struct registry_data_method_reader method, bool whole)
{
	struct msg_text doc = registry_data_method_reader_doc(method), first = text_first_line(doc);

	text_put(&out, "    ");
	uint32_t used = registry_print_signature(&registry, &out, method);
	if (whole) {
		text_put(&out, "\n");
		show_doc("        ", doc);
		return;
	}
	if (used > 32 || first.len > 42)
		text_put(&out, "\n        ");
	else
		text_put_pad(&out, used, 34);
	text_put_text(&out, first);
	text_put(&out, "\n");
}

/* methods: those that the capability at hand has; ~0: no capability is at hand. */
static void describe_interface(struct registry_data_interface_reader interface, uint64_t methods)
{
	struct registry_method m;

	text_put(&out, "  ");
	text_put_text(&out, registry_data_interface_reader_name(interface));
	text_put(&out, ": ");
	text_put_text(&out, text_first_line(registry_data_interface_reader_doc(interface)));
	text_put(&out, "\n");
	for (uint32_t i = 0; registry_method_at(&registry, interface, i, &m); i++) {
		bool own = registry_data_interface_reader_id(m.interface) ==
			   registry_data_interface_reader_id(interface);

		if (own && m.ordinal < 64 && !(methods >> m.ordinal & 1)) {
			text_put(&out, "    ");
			text_put_text(&out, registry_data_method_reader_name(m.method));
			text_put(&out, ": removed from this capability\n");
		} else {
			describe_method(m.method, false);
		}
	}
}

static void describe_struct(struct registry_data_struct_reader s)
{
	struct registry_data_field_list_reader fields = registry_data_struct_reader_fields(s);

	text_put(&out, "  struct ");
	text_put_text(&out, registry_data_struct_reader_name(s));
	text_put(&out, "\n");
	show_doc("    ", registry_data_struct_reader_doc(s));
	for (uint32_t i = 0; i < registry_data_field_list_reader_count(fields); i++) {
		struct registry_data_field_reader field = registry_data_field_list_reader_at(fields, i);

		text_put(&out, "    ");
		text_put_text(&out, registry_data_field_reader_name(field));
		text_put(&out, " :");
		registry_print_type(&registry, &out, registry_data_field_reader_type(field));
		text_put(&out, "\n");
		show_doc("        ", registry_data_field_reader_doc(field));
	}
}

static void describe_enum(struct registry_data_enum_reader e)
{
	struct registry_data_enumerant_list_reader list = registry_data_enum_reader_enumerants(e);

	text_put(&out, "  enum ");
	text_put_text(&out, registry_data_enum_reader_name(e));
	text_put(&out, "\n");
	for (uint32_t i = 0; i < registry_data_enumerant_list_reader_count(list); i++) {
		struct registry_data_enumerant_reader enumerant = registry_data_enumerant_list_reader_at(list,
													 i);

		text_print(&out, "    %u ", i);
		text_put_text(&out, registry_data_enumerant_reader_name(enumerant));
		text_put(&out, "\n");
		show_doc("        ", registry_data_enumerant_reader_doc(enumerant));
	}
}

/* "NAME" of a type, or "NAME.method" of an interface or capability. */
static bool describe_type(struct msg_text text)
{
	struct registry_data_interface_reader interface;
	struct registry_data_struct_reader s;
	struct registry_data_enum_reader e;

	if (registry_interface_named(&registry, text, &interface))
		describe_interface(interface, ~0ull);
	else if (registry_struct_named(&registry, text, &s))
		describe_struct(s);
	else if (registry_enum_named(&registry, text, &e))
		describe_enum(e);
	else
		return false;
	return true;
}

static bool find_interface(struct shell_word word, struct registry_data_interface_reader *interface)
{
	const struct name *name = names_find(word);

	return name ? registry_interface(&registry, name->interface_id, interface)
		    : registry_interface_named(&registry, (struct msg_text){word.ptr, word.len}, interface);
}

static bool describe_dotted(struct shell_word word)
{
	const char *dot = __builtin_memchr(word.ptr, '.', word.len);
	struct registry_data_interface_reader interface;
	struct registry_method m;

	if (!dot)
		return false;

	uint32_t before = (uint32_t)(dot - word.ptr);
	if (!find_interface((struct shell_word){word.ptr, before, word.at}, &interface) ||
	    !registry_method_named(&registry, interface, (struct msg_text){dot + 1, word.len - before - 1},
				   &m))
		return false;
	describe_method(m.method, true);
	return true;
}

static void offer_all(struct shell_nearest *nearest)
{
	for (uint32_t i = 0; i < name_count; i++)
		shell_nearest_offer(nearest, names[i].text, (uint32_t)__builtin_strlen(names[i].text));
	for (uint32_t i = 0; i < registry_data_interface_list_reader_count(registry.interfaces); i++) {
		struct msg_text name = registry_data_interface_reader_name(
			registry_data_interface_list_reader_at(registry.interfaces, i));

		shell_nearest_offer(nearest, name.ptr, name.len);
	}
}

void describe_word(struct shell_word word)
{
	const struct name *name = names_find(word);
	struct registry_data_interface_reader interface;
	uint64_t interface_id, methods = ~0ull;
	uint32_t giver;
	uint16_t provenance;

	if (name && registry_interface(&registry, name->interface_id, &interface)) {
		(void)!capability_facts(name->id, &interface_id, &methods, &provenance, &giver);
		describe_interface(interface, methods);
		return;
	}
	if (describe_type((struct msg_text){word.ptr, word.len}) || describe_dotted(word))
		return;

	struct shell_nearest nearest = shell_nearest(word.ptr, word.len);
	struct shell_error error = {.at = word.at};
	offer_all(&nearest);
	fmt_print(error.text, sizeof(error.text),
		  nearest.found ? "nothing is known of \"%.*s\"; did you mean \"%.*s\"?"
				: "nothing is known of \"%.*s\"%.*s",
		  (int)(word.len < 40 ? word.len : 40), word.ptr, (int)nearest.name_len,
		  nearest.found ? nearest.name : "");
	show_error(&error);
}

void command_describe(const struct shell_statement *statement)
{
	if (statement->word_count < 2)
		text_put(
			&out,
			"describe what? A capability (\"caps\"), an interface, a method, a struct or an enum.\n");
	for (uint32_t i = 1; i < statement->word_count; i++)
		describe_word(statement->words[i]);
}
