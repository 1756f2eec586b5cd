// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The Tab key: a line with | where the cursor is, and all that may stand there. Then noise: whatever the line is, the answer
 * lies inside it and is sorted.
 */
#include <shell/complete.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int test_number, failures;
static struct registry registry;

static void report(bool good, const char *what)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++test_number, what);
	failures += !good;
}

static uint64_t id_of(const char *name)
{
	struct registry_data_interface_reader interface;

	return registry_interface_named(&registry, msg_text_from(name), &interface)
		       ? registry_data_interface_reader_id(interface)
		       : 0;
}

static bool pick(const char *const *list, uint32_t count, uint32_t index, struct shell_word *name)
{
	if (index < count)
		*name = (struct shell_word){list[index], (uint32_t)strlen(list[index]), 0};
	return index < count;
}

static bool variable(void *self, uint32_t index, struct shell_word *name, uint64_t *interface_id)
{
	static const char *const list[] = {"console",        "timer",         "pipes",
					   "processSpawner", "virtualMemory", "count"};
	static const char *const interfaces[] = {"Console",        "Timer",         "PipeFactory",
						 "ProcessSpawner", "VirtualMemory", ""};

	(void)self;
	if (!pick(list, 6, index, name))
		return false;
	*interface_id = id_of(interfaces[index]);
	return true;
}

static uint64_t methods(void *self, struct shell_word name)
{
	(void)self;
	return shell_word_is(name, "console") ? 1 : ~0ull;
}

static bool command(void *self, uint32_t index, struct shell_word *name)
{
	static const char *const list[] = {"caps", "describe", "help", "source"};

	(void)self;
	return pick(list, 4, index, name);
}

static bool topic(void *self, uint32_t index, struct shell_word *name)
{
	static const char *const list[] = {"values", "run"};

	(void)self;
	return pick(list, 2, index, name);
}

static bool program(void *self, uint32_t index, struct shell_word *name)
{
	static const char *const list[] = {"hello", "counter"};

	(void)self;
	return pick(list, 2, index, name);
}

static bool file(void *self, uint32_t index, struct shell_word *name)
{
	static const char *const list[] = {"demo.cap"};

	(void)self;
	return pick(list, 1, index, name);
}

static const struct shell_completer completer = {&registry, nullptr, variable, methods,
						 command,   topic,   program,  file};
static struct shell_completion completion;

/* A copy of the exact length, so that the sanitizer sees a byte too far. */
static void complete(const char *line, size_t len, size_t cursor)
{
	char *copy = malloc(len ? len : 1);

	memcpy(copy, line, len);
	shell_complete(&completer, copy, (uint32_t)len, (uint32_t)cursor, &completion);
	free(copy);
}

static void offers(const char *line, const char *expected)
{
	const char *bar = strchr(line, '|');
	size_t cursor = (size_t)(bar - line);
	char text[512], list[2048] = "";

	snprintf(text, sizeof(text), "%.*s%s", (int)cursor, line, bar + 1);
	complete(text, strlen(text), cursor);
	for (uint32_t i = 0; i < completion.count; i++) {
		strcat(list, i ? " " : "");
		strcat(list, completion.candidate[i].text);
	}
	report(strcmp(list, expected) == 0, line);
	if (strcmp(list, expected) != 0)
		printf("# offered: %s\n", list);
}

static void test_places(void)
{
	offers("ti|", "timer");
	offers("c|", "caps console count");
	offers("timer.|", "now only signal sleep sleepUntil where");
	offers("timer.sl|", "sleep sleepUntil");
	offers("console.|", "only where write");
	offers("pipes.create().|", "reader writer");
	offers("pipes.create.reader.cl|", "closeRead closeWrite");
	offers("processSpawner.create(\"a.b\").process.i|", "info interrupt");
	offers("timer.sleep n|", "ns");
	offers("let x = timer.sleep(n|", "ns");
	offers("virtualMemory.map(protection = |", "none read readExecute readWrite");
	offers("virtualMemory.map(memory = pi|", "pipes");
	offers("console.only(|", "write");
	offers("console.where(|", "allow expires oneOf prefix rate text uses write");
	offers("let x = timer.where(sl|", "sleep sleepUntil");
	offers("let q = con|", "console");
	offers("run |", "counter hello");
	offers("run hello w|", "with");
	offers("run hello with { co|", "console");
	offers("run hello with { out: ti|", "timer");
	offers("describe Tim|", "Timer");
	offers("help r|", "run");
	offers("source \"d|", "demo.cap");
	offers("if x { ti|", "timer");
	offers("caps; ti|", "timer");
	offers("timer.sl| ns=3", "sleep sleepUntil");
	offers("nothing.|", "");
	offers("print \"ti|", "");
	offers("# ti|", "");
	offers("(((((.|", "");
	complete("timer.s", 7, 7);
	report(completion.common_len == 5 && completion.from == 6, "what all begin with");
	complete("console.wr", 10, 10);
	report(completion.count == 1 && completion.common_len == 5, "one alone is whole");
	complete("run c", 5, 5);
	report(completion.candidate[0].after == ' ', "what comes behind");
}

static void test_noise(void)
{
	static const char *const words[] = {"timer", ".",    "(",     ")",        "pipes",  "create",
					    " ",     "run ", "with ", "{",        "\"",     "=",
					    "only",  ";",    "#",     "[",        "]",      "describe ",
					    "\n",    "-",    ",",     "let x = ", "source "};
	bool good = true;

	srand(3);
	for (int i = 0; i < 100000 && good; i++) {
		char line[400] = "";
		size_t len;

		for (unsigned k = 0; k < (unsigned)rand() % 25; k++)
			strcat(line, words[(unsigned)rand() % (sizeof(words) / sizeof(words[0]))]);
		len = strlen(line);
		complete(line, len, (size_t)rand() % (len + 1));
		good = completion.from <= len && completion.count <= SHELL_CANDIDATES &&
		       completion.total >= completion.count;
		for (uint32_t k = 1; k < completion.count; k++)
			good &= strcmp(completion.candidate[k - 1].text, completion.candidate[k].text) < 0;
	}
	report(good, "100000 random lines");
}

int main(void)
{
	static uint64_t space[131072];
	FILE *f = fopen("out/gen/registry.bin", "rb");

	report(f && registry_open(&registry, space, fread(space, 1, sizeof(space), f)), "a registry");
	test_places();
	test_noise();
	printf("1..%d\n", test_number);
	return failures != 0;
}
