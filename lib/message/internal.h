// SPDX-License-Identifier: MIT OR Apache-2.0
/* What the files of lib/message share and nobody else needs. */
#pragma once

#include <message/builder.h>

/* From one element to the next, by encoding; composite lists say it themselves. */
static constexpr uint8_t msg_step_bits[8] = {0, 1, 8, 16, 32, 64, 64, 0};
static constexpr uint8_t msg_data_bytes[8] = {0, 0, 1, 2, 4, 8, 0, 0};

/* Words of a list that is not composite. */
static inline uint64_t msg_list_words(enum msg_elem elem, uint64_t count)
{
	return (count * msg_step_bits[elem] + 63) / 64;
}

/* A list pointer's word. count: elements, or words of a composite list. */
uint64_t msg_list_word(const uint8_t *slot, const uint8_t *data, enum msg_elem elem, uint64_t count);
