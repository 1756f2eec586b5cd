// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * flame: what the program `profile` printed, as a flame graph.
 *
 *	flame [-p REGISTRY] [-d DIRECTORY]... [-n PROCESS=PROGRAM]... [-t] [FILE] >OUT.svg
 *
 * FILE (standard input without it) is a transcript or log with lines "profile: ..." (programs/profile). -d: where the programs' ELF files
 * are (out/user/bin and out/user/tests/programs/bin without it); -n: what a process
 * runs, if it is not called after that; -p: the registry that names interfaces (out/gen/registry.bin); -t: the folded
 * stacks as text, "outermost;...;innermost COUNT", instead of a picture.
 *
 * Each process is a colour of its own; the width of a box is how often it was found. Frames of the kernel are boxes on
 * top, named after the operation.
 *
 * - main.c: options.  stacks.c: lines to a tree.  symbols.c: addresses to names.  svg.c: the picture.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "flame.h"

int main(int argc, char **argv)
{
	static const char usage[] =
		"usage: flame [-p REGISTRY] [-d DIRECTORY]... [-n PROCESS=PROGRAM]... [-t] [FILE]\n";
	struct node *root;
	bool text = false;
	int option;
	FILE *in = stdin;

	while ((option = getopt(argc, argv, "p:d:n:t")) != -1) {
		if (option == 'p' && symbols_package(optarg))
			continue;
		if (option == 'd' && symbols_directory(optarg))
			continue;
		if (option == 'n' && symbols_alias(optarg))
			continue;
		if (option == 't') {
			text = true;
			continue;
		}
		fputs(usage, stderr);
		return 2;
	}
	if (optind + 1 < argc || (optind < argc && !(in = fopen(argv[optind], "r")))) {
		fputs(usage, stderr);
		return 2;
	}
	root = stacks_read(in);
	if (root->count == 0) {
		fputs("flame: there is no profile in it\n", stderr);
		return 1;
	}
	if (text)
		stacks_print(root, stdout);
	else
		svg_print(root, stdout);
	return 0;
}
