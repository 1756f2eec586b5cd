// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The queue's own code (queue.c is compiled into this file), a producer and a consumer, through every interleaving of
 * their accesses to shared memory, with a store buffer for each as x86 processors have. In each: nobody is stuck, and the
 * records arrive once, in order, before the end. To show that this test can fail, the fence is taken away: then it must
 * find the run in which both sleep.
 *
 * - Each access of the code is a step. A store goes to its actor's buffer; that it reaches memory is a step of its own.
 * - A run replays a list of choices and goes on from there, until it ends, or comes to a state that was seen before. An actor is
 *   a function of the values that it has loaded, so those, hashed, stand for its private state.
 */
#include <sanitizer/asan_interface.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#define QUEUE_SHARED_ACCESS
static void queue_publish(uint64_t *word, uint64_t value);
static uint64_t queue_observe(const uint64_t *word);
static void queue_fence(void);
#include "../queue.c" /* NOLINT: with the accesses above */

enum { ACCESS, FENCE, WAIT, FINISHED };
enum { PRODUCER, CONSUMER, ACTORS, MAX_DEPTH = 600, STORES = 16, STACK = 128 << 10, SEEN = 1 << 24 };

struct store {
	uint64_t *word;
	uint64_t value;
};

static struct actor {
	ucontext_t context;
	struct store stores[STORES]; /* oldest first */
	int store_count;
	int next;        /* what it does when it runs on: */
	bool bit;        /* it was signalled */
	uint64_t loaded; /* hash of all that it has seen */
	char *stack;
} actors[ACTORS];

static ucontext_t scheduler;
static int running;

/* The case. */
static uint64_t queue_size, record_total;
static bool fenceless;
static struct queue_control control;
static uint64_t records[8], received;
static bool wrong;

/* ---- The accesses ---- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 29;
}

static void step(int next)
{
	struct actor *a = &actors[running];

	a->next = next;
	a->loaded = mix(a->loaded, 1); /* it has come further */
	swapcontext(&a->context, &scheduler);
}

static void queue_publish(uint64_t *word, uint64_t value)
{
	step(ACCESS);
	struct actor *a = &actors[running];

	if (a->store_count == STORES)
		abort();
	a->stores[a->store_count++] = (struct store){word, value};
}

static uint64_t queue_observe(const uint64_t *word)
{
	step(ACCESS);
	struct actor *a = &actors[running];
	uint64_t value = *word;

	for (int i = 0; i < a->store_count; i++)
		if (a->stores[i].word == word)
			value = a->stores[i].value;
	a->loaded = mix(a->loaded, value);
	return value;
}

static void queue_fence(void)
{
	if (!fenceless)
		step(FENCE);
}

static void wake(int whom)
{
	step(ACCESS);
	actors[whom].bit = true;
}

static void sleep_until_woken(void)
{
	step(WAIT);
	actors[running].bit = false;
}

/* ---- The actors ---- */

static void produce(void)
{
	struct queue_records q;

	wrong |= queue_records_init(&q, QUEUE_PRODUCER, &control, records, sizeof(records), 8, queue_size) !=
		 STATUS_OK;
	for (uint64_t n = 1; n <= record_total;) {
		enum status status = queue_put(&q, &n);

		if (status == STATUS_AGAIN) {
			if (queue_arm(&q.end))
				sleep_until_woken();
			queue_disarm(&q.end);
			continue;
		}
		wrong |= status != STATUS_OK;
		n++;
		if (queue_should_signal(&q.end))
			wake(CONSUMER);
	}
	queue_close(&q.end);
	if (queue_should_signal(&q.end))
		wake(CONSUMER);
}

static void consume(void)
{
	struct queue_records q;

	wrong |= queue_records_init(&q, QUEUE_CONSUMER, &control, records, sizeof(records), 8, queue_size) !=
		 STATUS_OK;
	for (;;) {
		uint64_t value = 0;
		enum status status = queue_take(&q, &value);

		if (status == STATUS_AGAIN) {
			if (queue_arm(&q.end))
				sleep_until_woken();
			queue_disarm(&q.end);
			continue;
		}
		if (status != STATUS_OK) {
			wrong |= status != STATUS_DISCONNECTED || received != record_total;
			return;
		}
		wrong |= value != ++received;
		if (queue_should_signal(&q.end))
			wake(PRODUCER);
	}
}

static void body(int self)
{
	if (self == PRODUCER)
		produce();
	else
		consume();
	actors[self].next = FINISHED;
	swapcontext(&actors[self].context, &scheduler);
}

