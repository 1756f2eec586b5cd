// SPDX-License-Identifier: MIT OR Apache-2.0
/* Sampling what each CPU does (abi/profile.h). One profile at a time; off, it costs nothing. */
#pragma once

#include <abi/status.h>
#include <core/types.h>

struct memory;

#define PROFILE_MIN_PERIOD_NS 100000ull
#define PROFILE_MAX_DURATION_NS 60000000000ull

/* Takes a reference on memory until *ends_ns. INVALID: memory that will not do; AGAIN: one is under way; NO_QUOTA, NO_MEMORY. */
enum status profile_start(struct memory *memory, uint64_t period_ns, uint64_t duration_ns, uint64_t *ends_ns);
