// SPDX-License-Identifier: MIT OR Apache-2.0
/* What children do with memory: share it, lose it, and touch what is not there. */
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/process_handle.capnp.h>
#include <schema/kernel/timer.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>

#include "memory.h"

#define FAULT(reason) PROCESS_HANDLE_EXIT_REASON_##reason
#define PAGE 4096u

static uint64_t map(cap_id memory, uint64_t length, enum virtual_memory_protection protection)
{
	uint64_t address = 0;

	return virtual_memory_map(w.t, w.space, memory, 0, length, 0, protection, &address) == STATUS_OK
		       ? address
		       : 0;
}

static uint64_t allocate(uint64_t length)
{
	uint64_t address = 0;

	return virtual_memory_allocate(w.t, w.space, length, 0, &address) == STATUS_OK ? address : 0;
}

static int shares(void)
{
	volatile uint64_t *words = (volatile uint64_t *)map(w.memory, 2 * PAGE,
							    VIRTUAL_MEMORY_PROTECTION_READ_WRITE);

	if (!words || words[0] != 0x1234)
		return 1;
	words[1] = 0x5678;
	return 0;
}

static int writes_read_only(void)
{
	volatile uint64_t *words = (volatile uint64_t *)map(w.memory, PAGE, VIRTUAL_MEMORY_PROTECTION_READ);

	if (!words || words[0] != 0x1234)
		return 1;
	words[0] = 1;
	return 2;
}

static int reads_closed(void)
{
	volatile uint64_t *words = (volatile uint64_t *)allocate(2 * PAGE);

	if (!words)
		return 1;
	words[0] = 1;
	if (virtual_memory_protect(w.t, w.space, (uint64_t)(uintptr_t)words, PAGE,
				   VIRTUAL_MEMORY_PROTECTION_NONE) != STATUS_OK)
		return 2;
	words[PAGE / 8] = 2;
	return (int)words[0];
}

static int executes_read_write(void)
{
	volatile uint8_t *bytes = (volatile uint8_t *)allocate(PAGE);

	if (!bytes)
		return 1;
	bytes[0] = 0xc3;
	((void (*)(void))(uintptr_t)bytes)();
	return 2;
}

/* The same bytes mapped twice: one mapping to write, another to execute. */
static int executes_second_mapping(void)
{
	cap_id memory;

	if (virtual_memory_create_memory(w.t, w.space, PAGE, &memory) != STATUS_OK)
		return 1;
	volatile uint8_t *bytes = (volatile uint8_t *)map(memory, PAGE, VIRTUAL_MEMORY_PROTECTION_READ_WRITE);
	uint64_t code = map(memory, PAGE, VIRTUAL_MEMORY_PROTECTION_READ_EXECUTE);
	if (!bytes || !code)
		return 2;
	/* mov $17, %eax; ret */
	static const uint8_t text[] = {0xb8, 17, 0, 0, 0, 0xc3};
	for (unsigned i = 0; i < sizeof(text); i++)
		bytes[i] = text[i];
	return ((int (*)(void))(uintptr_t)code)();
}

static int writes_executable(void)
{
	cap_id memory;

	if (virtual_memory_create_memory(w.t, w.space, PAGE, &memory) != STATUS_OK)
		return 1;
	volatile uint8_t *code = (volatile uint8_t *)map(memory, PAGE,
							 VIRTUAL_MEMORY_PROTECTION_READ_EXECUTE);
	if (!code)
		return 2;
	code[0] = 1;
	return 3;
}

static int reads_unmapped(void)
{
	volatile uint8_t *bytes = (volatile uint8_t *)allocate(2 * PAGE);

	if (!bytes)
		return 1;
	bytes[PAGE] = 1;
	if (virtual_memory_unmap(w.t, w.space, (uint64_t)bytes + PAGE, PAGE) != STATUS_OK)
		return 2;
	bytes[0] = 1; /* the other half is still there */
	return bytes[PAGE] + 3;
}