static void start(void)
{
	memset(&control, 0, sizeof(control));
	memset(records, 0, sizeof(records));
	received = 0;
	for (int i = 0; i < ACTORS; i++) {
		struct actor *a = &actors[i];

		a->store_count = 0;
		a->next = ACCESS;
		a->bit = false;
		a->loaded = 0;
		__asan_unpoison_memory_region(a->stack, STACK);
		getcontext(&a->context);
		a->context.uc_stack.ss_sp = a->stack;
		a->context.uc_stack.ss_size = STACK;
		a->context.uc_link = &scheduler;
		makecontext(&a->context, (void (*)(void))body, 1, i);
	}
}

/* ---- The explorer ---- */

/* Choice 2 * i: actor i runs to its next step; 2 * i + 1: its oldest store reaches memory. */
static bool possible(int choice)
{
	const struct actor *a = &actors[choice / 2];

	if (choice & 1)
		return a->store_count > 0;
	return a->next == ACCESS || (a->next == FENCE && a->store_count == 0) || (a->next == WAIT && a->bit);
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
	swapcontext(&scheduler, &a->context);
}

static uint64_t state_hash(void)
{
	const uint64_t *words = (const uint64_t *)(const void *)&control;
	uint64_t hash = received;

	for (size_t i = 0; i < sizeof(control) / 8; i++)
		hash = mix(hash, words[i]);
	for (size_t i = 0; i < sizeof(records) / 8; i++)
		hash = mix(hash, records[i]);
	for (int i = 0; i < ACTORS; i++) {
		const struct actor *a = &actors[i];

		hash = mix(mix(hash, a->loaded), (uint64_t)(unsigned)a->next << 8 | (uint64_t)a->bit << 4 |
							 (uint64_t)(unsigned)a->store_count);
		for (int k = 0; k < a->store_count; k++)
			hash = mix(mix(hash, (uint64_t)(uintptr_t)a->stores[k].word), a->stores[k].value);
	}
	return hash ? hash : 1;
}

static uint64_t *seen, seen_count;

/* Remembers it. Was it new? */
static bool is_new(uint64_t hash)
{
	for (uint64_t i = hash; seen_count < SEEN / 2; i++) {
		if (seen[i % SEEN] == hash)
			return false;
		if (seen[i % SEEN] == 0) {
			seen[i % SEEN] = hash;
			seen_count++;
			return true;
		}
	}
	abort(); /* the case is too large */
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

/* Replays `given` choices, and goes on with the first ones that are possible. Returns how far it came. */
static int run(int given, bool *stuck)
{
	start();
	for (int depth = 0;; depth++) {
		int choice;

		if (depth >= given && !is_new(state_hash()))
			return depth;
		if (depth < given) {
			choice = path[depth];
		} else {
			if (depth == MAX_DEPTH)
				abort();
			others[depth] = 0;
			for (int i = 0; i < 2 * ACTORS; i++)
				others[depth] |= (unsigned char)(possible(i) << i);
			if (others[depth] == 0) {
				*stuck = actors[PRODUCER].next != FINISHED ||
					 actors[CONSUMER].next != FINISHED;
				return depth;
			}
			choice = take_other(depth);
		}
		take_choice(choice);
		if (wrong)
			return depth + 1;
	}
}

struct found {
	uint64_t runs, states;
	bool stuck, wrong;
};

static struct found explore(uint64_t size, uint64_t total)
{
	struct found f = {};
	int given = 0;

	queue_size = size;
	record_total = total;
	wrong = false;
	memset(seen, 0, SEEN * sizeof(*seen));
	seen_count = 0;
	for (;;) {
		int depth = run(given, &f.stuck);

		f.runs++;
		if (f.stuck || wrong)
			break;
		while (depth > 0 && others[depth - 1] == 0)
			depth--;
		if (depth == 0)
			break;
		take_other(depth - 1);
		given = depth;
	}
	f.states = seen_count;
	f.wrong = wrong;
	return f;
}

int main(void)
{
	static const struct {
		uint64_t size, records;
	} cases[] = {{1, 1}, {2, 2}, {1, 2}};
	int number = 0, failures = 0;

	seen = calloc(SEEN, sizeof(*seen));
	for (int i = 0; i < ACTORS; i++)
		actors[i].stack = malloc(STACK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct found f = explore(cases[i].size, cases[i].records);
		bool good = !f.stuck && !f.wrong;

		printf("%s %d - queue of %llu, %llu records: every interleaving, %llu states\n",
		       good ? "ok" : "not ok", ++number, (unsigned long long)cases[i].size,
		       (unsigned long long)cases[i].records, (unsigned long long)f.states);
		fflush(stdout);
		failures += !good;
	}
	fenceless = true;
	struct found f = explore(1, 1);
	printf("%s %d - without the fence both can sleep, and that is found\n", f.stuck ? "ok" : "not ok",
	       ++number);
	failures += !f.stuck;
	for (int i = 0; i < ACTORS; i++)
		free(actors[i].stack);
	free(seen);
	printf("1..%d\n", number);
	return failures != 0;
}
