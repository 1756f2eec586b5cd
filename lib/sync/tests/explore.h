// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Runs the code of lib/sync, by up to four threads, through every interleaving of its accesses to shared words (of a
 * large case: through the first MOST_STATES states), with a store buffer for each thread as x86 processors have.
 *
 * - Each access is a step. A store goes to its thread's buffer; that it reaches memory is a step of its own. A read-modify-write
 *   waits until the buffer is empty. A sleep ends when the thread has been roused, or, if it has a deadline, at any moment.
 * - What is done under a bucket's lock is one step, because such a section touches at most one word that others look at without the
 *   lock (Lipton, "Reduction", 1975): the word that is waited for. TAKEN and LISTED are the same to who does not hold the lock.
 * - A run replays a list of choices and goes on from there, until it ends, or comes to a state that was seen before. A thread is
 *   a function of what it has seen (the words that it loaded, and the lists that it found under locks), so that, hashed, stands
 *   for its private state.
 */
#pragma once

#include <sanitizer/asan_interface.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SYNC_SHARED_ACCESS
#define SYNC_SPINS 0
static uint32_t sync_load(const uint32_t *word);
static void sync_store(uint32_t *word, uint32_t value);
static uint32_t sync_swap(uint32_t *word, uint32_t value);
static uint32_t sync_change(uint32_t *word, uint32_t from, uint32_t to);
static uint32_t sync_add(uint32_t *word, uint32_t amount);
static void sync_pause(void)
{
}

#include "../wait.c" /* NOLINT(bugprone-suspicious-include): with these accesses */

/* Frames are on the threads' own stacks, so that a waiter has the same address in each run. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_stack_use_after_return=0";
}

enum next : uint8_t { ACCESS, DRAINED, SLEEP, FINISHED };
enum {
	MAX_ACTORS = 4,
	MAX_DEPTH = 2000,
	STORES = 8,
	STACK = 128 << 10,
	SEEN = 1 << 20,
	MOST_STATES = 400'000,
	MAX_WORDS = 256
};

struct store {
	uint32_t *word;
	uint32_t value;
};

static struct actor {
	void *sp;                    /* while it does not run */
	struct store stores[STORES]; /* oldest first */
	int store_count;
	enum next next; /* what it does when it runs on: */
	bool permit, has_deadline, timed_out;
	unsigned locks;       /* of buckets, that it holds */
	uint64_t known;       /* hash of all that it has seen */
	const uint32_t *last; /* the word that it loaded last, and what it saw */
	uint32_t last_value;
	char *stack;
} actors[MAX_ACTORS];

static void *scheduler;
static int running, actor_count;
static const uint32_t *words[MAX_WORDS]; /* all that were ever accessed in this case */
static int word_count;
static bool
	stale; /* to show that a test can fail: under a bucket's lock a thread believes what it saw before */
static bool wrong;
static void (*bodies[MAX_ACTORS])(void);
static void (*reset)(void);
static uint64_t (*extra)(void); /* hash of the case's plain memory; may be null */

/* Callee-saved registers of the System V ABI to the old stack, from the new one. */
[[gnu::naked, gnu::noinline]] static void switch_stack([[maybe_unused]] void **save,
						       [[maybe_unused]] void *to)
{
	__asm__ volatile("pushq %rbp; pushq %rbx; pushq %r12; pushq %r13; pushq %r14; pushq %r15\n"
			 "movq %rsp, (%rdi)\n"
			 "movq %rsi, %rsp\n"
			 "popq %r15; popq %r14; popq %r13; popq %r12; popq %rbx; popq %rbp\n"
			 "ret");
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 29;
}

static void know(uint64_t what)
{
	actors[running].known = mix(actors[running].known, what);
}

static void step(enum next next)
{
	if (actors[running].locks)
		return;
	actors[running].next = next;
	know(next);
	switch_stack(&actors[running].sp, scheduler);
}

static void note_word(const uint32_t *word)
{
	for (int i = 0; i < word_count; i++)
		if (words[i] == word)
			return;
	if (word_count == MAX_WORDS)
		abort();
	words[word_count++] = word;
}

