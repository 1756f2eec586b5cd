// SPDX-License-Identifier: MIT OR Apache-2.0
/* VirtualMemory's methods, as they are meant and as they are not. */
#include <schema/kernel/boot_package.capnp.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>

#include "memory.h"

#define PAGE 4096ull
#define READ VIRTUAL_MEMORY_PROTECTION_READ
#define READ_WRITE VIRTUAL_MEMORY_PROTECTION_READ_WRITE
#define READ_EXECUTE VIRTUAL_MEMORY_PROTECTION_READ_EXECUTE
#define NONE VIRTUAL_MEMORY_PROTECTION_NONE
/* Somewhere in the middle of user space, where nothing is by itself. */
#define FREE 0x510000000000ull

static void test_map(void)
{
	cap_id memory = CAP_ID_NULL;
	uint64_t a = 0, b = 0;

	tap_is(virtual_memory_create_memory(w.t, w.space, 3 * PAGE, &memory), STATUS_OK,
	       "space.createMemory");
	tap_is(virtual_memory_map(w.t, w.space, memory, 0, 3 * PAGE, 0, READ_WRITE, &a), STATUS_OK,
	       "space.map where the kernel chooses");
	volatile uint64_t *words = (volatile uint64_t *)a;
	bool zero = a != 0;
	for (unsigned i = 0; i < 3 * PAGE / 8 && zero; i++)
		zero = words[i] == 0;
	tap_ok(zero, "it begins as zeroes");
	words[PAGE / 8] = 77;
	tap_ok(virtual_memory_map(w.t, w.space, memory, PAGE, PAGE, FREE, READ, &b) == STATUS_OK && b == FREE,
	       "space.map of a part, at an address");
	tap_ok(*(volatile uint64_t *)FREE == 77, "both show the same bytes");
	words[PAGE / 8 + 1] = 78;
	tap_ok(*(volatile uint64_t *)(FREE + 8) == 78, "also those written since");
	tap_is(virtual_memory_unmap(w.t, w.space, a + PAGE, PAGE), STATUS_OK,
	       "space.unmap of a page in the middle");
	words[0] = 1;
	words[2 * PAGE / 8] = 2;
	tap_ok(words[0] == 1 && words[2 * PAGE / 8] == 2, "those around it stay");
	ring_release(w.ring, memory);
	ring_flush(w.ring);
	tap_ok(*(volatile uint64_t *)FREE == 77, "a mapping keeps its memory when the capability is gone");
	tap_is(virtual_memory_unmap(w.t, w.space, a, PAGE), STATUS_OK, "space.unmap of the first");
	tap_is(virtual_memory_unmap(w.t, w.space, a + 2 * PAGE, PAGE), STATUS_OK, "and the last");
	tap_is(virtual_memory_unmap(w.t, w.space, FREE, PAGE), STATUS_OK, "and the other mapping");
}

/* Pages are taken when they are touched, and come back. */
static void test_lazy(void)
{
	struct child_counts before, mapped, touched;
	uint64_t a = 0;

	/* The first use makes page tables and grows caches. */
	(void)!virtual_memory_allocate(w.t, w.space, 16 << 20, FREE, &a);
	for (unsigned i = 0; i < 100; i++)
		*(volatile uint8_t *)(FREE + i * 8 * PAGE) = 1;
	(void)!virtual_memory_unmap(w.t, w.space, FREE, 16 << 20);
	before = child_counts();
	tap_ok(virtual_memory_allocate(w.t, w.space, 16 << 20, FREE, &a) == STATUS_OK && a == FREE,
	       "space.allocate of 16 MiB");
	mapped = child_counts();
	tap_ok(before.frames_free - mapped.frames_free < 32, "takes hardly a page (%llu)",
	       (unsigned long long)(before.frames_free - mapped.frames_free));
	for (unsigned i = 0; i < 100; i++)
		*(volatile uint8_t *)(FREE + i * 8 * PAGE) = 1;
	touched = child_counts();
	uint64_t taken = mapped.frames_free - touched.frames_free;
	tap_ok(taken >= 100 && taken < 120, "touching a hundred takes a hundred and their tables (%llu)",
	       (unsigned long long)taken);
	tap_is(virtual_memory_unmap(w.t, w.space, FREE, 16 << 20), STATUS_OK, "space.unmap of all");
	tap_ok(child_counts_return(&before), "all come back");
}

