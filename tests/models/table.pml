/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Look-up in a capability table against release, reuse of the slot, MOVE and growth (kernel/cap/table.h, table.c).
 *
 * An abstraction of one slot: each load and store of cap_table_find, empty, fill and cap_table_lock is one step, in the
 * code's order. A writer releases the slot and installs another capability in it, twice, may lock and unlock it, and may
 * let the table grow (a reader may go on in the old array). A reader looks up any id at any moment: also ids that were
 * not given out yet, and ids with the lock's bit set.
 *
 * Checked:
 *   T2, T4  what a look-up finds, view and gate, is what the id was given for: never an older or newer pair, and so never
 *           a capability without its gate;
 *   T2      a look-up that begins after the release returned fails;
 *   T5      no id resolves to a slot that was locked before the look-up began, until it is unlocked.
 * Assumed: stores of one CPU become visible in order, loads are done in order (x86, or acquire and release); that memory
 * stays valid is reclaim.pml's business. Generations do not wrap (proved in tests/proofs: the slot retires).
 *
 * Variants that must be refuted:
 *   VIEW_FIRST        view, gate, generation are read once each, in this order (bugs.md M1: a borrower escapes revocation)
 *   NO_SECOND_LOOK    the generation is read before view and gate only
 *   GENERATION_FIRST  release raises the generation before it takes the view away
 *   VIEW_THEN_GATE    install sets the view before the gate
 *   NO_BIT_CHECK      ids with the lock's bit are looked up as others are (bugs.md M2)
 *
 * run: ok
 * run: refuted -DVIEW_FIRST
 * run: refuted -DVIEW_FIRST -DGENERATION_FIRST
 * run: refuted -DNO_SECOND_LOOK
 * run: refuted -DGENERATION_FIRST
 * run: refuted -DVIEW_THEN_GATE
 * run: refuted -DNO_BIT_CHECK
 *
 * code: kernel/cap/include/cap/table.h: if (unlikely(load_acquire(&entry->generation) != cap_id_generation(id)))
 * code: kernel/cap/include/cap/table.h: out->view = load_acquire(&entry->view);
 * code: kernel/cap/include/cap/table.h: out->gate = load_acquire(&entry->gate);
 * code: kernel/cap/include/cap/table.h: (id.raw >> 63) != 0
 * code: kernel/cap/include/cap/table.h: load_relaxed(&entry->generation) != cap_id_generation(id)
 * code: kernel/cap/include/cap/table_line.h: store_relaxed(&entry->gate, ref.gate);
 * code: kernel/cap/include/cap/table_line.h: store_release(&entry->view, ref.view);
 * code: kernel/cap/include/cap/table_line.h: store_release(&entry->view, (struct view *)NULL);
 * code: kernel/cap/include/cap/table_line.h: store_release(&entry->generation, generation);
 */
#define LOCKED 8

typedef array_t { byte view; byte gate; byte generation };
array_t array[2];
bit current;             /* table->array */

/* What each generation was given for. Views 1 and 2; gate 0 = none. */
byte given_view[4], given_gate[4];
bool released[4];        /* the release of this generation has returned */
bool locked_since;       /* a lock has returned, and was not undone */


inline install(g)
{
#ifdef VIEW_THEN_GATE
	array[current].view = given_view[g];
	array[current].gate = given_gate[g];
#else
	array[current].gate = given_gate[g];
	array[current].view = given_view[g];
#endif
}

inline release(g)
{
#ifdef GENERATION_FIRST
	array[current].generation = g + 1;
	array[current].view = 0;
#else
	array[current].view = 0;
	array[current].generation = g + 1;
#endif
	released[g] = true
}

/* The old array is not written any more. */
inline grow()
{
	if
	:: current == 0 ->
		d_step {
			array[1].view = array[0].view;
			array[1].gate = array[0].gate;
			array[1].generation = array[0].generation
		};
		current = 1
	:: true
	fi
}

active proctype writer()
{
	byte g;

	d_step {
		given_view[1] = 1; given_gate[1] = 5;
		given_view[2] = 2; given_gate[2] = 0;
		given_view[3] = 1; given_gate[3] = 6;
		array[0].generation = 1
	};
	for (g : 1 .. 3) {
		install(g);
		grow();
		if
		:: array[current].generation = g | LOCKED; locked_since = true;
		   if
		   :: locked_since = false; array[current].generation = g
		   :: true /* the move is delivered: as a release */
		   fi
		:: true
		fi;
		release(g);
		locked_since = false;
		grow()
	}
}

active proctype reader()
{
	byte id, view, gate, generation, again;
	bool late, was_locked, ok;
	bit a;

	select(id : 1 .. 3);
	if :: id = id | LOCKED :: true fi;
	atomic { late = released[id & 7]; was_locked = locked_since }
	a = current;
#ifdef VIEW_FIRST
	view = array[a].view;
	gate = array[a].gate;
	generation = array[a].generation;
	again = generation;
#else
	generation = array[a].generation;
	view = array[a].view;
	gate = array[a].gate;
	again = array[a].generation;
#ifdef NO_SECOND_LOOK
	again = generation;
#endif
#endif
	atomic {
		ok = view != 0 && generation == id && again == id;
#ifndef NO_BIT_CHECK
		ok = ok && id < LOCKED;
#endif
		if
		:: ok ->
			assert(id < LOCKED); /* T5 */
			assert(view == given_view[id & 7] && gate == given_gate[id & 7]); /* T4 */
			assert(!late) /* T2 */
		:: else
		fi
	}
}
