// SPDX-License-Identifier: MIT OR Apache-2.0
/* Two registries side by side: positions, ids, names and declarations; and one that is damaged beside a whole one. */
#include <registry/set.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int test_number, failures;
static struct registry_set set;
static char printed[65536];
static size_t printed_len;

static void report(bool good, const char *what)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++test_number, what);
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

static uint32_t count_all(void)
{
	struct registry_node node;
	uint32_t count = 0;

	while (registry_set_at(&set, count, &node))
		count++;
	return count;
}

static void test_names(void)
{
	report(registry_name_contains(MSG_TEXT("ProcessHandle.wait"), MSG_TEXT("handle")) &&
		       registry_name_contains(MSG_TEXT("Timer"), MSG_TEXT("")) &&
		       !registry_name_contains(MSG_TEXT("Tim"), MSG_TEXT("Timer")) &&
		       registry_name_contains(MSG_TEXT("aab"), MSG_TEXT("AB")),
	       "a name contains a text");
}

static void test_side_by_side(void)
{
	struct registry_data_interface_reader timer = {};
	struct registry_node node;
	uint32_t one = count_all();
	uint64_t id;

	report(one > 100 && registry_interface_named(&set.source[0], MSG_TEXT("Timer"), &timer),
	       "one source");
	id = registry_data_interface_reader_id(timer);
	report(registry_set_by_id(&set, 0, id, &node) && node.kind == REGISTRY_NODE_INTERFACE &&
		       msg_text_equal(node.name, MSG_TEXT("Timer")) && node.members >= 3 &&
		       !registry_set_by_id(&set, 3, id, &node) && !registry_set_by_id(&set, 0, 5, &node) &&
		       !registry_set_by_id(&set, 99, id, &node),
	       "by id");
	set.source[3] = set.source[0];
	set.there[3] = true;
	report(count_all() == 2 * one && registry_set_by_id(&set, 3, id, &node) && node.source == 3 &&
		       registry_set_at(&set, one, &node) && node.source == 3,
	       "the same id in two sources");
	set.there[0] = false;
	report(count_all() == one && !registry_set_by_id(&set, 0, id, &node), "one of them taken out");
	set.there[0] = true;
	set.there[3] = false;

	registry_set_by_id(&set, 0, id, &node);
	registry_print_node(&set.source[0], &out, &node);
	report(strstr(printed, "interface Timer\n  # Monotonic time") &&
		       strstr(printed, "\n  now () -> (ns :UInt64)\n"),
	       "a declaration as text");
	for (uint32_t i = 0; registry_set_at(&set, i, &node); i++) {
		printed_len = 0;
		registry_print_node(&set.source[node.source], &out, &node);
		if (printed_len == 0)
			break;
	}
	report(printed_len > 0, "every node has one");
}

static void test_damage(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len);

	srand(9);
	for (int i = 0; i < 30; i++) {
		struct registry_node node;

		memcpy(copy, data, len);
		for (int k = 0; k < 200; k++)
			copy[(size_t)rand() % len] = (uint8_t)rand();
		set.there[1] = registry_open(&set.source[1], copy, len);
		for (uint32_t n = 0; n < 3000 && registry_set_at(&set, n * 7, &node); n++) {
			printed_len = 0;
			registry_print_node(&set.source[node.source], &out, &node);
		}
	}
	free(copy);
	report(true, "30 damaged sources do no harm");
}

int main(void)
{
	static uint64_t space[131072];
	FILE *f = fopen("out/gen/registry.bin", "rb");
	size_t len = f ? fread(space, 1, sizeof(space), f) : 0;

	set.there[0] = registry_open(&set.source[0], space, len);
	report(set.there[0], "a registry");
	test_names();
	test_side_by_side();
	test_damage((const uint8_t *)space, len);
	printf("1..%d\n", test_number);
	return failures != 0;
}
