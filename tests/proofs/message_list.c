/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What lists take (lib/message): products that do not wrap, for all counts and steps that a pointer and a tag can name, and the
 * handles made of them.
 *
 * shipped: lib/message/include/message/types.h MSG_NESTING MSG_MAX_WORDS msg_elem msg_text msg_data
 * shipped: lib/message/include/message/reader.h msg_reader msg_struct msg_list msg_pointer
 * shipped: lib/message/internal.h msg_step_bits msg_data_bytes msg_list_words
 * shipped: lib/message/reader.c elements_fit composite_list plain_list
 *
 * mutant: elements_fit s/step \* count <=/(uint32_t)(step * count) <=/
 * mutant: msg_list_words s/ \+ 63//
 * mutant: composite_list s/\* 64/* 32/
 */
#include "message.h"
#include "msg_data_bytes.h"
#include "msg_step_bits.h"

/*@ axiomatic what_times_is { axiom product: \forall integer a, b; times(a, b) == a * b; } */

#include "message_list.h"
#include "msg_list_words.h"
#include "elements_fit.h"
#include "composite_list.h"
#include "plain_list.h"
