// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Indexes that users choose, kept inside their tables also where the processor only guesses: behind a check that it predicts
 * wrongly, a load from beyond the table could leave a trace in the caches.
 *
 *   uint64_t ARCH_INDEX_MASKED(site, uint64_t index, uint64_t limit)      index if it is below limit, else 0; no branch
 *
 * `site` is a string literal: tools/check-kernel finds each site that it knows in the linked kernel, with its instructions.
 */
#pragma once

#include <core/types.h>

#include <archimpl/masked.h>
