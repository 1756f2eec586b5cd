// SPDX-License-Identifier: MIT OR Apache-2.0
/* Rules against messages, by the real registry (out/gen/registry.bin): messages are built with the generated builders. */
#include <rules/rules.h>
#include <schema/kernel/process_spawner.capnp.h>
#include <schema/kernel/timer.capnp.h>
#include <schema/service/crasher.capnp.h>
#include <schema/service/directory.capnp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int number, failures;
static struct registry registry;
static uint64_t rule_words[256], call_words[256];
static struct msg_builder rule_builder, call_builder;
static struct rules rules;
static struct rules_refusal why;
static struct rules_set sets[2];

static void ok(bool good, const char *what)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++number, what);
	if (!good)
		printf("# rule %u: %s\n", why.rule, why.why ? why.why : "");
	failures += !good;
}

static struct attenuator_rule_list_builder begin(uint32_t count)
{
	memset(rule_words, 0, sizeof(rule_words));
	msg_builder_init(&rule_builder, rule_words, sizeof(rule_words));
	return attenuator_where_params_builder_init_rules(attenuator_where_params_builder_root(&rule_builder),
							  count);
}

static struct attenuator_rule_builder rule(struct attenuator_rule_list_builder list, uint32_t i,
					   enum attenuator_op op, const char *method, const char *field)
{
	struct attenuator_rule_builder r = attenuator_rule_list_builder_at(list, i);

	attenuator_rule_builder_set_op(r, op);
	attenuator_rule_builder_set_method(r, msg_text_from(method));
	attenuator_rule_builder_set_field(r, msg_text_from(field));
	return r;
}

static bool open_for(uint64_t interface_id)
{
	sets[0] = (struct rules_set){interface_id, ~0ull};
	return rules_open(&rules, &registry, rule_words, (uint32_t)msg_builder_size(&rule_builder), sets, 1,
			  &why);
}

static bool check(uint64_t interface_id, uint16_t method)
{
	return rules_check(&rules, interface_id, method, call_words,
			   (uint32_t)msg_builder_size(&call_builder), &why);
}

static bool open_path(const char *path)
{
	msg_builder_init(&call_builder, call_words, sizeof(call_words));
	directory_open_params_builder_set_path(directory_open_params_builder_root(&call_builder),
					       msg_text_from(path));
	return check(DIRECTORY_INTERFACE_ID, DIRECTORY_OPEN);
}

static void test_within(void)
{
	static const char *const good[] = {"tmp/agent", "tmp/agent/a", "tmp/agent/a/b.c", "tmp/agent/..."};
	static const char *const bad[] = {
		"",           "tmp",          "tmp/agents",  "tmp/agent/",  "/tmp/agent", "tmp/agent/../x",
		"tmp//agent", "tmp/agent//a", "tmp/agent/.", "tmp/./agent", "other",      "tmp/agent/.."};
	bool all = true;

	attenuator_rule_builder_set_text(rule(begin(1), 0, ATTENUATOR_OP_WITHIN, "", "path"),
					 MSG_TEXT("tmp/agent"));
	ok(open_for(DIRECTORY_INTERFACE_ID), "a path rule for all methods of Directory");
	ok((sets[0].methods >> DIRECTORY_OPEN & 1) && sets[0].methods != ~0ull,
	   "methods without a path are taken away");
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		all &= open_path(good[i]);
	ok(all, "paths that are within");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (open_path(bad[i]))
			printf("# \"%s\" passed\n", bad[i]), all = false;
	}
	ok(all && msg_text_equal(why.field, MSG_TEXT("path")) && why.rule == 0, "paths that are not");
	attenuator_rule_builder_set_text(rule(begin(1), 0, ATTENUATOR_OP_WITHIN, "open", "path"),
					 MSG_TEXT("/"));
	ok(open_for(DIRECTORY_INTERFACE_ID) && open_path("/") && open_path("/a/b") && !open_path("a") &&
		   !open_path("/a/.."),
	   "the root: all absolute paths");
	attenuator_rule_builder_set_text(rule(begin(1), 0, ATTENUATOR_OP_WITHIN, "open", "path"),
					 MSG_TEXT(""));
	ok(open_for(DIRECTORY_INTERFACE_ID) && open_path("a/b") && open_path("") && !open_path("/a") &&
		   !open_path("../a"),
	   "the empty path: all relative ones");
}

static bool sleep_of(uint64_t ns)
{
	msg_builder_init(&call_builder, call_words, sizeof(call_words));
	timer_sleep_params_builder_set_ns(timer_sleep_params_builder_root(&call_builder), ns);
	return check(TIMER_INTERFACE_ID, TIMER_SLEEP);
}

