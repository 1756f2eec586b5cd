// SPDX-License-Identifier: MIT OR Apache-2.0
/* The screen model: one byte at a time (ECMA-48; xterm's ctlseqs for what is private). */
#include "vt.h"

#include <stdio.h>
#include <string.h>

enum { TEXT, ESCAPE, CONTROL, TITLE, CHARSET };

static void clear(struct vt *vt, unsigned from_row, unsigned from_column, unsigned to_row, unsigned to_column)
{
	for (unsigned row = from_row; row <= to_row && row < vt->rows; row++) {
		unsigned first = row == from_row ? from_column : 0;
		unsigned last = row == to_row ? to_column : vt->columns - 1;

		for (unsigned column = first; column <= last && column < vt->columns; column++)
			vt->cells[row][column].utf8[0] = 0;
	}
}

void vt_init(struct vt *vt, unsigned columns, unsigned rows)
{
	memset(vt, 0, sizeof(*vt));
	vt_resize(vt, columns, rows);
}

void vt_resize(struct vt *vt, unsigned columns, unsigned rows)
{
	vt->columns = columns > VT_MAX_COLUMNS ? VT_MAX_COLUMNS : columns;
	vt->rows = rows > VT_MAX_ROWS ? VT_MAX_ROWS : rows;
	if (vt->row >= vt->rows) {
		unsigned gone = vt->row - vt->rows + 1;

		memmove(vt->cells[0], vt->cells[gone], (VT_MAX_ROWS - gone) * sizeof(vt->cells[0]));
		vt->row = vt->rows - 1;
	}
	if (vt->column >= vt->columns)
		vt->column = vt->columns - 1;
	for (unsigned row = 0; row < VT_MAX_ROWS; row++)
		for (unsigned column = 0; column < VT_MAX_COLUMNS; column++)
			if (row >= vt->rows || column >= vt->columns)
				vt->cells[row][column].utf8[0] = 0;
	vt->wraps = false;
}

static void line_feed(struct vt *vt)
{
	vt->wraps = false;
	if (vt->row + 1 < vt->rows) {
		vt->row++;
		return;
	}
	memmove(vt->cells[0], vt->cells[1], (vt->rows - 1) * sizeof(vt->cells[0]));
	clear(vt, vt->rows - 1, 0, vt->rows - 1, vt->columns - 1);
}

/* Columns: as lib/line counts them, roughly. */
static unsigned width(const char *utf8)
{
	unsigned char a = (unsigned char)utf8[0], b = (unsigned char)utf8[1];

	if (a == 0xcc || (a == 0xcd && b <= 0xaf))
		return 0;
	return (a >= 0xe3 && a <= 0xe9) || (a >= 0xea && a <= 0xed) || (a == 0xf0 && b == 0x9f) ? 2 : 1;
}

static void put(struct vt *vt, const char *utf8)
{
	unsigned wide = width(utf8);

	if (wide == 0)
		return;
	if (vt->wraps || vt->column + wide > vt->columns) {
		line_feed(vt);
		vt->column = 0;
	}
	memcpy(vt->cells[vt->row][vt->column].utf8, utf8, 5);
	if (wide == 2)
		memcpy(vt->cells[vt->row][vt->column + 1].utf8, "\xff", 2);
	if (vt->column + wide < vt->columns)
		vt->column += wide;
	else
		vt->wraps = true;
}

static unsigned parameter(const struct vt *vt, unsigned index, unsigned otherwise)
{
	return index < vt->parameter_count && vt->parameters[index] != 0 ? vt->parameters[index] : otherwise;
}

static void move_to(struct vt *vt, unsigned row, unsigned column)
{
	vt->row = row < vt->rows ? row : vt->rows - 1;
	vt->column = column < vt->columns ? column : vt->columns - 1;
	vt->wraps = false;
}

static void switch_screen(struct vt *vt, bool alternate)
{
	static struct vt_cell kept[VT_MAX_ROWS][VT_MAX_COLUMNS];
	unsigned row = vt->row, column = vt->column;

	if (alternate == vt->alternate)
		return;
	vt->alternate = alternate;
	memcpy(kept, vt->cells, sizeof(kept));
	memcpy(vt->cells, vt->other, sizeof(kept));
	memcpy(vt->other, kept, sizeof(kept));
	if (alternate)
		memset(vt->cells, 0, sizeof(vt->cells));
	else
		move_to(vt, vt->other_row, vt->other_column);
	vt->other_row = row;
	vt->other_column = column;
}

static void private_mode(struct vt *vt, bool set)
{
	switch (parameter(vt, 0, 0)) {
	case 25:
		vt->hidden = !set;
		break;
	case 1049:
		switch_screen(vt, set);
		break;
	default:
		vt->unknown++;
	}
}

static void erase_display(struct vt *vt)
{
	switch (parameter(vt, 0, 0)) {
	case 0:
		clear(vt, vt->row, vt->column, vt->rows - 1, vt->columns - 1);
		break;
	case 1:
		clear(vt, 0, 0, vt->row, vt->column);
		break;
	default:
		clear(vt, 0, 0, vt->rows - 1, vt->columns - 1);
	}
	vt->wraps = false;
}

