// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Arbitrary bytes as an ELF file: what elf_open accepts must lie inside the file and keep its promises, and sections
 * and symbols must be found without a read beyond the end.
 */
#include <elf/elf.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint64_t sink;

static void check_segments(const struct elf *elf)
{
	uint64_t end = 0;

	for (uint32_t i = 0; i < elf->segment_count; i++) {
		const struct elf_segment *s = &elf->segments[i];

		if (s->address / ELF_PAGE * ELF_PAGE < end || s->file_size > s->memory_size ||
		    s->offset > elf->size || s->file_size > elf->size - s->offset ||
		    (s->writable && s->executable))
			abort();
		end = (s->address + s->memory_size + ELF_PAGE - 1) / ELF_PAGE * ELF_PAGE;
		for (uint64_t k = 0; k < s->file_size; k += 64)
			sink += elf->bytes[s->offset + k];
	}
	if (end != elf->end || end > ELF_MAX_ADDRESS + ELF_PAGE)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t addresses[] = {0, 0x1234, UINT32_MAX, UINT64_MAX};
	const uint8_t *bytes;
	const char *name;
	size_t length;
	uint64_t offset;
	struct elf elf;

	if (elf_open(&elf, data, size, nullptr) != STATUS_OK)
		return 0;
	check_segments(&elf);
	if (elf_section(&elf, ".capos.needs", &bytes, &length))
		for (size_t k = 0; k < length; k++)
			sink += bytes[k];
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
		if (elf_symbol(&elf, addresses[i], &name, &offset))
			sink += strlen(name);
	return 0;
}
