// SPDX-License-Identifier: MIT OR Apache-2.0
/* Tells AddressSanitizer, where there is one, which kernel memory nobody may touch. Nothing in a real kernel. */
#pragma once

#include <stddef.h>

#if __has_feature(address_sanitizer)
void __asan_poison_memory_region(const volatile void *start, size_t len);
void __asan_unpoison_memory_region(const volatile void *start, size_t len);
#define poison_memory(start, len) __asan_poison_memory_region((start), (len))
#define unpoison_memory(start, len) __asan_unpoison_memory_region((start), (len))
#else
#define poison_memory(start, len) ((void)(start), (void)(len))
#define unpoison_memory(start, len) ((void)(start), (void)(len))
#endif
