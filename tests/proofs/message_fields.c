/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Fields of structs and elements of lists (lib/message/include/message/reader.h): with any offset and index, also such as no schema has,
 * each access lies inside the segment; what is behind the end reads as its default.
 *
 * Assumed: as message_reader.c; the handles are those that it gives (struct_ok, list_ok).
 *
 * shipped: lib/message/include/message/types.h MSG_NESTING MSG_MAX_WORDS msg_elem msg_text msg_data
 * shipped: lib/message/include/message/reader.h msg_reader msg_struct msg_list msg_pointer
 * shipped: lib/message/include/message/reader.h msg_struct_u8 msg_struct_u16 msg_struct_u32 msg_struct_u64 msg_struct_bool msg_struct_pointer
 *
 * mutant: msg_struct_u32 s/at \+ 4/at + 3/
 * mutant: msg_struct_u64 s/\(uint64_t\)at/at/
 * mutant: msg_struct_bool s/bit \/ 8 < s/bit \/ 9 < s/
 * mutant: msg_struct_pointer s/index < s/index <= s/
 */
#include "message.h"
#include "bits.h"

/*@ predicate readable(struct msg_struct s) = s.msg != \null && message(s.msg) && struct_ok(s); */

/*@ requires readable(s); assigns \nothing; */
static inline uint8_t msg_struct_u8(struct msg_struct s, uint32_t at);
#include "msg_struct_u8.h"

/*@ requires readable(s); assigns \nothing; */
static inline uint16_t msg_struct_u16(struct msg_struct s, uint32_t at);
#include "msg_struct_u16.h"

/*@ requires readable(s); assigns \nothing; */
static inline uint32_t msg_struct_u32(struct msg_struct s, uint32_t at);
#include "msg_struct_u32.h"

/*@ requires readable(s); assigns \nothing; */
static inline uint64_t msg_struct_u64(struct msg_struct s, uint32_t at);
#include "msg_struct_u64.h"

/*@ requires readable(s); assigns \nothing; */
static inline bool msg_struct_bool(struct msg_struct s, uint32_t bit);
#include "msg_struct_bool.h"

/*@ requires readable(s); assigns \nothing;
  @ ensures I2: \result.msg == s.msg && pointer_ok(\result);
  @ ensures depth: \result.depth == s.depth;
  @*/
static inline struct msg_pointer msg_struct_pointer(struct msg_struct s, uint32_t index);
#include "msg_struct_pointer.h"
