// SPDX-License-Identifier: MIT OR Apache-2.0
/* Namespaces at the prompt: lists, values, what differs between two generations. */
#include <file_client/file_client.h>
#include <fmt/fmt.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <schema/service/namespace.capnp.h>

#include "files.h"

#define PAGE 16u /* names of an answer */

static const char *kind_name(enum namespace_kind kind)
{
	static const char *const names[] = {"-", "blob", "value", "namespace"};

	return (unsigned)kind < 4 ? names[kind] : "?";
}

static void put_name(struct msg_text name)
{
	text_put(&out, "  ");
	text_put_text(&out, name);
	text_put_pad(&out, name.len, 28);
}

/* The last name of an answer, which the next one begins behind. */
static void remember(struct msg_text name, char *last, struct msg_text *after)
{
	uint32_t len = name.len < 1024 ? name.len : 1024;

	__builtin_memcpy(last, name.ptr, len);
	*after = (struct msg_text){last, len};
}

bool names_list(const struct place *place)
{
	static char last[1024];
	struct msg_text after = {};
	bool more = true, good = true;

	while (more && good && !terminal_interrupted()) {
		struct namespace_list_results_reader results;
		struct rpc_call call;
		struct namespace_list_params_builder p = namespace_list_begin_sized(
			&call, runtime_transport(), rpc_target_cap(place->cap),
			rpc_text_room(place->path.len) + rpc_text_room(after.len));

		namespace_list_params_builder_set_under(p, place->path);
		namespace_list_params_builder_set_after(p, after);
		namespace_list_params_builder_set_max(p, PAGE);
		enum status status = namespace_list_call(&call, &results);
		struct namespace_entry_list_reader list = namespace_list_results_reader_entries(results);
		uint32_t count = namespace_entry_list_reader_count(list);

		good = settle(status, namespace_list_results_reader_outcome(results));
		more = good && count > 0 && namespace_list_results_reader_more(results);
		for (uint32_t i = 0; i < count; i++) {
			struct namespace_entry_reader e = namespace_entry_list_reader_at(list, i);

			put_name(namespace_entry_reader_name(e));
			text_print(&out, " %-9s %8llu bytes   generation %llu\n",
				   kind_name(namespace_entry_reader_kind(e)),
				   (unsigned long long)namespace_entry_reader_size(e),
				   (unsigned long long)namespace_entry_reader_version(e));
			if (i + 1 == count)
				remember(namespace_entry_reader_name(e), last, &after);
		}
		rpc_end(&call);
	}
	return good;
}

static void show_binding(struct namespace_binding_reader binding)
{
	struct msg_data bytes;

	switch (namespace_binding_reader_which(binding)) {
	case NAMESPACE_BINDING_WHICH_BLOB:
		bytes = namespace_binding_reader_blob(binding);
		text_put(&out, "  blob ");
		for (uint32_t i = 0; i < bytes.len; i++)
			text_print(&out, "%02x", bytes.ptr[i]);
		text_put(&out, "\n");
		break;
	case NAMESPACE_BINDING_WHICH_VALUE:
		bytes = namespace_value_reader_bytes(namespace_binding_reader_value(binding));
		put_printable(bytes.ptr, bytes.len);
		text_put(&out, "\n");
		break;
	case NAMESPACE_BINDING_WHICH_NAMESPACE:
		text_put(&out, "  a namespace: lookup gives it\n");
		break;
	default:
		text_put(&out, "  nothing\n");
		break;
	}
}

/* What the place's name is bound to. rpc_end. */
static enum status look_up(const struct place *place, struct rpc_call *call,
			   struct namespace_lookup_results_reader *results)
{
	namespace_lookup_params_builder_set_name(namespace_lookup_begin_sized(call, runtime_transport(),
									      rpc_target_cap(place->cap),
									      rpc_text_room(place->path.len)),
						 place->path);
	return namespace_lookup_call(call, results);
}