static void test_numbers(void)
{
	struct attenuator_rule_list_builder list = begin(2);

	attenuator_rule_builder_set_number(rule(list, 0, ATTENUATOR_OP_AT_MOST, "sleep", "ns"), 100);
	attenuator_rule_builder_set_number(rule(list, 1, ATTENUATOR_OP_AT_LEAST, "sleep", "ns"), 10);
	ok(open_for(TIMER_INTERFACE_ID) && sleep_of(10) && sleep_of(100) && !sleep_of(9),
	   "at least and at most");
	ok(!sleep_of(101) && why.rule == 0 && why.op == ATTENUATOR_OP_AT_MOST &&
		   strcmp(why.value, "101") == 0,
	   "who refuses: rule, operator, value");
	ok(sets[0].methods >> TIMER_NOW & 1, "another method, of which no rule speaks, stays");
	list = begin(1);
	struct msg_list_builder numbers = attenuator_rule_builder_init_numbers(
		rule(list, 0, ATTENUATOR_OP_ONE_OF, "sleep", "ns"), 2);
	msg_list_set_u64(numbers, 0, 5);
	msg_list_set_u64(numbers, 1, 7);
	ok(open_for(TIMER_INTERFACE_ID) && sleep_of(5) && sleep_of(7) && !sleep_of(6), "one of some numbers");
}

static bool end_by(enum crasher_how how)
{
	msg_builder_init(&call_builder, call_words, sizeof(call_words));
	crasher_end_params_builder_set_how(crasher_end_params_builder_root(&call_builder), how);
	return check(CRASHER_INTERFACE_ID, CRASHER_END);
}

static bool exit_with(int64_t code)
{
	msg_builder_init(&call_builder, call_words, sizeof(call_words));
	crasher_exit_params_builder_set_code(crasher_exit_params_builder_root(&call_builder), code);
	return check(CRASHER_INTERFACE_ID, CRASHER_EXIT);
}

static void test_kinds(void)
{
	struct attenuator_rule_list_builder list = begin(2);

	attenuator_rule_builder_set_text(rule(list, 0, ATTENUATOR_OP_EQUAL, "end", "how"),
					 MSG_TEXT("exitWithFailure"));
	attenuator_rule_builder_set_number(rule(list, 1, ATTENUATOR_OP_AT_MOST, "exit", "code"),
					   (uint64_t)-5);
	ok(open_for(CRASHER_INTERFACE_ID) && end_by(CRASHER_HOW_EXIT_WITH_FAILURE) &&
		   !end_by(CRASHER_HOW_PAGE_FAULT),
	   "an enum by name");
	ok(exit_with(-5) && exit_with(INT64_MIN) && !exit_with(-4) && !exit_with(0), "signed numbers");
	attenuator_rule_builder_set_text(rule(begin(1), 0, ATTENUATOR_OP_EQUAL, "end", "how"),
					 MSG_TEXT("byMagic"));
	ok(!open_for(CRASHER_INTERFACE_ID), "an enumerant that there is not");

	list = begin(2);
	attenuator_rule_builder_set_number(rule(list, 0, ATTENUATOR_OP_AT_MOST, "create", "limits.pages"),
					   100);
	attenuator_rule_builder_set_number(rule(list, 1, ATTENUATOR_OP_AT_MOST, "create", "name"), 4);
	ok(open_for(PROCESS_SPAWNER_INTERFACE_ID), "a member of a struct, and the length of a text");
	msg_builder_init(&call_builder, call_words, sizeof(call_words));
	struct process_spawner_create_params_builder p = process_spawner_create_params_builder_root(
		&call_builder);
	process_spawner_create_params_builder_set_name(p, MSG_TEXT("name"));
	process_spawner_limits_builder_set_pages(process_spawner_create_params_builder_init_limits(p), 100);
	ok(check(PROCESS_SPAWNER_INTERFACE_ID, PROCESS_SPAWNER_CREATE), "both within");
	process_spawner_limits_builder_set_pages(process_spawner_create_params_builder_init_limits(p), 101);
	ok(!check(PROCESS_SPAWNER_INTERFACE_ID, PROCESS_SPAWNER_CREATE) && why.rule == 0,
	   "the member is not");
	process_spawner_limits_builder_set_pages(process_spawner_create_params_builder_init_limits(p), 1);
	process_spawner_create_params_builder_set_name(p, MSG_TEXT("named"));
	ok(!check(PROCESS_SPAWNER_INTERFACE_ID, PROCESS_SPAWNER_CREATE) && why.rule == 1,
	   "the length is not");
}

static void test_counting(void)
{
	struct attenuator_rule_list_builder list = begin(2);
	unsigned taken = 0;

	attenuator_rule_builder_set_number(rule(list, 0, ATTENUATOR_OP_USES, "", ""), 5);
	struct attenuator_rule_builder r = rule(list, 1, ATTENUATOR_OP_RATE, "now", "");
	attenuator_rule_builder_set_number(r, 2);
	attenuator_rule_builder_set_per_ns(r, 100);
	ok(open_for(TIMER_INTERFACE_ID), "uses and a rate");
	ok(rules_take(&rules, TIMER_INTERFACE_ID, TIMER_NOW, 1000, &why) &&
		   rules_take(&rules, TIMER_INTERFACE_ID, TIMER_NOW, 1050, &why) &&
		   !rules_take(&rules, TIMER_INTERFACE_ID, TIMER_NOW, 1099, &why) && why.rule == 1,
	   "the third in that time is one too many");
	ok(rules_take(&rules, TIMER_INTERFACE_ID, TIMER_NOW, 1100, &why), "later there is room again");
	while (rules_take(&rules, TIMER_INTERFACE_ID, TIMER_SLEEP, 2000, &why))
		taken++;
	ok(taken == 2 && why.rule == 0, "what was refused was not used; five in all");
	list = begin(2);
	attenuator_rule_builder_set_number(rule(list, 0, ATTENUATOR_OP_EXPIRES, "", ""), 77);
	attenuator_rule_builder_set_number(rule(list, 1, ATTENUATOR_OP_EXPIRES, "", ""), 66);
	ok(open_for(TIMER_INTERFACE_ID) && rules_expiry(&rules) == 66, "the earliest expiry counts");
}

