// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * CapSet and launch parameters: what a program finds, what it is refused, and start messages that are absent,
 * truncated or damaged (the creator is not trusted with more than the child's own confusion).
 */
#include <runtime/runtime.h>
#include <runtime/start.h>
#include <schema/service/start.capnp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t words[4096];
static size_t bytes;
static int test_number, failures;

static void report(bool good, const char *what)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++test_number, what);
	failures += !good;
}

static bool text_is(struct msg_text text, const char *expected)
{
	return msg_text_equal(text, msg_text_from(expected));
}

static void build(uint32_t arguments)
{
	struct msg_builder b;

	msg_builder_init(&b, words, sizeof(words));

	struct start_message_builder root = start_message_builder_root(&b);
	struct named_cap_list_builder caps = start_message_builder_init_cap_set(root, 2);

	for (uint32_t i = 0; i < 2; i++) {
		struct named_cap_builder cap = named_cap_list_builder_at(caps, i);

		named_cap_builder_set_name(cap, i ? MSG_TEXT("timer") : MSG_TEXT("console"));
		named_cap_builder_set_id(cap, cap_id_make(i + 1, 1).raw);
		named_cap_builder_set_interface_id(cap, 0x100 + i);
	}

	struct launch_parameters_builder p = start_message_builder_init_parameters(root);
	struct msg_list_builder list = launch_parameters_builder_init_arguments(p, arguments);

	for (uint32_t i = 0; i < arguments; i++)
		msg_set_text(msg_list_slot(list, i), i ? MSG_TEXT("more") : MSG_TEXT("first"));

	struct launch_parameters_variable_list_builder v = launch_parameters_builder_init_environment(p, 1);

	launch_parameters_variable_builder_set_name(launch_parameters_variable_list_builder_at(v, 0),
						    MSG_TEXT("LANG"));
	launch_parameters_variable_builder_set_value(launch_parameters_variable_list_builder_at(v, 0),
						     MSG_TEXT("en"));
	start_message_builder_set_space(root, 0x7000);
	start_message_builder_set_stack(root, 0x9000);
	start_message_builder_set_stack_bytes(root, 0x4000);
	bytes = msg_builder_size(&b);
	runtime_start_message(words, bytes);
}

static void test_capset(void)
{
	cap_id cap;

	build(2);
	report(runtime_cap("timer", 0x101, &cap) == STATUS_OK && cap.raw == cap_id_make(2, 1).raw,
	       "a granted capability is found by name");
	report(runtime_cap("timer", 0, &cap) == STATUS_OK, "interface 0 accepts any");
	report(runtime_cap("timer", 0x100, &cap) == STATUS_WRONG_TYPE && cap.raw == 0,
	       "another interface is refused, and gives the null id");
	cap.raw = 1;
	report(runtime_cap("network", 0x101, &cap) == STATUS_NOT_GRANTED && cap.raw == 0,
	       "what was not granted is refused, and gives the null id");
	report(runtime_cap("time", 0, &cap) == STATUS_NOT_GRANTED &&
		       runtime_cap("timerx", 0, &cap) == STATUS_NOT_GRANTED,
	       "a part of a name is not the name");
	report(runtime_grant_count() == 2 && text_is(runtime_grant_at(0).name, "console"),
	       "the CapSet can be listed");
	report(runtime_grant_at(2).id.raw == 0, "beyond the end is nothing");
}

static void test_parameters(void)
{
	struct msg_text value;

	report(runtime_argument_count() == 2 && text_is(runtime_argument(0), "first") &&
		       text_is(runtime_argument(1), "more") && runtime_argument(2).len == 0,
	       "arguments are read");
	report(runtime_environment("LANG", &value) && text_is(value, "en"), "a variable is found");
	report(!runtime_environment("HOME", &value) && value.len == 0, "an absent variable is empty");
	report(runtime_load_address() == 0x7000, "the load address is read");
	report(runtime_start_stack().address == 0x9000 && runtime_start_stack().bytes == 0x4000,
	       "and where the stack is");
	build(100);
	report(runtime_argument_count() == RUNTIME_MAX_PARAMETERS,
	       "no more arguments than the bound are shown");
}

static void test_absent(void)
{
	struct msg_text value;
	cap_id cap;

	runtime_start_message(nullptr, 0);
	report(runtime_grant_count() == 0 && runtime_cap("console", 0, &cap) == STATUS_NOT_GRANTED,
	       "without a start message nothing is granted");
	report(runtime_argument_count() == 0 && !runtime_environment("LANG", &value),
	       "and there are no parameters");
}

/* Asks for everything, of a copy in a block of exactly its size. */
static void ask(const void *message, size_t size)
{
	void *copy = malloc(size ? size : 1);
	struct msg_text value;
	cap_id cap;

	memcpy(copy, message, size);
	runtime_start_message(copy, size);
	for (uint32_t i = 0; i <= runtime_grant_count() && i < 100; i++)
		(void)runtime_grant_at(i);
	(void)runtime_cap("timer", 0x101, &cap);
	for (uint32_t i = 0; i <= runtime_argument_count(); i++)
		(void)runtime_argument(i);
	(void)runtime_environment("LANG", &value);
	free(copy);
}

static void test_damaged(void)
{
	uint8_t *message = (uint8_t *)words;

	build(3);
	for (size_t size = 0; size <= bytes; size++)
		ask(words, size);
	for (size_t at = 0; at < bytes; at++) {
		uint8_t old = message[at];

		for (unsigned bit = 0; bit < 8; bit++) {
			message[at] = (uint8_t)(old ^ 1u << bit);
			ask(words, bytes);
		}
		message[at] = old;
	}
	report(true, "truncated and damaged messages are read within their bounds");
}

int main(void)
{
	test_capset();
	test_parameters();
	test_absent();
	test_damaged();
	printf("1..%d\n", test_number);
	return failures > 0;
}
