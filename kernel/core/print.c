// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Formatted printing into a buffer: %d %i %u %x %c %s %% with the lengths hh h l ll z, a width, the flags 0 and -, and a
 * precision for %s. Kernel addresses never leave the kernel, so %p prints a refusal. Always ends with a 0 byte;
 * what does not fit is cut.
 */
#include <core/log.h>

struct printer {
	char *buffer;
	size_t size, len; /* room, including the 0; bytes written */
};

struct spec {
	bool left, zero;
	unsigned width;
	unsigned precision; /* UINT32_MAX = none */
	int length;         /* bytes of the integer argument */
};

static void put(struct printer *out, char c)
{
	if (out->len + 1 < out->size)
		out->buffer[out->len++] = c;
}

static void pad(struct printer *out, char c, size_t have, unsigned width)
{
	for (size_t i = have; i < width; i++)
		put(out, c);
}

static void put_text(struct printer *out, const struct spec *spec, const char *text)
{
	size_t len = 0;

	if (!text)
		text = "(null)";
	while (len < spec->precision && text[len])
		len++;
	if (!spec->left)
		pad(out, ' ', len, spec->width);
	for (size_t i = 0; i < len; i++)
		put(out, text[i]);
	if (spec->left)
		pad(out, ' ', len, spec->width);
}

static void put_number(struct printer *out, const struct spec *spec, uint64_t value, bool negative,
		       unsigned base)
{
	char digits[24];
	unsigned len = 0;
	bool zeros = spec->zero && !spec->left;

	do {
		digits[len++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	if (!spec->left && !zeros)
		pad(out, ' ', len + negative, spec->width);
	if (negative)
		put(out, '-');
	if (zeros)
		pad(out, '0', len + negative, spec->width);
	for (unsigned i = len; i-- > 0;)
		put(out, digits[i]);
	if (spec->left)
		pad(out, ' ', len + negative, spec->width);
}

static unsigned parse_number(const char **format)
{
	unsigned n = 0;

	while (**format >= '0' && **format <= '9') {
		if (n < 10000)
			n = n * 10 + (unsigned)(**format - '0');
		(*format)++;
	}
	return n;
}

static int parse_length(const char **format)
{
	const char *f = *format;

	if (*f == 'z' || *f == 'l') {
		*format = f + (f[0] == 'l' && f[1] == 'l' ? 2 : 1);
		return 8;
	}
	if (*f == 'h') {
		*format = f + (f[1] == 'h' ? 2 : 1);
		return f[1] == 'h' ? 1 : 2;
	}
	return 4;
}

static struct spec parse_spec(const char **format, va_list *args)
{
	struct spec spec = {.precision = UINT32_MAX};

	for (;; (*format)++) {
		if (**format == '-')
			spec.left = true;
		else if (**format == '0')
			spec.zero = true;
		else
			break;
	}
	spec.width = parse_number(format);
	if (**format == '.') {
		(*format)++;
		if (**format == '*') {
			int given = va_arg(*args, int);

			(*format)++;
			spec.precision = given < 0 ? UINT32_MAX : (unsigned)given;
		} else {
			spec.precision = parse_number(format);
		}
	}
	spec.length = parse_length(format);
	return spec;
}

static uint64_t take_unsigned(va_list *args, int length)
{
	if (length == 8)
		return va_arg(*args, uint64_t);
	if (length == 4)
		return va_arg(*args, unsigned);
	return (unsigned)va_arg(*args, int) & (length == 2 ? 0xffffu : 0xffu);
}

static int64_t take_signed(va_list *args, int length)
{
	if (length == 8)
		return va_arg(*args, int64_t);
	if (length == 4)
		return va_arg(*args, int);
	return length == 2 ? (int16_t)va_arg(*args, int) : (int8_t)va_arg(*args, int);
}

static void put_signed(struct printer *out, const struct spec *spec, int64_t value)
{
	put_number(out, spec, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, value < 0, 10);
}

static void put_conversion(struct printer *out, const struct spec *spec, char conversion, va_list *args)
{
	switch (conversion) {
	case 'd':
	case 'i':
		put_signed(out, spec, take_signed(args, spec->length));
		break;
	case 'u':
		put_number(out, spec, take_unsigned(args, spec->length), false, 10);
		break;
	case 'x':
		put_number(out, spec, take_unsigned(args, spec->length), false, 16);
		break;
	case 'c':
		put_text(out, spec, (char[2]){(char)va_arg(*args, int)});
		break;
	case 's':
		put_text(out, spec, va_arg(*args, const char *));
		break;
	case 'p':
		(void)va_arg(*args, void *);
		put_text(out, spec, "(address)");
		break;
	default:
		put(out, conversion);
	}
}

size_t print_to_va(char *buffer, size_t size, const char *format, va_list args)
{
	struct printer out = {.buffer = buffer, .size = size};
	va_list rest;

	if (size == 0)
		return 0;
	va_copy(rest, args);
	while (*format) {
		struct spec spec;

		if (*format != '%') {
			put(&out, *format++);
			continue;
		}
		format++;
		spec = parse_spec(&format, &rest);
		if (!*format)
			break;
		put_conversion(&out, &spec, *format++, &rest);
	}
	va_end(rest);
	buffer[out.len] = 0;
	return out.len;
}

size_t print_to(char *buffer, size_t size, const char *format, ...)
{
	va_list args;
	size_t len;

	va_start(args, format);
	len = print_to_va(buffer, size, format, args);
	va_end(args);
	return len;
}
