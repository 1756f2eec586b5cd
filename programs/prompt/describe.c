// SPDX-License-Identifier: MIT OR Apache-2.0
/* caps and describe: what is held here, and what is known of an interface, struct or enum. */
#include <fmt/fmt.h>
#include <runtime/runtime.h>
#include <shell/decode.h>
#include <shell/nearest.h>

#include "view.h"

static const struct shell_value *capability_named(struct shell_word word)
{
	const struct shell_value *value = shell_variable(&shell, word);

	return value && value->kind == SHELL_CAPABILITY ? value : nullptr;
}

static void show_capability(const struct shell_variable *variable, struct msg_text image)
{
	static const char *const sources[] = {"boot", "a grant", "a call", "an answer", "a duplicate"};
	const struct shell_value *value = variable->value;
	struct registry_data_interface_reader interface;
	struct capability_facts facts;
	char buffer[24];
	struct msg_text type = registry_interface_name(&registry, value->interface_id, buffer);

	text_print(&out, "  %s", variable->text);
	text_put_pad(&out, (uint32_t)__builtin_strlen(variable->text), 18);
	text_put(&out, " ");
	text_put_text(&out, type);
	text_put_pad(&out, type.len, 18);
	if (capability_facts(value->cap, &facts)) {
		if (registry_interface(&registry, facts.interface_id, &interface)) {
			uint32_t count = registry_data_method_list_reader_count(
				registry_data_interface_reader_methods(interface));
			uint64_t known = count < 64 ? (1ull << count) - 1 : ~0ull;

			text_print(&out, " %2u of %2u methods",
				   (unsigned)__builtin_popcountll(facts.methods & known), count);
		}
		text_put(&out, "  from ");
		if (!variable->given) {
			text_put(&out, facts.provenance < 5 ? sources[facts.provenance] : "somewhere");
		} else {
			text_put_text(&out, image);
			if (facts.line)
				text_print(&out, ":%llu", (unsigned long long)facts.line);
		}
	}
	text_put(&out, "\n");
}

bool command_caps(const struct shell_word *words, uint32_t count)
{
	if (count > 1 && shell_word_is(words[1], "--why"))
		return view_why(words, count);
	if (count > 1)
		return shell_fail_at(&shell, words[1].at,
				     "caps, or caps --why NAME; \"describe NAME\" says what one can do");

	char text[64];
	struct msg_text image = view_image_name();
	size_t len = fmt_print(text, sizeof(text), "image %.*s", (int)image.len, image.ptr);

	for (uint32_t i = 0; i < shell.variable_count; i++)
		if (!shell.variables[i].function && shell.variables[i].value->kind == SHELL_CAPABILITY)
			show_capability(&shell.variables[i],
					(struct msg_text){text, (uint32_t)(len < 63 ? len : 63)});
	return true;
}

/* Everything that `let` and `fn` named, but for the capabilities. */
bool command_vars(const struct shell_word *words, uint32_t count)
{
	(void)words, (void)count;
	for (uint32_t i = 0; i < shell.variable_count; i++) {
		const struct shell_variable *v = &shell.variables[i];

		if (v->function) {
			struct msg_text source = {v->value->word.ptr, v->value->word.len};
			struct msg_text line = text_first_line(source);

			text_put(&out, "  ");
			text_put_text(&out, line);
			text_put(&out, line.len < source.len ? " ...\n" : "\n");
		} else if (v->value->kind != SHELL_CAPABILITY) {
			text_print(&out, "  %s = ", v->text);
			shell_print(&registry, &out, v->value);
			text_put(&out, "\n");
		}
	}
	return true;
}

static void show_doc(uint32_t indent, struct msg_text doc)
{
	if (doc.len == 0)
		return;
	text_put_pad(&out, 0, indent);
	put_wrapped(doc, indent, indent);
}

static void describe_method(struct registry_data_method_reader method, bool whole)
{
	struct msg_text doc = registry_data_method_reader_doc(method), first = text_first_sentence(doc);

	struct passage signature = {};
	struct text_out to = passage_out(&signature);

	uint32_t used = registry_print_signature(&registry, &to, method);
	text_put(&out, "    ");
	if (whole || used > 32 || first.len > 42) {
		put_passage(&signature, 6, 4);
		show_doc(8, whole ? doc : first);
		return;
	}
	text_put_text(&out, (struct msg_text){signature.text, signature.len});
	text_put_pad(&out, used, 34);
	put_wrapped(first, 8, 38);
}

