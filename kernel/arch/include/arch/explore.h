// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Switch points: where the simulated machine may let another CPU go on. <archimpl/explore.h> defines
 * arch_switch_point() (nothing on a real machine); and, for core/atomic.h, bool arch_is_zero_8(const volatile void *), arch_is_zero_32,
 * arch_is_zero_64, arch_is_64(const volatile void *, uint64_t), void arch_count_32(uint32_t *, uint32_t).
 */
#pragma once

#include <archimpl/explore.h>
