// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * init: the first process, loaded from the boot package.
 *
 * The package comes from outside, so everything in it is checked: the header's ranges, init's hash, the ELF. Text is
 * mapped in place, from the package; writable segments are copied. The start message is written as any creator would.
 */
#include <abi/package.h>
#include <arch/memory.h>
#include <boot/boot.h>
#include <core/log.h>
#include <elf/elf.h>
#include <hash/hash.h>
#include <mm/frame.h>
#include <object/object.h>
#include <ring/record.h>
#include <ring/thread.h>
#include <schema/service/start.capnp.h>

#define STACK_BYTES (64u << 10)
#define START_BYTES 2048u
/* Load addresses: 1 TiB up, page-aligned, 28 bits of randomness. */
#define BASE_FIRST (1ull << 40)
#define BASE_BITS 28u

struct loading {
	struct process *process;
	struct memory *package; /* the whole boot package */
	struct elf elf;
	uint64_t elf_off; /* in the package */
	uint64_t base;    /* load address */
	uint64_t stack;   /* its top */
	uint64_t start, start_len;
};

static bool range_in_package(uint64_t off, uint64_t len)
{
	return off <= arch_package_size && len <= arch_package_size - off;
}

static enum status check_package(const struct cap_package_header *header)
{
	uint8_t hash[CAP_HASH_BYTES];

	if (arch_package_size < sizeof(*header) || header->magic != CAP_PACKAGE_MAGIC ||
	    header->version != CAP_PACKAGE_VERSION) {
		log_line(LOG_ERROR, "no boot package: give one with -initrd (out/images/NAME.pkg)");
		return STATUS_NOT_FOUND;
	}
	if (header->total_size > arch_package_size || !range_in_package(header->init_off, header->init_len) ||
	    !range_in_package(header->index_off, header->index_len) || header->init_off % PAGE_SIZE != 0) {
		log_line(LOG_ERROR, "boot package: a range lies outside the %lu bytes that were loaded",
			 (unsigned long)arch_package_size);
		return STATUS_BAD_RANGE;
	}
	hash_blake2b(hash, (const char *)header + header->init_off, header->init_len);
	if (__builtin_memcmp(hash, header->init_hash, sizeof(hash)) != 0) {
		log_line(LOG_ERROR, "boot package: init does not have the hash that the package names");
		return STATUS_BAD_MESSAGE;
	}
	return STATUS_OK;
}

/* A part of the package, in place. */
static enum status map_in_place(struct loading *l, const struct elf_segment *segment)
{
	uint64_t from = align_down(segment->address, PAGE_SIZE);
	uint64_t bytes = align_up(segment->address + segment->memory_size, PAGE_SIZE) - from;
	unsigned prot = PAGE_USER | PAGE_READ | (segment->executable ? PAGE_EXEC : 0u);
	vaddr_t out;

	return space_map(&l->process->space, l->package, (l->elf_off + segment->offset) / PAGE_SIZE,
			 bytes / PAGE_SIZE, VADDR(l->base + from), prot, &out);
}

static enum status map_anonymous(struct process *process, uint64_t bytes, vaddr_t at, vaddr_t *out,
				 struct memory **memory)
{
	enum status status = memory_create(&process->ledger, bytes / PAGE_SIZE, memory);

	if (status != STATUS_OK)
		return status;
	status = space_map(&process->space, *memory, 0, bytes / PAGE_SIZE, at,
			   PAGE_USER | PAGE_READ | PAGE_WRITE, out);
	memory_put(*memory); /* the mapping keeps it */
	return status;
}

static enum status map_copied(struct loading *l, const struct elf_segment *segment)
{
	uint64_t from = align_down(segment->address, PAGE_SIZE);
	uint64_t bytes = align_up(segment->address + segment->memory_size, PAGE_SIZE) - from;
	struct memory *memory;
	vaddr_t out;
	enum status status = map_anonymous(l->process, bytes, VADDR(l->base + from), &out, &memory);

	if (status == STATUS_OK && segment->file_size != 0)
		status = memory_write(memory, segment->address - from, l->elf.bytes + segment->offset,
				      segment->file_size);
	return status;
}

static enum status load(struct loading *l)
{
	enum status status = STATUS_OK;
	struct memory *memory;
	vaddr_t stack;

	for (uint32_t i = 0; i < l->elf.segment_count && status == STATUS_OK; i++) {
		const struct elf_segment *segment = &l->elf.segments[i];
		bool in_place = !segment->writable && segment->file_size == segment->memory_size;
		status = in_place ? map_in_place(l, segment) : map_copied(l, segment);
	}
	if (status == STATUS_OK)
		status = map_anonymous(l->process, STACK_BYTES, VADDR(0), &stack, &memory);
	if (status == STATUS_OK)
		l->stack = stack.raw + STACK_BYTES;
	return status;
}

/* Installs the initial objects and writes their names into the start message. */
static enum status grant_all(struct loading *l, struct start_message_builder start)
{
	struct initial_object initial[INITIAL_OBJECTS_MAX];
	struct provenance provenance = {.kind = PROVENANCE_BOOT};
	unsigned count;

