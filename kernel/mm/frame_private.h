// SPDX-License-Identifier: MIT OR Apache-2.0
/* What boot (frame_init.c) needs of the allocator (frame.c). */
#pragma once

#include <mm/frame.h>

void frame_lists_init(void);
/* `first`: a frame number; inside frame_first .. frame_first + frame_limit. */
void frame_add_range(uint64_t first, uint64_t count);
/* Checks one list; the frames on it. */
uint64_t frame_check_list(unsigned order);