static int writes_protected(void)
{
	volatile uint8_t *bytes = (volatile uint8_t *)allocate(2 * PAGE);

	if (!bytes)
		return 1;
	bytes[PAGE] = 1;
	if (virtual_memory_protect(w.t, w.space, (uint64_t)bytes, PAGE, VIRTUAL_MEMORY_PROTECTION_READ) !=
	    STATUS_OK)
		return 2;
	bytes[PAGE] = 2;
	if (bytes[0] != 0)
		return 3;
	bytes[0] = 1;
	return 4;
}

static int writes_beyond_end(void)
{
	volatile uint8_t *bytes = (volatile uint8_t *)allocate(PAGE);

	if (!bytes)
		return 1;
	/* Nothing of ours lies directly behind: mappings that the kernel places keep a page of distance. */
	bytes[PAGE] = 1;
	return 2;
}

static volatile bool reading;

static int64_t keeps_reading(void *argument)
{
	volatile uint8_t *bytes = argument;

	for (;;) {
		(void)bytes[0];
		reading = true;
	}
}

/* Another thread, perhaps on another CPU, loses the page from its TLB as well. */
static int unmaps_under_a_reader(void)
{
	uint64_t address = allocate(PAGE);
	struct thread t;

	if (!address || thread_start(&t, keeps_reading, (void *)address, nullptr) != STATUS_OK)
		return 1;
	while (!reading)
		(void)!timer_sleep(w.t, w.timer, MS);
	if (virtual_memory_unmap(w.t, w.space, address, PAGE) != STATUS_OK)
		return 2;
	(void)!timer_sleep(w.t, w.timer, 2000 * MS);
	return 3;
}

static int64_t keeps_writing(void *argument)
{
	volatile uint8_t *bytes = argument;

	for (;;) {
		bytes[0]++;
		reading = true;
	}
}

static int protects_under_a_writer(void)
{
	uint64_t address = allocate(PAGE);
	struct thread t;

	if (!address || thread_start(&t, keeps_writing, (void *)address, nullptr) != STATUS_OK)
		return 1;
	while (!reading)
		(void)!timer_sleep(w.t, w.timer, MS);
	if (virtual_memory_protect(w.t, w.space, address, PAGE, VIRTUAL_MEMORY_PROTECTION_READ) != STATUS_OK)
		return 2;
	(void)!timer_sleep(w.t, w.timer, 2000 * MS);
	return 3;
}

static int dirties_much(void)
{
	uint64_t address = allocate(4 << 20);

	if (!address)
		return 1;
	for (uint64_t at = 0; at < 4 << 20; at += 8)
		if (*(volatile uint64_t *)(address + at) != 0)
			return 2;
	memset((void *)address, 0xa5, 4 << 20);
	return 0;
}

const struct victim victims[] = {
	{"shares memory with its parent", shares, FAULT(EXIT), 0, 0, {}},
	{"reads what it has closed", reads_closed, FAULT(PAGE_FAULT), 0, 0, {}},
	{"writes to what it mapped readable", writes_read_only, FAULT(PAGE_FAULT), 0, 0, {}},
	{"executes what it mapped writable", executes_read_write, FAULT(PAGE_FAULT), 0, 0, {}},
	{"writes through one mapping and executes through another",
	 executes_second_mapping,
	 FAULT(EXIT),
	 17,
	 0,
	 {}},
	{"writes to what it mapped executable", writes_executable, FAULT(PAGE_FAULT), 0, 0, {}},
	{"reads what it has unmapped", reads_unmapped, FAULT(PAGE_FAULT), 0, 0, {}},
	{"writes to what it has protected", writes_protected, FAULT(PAGE_FAULT), 0, 0, {}},
	{"writes behind its memory", writes_beyond_end, FAULT(PAGE_FAULT), 0, 0, {}},
	{"unmaps what another thread reads", unmaps_under_a_reader, FAULT(PAGE_FAULT), 0, 0, {}},
	{"protects what another thread writes", protects_under_a_writer, FAULT(PAGE_FAULT), 0, 0, {}},
	{"leaves 4 MiB of its bytes behind", dirties_much, FAULT(EXIT), 0, 0, {}},
	{"finds none of them", dirties_much, FAULT(EXIT), 0, 0, {}},
};
const uint32_t victim_count = sizeof(victims) / sizeof(victims[0]);
