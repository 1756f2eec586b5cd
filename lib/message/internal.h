// SPDX-License-Identifier: MIT OR Apache-2.0
/* What the files of lib/message share and nobody else needs. */
#pragma once

#include <message/builder.h>

/* A list pointer's word. count: elements, or words of a composite list. */
uint64_t msg_list_word(const uint8_t *slot, const uint8_t *data, enum msg_elem elem, uint64_t count);
