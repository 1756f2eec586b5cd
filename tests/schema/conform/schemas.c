// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Writes a random schema, for the conformance test: structs with every kind of field, groups and unions (nested, too),
 * enums, lists of all of them, defaults. `schemas SEED` prints it; the root type is Root.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { STRUCTS = 5 };

static uint64_t state;
static unsigned ordinal; /* of the struct being written */

static unsigned pick(unsigned below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state >> 33) % below;
}

static const char *struct_name(unsigned i)
{
	static const char *const names[STRUCTS] = {"Root", "Other", "DMAPool", "TcpV4Thing", "Leaf"};

	return names[i];
}

static void indent(unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		fputs("  ", stdout);
}

/* A primitive type, with a default half of the time. */
static void primitive(void)
{
	static const char *const types[] = {"Bool",   "Int8",   "Int16",  "Int32",   "Int64",   "UInt8",
					    "UInt16", "UInt32", "UInt64", "Float32", "Float64", "Color"};
	static const char *const defaults[][3] = {
		{"true", "false", "true"},
		{"-128", "127", "-1"},
		{"-32768", "5", "32767"},
		{"-2147483648", "77", "2147483647"},
		{"-9223372036854775808", "-3", "9223372036854775807"},
		{"255", "1", "128"},
		{"65535", "2", "256"},
		{"4294967295", "3", "65536"},
		{"18446744073709551615", "4", "4294967296"},
		{"1.5", "-inf", "3e38"},
		{"-2.25", "inf", "1e308"},
		{"green", "darkBlue", "red"},
	};
	unsigned t = pick(12);

	printf("%s", types[t]);
	if (pick(2))
		printf(" = %s", defaults[t][pick(3)]);
}

static void list_type(unsigned depth)
{
	static const char *const elements[] = {"Void",    "Bool",    "Int8", "UInt16", "Int32", "UInt64",
					       "Float32", "Float64", "Text", "Data",   "Color"};
	unsigned t = pick(14);

	printf("List(");
	if (t < 11)
		fputs(elements[t], stdout);
	else if (t == 11 && depth < 2)
		list_type(depth + 1);
	else
		fputs(struct_name(pick(STRUCTS)), stdout);
	printf(")");
}

static void pointer(void)
{
	switch (pick(8)) {
	case 0:
		printf("Text");
		break;
	case 1:
		printf("Text = \"a default\\n\\\"quoted\\\"\"");
		break;
	case 2:
		printf("Data");
		break;
	case 3:
		printf("Data = 0x\"00 ff 7f\"");
		break;
	case 4:
		printf("%s", struct_name(pick(STRUCTS)));
		break;
	case 5:
		printf("Leaf = (number = 5, word = \"leaf\", more = [(number = 6), (word = \"x\")])");
		break;
	case 6:
		printf("List(UInt16) = [1, 2, 65535]");
		break;
	default:
		list_type(0);
		break;
	}
}

static void field(unsigned depth)
{
	unsigned o = ordinal++;

	indent(depth);
	printf("field%u @%u :", o, o);
	if (pick(16) == 0)
		printf("Void");
	else if (pick(2))
		primitive();
	else
		pointer();
	printf(";\n");
}

static void fields(unsigned depth, unsigned count);

/* A union needs two members. */
static void group(unsigned depth)
{
	static unsigned serial;
	bool is_union = pick(2);

	indent(depth);
	printf("part%u :%s {\n", serial++, is_union ? "union" : "group");
	if (is_union)
		field(depth + 1);
	fields(depth + 1, 1 + pick(4));
	indent(depth);
	printf("}\n");
}

static void fields(unsigned depth, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (depth < 4 && pick(6) == 0)
			group(depth);
		else
			field(depth);
	}
}

int main(int argc, char **argv)
{
	state = argc > 1 ? strtoull(argv[1], nullptr, 10) * 0x9e3779b97f4a7c15ull + 1 : 1;
	for (unsigned i = 0; i < 10; i++)
		(void)pick(2);
	printf("@0x%016llx;\n", 0x8000000000000000ull | (unsigned long long)state);
	printf("enum Color {\n  red @0;\n  green @1;\n  darkBlue @2;\n}\n");
	for (unsigned i = 0; i < STRUCTS - 1; i++) {
		ordinal = 0;
		printf("struct %s {\n", struct_name(i));
		fields(1, 3 + pick(12));
		if (pick(2)) {
			printf("  union {\n");
			field(2);
			field(2);
			fields(2, pick(3));
			printf("  }\n");
		}
		printf("}\n");
	}
	printf("struct Leaf {\n  number @0 :UInt32;\n  word @1 :Text;\n  more @2 :List(Leaf);\n}\n");
	return 0;
}
