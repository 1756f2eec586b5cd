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

/* What the stack is built from. */
struct launch {
	struct msg_text name, arguments[RUNTIME_MAX_PARAMETERS];
	struct runtime_variable variables[RUNTIME_MAX_PARAMETERS];
	uint32_t argument_count, variable_count, bytes;
};

/* What another program has handed on. True: the program does not see it. */
static bool take_inherited(struct launch *l, struct runtime_variable v)
{
	if (!posix_is_inherit_variable(v.name))
		return false;
	if (msg_text_equal(v.name, MSG_TEXT("CAPOS_NAME")))
		l->name = v.value;
	else if (msg_text_equal(v.name, MSG_TEXT("CAPOS_PIDS")))
		posix_identity_read(v.value);
	else if (msg_text_equal(v.name, MSG_TEXT("CAPOS_FDS")))
		posix_inherit_read(v.value);
	else if (msg_text_equal(v.name, MSG_TEXT("CAPOS_SIGNALS")))
		posix_signals_read(v.value);
	return true;
}

static void read_launch(struct launch *l)
{
	uint32_t count = runtime_variables(l->variables, RUNTIME_MAX_PARAMETERS);

	l->name = runtime_program();
	if (l->name.len == 0)
		l->name = msg_text_from(posix_program_name);
	l->argument_count = runtime_arguments(l->arguments, RUNTIME_MAX_PARAMETERS);
	l->variable_count = 0;
	l->bytes = 0;
	for (uint32_t i = 0; i < count; i++) {
		struct runtime_variable v = l->variables[i];

		if (take_inherited(l, v))
			continue;
		l->bytes += v.name.len + v.value.len + 2;
		l->variables[l->variable_count++] = v;
	}
	l->bytes += l->name.len + 1;
	for (uint32_t i = 0; i < l->argument_count; i++)
		l->bytes += l->arguments[i].len + 1;
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
	__attribute__((uninitialized)) struct launch l;

	posix_descriptors_init();
	read_launch(&l);
	if (posix_children_inherit)
		posix_children_inherit();

	/* Without arguments there is still a name of the program. */
	uint32_t argc = l.argument_count + 1;
	uintptr_t *words = __builtin_alloca((argc + 1 + l.variable_count + 1 + AUXILIARY_WORDS) *
					    sizeof(*words));
	char *text = __builtin_alloca(l.bytes + 1);
	uint64_t seed = runtime_start_seed() ^ __builtin_readcyclecounter();
	const uint64_t random[2] = {mix(seed), mix(seed + 0x9e3779b97f4a7c15ull)};
	uintptr_t *w = words;

	*w++ = (uintptr_t)copy(&text, l.name, '\0');
	for (uint32_t i = 0; i < l.argument_count; i++)
		*w++ = (uintptr_t)copy(&text, l.arguments[i], '\0');
	*w++ = 0;
	for (uint32_t i = 0; i < l.variable_count; i++) {
		*w++ = (uintptr_t)copy(&text, l.variables[i].name, '=');
		(void)copy(&text, l.variables[i].value, '\0');
	}
	*w++ = 0;
	(void)auxiliary(w, random);
	return __libc_start_main(posix_program, (int)argc, (char **)words, nullptr, nullptr, nullptr);
}
