// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * capos-dump: what a panicking kernel left on the debug UART (abi/dump.h), for a person.
 *
 *	capos-dump [-p PACKAGE] [-e EVENTS] LOG
 *
 * LOG is the log of the machine (out/run/log.txt); - is standard input. -p: the boot package whose registry names interfaces and
 * methods; -e: how many of each CPU's last events (16). Exit 1 if there is no dump; one that ends too early is shown as far as it goes.
 *
 * - main.c: options.  load.c: lines and records.  print.c: text.
 */
#include <stdlib.h>
#include <unistd.h>

#include "dump_tool.h"

int main(int argc, char **argv)
{
	static const char usage[] = "usage: capos-dump [-p PACKAGE] [-e EVENTS] LOG\n";
	const char *package = nullptr;
	struct registry registry, *known = nullptr;
	unsigned long events = 16;
	struct dump dump;
	int option;

	while ((option = getopt(argc, argv, "p:e:")) != -1) {
		if (option == 'p')
			package = optarg;
		else if (option == 'e')
			events = strtoul(optarg, nullptr, 10);
		else
			optind = argc + 1;
	}
	if (optind + 1 != argc) {
		fputs(usage, stderr);
		return 2;
	}
	if (package) {
		if (!load_registry(&registry, package)) {
			fprintf(stderr, "capos-dump: %s has no registry\n", package);
			return 2;
		}
		known = &registry;
	}
	if (!load_dump(&dump, argv[optind]))
		return 1;
	print_dump(&dump, known, events, stdout);
	return 0;
}
