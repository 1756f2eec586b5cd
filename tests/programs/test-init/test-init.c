// SPDX-License-Identifier: MIT OR Apache-2.0
/* An init that fails: what the kernel says of it is the test (tests/system/init-crash.test). */
#include <runtime/runtime.h>

[[gnu::noinline]] static int fail_here(volatile int *where)
{
	*where = 1;
	return 0;
}

int main(void)
{
	return fail_here((volatile int *)(uintptr_t)0x28); /* NOLINT: that is the point */
}
