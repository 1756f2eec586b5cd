// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Naming code addresses of a program by the symbols in its ELF file.
 */
#include <elf/elf.h>
#include <fmt/fmt.h>
#include <rpc/rpc.h>
#include <schema/kernel/process_handle.capnp.h>
#include <spawn/backtrace.h>

#define LINE 160u

/* Without what the optimiser adds to the names of static functions that it makes visible: "name.llvm.1234". */
static int name_length(const char *name)
{
	static const char suffix[] = ".llvm.";
	int len = 0;

	for (; name[len]; len++) {
		int i = 0;

		while (suffix[i] && name[len + i] == suffix[i])
			i++;
		if (!suffix[i])
			break;
	}
	return len;
}

size_t spawn_symbolize(const struct spawn_program *program, uint64_t load_address, uint64_t address,
		       char *buffer, size_t size)
{
	const char *name;
	uint64_t offset;
	struct elf elf;

	if (address - load_address < program->image_size &&
	    elf_open(&elf, program->elf, (size_t)program->elf_size, nullptr) == STATUS_OK &&
	    elf_symbol(&elf, address - load_address, &name, &offset))
		return fmt_print(buffer, size, "0x%llx %.*s+0x%llx", (unsigned long long)address,
				 name_length(name), name, (unsigned long long)offset);
	return fmt_print(buffer, size, "0x%llx", (unsigned long long)address);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The first number of the form 0x... in [p, end); 0 if there is none. */
static uint64_t first_number(const char *p, const char *end)
{
	uint64_t value = 0;

	while (p + 1 < end && !(p[0] == '0' && p[1] == 'x'))
		p++;
	for (p += 2; p < end && hex_digit(*p) >= 0; p++)
		value = value << 4 | (uint64_t)hex_digit(*p);
	return value;
}

static void print_frames(struct msg_text text, const struct spawn_program *program, uint64_t load_address,
			 spawn_line_fn *line, void *context)
{
	const char *p = text.ptr, *all_end = text.ptr + text.len;
	char buffer[LINE];

	while (p < all_end) {
		const char *end = p;

		while (end < all_end && *end != '\n')
			end++;

		uint64_t address = first_number(p, end);

		if (address) {
			spawn_symbolize(program, load_address, address, buffer, sizeof(buffer));
			line(context, buffer);
		}
		p = end + 1;
	}
}

enum status spawn_backtrace(struct rpc_transport *transport, cap_id handle,
			    const struct spawn_program *program, uint64_t load_address, spawn_line_fn *line,
			    void *context)
{
	struct process_handle_backtrace_results_reader results;
	struct rpc_call call;

	process_handle_backtrace_begin(&call, transport, handle);

	enum status status = process_handle_backtrace_call(&call, &results);

	if (status == STATUS_OK)
		print_frames(process_handle_backtrace_results_reader_text(results), program, load_address,
			     line, context);
	rpc_end(&call);
	return status;
}
