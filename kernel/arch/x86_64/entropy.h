// SPDX-License-Identifier: MIT OR Apache-2.0
/* Randomness before there is a pool. */
#pragma once

#include <stdint.h>

/* From RDRAND if there is one, otherwise from the time-stamp counter. */
uint64_t entropy_early(void);
