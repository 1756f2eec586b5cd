// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * profile: reads what tests/bench/plugin/count.c wrote and prints, for each row of the bench program, where its
 * instructions went: by function, for one operation.
 *
 *	profile [-n LINES] [-r ROW] [-b FUNCTION] COUNTS ROWS KERNEL_SYMBOLS CODE=PROGRAM_SYMBOLS...
 *
 * ROWS: one `KEY OPERATIONS` line a segment, in order. Symbols: the output of `nm --numeric-sort`. A program's CODE is
 * that of its mark, which stands in a function of known name (main): so its load address is known. CODE ? is a program
 * without a mark: it is where most of the blocks that no other table has begin at the start of one of its functions.
 * Blocks outside all symbol tables are summed as unknown. With -b, also each block of that function: offset,
 * instructions, how often.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TABLES = 16, MAX_SYMBOLS = 20000, MAX_ROWS = 256, MAX_STRAY = 20000, SEARCHED = 0xfff };

struct symbol {
	unsigned long long address;
	unsigned long long instructions;
	char name[64];
};

struct table {
	struct symbol *symbols;
	size_t count;
	unsigned long long base; /* added to a symbol's address */
	unsigned code;           /* of a program's mark; 0: the kernel */
	const char *path;
};

struct row {
	char key[32];
	unsigned long long operations;
};

static struct table tables[MAX_TABLES];
static size_t table_count;
static struct row rows[MAX_ROWS];
static size_t row_count;
static unsigned long long unknown;
/* Of one segment: blocks that no table has so far. */
static struct {
	unsigned long long address, instructions, count;
} stray[MAX_STRAY];
static size_t stray_count;
static const char *wanted_function; /* -b */

static FILE *open_file(const char *path)
{
	FILE *file = fopen(path, "r");

	if (!file) {
		perror(path);
		exit(1);
	}
	return file;
}

/* Functions only; nm prints them in order of address. */
static void read_symbols(struct table *table)
{
	FILE *file = open_file(table->path);
	char line[512], type, name[256];
	unsigned long long address;

	table->symbols = calloc(MAX_SYMBOLS, sizeof(*table->symbols));
	if (!table->symbols)
		exit(1);
	while (fgets(line, sizeof(line), file) && table->count < MAX_SYMBOLS) {
		if (sscanf(line, "%llx %c %255s", &address, &type, name) != 3 || !strchr("tTwW", type))
			continue;
		struct symbol *symbol = &table->symbols[table->count++];

		symbol->address = address;
		snprintf(symbol->name, sizeof(symbol->name), "%.63s", name);
	}
	fclose(file);
}

static void read_rows(const char *path)
{
	FILE *file = open_file(path);

	while (row_count < MAX_ROWS &&
	       fscanf(file, "%31s %llu", rows[row_count].key, &rows[row_count].operations) == 2)
		row_count++;
	fclose(file);
}

static struct symbol *find(struct table *table, unsigned long long address)
{
	size_t low = 0, high = table->count;

	if (table->count == 0 || (table->code && !table->base))
		return nullptr;
	address -= table->base;
	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (table->symbols[middle].address <= address)
			low = middle;
		else
			high = middle;
	}
	/* A program is small; the kernel's last symbol is followed by nothing. */
	if (address < table->symbols[low].address || address - table->symbols[low].address > 0x10000)
		return nullptr;
	return &table->symbols[low];
}

static void count_block(unsigned long long address, unsigned long long instructions, unsigned long long count,
			bool print)
{
	for (size_t i = 0; i < table_count; i++) {
		struct symbol *symbol = find(&tables[i], address);

		if (!symbol)
			continue;
		symbol->instructions += instructions * count;
		if (print && wanted_function &&
		    strncmp(symbol->name, wanted_function, strlen(wanted_function)) == 0)
			printf("  block %s+0x%llx: %llu instructions, %llu times\n", symbol->name,
			       address - tables[i].base - symbol->address, instructions, count);
		return;
	}
	if (stray_count < MAX_STRAY) {
		stray[stray_count].address = address;
		stray[stray_count].instructions = instructions;
		stray[stray_count++].count = count;
	}
	unknown += instructions * count;
}

/* How many stray blocks begin where a function of the table does, if it is loaded at `base`. */
static size_t fitting(const struct table *table, unsigned long long base)
{
	size_t fit = 0;

	for (size_t i = 0; i < stray_count; i++) {
		size_t low = 0, high = table->count;

		while (high - low > 1) {
			size_t middle = (low + high) / 2;

			if (table->symbols[middle].address + base <= stray[i].address)
				low = middle;
			else
				high = middle;
		}
		fit += table->symbols[low].address + base == stray[i].address;
	}
	return fit;
}

/* Finds the load address of a program without a mark, and counts the segment's stray blocks anew. */
static void search_program(struct table *table, bool print)
{
	size_t best = 2, strays = stray_count;

	for (size_t i = 0; i < strays; i++) {
		for (size_t s = 0; s < table->count; s++) {
			unsigned long long base = stray[i].address - table->symbols[s].address;
			size_t fit = base & 0xfff || base > stray[i].address ? 0 : fitting(table, base);

			if (fit > best) {
				best = fit;
				table->base = base;
			}
		}
	}
	if (!table->base)
		return;
	stray_count = 0;
	unknown = 0;
	for (size_t i = 0; i < strays; i++)
		count_block(stray[i].address, stray[i].instructions, stray[i].count, print);
}