/* methods: those that the capability at hand has; ~0: no capability is at hand. */
static void describe_interface(struct registry_data_interface_reader interface, uint64_t methods)
{
	struct registry_method m;

	struct msg_text name = registry_data_interface_reader_name(interface);

	text_put(&out, "  ");
	text_put_text(&out, name);
	text_put(&out, ": ");
	put_wrapped(text_first_sentence(registry_data_interface_reader_doc(interface)), 4, name.len + 4);
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
	show_doc(4, registry_data_struct_reader_doc(s));
	for (uint32_t i = 0; i < registry_data_field_list_reader_count(fields); i++) {
		struct registry_data_field_reader field = registry_data_field_list_reader_at(fields, i);

		text_put(&out, "    ");
		text_put_text(&out, registry_data_field_reader_name(field));
		text_put(&out, " :");
		registry_print_type(&registry, &out, registry_data_field_reader_type(field));
		text_put(&out, "\n");
		show_doc(8, registry_data_field_reader_doc(field));
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
		show_doc(8, registry_data_enumerant_reader_doc(enumerant));
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
	const struct shell_value *value = capability_named(word);

	return value ? registry_interface(&registry, value->interface_id, interface)
		     : registry_interface_named(&registry, (struct msg_text){word.ptr, word.len}, interface);
}

static bool unknown_method(struct registry_data_interface_reader interface, struct shell_word word)
{
	struct shell_nearest nearest = shell_nearest(word.ptr, word.len);
	struct msg_text name = registry_data_interface_reader_name(interface);
	struct registry_method m;

	for (uint32_t i = 0; registry_method_at(&registry, interface, i, &m); i++) {
		struct msg_text method = registry_data_method_reader_name(m.method);

		shell_nearest_offer(&nearest, method.ptr, method.len);
	}
	return shell_fail_at(&shell, word.at, "%.*s has no method \"%.*s\"; %s \"%s%.*s\"%s", (int)name.len,
			     name.ptr, (int)(word.len < 40 ? word.len : 40), word.ptr,
			     nearest.found ? "did you mean" : "see", nearest.found ? "" : "describe ",
			     (int)(nearest.found ? nearest.name_len : name.len),
			     nearest.found ? nearest.name : name.ptr, nearest.found ? "?" : "");
}

/* "Timer.sleep", "timer.sleep": the interface, and the word behind the dot. */
static bool find_dotted(struct shell_word word, struct registry_data_interface_reader *interface,
			struct shell_word *method)
{
	const char *dot = __builtin_memchr(word.ptr, '.', word.len);
	uint32_t before = dot ? (uint32_t)(dot - word.ptr) : 0;

	*method = (struct shell_word){word.ptr + before + 1, word.len - before - 1, word.at + before + 1};
	return dot && find_interface((struct shell_word){word.ptr, before, word.at}, interface);
}

static bool describe_dotted(struct registry_data_interface_reader interface, struct shell_word word)
{
	struct registry_method m;

	if (!registry_method_named(&registry, interface, (struct msg_text){word.ptr, word.len}, &m))
		return unknown_method(interface, word);
	describe_method(m.method, true);
	return true;
}

static void offer_all(struct shell_nearest *nearest)
{
	for (uint32_t i = 0; i < shell.variable_count; i++)
		shell_nearest_offer(nearest, shell.variables[i].text,
				    (uint32_t)__builtin_strlen(shell.variables[i].text));
	for (struct registry *r = &registry; r; r = r->next) {
		for (uint32_t i = 0; i < registry_data_interface_list_reader_count(r->interfaces); i++) {
			struct msg_text name = registry_data_interface_reader_name(
				registry_data_interface_list_reader_at(r->interfaces, i));

			shell_nearest_offer(nearest, name.ptr, name.len);
		}
	}
}

bool describe_word(struct shell_word word)
{
	const struct shell_value *value = capability_named(word);
	struct registry_data_interface_reader interface;
	struct capability_facts facts = {.methods = ~0ull};
	struct shell_word method;

	if (value && registry_interface(&registry, value->interface_id, &interface)) {
		(void)!capability_facts(value->cap, &facts);
		describe_interface(interface, facts.methods);
		return true;
	}
	if (describe_type((struct msg_text){word.ptr, word.len}))
		return true;
	if (find_dotted(word, &interface, &method))
		return describe_dotted(interface, method);

	struct shell_nearest nearest = shell_nearest(word.ptr, word.len);
	offer_all(&nearest);
	return shell_fail_at(&shell, word.at,
			     nearest.found ? "nothing is known of \"%.*s\"; did you mean \"%.*s\"?"
					   : "nothing is known of \"%.*s\"%.*s",
			     (int)(word.len < 40 ? word.len : 40), word.ptr, (int)nearest.name_len,
			     nearest.found ? nearest.name : "");
}

bool command_describe(const struct shell_word *words, uint32_t count)
{
	if (count < 2)
		return shell_fail(
			&shell, "",
			"describe what? A capability (\"caps\"), an interface, a method, a struct or an enum.");
	for (uint32_t i = 1; i < count; i++)
		if (!describe_word(words[i]))
			return false;
	return true;
}