static bool commit_raises(uint64_t address, uint64_t length)
{
	struct rpc_call call;
	struct virtual_memory_commit_params_builder p = virtual_memory_commit_begin(&call, w.t, w.space);

	virtual_memory_commit_params_builder_set_address(p, address);
	virtual_memory_commit_params_builder_set_length(p, length);
	return tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, nullptr);
}

static void touch(uint64_t address, uint64_t bytes)
{
	for (uint64_t at = 0; at < bytes; at += PAGE)
		*(volatile uint8_t *)(address + at) = 1;
}

/* What was committed is there: touching it takes nothing. */
static void test_commit(void)
{
	struct child_counts before, committed, touched;
	cap_id memory = CAP_ID_NULL;
	uint64_t a = 0;

	(void)!virtual_memory_allocate(w.t, w.space, 1 << 20, FREE, &a);
	before = child_counts();
	tap_is(virtual_memory_commit(w.t, w.space, FREE, 64 * PAGE), STATUS_OK, "space.commit of 64 pages");
	committed = child_counts();
	touch(FREE, 64 * PAGE);
	touched = child_counts();
	uint64_t taken = before.frames_free - committed.frames_free;
	tap_ok(taken >= 64 && taken < 72, "takes them and their tables (%llu)", (unsigned long long)taken);
	tap_ok(touched.frames_free == committed.frames_free, "touching them takes nothing more");
	tap_ok(commit_raises(FREE, 65 * PAGE) && commit_raises(FREE + 1, PAGE) && commit_raises(FREE, 0) &&
		       commit_raises(FREE, UINT64_MAX - 4095),
	       "more than 256 KiB, and what is no range, is refused");
	tap_ok(commit_raises(FREE - PAGE, 2 * PAGE) && commit_raises(FREE + (1 << 20) - PAGE, 2 * PAGE),
	       "so is a range with a page that is not mapped");
	(void)!virtual_memory_protect(w.t, w.space, FREE, PAGE, NONE);
	tap_ok(commit_raises(FREE, PAGE), "and one without access");
	(void)!virtual_memory_unmap(w.t, w.space, FREE, 1 << 20);

	(void)!virtual_memory_create_memory(w.t, w.space, 4 * PAGE, &memory);
	(void)!virtual_memory_map(w.t, w.space, memory, 0, 4 * PAGE, 0, READ_WRITE, &a);
	touch(a, 4 * PAGE);
	(void)!virtual_memory_map_as(w.t, w.space, memory, 0, 4 * PAGE, FREE, READ_WRITE,
				     VIRTUAL_MEMORY_SHARING_COPY_ON_WRITE, &a);
	tap_is(virtual_memory_commit(w.t, w.space, FREE, 4 * PAGE), STATUS_OK,
	       "a copy-on-write mapping gets its copies");
	committed = child_counts();
	touch(FREE, 4 * PAGE);
	touched = child_counts();
	tap_ok(touched.frames_free == committed.frames_free, "and writing there takes nothing more");
	(void)!virtual_memory_unmap(w.t, w.space, FREE, 4 * PAGE);
	ring_release(w.ring, memory);
}

static bool protect_raises(uint64_t address, enum virtual_memory_protection protection)
{
	struct rpc_call call;
	struct virtual_memory_protect_params_builder p = virtual_memory_protect_begin(&call, w.t, w.space);

	virtual_memory_protect_params_builder_set_address(p, address);
	virtual_memory_protect_params_builder_set_length(p, PAGE);
	virtual_memory_protect_params_builder_set_protection(p, protection);
	return tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, nullptr);
}