	enum status status = objects_initial(l->process, l->package, arch_package_size, initial, &count);
	if (status != STATUS_OK)
		return status;
	struct named_cap_list_builder list = start_message_builder_init_cap_set(start, count);
	for (unsigned i = 0; i < count && status == STATUS_OK; i++) {
		struct view *view;
		cap_id id;
		status = view_create_full(NULL, initial[i].object, &view);
		if (status == STATUS_OK)
			status = cap_table_insert(&l->process->table, (struct cap_ref){view, NULL},
						  provenance, &id);
		if (status != STATUS_OK)
			break;
		struct named_cap_builder cap = named_cap_list_builder_at(list, i);
		named_cap_builder_set_name(cap, msg_text_from(initial[i].name));
		named_cap_builder_set_id(cap, id.raw);
		named_cap_builder_set_interface_id(cap, initial[i].object->type->interface_id);
	}
	return status;
}

static enum status write_start(struct loading *l)
{
	static uint64_t words[START_BYTES / 8];
	struct msg_builder builder;
	struct memory *memory;
	vaddr_t at;
	uint64_t seed;

	msg_builder_init(&builder, words, sizeof(words));
	struct start_message_builder start = start_message_builder_root(&builder);
	entropy_fill(&seed, sizeof(seed));
	start_message_builder_set_space(start, l->base);
	start_message_builder_set_seed(start, seed);
	start_message_builder_set_stack(start, l->stack - STACK_BYTES);
	start_message_builder_set_stack_bytes(start, STACK_BYTES);
	enum status status = grant_all(l, start);
	if (status == STATUS_OK && !msg_builder_ok(&builder))
		status = STATUS_TOO_LARGE;
	if (status == STATUS_OK)
		status = map_anonymous(l->process, PAGE_SIZE, VADDR(0), &at, &memory);
	if (status == STATUS_OK)
		status = memory_write(memory, 0, words, msg_builder_size(&builder));
	l->start = at.raw;
	l->start_len = msg_builder_size(&builder);
	return status;
}

static enum status run(struct loading *l)
{
	struct thread_start how = {
		.entry = VADDR(l->base + l->elf.entry),
		.stack = VADDR(l->stack),
		.start_message = l->start,
		.start_message_len = l->start_len,
		.geometry = {.submissions = 64, .arena = 65536},
	};

	return thread_create(l->process, &how, NULL);
}

static struct loading l;

/* There is nobody to tell, so it is told here, with the names that init's file has; and nobody is left to start, watch or end
 * anything. */
static void init_ended(const struct process *process)
{
	for (unsigned i = 0; i < process->backtrace_len; i++) {
		const char *name = "?";
		uint64_t offset = 0;
		(void)elf_symbol(&l.elf, process->backtrace[i] - l.base, &name, &offset);
		log_line(LOG_ERROR, "init:   0x%lx %s+0x%lx", (unsigned long)process->backtrace[i], name,
			 (unsigned long)offset);
	}
	panic("init has ended (reason %u, code %ld, address %lx): nobody is left to run the system",
	      process->exit.reason, (long)process->exit.code, (unsigned long)process->exit.address);
}

enum status init_start(void)
{
	const struct cap_package_header *header = arch_package_size != 0 ? phys_to_virt(arch_package_base)
									 : NULL;
	const struct process_limits limits = {.resource = {[LEDGER_PAGES] = frame_stats().total,
							   [LEDGER_ENTRIES] = CAP_TABLE_MAX_SLOTS,
							   [LEDGER_OBJECTS] = 1u << 20,
							   [LEDGER_THREADS] = 1u << 16,
							   [LEDGER_PROCESSES] = 1u << 16,
							   [LEDGER_CALLS] = 4096}};
	const char *why = "";
	uint64_t random;

	if (header == NULL) {
		log_line(LOG_ERROR, "no boot package: give one with -initrd (out/images/NAME.pkg)");
		return STATUS_NOT_FOUND;
	}
	enum status status = check_package(header);
	if (status != STATUS_OK)
		return status;
	status = elf_open(&l.elf, (const char *)header + header->init_off, header->init_len, &why);
	if (status != STATUS_OK) {
		log_line(LOG_ERROR, "init is no program that can be loaded: %s", why);
		return status;
	}
	entropy_fill(&random, sizeof(random));
	l.base = BASE_FIRST + ((random & ((1ull << BASE_BITS) - 1)) << PAGE_SHIFT);
	l.elf_off = header->init_off;
	status = memory_create_physical(NULL, arch_package_base,
					align_up(arch_package_size, PAGE_SIZE) / PAGE_SIZE, false, true,
					&l.package);
	if (status == STATUS_OK)
		status = process_create(NULL, NULL, "init", 4, &limits, &l.process);
	process_without_creator_ended = init_ended;
	if (status == STATUS_OK)
		status = load(&l);
	if (status == STATUS_OK)
		status = write_start(&l);
	if (status == STATUS_OK)
		status = run(&l);
	return status;
}