static uint32_t sync_load(const uint32_t *word)
{
	step(ACCESS);
	struct actor *a = &actors[running];
	uint32_t value = *word;

	note_word(word);
	for (int i = 0; i < a->store_count; i++)
		if (a->stores[i].word == word)
			value = a->stores[i].value;
	if (stale && a->locks && a->last == word)
		value = a->last_value;
	a->last = word;
	a->last_value = value;
	know(value);
	return value;
}

static void sync_store(uint32_t *word, uint32_t value)
{
	step(ACCESS);
	struct actor *a = &actors[running];

	note_word(word);
	if (a->locks) {
		*word = value;
		return;
	}
	if (a->store_count == STORES)
		abort();
	a->stores[a->store_count++] = (struct store){word, value};
}

static uint32_t modify(uint32_t *word, uint32_t from, bool only_from, uint32_t to)
{
	struct actor *a = &actors[running];
	uint32_t before = *word;

	note_word(word);
	if (!only_from || before == from)
		*word = to;
	a->last = word;
	a->last_value = *word;
	know(before);
	return before;
}

static uint32_t sync_swap(uint32_t *word, uint32_t value)
{
	step(DRAINED);
	return modify(word, 0, false, value);
}

static uint32_t sync_change(uint32_t *word, uint32_t from, uint32_t to)
{
	step(DRAINED);
	return modify(word, from, true, to);
}

static uint32_t sync_add(uint32_t *word, uint32_t amount)
{
	step(DRAINED);
	return modify(word, 0, false, *word + amount);
}

/* ---- The seam of waiters.h ---- */

static uint64_t hash_list(const struct sync_bucket *bucket)
{
	uint64_t hash = 1;

	for (const struct sync_waiter *w = bucket->first; w; w = w->next)
		hash = mix(mix(mix(hash, w->thread), (uintptr_t)w->word), (uintptr_t)w);
	return hash;
}

void sync_bucket_lock(struct sync_bucket *bucket)
{
	step(DRAINED);
	actors[running].locks++;
	know(hash_list(bucket));
}

void sync_bucket_unlock(struct sync_bucket *bucket)
{
	(void)bucket;
	actors[running].locks--;
}

uint64_t sync_self(void)
{
	return (uint64_t)running + 1;
}

bool sync_sleep(uint64_t deadline_ns)
{
	struct actor *a = &actors[running];

	a->has_deadline = deadline_ns != 0;
	step(SLEEP);
	a->timed_out = !a->permit;
	a->permit = false;
	know(a->timed_out);
	return a->timed_out;
}

bool sync_nap(uint64_t deadline_ns)
{
	return deadline_ns != 0;
}

void sync_rouse(uint64_t thread)
{
	step(DRAINED); /* the kernel is entered */
	actors[thread - 1].permit = true;
}

/* ---- Threads ---- */

[[noreturn]] static void body(void)
{
	bodies[running]();
	actors[running].next = FINISHED;
	switch_stack(&actors[running].sp, scheduler);
	abort();
}

/* What a thread has seen until here matters no longer, but that it came to `place`. Its locals must follow from that. */
static void forget(uint64_t place)
{
	actors[running].known = place;
}

static void start(void)
{
	for (int i = 0; i < actor_count; i++)
		__asan_unpoison_memory_region(actors[i].stack, STACK);
	for (int i = 0; i < word_count; i++)
		*(uint32_t *)(uintptr_t)words[i] = 0; /* equal states have equal words, also on the stacks */
	reset();
	for (int i = 0; i < actor_count; i++) {
		struct actor *a = &actors[i];
		char *stack = a->stack;

		*a = (struct actor){.stack = stack, .known = 1};
		void **top = (void **)(void *)(stack + STACK) - 2;

		*top = nullptr; /* body's return address, so that its stack is aligned as after a call */
		*--top = (void *)body;
		a->sp = top - 6;
	}
}

/* ---- The explorer ---- */