static void test_protect(void)
{
	cap_id memory = CAP_ID_NULL, less = CAP_ID_NULL;
	uint64_t a = 0;

	(void)!virtual_memory_allocate(w.t, w.space, 2 * PAGE, FREE, &a);
	*(volatile uint8_t *)FREE = 5;
	tap_is(virtual_memory_protect(w.t, w.space, FREE, PAGE, READ), STATUS_OK, "space.protect");
	tap_ok(*(volatile uint8_t *)FREE == 5, "it can still be read");
	*(volatile uint8_t *)(FREE + PAGE) = 6;
	tap_ok(protect_raises(FREE, READ_EXECUTE), "protection cannot be widened");
	tap_is(virtual_memory_protect(w.t, w.space, FREE, 2 * PAGE, NONE), STATUS_OK, "nor read, with none");
	tap_ok(virtual_memory_protect(w.t, w.space, FREE, PAGE, READ_WRITE) == STATUS_OK &&
		       *(volatile uint8_t *)FREE == 5,
	       "and given back as far as it was there, with what was in it");
	(void)!virtual_memory_unmap(w.t, w.space, FREE, 2 * PAGE);

	(void)!virtual_memory_create_memory(w.t, w.space, PAGE, &memory);
	(void)!capability_manager_attenuate(w.t, w.manager, memory, MEMORY_OBJECT_INTERFACE_ID,
					    1 << MEMORY_OBJECT_READ, &less);
	(void)!virtual_memory_map(w.t, w.space, less, 0, PAGE, FREE, READ, &a);
	tap_ok(protect_raises(FREE, READ_WRITE) && protect_raises(FREE, READ_EXECUTE),
	       "write access is not to be had by protect, if map was not given it");
	(void)!virtual_memory_unmap(w.t, w.space, FREE, PAGE);
	ring_release(w.ring, less);
	ring_release(w.ring, memory);
}

void test_mappings(void)
{
	test_map();
	test_lazy();
	test_commit();
	test_protect();
}

/* ---- Refusals ---- */

static bool map_raises(cap_id memory, uint64_t offset, uint64_t length, uint64_t address, uint16_t protection,
		       enum exception_type type, const char *field)
{
	struct rpc_call call;
	struct virtual_memory_map_params_builder p = virtual_memory_map_begin(&call, w.t, w.space);

	virtual_memory_map_params_builder_set_memory(p, rpc_add_cap(&call, memory));
	virtual_memory_map_params_builder_set_offset(p, offset);
	virtual_memory_map_params_builder_set_length(p, length);
	virtual_memory_map_params_builder_set_address(p, address);
	virtual_memory_map_params_builder_set_protection(p, (enum virtual_memory_protection)protection);
	return tap_raises(&call, type, field);
}

static bool unmap_raises(uint64_t address, uint64_t length)
{
	struct rpc_call call;
	struct virtual_memory_unmap_params_builder p = virtual_memory_unmap_begin(&call, w.t, w.space);

	virtual_memory_unmap_params_builder_set_address(p, address);
	virtual_memory_unmap_params_builder_set_length(p, length);
	return tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, nullptr);
}

static bool create_raises(uint64_t bytes)
{
	struct rpc_call call;

	virtual_memory_create_memory_params_builder_set_bytes(
		virtual_memory_create_memory_begin(&call, w.t, w.space), bytes);
	return tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, nullptr);
}

static bool allocate_raises(uint64_t length, uint64_t address)
{
	struct rpc_call call;
	struct virtual_memory_allocate_params_builder p = virtual_memory_allocate_begin(&call, w.t, w.space);

	virtual_memory_allocate_params_builder_set_length(p, length);
	virtual_memory_allocate_params_builder_set_address(p, address);
	return tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, nullptr);
}

static void test_ranges(cap_id memory)
{
	static const uint64_t bad_addresses[] = {1,
						 FREE + 8,
						 0x0000800000000000 - PAGE,
						 0x0000800000000000,
						 0x8000000000000000,
						 0xffff800000000000,
						 0xffffffff80000000,
						 UINT64_MAX - 4095};
	static const uint64_t bad_lengths[] = {
		0, 1, 4095, 4097, 1ull << 47, 1ull << 63, UINT64_MAX - 4095, UINT64_MAX};
	const enum exception_type invalid = EXCEPTION_TYPE_INVALID_ARGUMENT;

	for (unsigned i = 0; i < sizeof(bad_addresses) / 8; i++)
		tap_ok(map_raises(memory, 0, 2 * PAGE, bad_addresses[i], READ, invalid, nullptr) &&
			       allocate_raises(2 * PAGE, bad_addresses[i]) &&
			       unmap_raises(bad_addresses[i], PAGE),
		       "address %llx is refused", (unsigned long long)bad_addresses[i]);
	for (unsigned i = 0; i < sizeof(bad_lengths) / 8; i++)
		tap_ok(map_raises(memory, 0, bad_lengths[i], 0, READ, invalid, nullptr) &&
			       map_raises(memory, 0, bad_lengths[i], FREE, READ, invalid, nullptr) &&
			       unmap_raises(FREE, bad_lengths[i]),
		       "length %llx is refused", (unsigned long long)bad_lengths[i]);
	tap_ok(map_raises(memory, 1, PAGE, 0, READ, invalid, nullptr) &&
		       map_raises(memory, 2 * PAGE, PAGE, 0, READ, invalid, nullptr) &&
		       map_raises(memory, PAGE, 2 * PAGE, 0, READ, invalid, nullptr) &&
		       map_raises(memory, UINT64_MAX - 4095, 2 * PAGE, 0, READ, invalid, nullptr),
	       "offsets that are odd or past the end");
	tap_ok(map_raises(memory, 0, PAGE, 0, NONE, invalid, "protection") &&
		       map_raises(memory, 0, PAGE, 0, 4, invalid, "protection") &&
		       map_raises(memory, 0, PAGE, 0, 65535, invalid, "protection"),
	       "protections that do not exist");
	tap_ok(create_raises(0) && create_raises((512ull << 30) + 1) && create_raises(UINT64_MAX),
	       "memory of impossible sizes");
}

