// SPDX-License-Identifier: MIT OR Apache-2.0
/* Pieces of pictures: svg.c. timeline.c and graph.c draw with them. */
#pragma once

#include <stdio.h>

#include "trace_tool.h"

enum { SVG_WIDTH = 1200, SVG_TOP = 44, SVG_LANE = 26 };

/* Ends the tool if the file cannot be written. */
FILE *svg_open(const char *name, unsigned height);
void svg_close(FILE *f, const char *name);
/* Names come from the trace: they are no markup. */
void svg_text(FILE *f, const char *text);
/* A colour for each method. */
unsigned svg_hue(uint64_t interface_id, uint16_t method);
/* "1.5 ms" */
const char *svg_span(uint64_t ns, char text[24]);
