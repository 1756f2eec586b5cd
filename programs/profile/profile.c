// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * profile MILLISECONDS [HERTZ]: has samples taken (schema/kernel/profiler.capnp), and prints each different stack once, with how often
 * it was found, for tools/flame to draw:
 *
 *	profile: begin TAKEN KEPT PERIOD-NS
 *	profile: COUNT KIND NAME INTERFACE METHOD PC PC ...     KIND u, k or i; numbers in hexadecimal but COUNT and METHOD; innermost first
 *	profile: end
 */
#include <abi/profile.h>
#include <pool/mapped.h>
#include <runtime/print.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <runtime/status.h>
#include <runtime/string.h>
#include <schema/kernel/profiler.capnp.h>

#define MS 1'000'000ull
#define BYTES (1u << 20) /* 4095 samples */
#define SLOTS (BYTES / PROFILE_SLOT)

/* A decimal number up to `most`; 0 if it is none. */
static uint64_t number_of(struct msg_text text, uint64_t otherwise, uint64_t most)
{
	uint64_t value = 0;

	if (text.len == 0)
		return otherwise;
	for (uint32_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return 0;
		value = value * 10 + (uint64_t)(text.ptr[i] - '0');
		if (value > most)
			return 0;
	}
	return value;
}

static bool is_same(const struct profile_sample *a, const struct profile_sample *b)
{
	return a->kind == b->kind && a->process == b->process && a->depth == b->depth &&
	       a->interface_id == b->interface_id && a->method == b->method &&
	       memcmp(a->pcs, b->pcs, sizeof(a->pcs)) == 0;
}

static void print_sample(const struct profile_sample *s, unsigned count)
{
	static const char kinds[] = "?uki";

	runtime_print("profile: %u %c %s %lx %u", count, kinds[s->kind & 3], s->name[0] ? s->name : "-",
		      s->interface_id, s->method);
	for (unsigned i = 0; i < s->depth && i < PROFILE_DEPTH; i++)
		runtime_print(" %lx", s->pcs[i]);
	runtime_print("\n");
}

static void print_all(struct profile_sample *slots)
{
	const struct profile_header *header = (const void *)slots;
	uint64_t taken = header->taken, kept = taken < SLOTS ? taken : SLOTS - 1;

	runtime_print("profile: begin %lu %lu %lu\n", taken, kept, header->period_ns);
	for (uint64_t i = 1; i <= kept; i++) {
		unsigned count = 1;

		if (__atomic_load_n(&slots[i].sequence, __ATOMIC_ACQUIRE) == 0)
			continue; /* printed with an earlier one */
		for (uint64_t j = i + 1; j <= kept; j++) {
			if (slots[j].sequence != 0 && is_same(&slots[i], &slots[j])) {
				slots[j].sequence = 0;
				count++;
			}
		}
		print_sample(&slots[i], count);
	}
	runtime_print("profile: end\n");
}

int main(void)
{
	uint64_t ms = number_of(runtime_argument(0), 1000, 60000),
		 hz = number_of(runtime_argument(1), 1000, 10000);
	cap_id space = runtime_need("virtualMemory", 0),
	       profiler = runtime_need("profiler", PROFILER_INTERFACE_ID), memory;
	uint64_t address, ends = 0;
	enum status status;

	if (ms == 0 || hz == 0) {
		runtime_print("profile MILLISECONDS (1 to 60000) HERTZ (1 to 10000)\n");
		return 2;
	}
	status = pool_map_memory(runtime_transport(), space, BYTES, &memory, &address);
	if (status == STATUS_OK)
		status = profiler_sample(runtime_transport(), profiler, memory, 1000 * MS / hz, ms * MS,
					 &ends);
	if (status != STATUS_OK) {
		runtime_print("profile: %s\n", status_text(status));
		return 1;
	}
	while (runtime_now() < ends)
		(void)ring_wait(runtime_ring(), ends);
	print_all((struct profile_sample *)(uintptr_t)address);
	return 0;
}
