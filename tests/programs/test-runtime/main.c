// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * test-runtime: the libraries that programs stand on, tested on the machine. Started with the argument "child" it is
 * one of its own children.
 */
#include "test.h"

int main(void)
{
	if (runtime_argument_count() > 0 && msg_text_equal(runtime_argument(0), MSG_TEXT("child")))
		return child_main(runtime_argument(1));
	tap_start();
	test_start();
	test_heap();
	test_owned();
	test_threads();
	test_upcalls();
	test_calls();
	test_service();
	test_children();
	return tap_end();
}