/* Two processes may run one program: each mark opens a table of its own. */
static void place_program(unsigned code, unsigned long long address)
{
	for (size_t i = 0; i < table_count; i++) {
		struct table *table = &tables[i];

		if (table->code != code)
			continue;
		if (table->base) {
			if (table_count == MAX_TABLES)
				return;
			tables[table_count] = (struct table){.code = code, .path = table->path};
			table = &tables[table_count++];
			read_symbols(table);
		}
		for (size_t s = 0; s < table->count; s++) {
			if (strcmp(table->symbols[s].name, "main") == 0)
				table->base = (address - table->symbols[s].address) & ~0xfffull;
		}
		return;
	}
}

struct line {
	const char *where, *name;
	double per_operation;
};

static int by_cost(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	return (x->per_operation < y->per_operation) - (x->per_operation > y->per_operation);
}

static void print_segment(const struct row *row, size_t most)
{
	static struct line lines[MAX_SYMBOLS];
	size_t count = 0;
	double total = 0, kernel = 0;

	for (size_t i = 0; i < table_count; i++) {
		for (size_t s = 0; s < tables[i].count; s++) {
			struct symbol *symbol = &tables[i].symbols[s];

			if (symbol->instructions == 0 || count == MAX_SYMBOLS)
				continue;
			lines[count] = (struct line){tables[i].code ? "user" : "kernel", symbol->name,
						     (double)symbol->instructions / (double)row->operations};
			total += lines[count].per_operation;
			kernel += tables[i].code ? 0 : lines[count].per_operation;
			count++;
		}
	}
	total += (double)unknown / (double)row->operations;
	qsort(lines, count, sizeof(lines[0]), by_cost);
	printf("%s: %.1f instructions an operation, %.1f in the kernel, %.1f unknown\n", row->key, total,
	       kernel, (double)unknown / (double)row->operations);
	for (size_t i = 0; i < count && i < most && lines[i].per_operation >= 0.5; i++)
		printf("  %8.1f  %-6s %s\n", lines[i].per_operation, lines[i].where, lines[i].name);
}

static void reset(void)
{
	unknown = 0;
	stray_count = 0;
	for (size_t i = 0; i < table_count; i++) {
		for (size_t s = 0; s < tables[i].count; s++)
			tables[i].symbols[s].instructions = 0;
	}
}

static void read_counts(const char *path, const char *wanted, size_t most)
{
	FILE *file = open_file(path);
	char line[256];
	unsigned long long a, b, c;
	size_t segment = 0;
	bool open = false;

	for (;;) {
		bool more = fgets(line, sizeof(line), file);

		if (open && (!more || strncmp(line, "block", 5) != 0)) {
			if (segment <= row_count && (!wanted || strcmp(wanted, rows[segment - 1].key) == 0)) {
				for (size_t t = 0; t < table_count; t++)
					if (tables[t].code == SEARCHED && !tables[t].base)
						search_program(&tables[t], true);
				print_segment(&rows[segment - 1], most);
			}
			open = false;
			reset();
		}
		if (!more)
			break;
		if (strncmp(line, "segment", 7) == 0) {
			open = true;
			segment++;
		} else if (sscanf(line, "block %llx %llu %llu", &a, &b, &c) == 3) {
			count_block(a, b, c,
				    !wanted || (segment <= row_count &&
						strcmp(wanted, rows[segment - 1].key) == 0));
		} else if (sscanf(line, "here %llu %llx", &a, &b) == 2) {
			place_program((unsigned)a, b);
		}
	}
	fclose(file);
}

int main(int argc, char **argv)
{
	const char *wanted = nullptr;
	size_t most = 25;
	int i = 1;

	for (; i + 1 < argc && argv[i][0] == '-'; i += 2) {
		if (argv[i][1] == 'n')
			most = strtoul(argv[i + 1], nullptr, 10);
		else if (argv[i][1] == 'r')
			wanted = argv[i + 1];
		else if (argv[i][1] == 'b')
			wanted_function = argv[i + 1];
	}
	if (argc - i < 3) {
		fprintf(stderr,
			"usage: profile [-n LINES] [-r ROW] [-b FUNCTION] COUNTS ROWS KERNEL_SYMBOLS CODE=PROGRAM_SYMBOLS...\n");
		return 2;
	}
	read_rows(argv[i + 1]);
	for (int t = i + 2; t < argc && table_count < MAX_TABLES; t++) {
		char *path = strchr(argv[t], '=');
		struct table *table = &tables[table_count++];

		*table = (struct table){.code = !path             ? 0
						: *argv[t] == '?' ? SEARCHED
								  : (unsigned)atoi(argv[t]),
					.path = path ? path + 1 : argv[t]};
		read_symbols(table);
	}
	read_counts(argv[i], wanted, most);
	return 0;
}
