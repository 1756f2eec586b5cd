// SPDX-License-Identifier: MIT OR Apache-2.0
/* Lines of programs/profile to a tree: machine, process, functions from the outermost in, and the kernel's operation on top. */
#include <stdlib.h>
#include <string.h>

#include "flame.h"

#define DEPTH 64

static struct node *new_node(const char *name)
{
	struct node *node = calloc(1, sizeof(*node));

	if (!node || !(node->name = strdup(name)))
		abort();
	return node;
}

/* The child of that name, made if there is none; children are in the order of their names. */
static struct node *child_of(struct node *node, const char *name)
{
	struct node **at = &node->children, *made;

	while (*at && strcmp((*at)->name, name) < 0)
		at = &(*at)->next;
	if (*at && strcmp((*at)->name, name) == 0)
		return *at;
	made = new_node(name);
	made->next = *at;
	*at = made;
	return made;
}

static void add(struct node *root, uint64_t count, char kind, const char *name, uint64_t id, unsigned method,
		const uint64_t *pcs, unsigned depth)
{
	struct node *node = root;

	root->count += count;
	node = child_of(root, kind == 'i' ? "[idle]" : name);
	node->count += count;
	for (unsigned i = depth; i-- > 0;) {
		node = child_of(node, symbols_function(name, pcs, depth, i));
		node->count += count;
	}
	if (kind == 'k') {
		node = child_of(node, symbols_operation(id, method));
		node->count += count;
	}
}

static void read_line(struct node *root, char *line)
{
	uint64_t pcs[DEPTH];
	unsigned long long count, id;
	unsigned depth = 0, method;
	char kind, name[64], *rest;
	int used = 0;

	if (sscanf(line, "%llu %c %63s %llx %u%n", &count, &kind, name, &id, &method, &used) != 5 ||
	    !strchr("uki", kind))
		return;
	for (rest = line + used; depth < DEPTH; depth++) {
		char *end;
		unsigned long long pc = strtoull(rest, &end, 16);

		if (end == rest)
			break;
		pcs[depth] = pc;
		rest = end;
	}
	add(root, count, kind, name, id, method, pcs, depth);
}

struct node *stacks_read(FILE *in)
{
	struct node *root = new_node("all CPUs");
	char *line = nullptr;
	size_t size = 0;

	while (getline(&line, &size, in) > 0) {
		char *at = strstr(line, "profile: ");

		/* The last one of the line: a log puts the process's name before it, which may be the same. */
		for (char *next; at && (next = strstr(at + 1, "profile: "));)
			at = next;
		if (at)
			read_line(root, at + strlen("profile: "));
	}
	free(line);
	return root;
}

static void print_below(const struct node *node, const char *path, FILE *out)
{
	uint64_t own = node->count;
	char *longer = malloc(strlen(path) + strlen(node->name) + 2);

	if (!longer)
		abort();
	sprintf(longer, "%s%s%s", path, *path ? ";" : "", node->name);
	for (const struct node *child = node->children; child; child = child->next) {
		own -= child->count;
		print_below(child, longer, out);
	}
	if (own)
		fprintf(out, "%s %llu\n", longer, (unsigned long long)own);
	free(longer);
}

void stacks_print(const struct node *root, FILE *out)
{
	for (const struct node *child = root->children; child; child = child->next)
		print_below(child, "", out);
}
