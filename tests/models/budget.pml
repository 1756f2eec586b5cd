/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One budget, lent along a call and back (kernel/core/budget_chain.c, kernel/ring/lend.c): its owner calls a server, and waits, or times
 * out, or is answered, twice.
 *
 * The server takes the call out of the queue, and looks whether the owner waits; the owner blocks, and looks whether somebody has its
 * call. Who ends the call changes its claim word, then wakes the owner. Whoever is to run looks at its ticket first (budget_admit).
 *
 * Checked, with the numbers of core/budget.h:
 *   B1  one holder: while the owner runs on the budget nobody else was given it since it looked;
 *   B2  a server that runs on it after it looked has a call of the owner that is open, or was when it looked;
 *   L   while the owner waits for a call that the server has, and both have looked, the server has the budget.
 * Assumed: stores of one CPU become visible in order (x86, or the fences named below).
 *
 * Variants that must be refuted:
 *   NO_TICKET      it is lent without a look at the claim word under the lock
 *   LOOK_FIRST     the owner looks for a server before it blocks
 *   NO_CUT         the owner that wakes does not cut off who is behind it
 *
 * run: ok
 * run: refuted -DNO_TICKET
 * run: refuted -DLOOK_FIRST
 * run: refuted -DNO_CUT
 *
 * code: kernel/core/budget_chain.c: if (load_acquire(ticket.word) != ticket.open) {
 * code: kernel/core/budget_chain.c: budget_cut(budget, at + 1);
 * code: kernel/core/budget_chain.c: if (budget != NULL && load_acquire(ticket.word) == ticket.open && may_lend(budget, from, to, &at)) {
 * code: kernel/ring/enter.c: if (!run_enter(thread, reasons))
 * code: kernel/ring/enter.c: lend_as_it_waits(thread);
 * code: kernel/ring/lend.c: if (load_relaxed(&caller->ring.state) != RING_RUNNING)
 */
#define CALLS 2

byte word;            /* of the call that is open; 0: none */
byte delivered;       /* to the server: the number of the call that it has */
bool queued;
bool blocked, woken;  /* the owner */
bool owner_looked, server_looked;
bool owner_runs;      /* on the budget, since it looked under the lock */
bool lent;            /* the chain: owner, server */
byte ticket;          /* of the link */
bool locked, over;

inline lock() { atomic { !locked -> locked = true } }
inline unlock() { locked = false }

/* budget_lend for call n, by whoever; `owner_runs` never is true here, or B1 is broken. */
inline lend(n)
{
	lock();
#ifndef NO_TICKET
	if
	:: word == n ->
#else
	if
	:: true ->
#endif
		assert(!owner_runs); /* B1 */
		lent = true;
		ticket = n
	:: else
	fi;
	unlock()
}

/* Who ends a call: the word, then the owner's wake-up. */
inline finish(n, won)
{
	atomic { won = (word == n); if :: won -> word = 0 :: else fi }
	if
	:: won -> woken = true
	:: else
	fi
}

active proctype owner()
{
	byte n = 1;
	do
	:: n > CALLS -> break
	:: else ->
		owner_looked = false;
		woken = false;
		owner_runs = false; /* it is going to wait */
		word = n;
		queued = true;
#ifdef LOOK_FIRST
		if
		:: delivered == n -> lend(n)
		:: else
		fi;
		blocked = true;
#else
		blocked = true;
		if
		:: delivered == n -> lend(n)
		:: else
		fi;
#endif
		owner_looked = true;
		woken;
		/* picked: budget_admit */
		blocked = false;
		lock();
#ifndef NO_CUT
		lent = false;
#endif
		owner_runs = true;
		assert(!lent); /* B1 */
		unlock();
		n++
	od;
	over = true
}

active proctype server()
{
	byte n;
	bool won, mine;
	do
	:: atomic { queued -> queued = false; n = word };
		if
		:: n == 0 -> skip /* it timed out in the queue */
		:: else ->
			server_looked = false;
			delivered = n;
			if
			:: blocked -> lend(n)
			:: else
			fi;
			server_looked = true;
			/* L */
			atomic {
				if
				:: owner_looked && blocked && word == n && !woken -> assert(lent && ticket == n)
				:: else
				fi
			}
			/* picked: budget_admit */
			lock();
			if
			:: lent && word != ticket -> lent = false
			:: else
			fi;
			mine = lent;
			assert(!mine || ticket == n); /* B2 */
			unlock();
			finish(n, won)
		fi
	:: over && !queued -> break
	od
}

/* A deadline may end any call. */
active proctype timer()
{
	byte n;
	bool won;
	do
	:: atomic { word != 0 -> n = word }; finish(n, won)
	:: over -> break
	:: true -> break
	od
}