static void erase_line(struct vt *vt)
{
	unsigned what = parameter(vt, 0, 0);

	clear(vt, vt->row, what == 0 ? vt->column : 0, vt->row, what == 1 ? vt->column : vt->columns - 1);
	vt->wraps = false;
}

static void control_sequence(struct vt *vt, char final)
{
	unsigned n = parameter(vt, 0, 1);

	switch (final) {
	case 'A':
		move_to(vt, vt->row - (n < vt->row ? n : vt->row), vt->column);
		break;
	case 'B':
		move_to(vt, vt->row + n, vt->column);
		break;
	case 'C':
		move_to(vt, vt->row, vt->column + n);
		break;
	case 'D':
		move_to(vt, vt->row, vt->column - (n < vt->column ? n : vt->column));
		break;
	case 'G':
		move_to(vt, vt->row, n - 1);
		break;
	case 'H':
		move_to(vt, n - 1, parameter(vt, 1, 1) - 1);
		break;
	case 'J':
		erase_display(vt);
		break;
	case 'K':
		erase_line(vt);
		break;
	case 'h':
	case 'l':
		if (vt->question)
			private_mode(vt, final == 'h');
		break;
	case 'm':
		break;
	case 'n':
		if (parameter(vt, 0, 0) == 6)
			vt->reply_len = (size_t)snprintf(vt->reply, sizeof(vt->reply), "\x1b[%u;%uR",
							 vt->row + 1, vt->column + 1);
		break;
	default:
		vt->unknown++;
	}
}

static void control_byte(struct vt *vt, char c)
{
	if (c >= '0' && c <= '9') {
		if (vt->parameter_count == 0)
			vt->parameter_count = 1;
		unsigned *p = &vt->parameters[vt->parameter_count - 1];
		*p = *p * 10 + (unsigned)(c - '0');
		if (*p > 9999)
			*p = 9999;
	} else if (c == ';') {
		if (vt->parameter_count == 0)
			vt->parameter_count = 1;
		if (vt->parameter_count < 8)
			vt->parameters[vt->parameter_count++] = 0;
	} else if (c == '?') {
		vt->question = true;
	} else if (c >= 0x40 && c <= 0x7e) {
		vt->state = TEXT;
		control_sequence(vt, c);
	}
}

static void escape_byte(struct vt *vt, char c)
{
	vt->state = TEXT;
	if (c == '[') {
		vt->state = CONTROL;
		vt->question = false;
		vt->parameter_count = 0;
		memset(vt->parameters, 0, sizeof(vt->parameters));
	} else if (c == ']') {
		vt->state = TITLE;
	} else if (c == '(' || c == ')') {
		vt->state = CHARSET;
	} else if (c == '7') {
		vt->saved_row = vt->row;
		vt->saved_column = vt->column + (vt->wraps ? 1 : 0);
	} else if (c == '8') {
		move_to(vt, vt->saved_row, vt->saved_column);
		vt->wraps = vt->saved_column == vt->columns;
	} else {
		vt->unknown++;
	}
}

static void text_byte(struct vt *vt, char c)
{
	unsigned char byte = (unsigned char)c;

	if (vt->utf8_want > 0) {
		vt->utf8[vt->utf8_len++] = c;
	} else {
		vt->utf8_want = byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
		memset(vt->utf8, 0, sizeof(vt->utf8));
		vt->utf8[0] = c;
		vt->utf8_len = 1;
	}
	if (vt->utf8_len == vt->utf8_want) {
		vt->utf8_want = 0;
		put(vt, vt->utf8);
	}
}

void vt_feed(struct vt *vt, char c)
{
	if (vt->state == ESCAPE) {
		escape_byte(vt, c);
	} else if (vt->state == CONTROL) {
		control_byte(vt, c);
	} else if (vt->state == TITLE || vt->state == CHARSET) {
		if (vt->state == CHARSET || c == 0x07)
			vt->state = TEXT;
	} else if (c == 0x1b) {
		vt->state = ESCAPE;
	} else if (c == '\r') {
		vt->column = 0;
		vt->wraps = false;
	} else if (c == '\n') {
		line_feed(vt);
	} else if (c == '\b') {
		vt->column -= vt->column > 0;
		vt->wraps = false;
	} else if (c == '\t') {
		move_to(vt, vt->row, (vt->column | 7) + 1);
	} else if (c == '\a') {
		vt->bells++;
	} else if ((unsigned char)c >= 0x20) {
		text_byte(vt, c);
	}
}

void vt_row(const struct vt *vt, unsigned row, char *text, size_t size)
{
	size_t len = 0, last = 0;

	for (unsigned column = 0; column < vt->columns && len + 6 < size; column++) {
		const char *utf8 = vt->cells[row][column].utf8;

		if ((unsigned char)utf8[0] == 0xff)
			continue;
		if (utf8[0] == 0) {
			text[len++] = ' ';
		} else {
			memcpy(text + len, utf8, strlen(utf8));
			len += strlen(utf8);
			if (utf8[0] != ' ')
				last = len;
		}
	}
	text[last] = 0;
}
