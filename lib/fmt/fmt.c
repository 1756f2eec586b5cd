// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Formatting text. One output routine counts everything and stores what fits; every conversion is decoded into a
 * struct spec first, then written.
 */
#include <fmt/fmt.h>
#include <stdint.h>

struct out {
	char *buffer;
	size_t size; /* NUL included */
	size_t length;
};

struct spec {
	bool left, zero, plus, space, alternate, upper;
	bool has_precision;
	int width, precision;
	unsigned bytes; /* of an integer argument */
};

static void put(struct out *out, char c)
{
	if (out->length + 1 < out->size)
		out->buffer[out->length] = c;
	out->length++;
}

static void pad(struct out *out, char c, int count)
{
	while (count-- > 0)
		put(out, c);
}

static void put_text(struct out *out, const struct spec *spec, const char *text)
{
	int length = 0;

	if (!text)
		text = "(null)";
	while ((!spec->has_precision || length < spec->precision) && text[length])
		length++;
	if (!spec->left)
		pad(out, ' ', spec->width - length);
	for (int i = 0; i < length; i++)
		put(out, text[i]);
	if (spec->left)
		pad(out, ' ', spec->width - length);
}

static void put_number(struct out *out, const struct spec *spec, uint64_t value, unsigned base, char sign)
{
	char digits[24];
	int count = 0;
	const char *prefix = spec->alternate && base == 16 && value ? (spec->upper ? "0X" : "0x") : "";

	for (uint64_t v = value; v || (count == 0 && !(spec->has_precision && spec->precision == 0));
	     v /= base)
		digits[count++] = (spec->upper ? "0123456789ABCDEF" : "0123456789abcdef")[v % base];

	int zeroes = spec->has_precision ? spec->precision - count : 0;
	int prefix_length = (sign ? 1 : 0) + (prefix[0] ? 2 : 0);

	zeroes = zeroes < 0 ? 0 : zeroes;
	if (spec->zero && !spec->left && !spec->has_precision && spec->width > prefix_length + count)
		zeroes = spec->width - prefix_length - count;

	int padding = spec->width - prefix_length - zeroes - count;

	if (!spec->left)
		pad(out, ' ', padding);
	if (sign)
		put(out, sign);
	for (; *prefix; prefix++)
		put(out, *prefix);
	pad(out, '0', zeroes);
	while (count > 0)
		put(out, digits[--count]);
	if (spec->left)
		pad(out, ' ', padding);
}

static int parse_number(const char **format)
{
	int n = 0;

	for (; **format >= '0' && **format <= '9'; ++*format)
		n = n < 100000 ? n * 10 + (**format - '0') : n;
	return n;
}

static void parse_length(const char **format, struct spec *spec)
{
	spec->bytes = sizeof(int);
	switch (**format) {
	case 'h':
		spec->bytes = *++*format == 'h' ? 1 : 2;
		*format += spec->bytes == 1;
		break;
	case 'l':
		spec->bytes = 8;
		*format += *++*format == 'l';
		break;
	case 'z':
	case 'j':
	case 't':
		spec->bytes = 8;
		++*format;
		break;
	default:
		break;
	}
}

struct arguments {
	va_list list;
};

static void parse_flags(const char **format, struct spec *spec)
{
	for (;; ++*format) {
		switch (**format) {
		case '-':
			spec->left = true;
			continue;
		case '0':
			spec->zero = true;
			continue;
		case '+':
			spec->plus = true;
			continue;
		case ' ':
			spec->space = true;
			continue;
		case '#':
			spec->alternate = true;
			continue;
		default:
			return;
		}
	}
}

static void parse_sizes(const char **format, struct spec *spec, struct arguments *args)
{
	if (**format == '*') {
		++*format;
		spec->width = va_arg(args->list, int);
		if (spec->width < 0) {
			spec->left = true;
			spec->width = spec->width == INT32_MIN ? 0 : -spec->width;
		}
	} else {
		spec->width = parse_number(format);
	}
	if (**format == '.') {
		++*format;
		spec->has_precision = true;
		if (**format == '*') {
			++*format;
			spec->precision = va_arg(args->list, int);
			spec->has_precision = spec->precision >= 0;
		} else {
			spec->precision = parse_number(format);
		}
	}
}

static uint64_t take_unsigned(const struct spec *spec, struct arguments *args)
{
	uint64_t value = spec->bytes == 8 ? va_arg(args->list, uint64_t) : va_arg(args->list, unsigned);

	return spec->bytes == 1 ? (uint8_t)value : spec->bytes == 2 ? (uint16_t)value : value;
}

static int64_t take_signed(const struct spec *spec, struct arguments *args)
{
	int64_t value = spec->bytes == 8 ? va_arg(args->list, int64_t) : va_arg(args->list, int);

	return spec->bytes == 1 ? (int8_t)value : spec->bytes == 2 ? (int16_t)value : value;
}

static void put_signed(struct out *out, const struct spec *spec, int64_t value)
{
	char sign = value < 0 ? '-' : spec->plus ? '+' : spec->space ? ' ' : 0;

	put_number(out, spec, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, sign);
}

/* False: not a conversion that is understood. */
static bool convert(struct out *out, struct spec *spec, char conversion, struct arguments *args)
{
	char c[2] = {};

	switch (conversion) {
	case 'd':
	case 'i':
		put_signed(out, spec, take_signed(spec, args));
		return true;
	case 'u':
		put_number(out, spec, take_unsigned(spec, args), 10, 0);
		return true;
	case 'o':
		put_number(out, spec, take_unsigned(spec, args), 8, 0);
		return true;
	case 'X':
		spec->upper = true;
		[[fallthrough]];
	case 'x':
		put_number(out, spec, take_unsigned(spec, args), 16, 0);
		return true;
	case 'p':
		spec->alternate = true;
		put_number(out, spec, (uint64_t)(uintptr_t)va_arg(args->list, void *), 16, 0);
		return true;
	case 's':
		put_text(out, spec, va_arg(args->list, const char *));
		return true;
	case 'c':
		c[0] = (char)va_arg(args->list, int);
		spec->has_precision = false;
		put_text(out, spec, c);
		return true;
	case '%':
		put(out, '%');
		return true;
	default:
		return false;
	}
}

size_t fmt_vprint(char *buffer, size_t size, const char *format, va_list list)
{
	struct out out = {buffer, size, 0};
	struct arguments args;

	va_copy(args.list, list);
	while (*format) {
		const char *start = format;
		struct spec spec = {};

		if (*format++ != '%') {
			put(&out, *start);
			continue;
		}
		parse_flags(&format, &spec);
		parse_sizes(&format, &spec, &args);
		parse_length(&format, &spec);
		if (*format && convert(&out, &spec, *format, &args)) {
			format++;
			continue;
		}
		put(&out, *start);
		format = start + 1;
	}
	va_end(args.list);
	if (size > 0)
		buffer[out.length < size ? out.length : size - 1] = 0;
	return out.length;
}

size_t fmt_print(char *buffer, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	size_t length = fmt_vprint(buffer, size, format, args);
	va_end(args);
	return length;
}
