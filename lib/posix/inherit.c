// SPDX-License-Identifier: MIT OR Apache-2.0
/* Descriptors handed on (inherit.h). */
#include "inherit.h"
#include "device.h"
#include "position.h"
#include "signal.h"

#include <fcntl.h>

POSIX_TOGETHER long posix_own_number, posix_parent_number;

bool posix_is_inherit_variable(struct msg_text name)
{
	return name.len > 6 && __builtin_memcmp(name.ptr, "CAPOS_", 6) == 0;
}

/* ---- Writing ---- */

struct out {
	char *at, *end;
};

static void put_number(struct out *out, uint64_t n, char behind)
{
	char digits[20];
	int count = 0;

	do
		digits[count++] = (char)('0' + n % 10);
	while ((n /= 10) != 0);
	while (count > 0 && out->at < out->end)
		*out->at++ = digits[--count];
	if (out->at < out->end)
		*out->at++ = behind;
}

uint32_t posix_inherit_write(const struct posix_table *table, char *to, uint32_t size)
{
	struct out out = {to, to + size};

	for (uint32_t fd = 0; fd < table->count; fd++) {
		const struct posix_open *o = table->open[fd];
		char letter = o && !table->close_on_exec[fd] ? o->cap.raw ? 'c' : posix_device_letter(o->kind)
							     : 0;

		if (!letter || out.end - out.at < 64)
			continue;
		put_number(&out, fd, ':');
		*out.at++ = letter;
		*out.at++ = ':';
		put_number(&out, (uint64_t)o->flags, ':');
		put_number(&out, *posix_position(table->open[fd]), ':');
		put_number(&out, posix_position_share(table->open[fd]) ? o->place : 0, ';');
	}
	return (uint32_t)(out.at - to);
}

/* ---- Reading ---- */

static bool take_number(struct msg_text *text, uint64_t *n)
{
	bool some = false;

	for (*n = 0; text->len > 0 && *text->ptr >= '0' && *text->ptr <= '9'; some = true) {
		*n = *n * 10 + (uint64_t)(*text->ptr - '0');
		text->ptr++, text->len--;
	}
	if (some && text->len > 0)
		text->ptr++, text->len--; /* what stands behind it */
	return some;
}

void posix_identity_read(struct msg_text pids)
{
	uint64_t own, parent;

	if (take_number(&pids, &own) && take_number(&pids, &parent)) {
		posix_own_number = (long)own;
		posix_parent_number = (long)parent;
	}
}

static bool take_letter(struct msg_text *text, char *letter)
{
	if (text->len < 2)
		return false;
	*letter = *text->ptr;
	text->ptr += 2, text->len -= 2;
	return true;
}

static void apply(long fd, char letter, int flags, uint64_t position, uint64_t place)
{
	struct posix_open *o = posix_get(fd);

	if (letter != 'c' && posix_device_of(letter)) {
		if (o)
			posix_put(o);
		o = posix_open_new(posix_device_of(letter), CAP_ID_NULL, flags);
		if (o)
			(void)posix_install_at(o, fd, false);
		return;
	}
	if (!o)
		return;
	o->flags = flags;
	o->position = position;
	o->place = (uint16_t)place;
	posix_put(o);
}

void posix_signals_read(struct msg_text sets)
{
	uint64_t ignored, blocked, pending;

	if (take_number(&sets, &ignored) && take_number(&sets, &blocked) && take_number(&sets, &pending))
		posix_signals_inherit(ignored, blocked, pending);
}

void posix_inherit_read(struct msg_text fds)
{
	uint64_t fd, flags, position, place;
	char letter;

	while (take_number(&fds, &fd) && take_letter(&fds, &letter) && take_number(&fds, &flags) &&
	       take_number(&fds, &position) && take_number(&fds, &place))
		if (fd < POSIX_DESCRIPTORS)
			apply((long)fd, letter, (int)flags, position, place);
}
