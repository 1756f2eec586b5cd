/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Capability ids: two numbers of 32 bits in one of 64. Slot and generation come out as they went in, no two pairs have the same id,
 * and no id of a generation >= 1 is the null id.
 *
 * shipped: abi/include/abi/cap.h cap_id CAP_ID_NULL cap_id_make cap_id_slot cap_id_generation
 */
#include "shim.h"
#include "bits.h"
#include "cap_id.h"

/*@ assigns \nothing;
  @ ensures pair: \result.raw == slot + generation * 0x100000000;
  @*/
static inline cap_id cap_id_make(uint32_t slot, uint32_t generation);

/*@ assigns \nothing;
  @ ensures low: \result == id.raw % 0x100000000;
  @*/
static inline uint32_t cap_id_slot(cap_id id);

/*@ assigns \nothing;
  @ ensures high: \result == id.raw / 0x100000000;
  @*/
static inline uint32_t cap_id_generation(cap_id id);

#include "cap_id_make.h"
#include "cap_id_slot.h"
#include "cap_id_generation.h"

/*@ assigns \nothing;
  @ ensures \result == slot;
  @*/
uint32_t slot_comes_out(uint32_t slot, uint32_t generation)
{
	return cap_id_slot(cap_id_make(slot, generation));
}

/*@ assigns \nothing;
  @ ensures \result == generation;
  @*/
uint32_t generation_comes_out(uint32_t slot, uint32_t generation)
{
	return cap_id_generation(cap_id_make(slot, generation));
}

/*@ requires generation >= 1;
  @ assigns \nothing;
  @ ensures \result.raw != 0;
  @*/
cap_id never_null(uint32_t slot, uint32_t generation)
{
	return cap_id_make(slot, generation);
}
