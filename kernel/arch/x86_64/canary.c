// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The stack protector's canary (-fstack-protector-strong -mstack-protector-guard=global): one value for each boot, with
 * a zero byte first, so that no string operation copies past it unnoticed.
 */
#include "canary.h"

#include "entropy.h"

#include <core/log.h>

extern uint64_t __stack_chk_guard;
[[noreturn]] void __stack_chk_fail(void);

uint64_t __stack_chk_guard;

void canary_init(void)
{
	__stack_chk_guard = entropy_early() & ~0xffull;
}

void __stack_chk_fail(void)
{
	panic("stack protector: a function wrote over the end of a local array");
}
