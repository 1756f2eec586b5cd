// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The smallest program with something to say. It holds one capability, the Console that it says it to; see needs.capnp.
 */
#include <runtime/print.h>
#include <runtime/runtime.h>
#include <schema/kernel/console.capnp.h>

int main(void)
{
	runtime_need("console", CONSOLE_INTERFACE_ID);
	runtime_print("hello, world\n");
	return 0;
}
