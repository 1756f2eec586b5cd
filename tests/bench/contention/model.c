// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * See model.h. The kernel's rooms are compiled with ThreadSanitizer's instrumentation, which calls a function for each access to memory that
 * others could see; these are here, instead of its library. Accesses to anything but the kernel's variables and simulated memory are private to
 * a CPU (its stack), and cost 1.
 */
#include <stdlib.h>
#include <string.h>

#include <archimpl/machine.h>
#include <core/cpu.h>

#include "model.h"

extern uint8_t *host_arena;
extern uint64_t host_arena_size;
extern uint8_t start_data[] __asm__("__start_kernel_data"), stop_data[] __asm__("__stop_kernel_data");
extern uint8_t start_bss[] __asm__("__start_kernel_bss"), stop_bss[] __asm__("__stop_kernel_bss");

struct line {
	uint64_t holders;
	bool dirty; /* written by its only holder */
};

#define SOURCES 4096u

static struct line *lines[3];
static uint64_t clocks[MAX_CPUS], ran; /* ran: bits of CPUs that could go on at the last choice */
static struct model_counts counts;
static struct {
	const void *code;
	uint64_t count;
} sources[SOURCES];

static struct line *line_of(const void *address)
{
	const uint8_t *at = address, *const bases[] = {start_data, start_bss, host_arena};
	const uint8_t *const ends[] = {stop_data, stop_bss, host_arena + host_arena_size};

	for (unsigned i = 0; i < 3; i++)
		if (at >= bases[i] && at < ends[i])
			return lines[i] != NULL ? &lines[i][((uintptr_t)at >> 6) - ((uintptr_t)bases[i] >> 6)]
						: NULL;
	return NULL;
}

static void count_source(const void *code)
{
	unsigned at = (unsigned)((uintptr_t)code * 0x9e3779b97f4a7c15ull >> 52) % SOURCES;

	for (unsigned i = 0; i < SOURCES; i++, at = (at + 1) % SOURCES)
		if (sources[at].code == code || sources[at].code == NULL) {
			sources[at].code = code;
			sources[at].count++;
			return;
		}
}

static void touch(const void *address, bool write, const void *code)
{
	if (arch_this_cpu() == NULL)
		return; /* no machine has booted */
	struct line *line = line_of(address);
	unsigned id = arch_this_cpu()->id;
	uint64_t me = 1ull << id;

	clocks[id]++;
	counts.accesses++;
	if (line == NULL)
		return;
	if (write ? (line->holders & ~me) != 0 : (line->dirty && !(line->holders & me))) {
		clocks[id] += MODEL_TRANSFER;
		counts.transfers++;
		count_source(code);
	}
	if (write) {
		line->holders = me;
		line->dirty = true;
	} else {
		line->dirty &= (line->holders & me) != 0;
		line->holders |= me;
	}
}

/* ---- Which CPU goes on ---- */

static unsigned least_clock(unsigned current, uint64_t runnable, enum host_point point)
{
	unsigned best = MAX_CPUS;

	if (point == HOST_POINT_PAUSE) {
		clocks[current] += MODEL_PAUSE;
		counts.pauses++;
	}
	/* One that was woken since goes on from where its waker is. */
	for (uint64_t woken = runnable & ~ran; woken != 0; woken &= woken - 1) {
		unsigned id = (unsigned)__builtin_ctzll(woken);
		if (clocks[id] < clocks[current])
			clocks[id] = clocks[current];
	}
	ran = runnable;
	for (uint64_t left = runnable; left != 0; left &= left - 1) {
		unsigned id = (unsigned)__builtin_ctzll(left);
		if (best == MAX_CPUS || clocks[id] < clocks[best])
			best = id;
	}
	return best;
}

void model_begin(unsigned cpu_total)
{
	host_choose = least_clock;
	host_step_ns = 64 / cpu_total;
	host_step_limit = 1ull << 30;
	host_seed(1);
	memset(clocks, 0, sizeof clocks);
	ran = 0;
	for (unsigned i = 0; i < 3; i++) {
		free(lines[i]);
		lines[i] = NULL;
	}
	lines[0] = calloc((size_t)((stop_data - start_data) / 64 + 2), sizeof(struct line));
	lines[1] = calloc((size_t)((stop_bss - start_bss) / 64 + 2), sizeof(struct line));
	lines[2] = calloc((64ull << 20) / 64 + 2, sizeof(struct line));
	if (lines[0] == NULL || lines[1] == NULL || lines[2] == NULL)
		abort();
}

void model_restart(void)
{
	uint64_t latest = 0;

	memset(sources, 0, sizeof sources); /* the kernel's memset, which counts */
	for (unsigned i = 0; i < MAX_CPUS; i++)
		latest = clocks[i] > latest ? clocks[i] : latest;
	for (unsigned i = 0; i < MAX_CPUS; i++)
		clocks[i] = latest;
	counts = (struct model_counts){0};
}

uint64_t model_clock(unsigned cpu_id)
{
	return clocks[cpu_id];
}

struct model_counts model_counts(void)
{
	return counts;
}