bool names_show(const struct place *place)
{
	struct namespace_lookup_results_reader results;
	struct rpc_call call;
	bool good;

	enum status status = look_up(place, &call, &results);

	good = settle(status, namespace_lookup_results_reader_outcome(results));
	if (good) {
		struct namespace_binding_reader binding = namespace_lookup_results_reader_binding(results);

		show_binding(binding);
		if (namespace_binding_reader_which(binding) == NAMESPACE_BINDING_WHICH_NAMESPACE)
			ring_release(runtime_ring(),
				     rpc_result_cap(&call, namespace_binding_reader_namespace(binding)));
	}
	rpc_end(&call);
	return good;
}

/* ---- A name as a value ---- */

/* What put made of a text is that text again; what cat could not show as it is, is data. */
static bool take_bytes(struct msg_data bytes, bool text, struct shell_value *value)
{
	char *copy = shell_arena_bytes(&shell.arena, bytes.ptr, bytes.len);

	if (!copy)
		return shell_fail(&shell, "noSpace", "there is no room for it");
	for (uint32_t i = 0; i < bytes.len; i++)
		text &= is_printable(bytes.ptr[i]);
	value->kind = text ? SHELL_TEXT : SHELL_DATA;
	value->word = (struct shell_word){copy, bytes.len, value->word.at};
	return true;
}

static bool take_binding(const struct rpc_call *call, struct namespace_binding_reader binding,
			 struct shell_value *value)
{
	struct namespace_value_reader typed;

	switch (namespace_binding_reader_which(binding)) {
	case NAMESPACE_BINDING_WHICH_BLOB:
		return take_bytes(namespace_binding_reader_blob(binding), false, value);
	case NAMESPACE_BINDING_WHICH_VALUE:
		typed = namespace_binding_reader_value(binding);
		return take_bytes(namespace_value_reader_bytes(typed),
				  namespace_value_reader_type_id(typed) == 0, value);
	default:
		value->interface_id = NAMESPACE_INTERFACE_ID;
		value->cap = rpc_result_cap(call, namespace_binding_reader_namespace(binding));
		return true;
	}
}

/* Is anything bound to a name below it? */
static bool has_below(const struct place *place)
{
	struct namespace_list_results_reader results;
	struct rpc_call call;
	struct namespace_list_params_builder p = namespace_list_begin_sized(
		&call, runtime_transport(), rpc_target_cap(place->cap), rpc_text_room(place->path.len));
	bool any;

	namespace_list_params_builder_set_under(p, place->path);
	namespace_list_params_builder_set_max(p, 1);
	any = namespace_list_call(&call, &results) == STATUS_OK &&
	      namespace_list_results_reader_outcome(results) == FILE_OUTCOME_DONE &&
	      namespace_entry_list_reader_count(namespace_list_results_reader_entries(results)) > 0;
	rpc_end(&call);
	return any;
}

bool names_value(const struct place *place, struct shell_value *value)
{
	struct namespace_lookup_results_reader results;
	enum file_outcome outcome;
	struct rpc_call call;
	bool good;

	enum status status = look_up(place, &call, &results);

	outcome = namespace_lookup_results_reader_outcome(results);
	good = status == STATUS_OK && outcome == FILE_OUTCOME_DONE &&
	       take_binding(&call, namespace_lookup_results_reader_binding(results), value);
	rpc_end(&call);
	if (good || (status == STATUS_OK && outcome == FILE_OUTCOME_DONE))
		return good;
	if (status != STATUS_OK || outcome != FILE_OUTCOME_NOT_FOUND || !has_below(place))
		return settle(status, outcome);
	value->interface_id = NAMESPACE_INTERFACE_ID;
	status = namespace_sub(runtime_transport(), place->cap, place->path, true, true, true, &outcome,
			       &value->cap);
	return settle(status, outcome);
}

/* ---- Changing ---- */

