// SPDX-License-Identifier: MIT OR Apache-2.0
/* From a log to the records of its last dump. Lines of anything else may stand between. */
#include <registry/package.h>
#include <stdlib.h>
#include <string.h>

#include "dump_tool.h"

static uint8_t *read_all(const char *name, size_t *len)
{
	FILE *file = strcmp(name, "-") == 0 ? stdin : fopen(name, "rb");
	size_t room = 1 << 16;
	uint8_t *bytes = malloc(room);

	*len = 0;
	if (!file || !bytes) {
		fprintf(stderr, "capos-dump: %s cannot be read\n", name);
		exit(2);
	}
	for (size_t n; (n = fread(bytes + *len, 1, room - *len, file)) > 0;) {
		*len += n;
		if (*len == room && (bytes = realloc(bytes, room *= 2)) == nullptr)
			abort();
	}
	if (file != stdin)
		fclose(file);
	return bytes;
}

static int digit(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Appends what the line holds; false: it is empty. */
static bool take_line(uint8_t *out, size_t *len, const uint8_t *at, const uint8_t *end)
{
	uint32_t bits = 0;
	unsigned digits = 0, all = 0;

	for (; at < end && digit(*at) >= 0; at++, all++) {
		bits = bits << 6 | (uint32_t)digit(*at);
		if (++digits == 4) {
			out[(*len)++] = (uint8_t)(bits >> 16);
			out[(*len)++] = (uint8_t)(bits >> 8);
			out[(*len)++] = (uint8_t)bits;
			digits = bits = 0;
		}
	}
	return all != 0;
}

bool load_dump(struct dump *dump, const char *name)
{
	static const char prefix[] = CAP_DUMP_PREFIX;
	size_t len;
	const uint8_t *log = read_all(name, &len), *end = log + len;
	uint8_t *out = malloc(len + 3);
	bool ended = true;

	if (!out)
		abort();
	*dump = (struct dump){.bytes = out};
	for (const uint8_t *at = log; at < end;) {
		const uint8_t *next = memchr(at, '\n', (size_t)(end - at));
		next = next ? next : end;
		if ((size_t)(next - at) >= sizeof(prefix) - 1 &&
		    memcmp(at, prefix, sizeof(prefix) - 1) == 0) {
			if (ended)
				dump->len = 0; /* of several the last one */
			ended = !take_line(out, &dump->len, at + sizeof(prefix) - 1, next);
		}
		at = next + 1;
	}
	dump->ended = ended;
	if (dump->len == 0)
		fprintf(stderr, "capos-dump: %s has no dump in it\n", name);
	return dump->len != 0;
}

bool next_record(const struct dump *dump, size_t *at, uint16_t *kind, void *content, size_t room)
{
	struct cap_dump_record record;

	if (dump->len - *at < sizeof(record))
		return false;
	memcpy(&record, dump->bytes + *at, sizeof(record));
	if (record.kind == 0 || record.bytes % 8 != 0 || record.bytes > dump->len - *at - sizeof(record))
		return false;
	memset(content, 0, room);
	memcpy(content, dump->bytes + *at + sizeof(record), record.bytes < room ? record.bytes : room);
	*kind = record.kind;
	*at += sizeof(record) + record.bytes;
	return true;
}

bool load_registry(struct registry *registry, const char *package)
{
	size_t len;
	const uint8_t *bytes = read_all(package, &len);

	return registry_open_package(registry, bytes, len);
}