/* Choice 2 * i: thread i runs to its next step; 2 * i + 1: its oldest store reaches memory. */
static bool possible(int choice)
{
	const struct actor *a = &actors[choice / 2];

	if (choice & 1)
		return a->store_count > 0;
	switch (a->next) {
	case ACCESS:
		return true;
	case DRAINED:
		return a->store_count == 0;
	case SLEEP:
		return a->store_count == 0 && (a->permit || a->has_deadline);
	case FINISHED:
		break;
	}
	return false;
}

static void take_choice(int choice)
{
	struct actor *a = &actors[choice / 2];

	if (choice & 1) {
		*a->stores[0].word = a->stores[0].value;
		memmove(&a->stores[0], &a->stores[1], sizeof(a->stores[0]) * (size_t)--a->store_count);
		return;
	}
	running = choice / 2;
	switch_stack(&scheduler, a->sp);
}

static uint64_t hash_buckets(void);

[[clang::no_sanitize("address")]] static uint64_t state_hash(void)
{
	uint64_t hash = mix(hash_buckets(), extra ? extra() : 0);

	for (int i = 0; i < word_count; i++)
		hash = mix(hash, *(const volatile uint32_t *)words[i]);
	for (int i = 0; i < actor_count; i++) {
		const struct actor *a = &actors[i];

		hash = mix(mix(hash, a->known), (uint64_t)a->next << 8 | (uint64_t)a->permit << 4 |
							(uint64_t)(unsigned)a->store_count);
		for (int k = 0; k < a->store_count; k++)
			hash = mix(mix(hash, (uintptr_t)a->stores[k].word), a->stores[k].value);
	}
	return hash ? hash : 1;
}

static uint64_t *known_states, known_count;

/* Remembers it. Was it new? */
static bool is_new(uint64_t hash)
{
	for (uint64_t i = hash;; i++) {
		if (known_states[i % SEEN] == hash)
			return false;
		if (known_states[i % SEEN] == 0) {
			known_states[i % SEEN] = hash;
			known_count++;
			return true;
		}
	}
}

static signed char path[MAX_DEPTH];
static unsigned char others[MAX_DEPTH]; /* possible there, and not taken yet */

static int take_other(int depth)
{
	int choice = __builtin_ctz(others[depth]);

	others[depth] &= (unsigned char)(others[depth] - 1);
	path[depth] = (signed char)choice;
	return choice;
}

static bool all_finished(void)
{
	for (int i = 0; i < actor_count; i++)
		if (actors[i].next != FINISHED)
			return false;
	return true;
}

/* Replays `given` choices, and goes on with the first ones that are possible. Returns how far it came. */
static int run(int given, bool *stuck)
{
	start();
	for (int depth = 0;; depth++) {
		if (depth >= given) {
			if (!is_new(state_hash()))
				return depth;
			if (depth == MAX_DEPTH)
				abort();
			others[depth] = 0;
			for (int i = 0; i < 2 * actor_count; i++)
				others[depth] |= (unsigned char)(possible(i) << i);
			if (others[depth] == 0) {
				*stuck = !all_finished();
				return depth;
			}
			(void)take_other(depth);
		}
		take_choice(path[depth]);
		if (wrong)
			return depth + 1;
	}
}

struct found {
	uint64_t states;
	bool stuck, wrong;
	bool all; /* of them; else the first MOST_STATES, depth first */
};

static struct found explore(void)
{
	struct found f = {};
	int given = 0;

	if (!known_states)
		known_states = calloc(SEEN, sizeof(*known_states));
	for (int i = 0; i < MAX_ACTORS; i++)
		if (!actors[i].stack)
			actors[i].stack = malloc(STACK);
	wrong = false;
	memset(known_states, 0, SEEN * sizeof(*known_states));
	known_count = 0;
	word_count = 0;
	for (;;) {
		int depth = run(given, &f.stuck);

		if (f.stuck || wrong || known_count >= MOST_STATES)
			break;
		while (depth > 0 && others[depth - 1] == 0)
			depth--;
		f.all = depth == 0;
		if (f.all)
			break;
		(void)take_other(depth - 1);
		given = depth;
	}
	f.states = known_count;
	f.wrong = wrong;
	return f;
}
