// SPDX-License-Identifier: MIT OR Apache-2.0
/* test-pipe: shared memory between processes, with itself as the other process. */
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>

#include "pipe.h"

struct world w;

void nap(uint64_t ns)
{
	uint64_t end = runtime_now() + ns;

	while (runtime_now() < end)
		ring_wait(runtime_ring(), end);
}

cap_id granted(const char *name)
{
	cap_id id = CAP_ID_NULL;

	(void)!runtime_cap(name, 0, &id);
	return id;
}

void fill_pattern(uint8_t *bytes, uint64_t from, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		bytes[i] = pattern(from + i);
}

bool is_pattern(const uint8_t *bytes, uint64_t from, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		if (bytes[i] != pattern(from + i))
			return false;
	return true;
}

static int child(void)
{
	if (msg_text_equal(runtime_argument(0), MSG_TEXT("stream")))
		return stream_child(runtime_argument(1));
	return 99;
}

int main(void)
{
	w.t = runtime_transport();
	w.ring = runtime_ring();
	w.space = granted("virtualMemory");
	if (runtime_argument_count() > 0)
		return child();
	w.manager = runtime_need("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID);
	tap_start();
	child_start_up();
	test_streams();
	test_stream_deaths();
	test_stream_threads();
	return tap_end();
}
