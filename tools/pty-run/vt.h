// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What a VT100 (or xterm, as far as capOS uses it) would show: a screen of characters and a cursor, fed with bytes.
 *
 * Text with wrapping at the last column as terminals do it (the cursor waits there), CR LF BS TAB, the sequences for
 * moving, erasing, saving the cursor and the alternate screen, scrolling; colours are read and dropped. It answers where
 * the cursor is (ESC [ 6 n).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { VT_MAX_COLUMNS = 300, VT_MAX_ROWS = 120 };

struct vt_cell {
	char utf8[5]; /* "" = nothing was ever written here; the second half of a wide character is "\xff" */
};

struct vt {
	unsigned columns, rows, row, column; /* of the cursor, from 0 */
	bool wraps;  /* the last column is full: the next character goes to the next row */
	bool hidden; /* the cursor */
	struct vt_cell cells[VT_MAX_ROWS][VT_MAX_COLUMNS];
	/* the other screen while the alternate one is shown */
	bool alternate;
	struct vt_cell other[VT_MAX_ROWS][VT_MAX_COLUMNS];
	unsigned saved_row, saved_column, other_row, other_column;
	unsigned bells;
	unsigned unknown; /* sequences that this does not know */

	int state;
	bool question;
	unsigned parameters[8], parameter_count;
	char utf8[5];
	unsigned utf8_len, utf8_want;
	/* what it says back */
	char reply[64];
	size_t reply_len;
};

void vt_init(struct vt *vt, unsigned columns, unsigned rows);
/* The window changes: rows and columns are cut or filled up, nothing is wrapped anew. */
void vt_resize(struct vt *vt, unsigned columns, unsigned rows);
void vt_feed(struct vt *vt, char byte);
/* The text of a row (from 0), without spaces at its end. */
void vt_row(const struct vt *vt, unsigned row, char *text, size_t size);