static void test_rights(cap_id memory)
{
	cap_id less = CAP_ID_NULL;
	uint64_t a = 0;
	const enum exception_type invalid = EXCEPTION_TYPE_INVALID_ARGUMENT;

	(void)!capability_manager_attenuate(w.t, w.manager, memory, MEMORY_OBJECT_INTERFACE_ID,
					    1 << MEMORY_OBJECT_READ, &less);
	tap_ok(map_raises(less, 0, PAGE, 0, READ_WRITE, invalid, "protection") &&
		       map_raises(less, 0, PAGE, 0, READ_EXECUTE, invalid, "protection"),
	       "with the method read alone, nothing is mapped writable or executable");
	tap_ok(virtual_memory_map(w.t, w.space, less, 0, PAGE, 0, READ, &a) == STATUS_OK &&
		       virtual_memory_unmap(w.t, w.space, a, PAGE) == STATUS_OK,
	       "but readable");
	ring_release(w.ring, less);
	(void)!capability_manager_attenuate(w.t, w.manager, memory, MEMORY_OBJECT_INTERFACE_ID,
					    1 << MEMORY_OBJECT_SIZE, &less);
	tap_ok(map_raises(less, 0, PAGE, 0, READ, invalid, "protection"), "without it, not even that");
	ring_release(w.ring, less);
	tap_ok(map_raises(w.timer, 0, PAGE, 0, READ, invalid, nullptr) &&
		       map_raises(CAP_ID_NULL, 0, PAGE, 0, READ, invalid, nullptr),
	       "what is no memory");

	cap_id package = CAP_ID_NULL;
	uint64_t bytes;
	(void)!boot_package_memory(w.t, runtime_need("bootPackage", BOOT_PACKAGE_INTERFACE_ID), &package,
				   &bytes);
	tap_ok(map_raises(package, 0, PAGE, 0, READ_WRITE, invalid, "protection"),
	       "the boot package is not mapped writable");
	ring_release(w.ring, package);
}

void test_refusals(void)
{
	struct child_counts before;
	cap_id memory = CAP_ID_NULL;
	uint64_t a = 0;

	(void)!virtual_memory_create_memory(w.t, w.space, 2 * PAGE, &memory);
	test_ranges(memory);
	before = child_counts();
	test_ranges(memory);
	test_rights(memory);
	tap_ok(child_counts_return(&before), "refusals cost nothing");

	(void)!virtual_memory_map(w.t, w.space, memory, 0, 2 * PAGE, FREE, READ, &a);
	tap_ok(map_raises(memory, 0, PAGE, FREE, READ, EXCEPTION_TYPE_FAILED, "address") &&
		       map_raises(memory, 0, 2 * PAGE, FREE - PAGE, READ, EXCEPTION_TYPE_FAILED, "address") &&
		       map_raises(memory, 0, 2 * PAGE, FREE + PAGE, READ, EXCEPTION_TYPE_FAILED, "address"),
	       "where something is mapped nothing else is");
	tap_ok(unmap_raises(FREE, 3 * PAGE) && unmap_raises(FREE - PAGE, 2 * PAGE),
	       "a range that is mapped only in part is not unmapped");
	tap_is(virtual_memory_unmap(w.t, w.space, FREE, 2 * PAGE), STATUS_OK, "and stays whole");
	tap_ok(unmap_raises(FREE, PAGE), "unmapping it twice");
	ring_release(w.ring, memory);
}
