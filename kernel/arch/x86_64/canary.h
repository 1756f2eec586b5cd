// SPDX-License-Identifier: MIT OR Apache-2.0
/* The stack protector's canary. */
#pragma once

/* Only functions that never return may be active. Inline code would be part of the caller: out of line it must stay,
 * and unprotected, because the value changes under it. */
[[gnu::noinline]] __attribute__((no_stack_protector)) void canary_init(void);
