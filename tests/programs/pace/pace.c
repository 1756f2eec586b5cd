// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * So many calls of Timer.now in each millisecond, for so many milliseconds: something whose trace has to be kept up with. With 0
 * milliseconds it makes that many calls at once, as fast as they go.
 */
#include <runtime/runtime.h>
#include <schema/kernel/timer.capnp.h>

#define MS 1'000'000ull

static uint64_t number(uint32_t argument)
{
	struct msg_text text = runtime_argument(argument);
	uint64_t value = 0;

	for (uint32_t i = 0; argument < runtime_argument_count() && i < text.len && i < 9; i++)
		value = value * 10 + (uint64_t)(text.ptr[i] - '0');
	return value;
}

static void call(cap_id timer, uint64_t count)
{
	uint64_t ns;

	while (count--)
		if (timer_now(runtime_transport(), timer, &ns) != STATUS_OK)
			runtime_exit(1);
}

int main(void)
{
	cap_id timer = runtime_need("timer", TIMER_INTERFACE_ID);
	uint64_t calls = number(0), rounds = number(1), next = runtime_now();

	if (rounds == 0)
		call(timer, calls);
	while (rounds--) {
		call(timer, calls);
		next += MS;
		if (timer_sleep_until(runtime_transport(), timer, next) != STATUS_OK)
			return 1;
	}
	return 0;
}
