// SPDX-License-Identifier: MIT OR Apache-2.0
/* Namespace: bindings, updates of several names, generations, smaller namespaces, watching. */
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/notification.capnp.h>

#include "store.h"

static char value[64];
static uint8_t id[32];
static cap_id space;
static uint64_t version, generation;
static uint32_t at_fault;

static bool is_value(cap_id names, const char *name, const char *expected)
{
	return look(names, name, value, id, &space, &version) == NAMESPACE_BINDING_WHICH_VALUE &&
	       __builtin_strcmp(value, expected) == 0;
}

static bool is_absent(cap_id names, const char *name)
{
	return look(names, name, value, id, &space, &version) == FAILED + FILE_OUTCOME_NOT_FOUND;
}

static unsigned bind_value(cap_id names, const char *name, const char *text)
{
	return update(names, &(struct bind){.name = name, .kind = BIND_VALUE, .value = text}, 1, 0,
		      &generation, &at_fault);
}

static unsigned unbind(cap_id names, const char *name)
{
	return update(names, &(struct bind){.name = name}, 1, 0, &generation, &at_fault);
}

static void test_update(cap_id names)
{
	const struct bind two[] = {{.name = "a", .kind = BIND_VALUE, .value = "1"},
				   {.name = "b/c", .kind = BIND_VALUE, .value = "2"}};
	const struct bind wrong[] = {{.name = "a", .kind = BIND_VALUE, .value = "3"}, {.name = "nothing"}};
	uint64_t first;

	tap_ok(update(names, two, 2, 0, &generation, &at_fault) == DONE && is_value(names, "a", "1") &&
		       is_value(names, "b/c", "2") && version == generation,
	       "two names are bound in one generation");
	first = generation;
	tap_ok(update(names, wrong, 2, 0, &generation, &at_fault) == FILE_OUTCOME_NOT_FOUND &&
		       at_fault == 1 && generation == first && is_value(names, "a", "1"),
	       "of two changes, one of which is refused, none is done");
	tap_ok(update(names, two, 2, first - 1, &generation, &at_fault) == FILE_OUTCOME_CONFLICT,
	       "nor is any when the generation is not the expected one");

	struct bind swap = {.name = "a",
			    .kind = BIND_VALUE,
			    .value = "4",
			    .check = NAMESPACE_CHECK_VERSION,
			    .version = first};

	tap_ok(update(names, &swap, 1, 0, &generation, &at_fault) == DONE && is_value(names, "a", "4") &&
		       update(names, &swap, 1, 0, &generation, &at_fault) == FILE_OUTCOME_CONFLICT,
	       "compare and set, once");
	swap.check = NAMESPACE_CHECK_ABSENT;
	tap_ok(update(names, &swap, 1, 0, &generation, &at_fault) == FILE_OUTCOME_CONFLICT,
	       "absent means absent");
	tap_ok(bind_value(names, "../x", "5") == FILE_OUTCOME_BAD_NAME &&
		       bind_value(names, "", "5") == FILE_OUTCOME_BAD_NAME,
	       "names are paths without a way up");
}

static void test_history(cap_id names)
{
	uint64_t now = 0, oldest = 0, then;
	enum file_outcome outcome = 0;
	cap_id old = {};

	(void)bind_value(names, "h", "old");
	then = generation;
	(void)bind_value(names, "h", "new");
	(void)bind_value(names, "h2", "x");
	tap_ok(namespace_at(w.t, names, then, &outcome, &old) == STATUS_OK && outcome == DONE &&
		       is_value(old, "h", "old") && is_absent(old, "h2") && is_value(names, "h", "new"),
	       "names as they were");
	tap_ok(bind_value(old, "h", "z") == FAILED, "which nobody changes any more");
	tap_ok(namespace_rollback(w.t, names, then, &outcome, &now) == STATUS_OK && outcome == DONE &&
		       now > then + 2 && is_value(names, "h", "old") && is_absent(names, "h2"),
	       "they are brought back, as a new generation");
	for (int i = 0; i < 70; i++)
		(void)bind_value(names, "h", i % 2 ? "even" : "odd");
	tap_ok(namespace_generation(w.t, names, &now, &oldest) == STATUS_OK && oldest > then &&
		       look(old, "h", value, id, &space, &version) == FAILED + FILE_OUTCOME_STALE &&
		       namespace_rollback(w.t, names, then, &outcome, &now) == STATUS_OK &&
		       outcome == FILE_OUTCOME_NOT_FOUND,
	       "64 generations are kept");
	drop(old);
	(void)unbind(names, "h");
}

static uint32_t count_list(cap_id names, const char *under, const char *after, uint32_t max)
{
	struct namespace_list_results_reader results;
	struct rpc_call call;
	struct namespace_list_params_builder p = namespace_list_begin(&call, w.t, names);
	uint32_t count = UINT32_MAX;

	namespace_list_params_builder_set_under(p, msg_text_from(under));
	namespace_list_params_builder_set_after(p, msg_text_from(after));
	namespace_list_params_builder_set_max(p, max);
	if (namespace_list_call(&call, &results) == STATUS_OK)
		count = namespace_entry_list_reader_count(namespace_list_results_reader_entries(results));
	rpc_end(&call);
	return count;
}

