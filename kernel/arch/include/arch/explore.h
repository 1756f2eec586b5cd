// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Switch points: where the simulated machine may let another CPU go on. <archimpl/explore.h> defines
 * arch_switch_point() (nothing on a real machine).
 */
#pragma once

#include <archimpl/explore.h>
