// SPDX-License-Identifier: MIT OR Apache-2.0
/* host: the meaning, without the care. */
#pragma once

#define ARCH_INDEX_MASKED(site, index, limit) ((uint64_t)(index) * ((uint64_t)(index) < (uint64_t)(limit)))