static uint32_t count_diff(cap_id names, uint64_t from, uint64_t to)
{
	struct namespace_diff_results_reader results;
	struct rpc_call call;
	struct namespace_diff_params_builder p = namespace_diff_begin(&call, w.t, names);
	uint32_t count = UINT32_MAX;

	namespace_diff_params_builder_set_from(p, from);
	namespace_diff_params_builder_set_to(p, to);
	namespace_diff_params_builder_set_max(p, 100);
	if (namespace_diff_call(&call, &results) == STATUS_OK)
		count = namespace_difference_list_reader_count(
			namespace_diff_results_reader_entries(results));
	rpc_end(&call);
	return count;
}

static void test_sub(cap_id names)
{
	enum file_outcome outcome = 0;
	cap_id sub = {}, reader = {}, bell = {};
	uint64_t bits = 0, before;

	(void)namespace_sub(w.t, names, MSG_TEXT("app"), true, true, false, &outcome, &sub);
	(void)bind_value(names, "app-x", "beside");
	before = generation;
	tap_ok(bind_value(sub, "one", "1") == DONE && bind_value(sub, "two/x", "2") == DONE &&
		       is_value(names, "app/one", "1") && is_absent(sub, "app-x"),
	       "a smaller namespace");
	tap_ok(count_list(sub, "", "", 100) == 2 && count_list(sub, "", "one", 100) == 1 &&
		       count_list(sub, "two", "", 100) == 1 && count_list(names, "app", "", 1) == 1,
	       "lists its names");
	tap_ok(count_diff(sub, before, generation) == 2 && count_diff(names, before, generation) == 2 &&
		       count_diff(names, before - 1, before) == 1 && count_diff(sub, before - 1, before) == 0,
	       "and what differs between generations");
	tap_ok(namespace_rollback(w.t, sub, before, &outcome, &bits) == STATUS_DENIED,
	       "without the right, no history");
	tap_ok(namespace_sub(w.t, sub, MSG_TEXT(""), true, false, true, &outcome, &reader) == STATUS_OK &&
		       outcome == DONE && bind_value(reader, "x", "x") == FAILED &&
		       is_value(reader, "one", "1") &&
		       namespace_rollback(w.t, reader, before, &outcome, &bits) == STATUS_DENIED,
	       "rights are only taken away");
	tap_ok(bind_value(w.view, "x", "x") == FILE_OUTCOME_DENIED && is_value(w.view, "test/app/one", "1"),
	       "the image's view reads");

	(void)!capability_manager_create_notification(w.t, w.manager, &bell);
	(void)!namespace_watch(w.t, reader, bell, &outcome);
	(void)bind_value(names, "app-x", "again");
	(void)!notification_poll(w.t, bell, 0, &bits);
	bool quiet = bits == 0;
	(void)bind_value(names, "app/one", "3");
	(void)!notification_poll(w.t, bell, 0, &bits);
	tap_ok(quiet && bits != 0, "who watches it is told of its names, and of no others");

	const struct bind link = {.name = "link", .kind = BIND_SPACE, .space = reader};
	const struct bind other = {.name = "link2", .kind = BIND_SPACE, .space = w.manager};
	cap_id found = {};

	tap_ok(update(names, &link, 1, 0, &generation, &at_fault) == DONE &&
		       look(names, "link", value, id, &found, &version) ==
			       NAMESPACE_BINDING_WHICH_NAMESPACE &&
		       is_value(found, "one", "3") && bind_value(found, "x", "x") == FAILED,
	       "a namespace is bound to a name, with the rights that it had");
	tap_ok(update(names, &other, 1, 0, &generation, &at_fault) == FILE_OUTCOME_ELSEWHERE,
	       "what is none of this service is not");
	drop(found);
	drop(sub);
	drop(reader);
	drop(bell);
	(void)unbind(names, "link");
	(void)unbind(names, "app-x");
	(void)unbind(names, "app/one");
	(void)unbind(names, "app/two/x");
}

static void test_blob_names(cap_id names)
{
	const uint8_t nothing[32] = {9};
	struct bind bind = {.name = "blob", .kind = BIND_BLOB, .id = id};
	uint8_t found[32] = {};

	(void)put("named", 5, nullptr, id, nullptr);
	tap_ok(update(names, &bind, 1, 0, &generation, &at_fault) == DONE && collect() == 0 &&
		       look(names, "blob", value, found, &space, &version) == NAMESPACE_BINDING_WHICH_BLOB &&
		       __builtin_memcmp(found, id, 32) == 0,
	       "a name keeps its blob");
	bind.id = nothing;
	tap_ok(update(names, &bind, 1, 0, &generation, &at_fault) == FILE_OUTCOME_NOT_FOUND,
	       "no name for no blob");
	tap_ok(unbind(names, "blob") == DONE && collect() == 0, "history keeps it");
	for (int i = 0; i < 33; i++) {
		(void)bind_value(names, "count", "x");
		(void)unbind(names, "count");
	}
	tap_ok(collect() == 1, "until that is gone");
}

void test_names(void)
{
	enum file_outcome outcome = 0;
	cap_id names = {};

	tap_ok(namespace_sub(w.t, w.names, MSG_TEXT("test"), true, true, true, &outcome, &names) ==
			       STATUS_OK &&
		       outcome == DONE,
	       "a namespace to work in");
	test_update(names);
	test_history(names);
	test_sub(names);
	test_blob_names(names);
	(void)unbind(names, "a");
	(void)unbind(names, "b/c");
	tap_ok(count_list(w.names, "", "", 10) == 0, "nothing is left");
	drop(names);
}
