// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Printing to the Console that was granted as "console".
 */
#include <fmt/fmt.h>
#include <runtime/print.h>
#include <runtime/runtime.h>
#include <schema/kernel/console.capnp.h>

/* What one call carries: a kernel object takes messages of at most CAP_MAX_KERNEL_MESSAGE bytes. */
#define CHUNK 512u

static cap_id console(void)
{
	static cap_id cap;
	static bool looked;

	if (!looked) {
		if (runtime_cap("console", CONSOLE_INTERFACE_ID, &cap) != STATUS_OK)
			cap = CAP_ID_NULL;
		looked = true;
	}
	return cap;
}

/* The text as far as it fits, less an incomplete UTF-8 character at the end. */
static uint32_t chunk_length(struct msg_text text)
{
	uint32_t length = text.len < CHUNK ? text.len : CHUNK;

	while (length < text.len && length > CHUNK - 4 && ((uint8_t)text.ptr[length] & 0xc0) == 0x80)
		length--;
	return length;
}

void runtime_print_text(struct msg_text text)
{
	cap_id cap = console();

	while (cap.raw && text.len > 0) {
		uint32_t length = chunk_length(text);

		if (console_write(runtime_transport(), cap, (struct msg_text){text.ptr, length}) != STATUS_OK)
			return; /* there is nobody to tell */
		text = (struct msg_text){text.ptr + length, text.len - length};
	}
}

void runtime_vprint(const char *format, va_list args)
{
	char line[RUNTIME_LINE];
	size_t length = fmt_vprint(line, sizeof(line), format, args);

	if (length >= sizeof(line)) {
		length = sizeof(line) - 1;
		line[length - 1] = '\n';
	}
	runtime_print_text((struct msg_text){line, (uint32_t)length});
}

void runtime_print(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	runtime_vprint(format, args);
	va_end(args);
}
