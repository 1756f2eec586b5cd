// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * capos-trace: reads what `trace NAME | export` gave, and prints it or draws pictures.
 *
 *	capos-trace [-p PACKAGE] [-s] [-t TIMELINE.svg] [-g GRAPH.svg] [-o TRACE.bin] FILE
 *
 * FILE is a trace file (schema/service/trace.capnp), or a transcript of a terminal with trace files in it; - is standard
 * input. -p: the boot package whose registry names methods and types (out/images/default.pkg); -s: figures by method instead of
 * calls; -o: the trace as a binary file.
 */
#include <stdlib.h>
#include <unistd.h>

#include "trace_tool.h"

int main(int argc, char **argv)
{
	static const char usage[] = "capos-trace [-p PACKAGE] [-s] [-t SVG] [-g SVG] [-o BINARY] FILE";
	const char *package = nullptr, *timeline = nullptr, *graph = nullptr, *binary = nullptr;
	struct registry registry, *known = nullptr;
	struct trace_file file;
	bool stats = false;
	int option;

	while ((option = getopt(argc, argv, "p:st:g:o:")) != -1) {
		switch (option) {
		case 'p':
			package = optarg;
			break;
		case 's':
			stats = true;
			break;
		case 't':
			timeline = optarg;
			break;
		case 'g':
			graph = optarg;
			break;
		case 'o':
			binary = optarg;
			break;
		default:
			fail("usage", usage);
		}
	}
	if (optind + 1 != argc)
		fail("usage", usage);
	if (package) {
		if (!load_registry(&registry, package))
			fail(package, "it has no registry");
		known = &registry;
	}
	load_trace(&file, argv[optind], binary);
	if (timeline)
		draw_timeline(&file, known, timeline);
	if (graph)
		draw_graph(&file, known, graph);
	if (stats)
		print_stats(&file, known, stdout);
	else if (!timeline && !graph && !binary)
		print_calls(&file, known, stdout);
	return 0;
}
