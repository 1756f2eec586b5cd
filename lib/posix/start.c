// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * From the runtime to a C library's main: the start message becomes the initial stack of a Unix program (argc, argv, environment,
 * auxiliary vector), and musl's own start code reads it from there.
 *
 * The runtime's block of this thread (its ring) stays where the runtime made it. musl puts its own thread block at the FS base; the word of
 * that block in which the runtime looks for its own is musl's `sysinfo`, which AT_SYSINFO sets, here and in every later thread.
 */
#include "inherit.h"
#include "signal.h"

#include <elf.h>
#include <runtime/foreign.h>
#include <runtime/runtime.h>
#include <runtime/start.h>
#include <schema/service/start.capnp.h>

#define PAGE 4096u

/* Its name, from the link (mk/libc.mk). */
[[gnu::visibility("hidden")]] extern const char posix_program_name[];

/* The C program's own, and musl's start. */
int posix_program(int argc, char **argv, char **environment) __asm__("main");
int __libc_start_main(int (*program)(int, char **, char **), int argc, char **argv, void (*)(void),
		      void (*)(void), void (*)(void));

[[gnu::visibility("hidden")]] extern const Elf64_Ehdr image_start;

/* What the stack is built from, counted before it is laid out. */
struct sizes {
	uint32_t arguments, variables, bytes;
};

/* argv[0]. */
static struct msg_text name_of_program(void)
{
	struct msg_text name;

	if (runtime_environment("CAPOS_NAME", &name))
		return name;
	name = runtime_program();
	return name.len > 0 ? name : msg_text_from(posix_program_name);
}

static void take_inherited(void)
{
	struct msg_text text;

	if (runtime_environment("CAPOS_PIDS", &text))
		posix_identity_read(text);
	if (runtime_environment("CAPOS_FDS", &text))
		posix_inherit_read(text);
	if (runtime_environment("CAPOS_SIGNALS", &text))
		posix_signals_read(text);
	if (posix_children_inherit)
		posix_children_inherit();
}

static struct sizes measure(void)
{
	struct sizes s = {.arguments = runtime_argument_count(), .variables = runtime_variable_count()};

	s.bytes = name_of_program().len + 1;
	for (uint32_t i = 0; i < s.arguments; i++)
		s.bytes += runtime_argument(i).len + 1;
	for (uint32_t i = 0; i < s.variables; i++) {
		struct runtime_variable v = runtime_variable_at(i);

		s.bytes += v.name.len + v.value.len + 2;
	}
	return s;
}

static char *copy(char **to, struct msg_text text, char end)
{
	char *start = *to;

	__builtin_memcpy(start, text.ptr, text.len);
	start[text.len] = end;
	*to = start + text.len + 1;
	return start;
}

/* Pairs of AT_* and value; gives the word behind them. */
static uintptr_t *auxiliary(uintptr_t *w, const uint64_t random[2])
{
	const uintptr_t image = (uintptr_t)&image_start;
	const uintptr_t pairs[] = {
		AT_PHDR,    image + image_start.e_phoff,
		AT_PHENT,   image_start.e_phentsize,
		AT_PHNUM,   image_start.e_phnum,
		AT_PAGESZ,  PAGE,
		AT_RANDOM,  (uintptr_t)random,
		AT_SYSINFO, (uintptr_t)runtime_thread_block(),
		AT_NULL,    0,
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		*w++ = pairs[i];
	return w;
}

#define AUXILIARY_WORDS 32u

/* The creator's seed, stretched; what is secret about it stays so (a program that wants randomness asks its EntropySource). */
static uint64_t mix(uint64_t seed)
{
	seed = (seed ^ seed >> 30) * 0xbf58476d1ce4e5b9ull;
	seed = (seed ^ seed >> 27) * 0x94d049bb133111ebull;
	return seed ^ seed >> 31;
}

int runtime_main(void)
{
	struct sizes s = measure();
	/* Without arguments there is still a name of the program. */
	uint32_t argc = s.arguments + 1;
	uintptr_t *words = __builtin_alloca((argc + 1 + s.variables + 1 + AUXILIARY_WORDS) * sizeof(*words));
	char *text = __builtin_alloca(s.bytes + 1);
	uint64_t seed = runtime_start_seed() ^ __builtin_readcyclecounter();
	const uint64_t random[2] = {mix(seed), mix(seed + 0x9e3779b97f4a7c15ull)};
	uintptr_t *w = words;

	*w++ = (uintptr_t)copy(&text, name_of_program(), '\0');
	for (uint32_t i = 0; i < s.arguments; i++)
		*w++ = (uintptr_t)copy(&text, runtime_argument(i), '\0');
	*w++ = 0;
	for (uint32_t i = 0; i < s.variables; i++) {
		struct runtime_variable v = runtime_variable_at(i);

		if (posix_is_inherit_variable(v.name))
			continue;
		*w++ = (uintptr_t)copy(&text, v.name, '=');
		(void)copy(&text, v.value, '\0');
	}
	*w++ = 0;
	(void)auxiliary(w, random);
	posix_descriptors_init();
	take_inherited();
	return __libc_start_main(posix_program, (int)argc, (char **)words, nullptr, nullptr, nullptr);
}
