// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Something that takes a while, to play with: counts up to its first argument (5 if there is none), from its second
 * (1). It exits with 2 if they are no numbers, and with 1 when one of its two capabilities stops working, which is what
 * happens when who lent it takes it back.
 */
#include <fmt/fmt.h>
#include <runtime/runtime.h>
#include <schema/kernel/console.capnp.h>
#include <schema/kernel/timer.capnp.h>

#define PAUSE_NS 200'000'000ull

/* False: it is no number of at most nine digits. */
static bool number(uint32_t argument, uint32_t *value)
{
	struct msg_text text = runtime_argument(argument);

	if (argument >= runtime_argument_count())
		return true;
	if (text.len == 0 || text.len > 9)
		return false;
	*value = 0;
	for (uint32_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
		*value = *value * 10 + (uint32_t)(text.ptr[i] - '0');
	}
	return true;
}

int main(void)
{
	cap_id timer = runtime_need("timer", TIMER_INTERFACE_ID);
	cap_id out = runtime_need("out", CONSOLE_INTERFACE_ID);
	uint32_t last = 5, i = 1;

	if (!number(0, &last) || !number(1, &i))
		return 2;
	for (; i <= last; i++) {
		char line[32];

		fmt_print(line, sizeof(line), "counter: %u", i);
		if (console_write_line(runtime_transport(), out, msg_text_from(line)) != STATUS_OK)
			return 1;
		if (i < last && timer_sleep(runtime_transport(), timer, PAUSE_NS) != STATUS_OK)
			return 1;
	}
	return 0;
}
