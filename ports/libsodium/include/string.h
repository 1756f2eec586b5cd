// SPDX-License-Identifier: MIT OR Apache-2.0
/* The part of the C library that libsodium's BLAKE2b uses; every side of capOS has these two functions. */
#pragma once
#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int value, size_t size);
