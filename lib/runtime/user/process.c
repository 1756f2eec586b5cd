// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * This thread's ring and clock, and the end of programs.
 */
#include <fmt/fmt.h>
#include <runtime/enter.h>
#include <runtime/print.h>
#include <runtime/runtime.h>
#include <runtime/status.h>

#include "thread_block.h"

struct ring_client *runtime_ring(void)
{
	return &thread_block_current()->ring;
}

struct rpc_transport *runtime_transport(void)
{
	return &thread_block_current()->ring.transport;
}

const struct cap_region *runtime_region(void)
{
	return thread_block_current()->ring.region;
}

uint64_t runtime_now(void)
{
	return ring_now(&thread_block_current()->ring, __builtin_readcyclecounter());
}

void runtime_exit(int64_t code)
{
	ring_flush(runtime_ring()); /* what was queued and not waited for (releases, signals) still happens */
	runtime_cap_exit(code, CAP_EXIT_PROCESS);
}

cap_id runtime_need(const char *name, uint64_t interface_id)
{
	cap_id cap;
	enum status status = runtime_cap(name, interface_id, &cap);

	if (status != STATUS_OK) {
		runtime_print("needs \"%s\": %s\n", name, status_text(status));
		runtime_exit(RUNTIME_EXIT_NOT_GRANTED);
	}
	return cap;
}

void runtime_abort(const char *message)
{
	runtime_print("abort: %s\n", message);
	__builtin_trap();
}

/* What -fstack-protector calls. */
[[noreturn]] void __stack_chk_fail(void);

[[noreturn]] void __stack_chk_fail(void)
{
	__builtin_trap(); /* the stack cannot be trusted with more */
}