static bool opens(enum attenuator_op op, const char *method, const char *field)
{
	rule(begin(1), 0, op, method, field);
	return open_for(TIMER_INTERFACE_ID);
}

static void test_refused(void)
{
	ok(!opens(ATTENUATOR_OP_AT_MOST, "sleep", "nobody") && !opens(ATTENUATOR_OP_AT_MOST, "", "nobody"),
	   "a field that there is not");
	ok(!opens(ATTENUATOR_OP_AT_MOST, "doze", "ns") && !opens(ATTENUATOR_OP_USES, "doze", ""),
	   "a method that there is not");
	ok(!opens(ATTENUATOR_OP_WITHIN, "sleep", "ns") && !opens(ATTENUATOR_OP_PREFIX, "", "ns"),
	   "an operator that does not suit the type");
	ok(!opens(ATTENUATOR_OP_AT_MOST, "sleep", "") && !opens(ATTENUATOR_OP_USES, "", "ns"),
	   "a field too few, one too many");
	ok(!opens(ATTENUATOR_OP_RATE, "", ""), "a rate without time");
	ok(!opens(ATTENUATOR_OP_ALLOW, "", "") && !opens(ATTENUATOR_OP_EXPIRES, "now", "") &&
		   !opens((enum attenuator_op)77, "", ""),
	   "shapes that are none");
	begin(0);
	ok(!open_for(TIMER_INTERFACE_ID), "no rules");
	begin(9);
	ok(!open_for(TIMER_INTERFACE_ID), "too many");
	ok(!opens(ATTENUATOR_OP_AT_MOST, "", "ns") || !(sets[0].methods >> TIMER_NOW & 1),
	   "a method without the field goes");
	struct attenuator_rule_list_builder list = begin(2);
	attenuator_rule_builder_set_number(rule(list, 0, ATTENUATOR_OP_AT_MOST, "", "ns"), 1);
	rule(list, 1, ATTENUATOR_OP_ALLOW, "now", "");
	ok(open_for(TIMER_INTERFACE_ID) && (sets[0].methods >> TIMER_NOW & 1) &&
		   (sets[0].methods >> TIMER_SLEEP & 1),
	   "unless it is allowed by name");
	ok((sets[0].methods & ~0xffull) == 0, "methods that the registry does not know go");
	sets[0] = (struct rules_set){0x1234, ~0ull};
	ok(!rules_narrow(&rules, sets, 1), "of an unknown interface nothing is left");
}

/* Messages of anything. */
static void test_noise(void)
{
	srand(7);
	attenuator_rule_builder_set_text(rule(begin(1), 0, ATTENUATOR_OP_WITHIN, "", "path"), MSG_TEXT("a"));
	(void)open_for(DIRECTORY_INTERFACE_ID);
	for (int i = 0; i < 20000; i++) {
		for (size_t n = 0; n < sizeof(call_words) / 2; n++)
			((uint8_t *)call_words)[n] = (uint8_t)(rand() % 4 ? 0 : rand());
		(void)rules_check(&rules, DIRECTORY_INTERFACE_ID, (uint16_t)(i % 12), call_words,
				  (uint32_t)(i % 40) * 8, &why);
	}
	for (int i = 0; i < 20000; i++) {
		for (size_t n = 0; n < sizeof(rule_words) / 4; n++)
			((uint8_t *)rule_words)[n] = (uint8_t)(rand() % 4 ? 0 : rand());
		sets[0] = (struct rules_set){DIRECTORY_INTERFACE_ID, ~0ull};
		if (rules_open(&rules, &registry, rule_words, (uint32_t)(i % 60) * 8, sets, 1, &why))
			(void)rules_check(&rules, DIRECTORY_INTERFACE_ID, 0, call_words, 64, &why);
	}
	ok(true, "noise as calls and as rules does no harm");
}

int main(void)
{
	FILE *file = fopen("out/gen/registry.bin", "rb");
	static uint64_t space[131072];
	size_t len = file ? fread(space, 1, sizeof(space), file) : 0;

	ok(registry_open(&registry, space, len), "out/gen/registry.bin is a registry");
	test_within();
	test_numbers();
	test_kinds();
	test_counting();
	test_refused();
	test_noise();
	printf("1..%d\n", number);
	return failures > 0;
}
