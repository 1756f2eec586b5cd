// SPDX-License-Identifier: MIT OR Apache-2.0
/* A violated assertion inside libsodium is a bug of capOS: stop there, as sodium_misuse() does. */
#pragma once
#define assert(condition) ((condition) ? (void)0 : __builtin_trap())
