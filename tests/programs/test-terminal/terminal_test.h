// SPDX-License-Identifier: MIT OR Apache-2.0
/* What the parts of test-terminal share. */
#pragma once

#include <rpc/rpc.h>

/* programs.c */
void test_programs(struct rpc_transport *transport, cap_id session, cap_id screen, cap_id timer);