static bool change(const struct place *place, const struct msg_text *value)
{
	struct namespace_update_results_reader results;
	struct rpc_call call;
	struct namespace_update_params_builder p = namespace_update_begin_sized(
		&call, runtime_transport(), rpc_target_cap(place->cap),
		128 + rpc_text_room(place->path.len) + rpc_data_room(value ? value->len : 0));
	struct namespace_change_builder c = namespace_change_list_builder_at(
		namespace_update_params_builder_init_changes(p, 1), 0);
	struct namespace_binding_builder binding = namespace_change_builder_init_binding(c);
	bool good;

	namespace_change_builder_set_name(c, place->path);
	if (value)
		namespace_value_builder_set_bytes(namespace_binding_builder_init_value(binding),
						  (struct msg_data){(const uint8_t *)value->ptr, value->len});
	else
		namespace_binding_builder_set_none(binding);
	enum status status = namespace_update_call(&call, &results);

	good = settle(status, namespace_update_results_reader_outcome(results));
	if (good)
		text_print(&out, "  generation %llu\n",
			   (unsigned long long)namespace_update_results_reader_generation(results));
	rpc_end(&call);
	return good;
}

bool names_bind(const struct place *place, struct msg_text text)
{
	return change(place, &text);
}

bool names_unbind(const struct place *place)
{
	return change(place, nullptr);
}

/* ---- diff NAMESPACE FROM TO ---- */

static bool number_of(struct shell_word word, uint64_t *number)
{
	*number = 0;
	for (uint32_t i = 0; i < word.len; i++) {
		if (word.ptr[i] < '0' || word.ptr[i] > '9' || i > 17)
			return shell_fail_at(&shell, word.at, "expected the number of a generation");
		*number = *number * 10 + (uint64_t)(word.ptr[i] - '0');
	}
	return word.len > 0;
}

static const char *sign(enum namespace_kind before, enum namespace_kind after)
{
	return before == NAMESPACE_KIND_NONE ? "+" : after == NAMESPACE_KIND_NONE ? "-" : "~";
}

bool command_diff(const struct shell_word *words, uint32_t count)
{
	static char last[1024];
	struct msg_text after = {};
	bool more = true, good = true;
	uint64_t from, to;
	struct place place;

	if (count != 4)
		return shell_fail_at(&shell, words[0].at, "diff NAMESPACE FROM TO: two generations");
	if (!place_of(words[1], &place) || !number_of(words[2], &from) || !number_of(words[3], &to))
		return false;
	if (place.interface_id != NAMESPACE_INTERFACE_ID || place.path.len)
		return shell_fail_at(&shell, words[1].at, "this wants a Namespace, without a path");
	while (more && good && !terminal_interrupted()) {
		struct namespace_diff_results_reader results;
		struct rpc_call call;
		struct namespace_diff_params_builder p = namespace_diff_begin_sized(
			&call, runtime_transport(), rpc_target_cap(place.cap), rpc_text_room(after.len));

		namespace_diff_params_builder_set_from(p, from);
		namespace_diff_params_builder_set_to(p, to);
		namespace_diff_params_builder_set_after(p, after);
		namespace_diff_params_builder_set_max(p, PAGE);
		enum status status = namespace_diff_call(&call, &results);
		struct namespace_difference_list_reader list = namespace_diff_results_reader_entries(results);
		uint32_t n = namespace_difference_list_reader_count(list);

		if (status == STATUS_OK &&
		    namespace_diff_results_reader_outcome(results) == FILE_OUTCOME_NOT_FOUND)
			good = shell_fail(
				&shell, "notFound",
				"one of the generations is not kept; the method generation says which are");
		else
			good = settle(status, namespace_diff_results_reader_outcome(results));
		more = good && n > 0 && namespace_diff_results_reader_more(results);
		for (uint32_t i = 0; i < n; i++) {
			struct namespace_difference_reader d = namespace_difference_list_reader_at(list, i);
			enum namespace_kind before = namespace_difference_reader_before(d),
					    now = namespace_difference_reader_after(d);

			text_print(&out, "  %s", sign(before, now));
			put_name(namespace_difference_reader_name(d));
			text_print(&out, " %s\n", kind_name(now == NAMESPACE_KIND_NONE ? before : now));
			if (i + 1 == n)
				remember(namespace_difference_reader_name(d), last, &after);
		}
		rpc_end(&call);
	}
	return good;
}
