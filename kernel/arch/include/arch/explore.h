// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Switch points: where the simulated machine may let another CPU go on. <archimpl/explore.h> defines
 * arch_switch_point() (nothing on a real machine); and, for core/atomic.h, bool arch_is_zero_32(const volatile void *), arch_is_zero_64.
 */
#pragma once

#include <archimpl/explore.h>
