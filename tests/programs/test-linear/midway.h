// SPDX-License-Identifier: MIT OR Apache-2.0
/* A gate that is revoked in the middle of a batch: tests/host/midway_test.c on the machine's own CPUs. */
#pragma once

#include <abi/cap.h>

void test_midway(cap_id manager);