unsigned model_sources(const void **code, uint64_t *count, unsigned max)
{
	unsigned found = 0;

	for (; found < max; found++) {
		unsigned best = 0;
		for (unsigned i = 1; i < SOURCES; i++)
			if (sources[i].count > sources[best].count)
				best = i;
		if (sources[best].count == 0)
			break;
		code[found] = sources[best].code;
		count[found] = sources[best].count;
		sources[best].count = 0;
	}
	return found;
}

/* ---- What instrumented code calls ---- */

#define PLAIN(size)                                           \
	void __tsan_read##size(void *p);                      \
	void __tsan_read##size(void *p)                       \
	{                                                     \
		touch(p, false, __builtin_return_address(0)); \
	}                                                     \
	void __tsan_write##size(void *p);                     \
	void __tsan_write##size(void *p)                      \
	{                                                     \
		touch(p, true, __builtin_return_address(0));  \
	}                                                     \
	void __tsan_unaligned_read##size(void *p);            \
	void __tsan_unaligned_read##size(void *p)             \
	{                                                     \
		touch(p, false, __builtin_return_address(0)); \
	}                                                     \
	void __tsan_unaligned_write##size(void *p);           \
	void __tsan_unaligned_write##size(void *p)            \
	{                                                     \
		touch(p, true, __builtin_return_address(0));  \
	}

PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)

static void touch_locked(void *p, const void *code)
{
	counts.locked++;
	touch(p, true, code);
}

#define ORDER __ATOMIC_SEQ_CST
#define CHANGE(bits, name)                                                                           \
	uint##bits##_t __tsan_atomic##bits##_##name(uint##bits##_t *p, uint##bits##_t v, int order); \
	uint##bits##_t __tsan_atomic##bits##_##name(uint##bits##_t *p, uint##bits##_t v,             \
						    [[maybe_unused]] int order)                      \
	{                                                                                            \
		touch_locked(p, __builtin_return_address(0));                                        \
		return __atomic_##name(p, v, ORDER);                                                 \
	}
#define __atomic_exchange_(p, v, order) __atomic_exchange_n(p, v, order)
#define ATOMIC(bits)                                                                                      \
	uint##bits##_t __tsan_atomic##bits##_load(uint##bits##_t *p, int order);                          \
	uint##bits##_t __tsan_atomic##bits##_load(uint##bits##_t *p, [[maybe_unused]] int order)          \
	{                                                                                                 \
		touch(p, false, __builtin_return_address(0));                                             \
		return __atomic_load_n(p, ORDER);                                                         \
	}                                                                                                 \
	void __tsan_atomic##bits##_store(uint##bits##_t *p, uint##bits##_t v, int order);                 \
	void __tsan_atomic##bits##_store(uint##bits##_t *p, uint##bits##_t v, [[maybe_unused]] int order) \
	{                                                                                                 \
		touch(p, true, __builtin_return_address(0));                                              \
		__atomic_store_n(p, v, ORDER);                                                            \
	}                                                                                                 \
	uint##bits##_t __tsan_atomic##bits##_exchange(uint##bits##_t *p, uint##bits##_t v, int order);    \
	uint##bits##_t __tsan_atomic##bits##_exchange(uint##bits##_t *p, uint##bits##_t v,                \
						      [[maybe_unused]] int order)                         \
	{                                                                                                 \
		touch_locked(p, __builtin_return_address(0));                                             \
		return __atomic_exchange_n(p, v, ORDER);                                                  \
	}                                                                                                 \
	uint##bits##_t __tsan_atomic##bits##_compare_exchange_val(                                        \
		uint##bits##_t *p, uint##bits##_t expected, uint##bits##_t v, int order, int failed);     \
	uint##bits##_t __tsan_atomic##bits##_compare_exchange_val(                                        \
		uint##bits##_t *p, uint##bits##_t expected, uint##bits##_t v, [[maybe_unused]] int order, \
		[[maybe_unused]] int failed)                                                              \
	{                                                                                                 \
		touch_locked(p, __builtin_return_address(0));                                             \
		(void)__atomic_compare_exchange_n(p, &expected, v, false, ORDER, ORDER);                  \
		return expected;                                                                          \
	}                                                                                                 \
	CHANGE(bits, fetch_add)                                                                           \
	CHANGE(bits, fetch_sub)                                                                           \
	CHANGE(bits, fetch_and)                                                                           \
	CHANGE(bits, fetch_or)

ATOMIC(8)
ATOMIC(16)
ATOMIC(32)
ATOMIC(64)

void __tsan_init(void);
void __tsan_init(void)
{
}

void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_thread_fence([[maybe_unused]] int order)
{
	__atomic_thread_fence(ORDER);
}

void __tsan_atomic_signal_fence(int order);
void __tsan_atomic_signal_fence([[maybe_unused]] int order)
{
	__atomic_signal_fence(ORDER);
}

/* The simulated machine's, for when something goes wrong. */
void __sanitizer_print_stack_trace(void);
void __sanitizer_print_stack_trace(void)
{
}

void __sanitizer_set_death_callback(void (*fn)(void));
void __sanitizer_set_death_callback([[maybe_unused]] void (*fn)(void))
{
}
