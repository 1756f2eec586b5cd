// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The prompt: a person types, capabilities are called.
 *
 * - terminal.c: lines in, text out, through the TerminalSession.
 * - names.c:    the capabilities that have a name here: those of the CapSet, and what `let` added.
 * - call.c:     expressions: any method of any interface of the registry.
 * - run.c:      programs, their grants, jobs.
 * - describe.c: caps and describe.  commands.c: the rest.
 *
 * It knows no interface by heart beyond those that its own commands use; parsing, encoding and printing are
 * lib/shell and lib/registry.
 */
#pragma once

#include <abi/cap.h>
#include <registry/registry.h>
#include <rpc/rpc.h>
#include <shell/parse.h>
#include <spawn/package.h>

#include "terminal.h"

#define PROMPT_TEXT "capos> "
#define MAX_NAMES 64u
#define MAX_NAME 31u

struct name {
	char text[MAX_NAME + 1];
	cap_id id;
	uint64_t interface_id;
	bool given; /* by the image; otherwise by `let` */
};

/* ---- terminal.c ---- */
/* False: no further line will come. */
bool terminal_read_line(char *line, uint32_t size, uint32_t *len);
/* Points at a place of the line just typed, and says what is wrong there. */
void show_error(const struct shell_error *error);

/* ---- names.c ---- */
extern struct name names[MAX_NAMES];
extern uint32_t name_count;
void names_start(void);
struct name *names_find(struct shell_word word);
/*
 * Takes over the capability; an earlier one of that name (not from the image) is released. False: error says
 * why.
 */
bool names_set(struct shell_word word, cap_id id, uint64_t interface_id, struct shell_error *error);
/* Sets error to "nothing is called ..." with the nearest name. */
void names_not_found(struct shell_word word, struct shell_error *error);
/* A capability of the CapSet by its name, if it serves that interface; otherwise says what is missing. */
bool names_need(const char *text, uint64_t interface_id, cap_id *id);

/* ---- call.c ---- */
void call_expression(const struct shell_statement *statement);
/* Says what became of a call that did not succeed. target and method may be null. */
void show_failure(struct rpc_call *call, enum status status, const struct name *target,
		  const struct registry_method *method);
void show_status(const char *what, enum status status);

/* ---- describe.c ---- */
void command_caps(const struct shell_statement *statement);
void command_describe(const struct shell_statement *statement);
void describe_word(struct shell_word word);
/* What a capability may do, from the kernel: its interface and method set. */
bool capability_facts(cap_id id, uint64_t *interface_id, uint64_t *methods, uint16_t *provenance,
		      uint32_t *giver);

/* ---- run.c ---- */
void run_program(const struct shell_statement *statement);
void command_programs(const struct shell_statement *statement);
void command_jobs(const struct shell_statement *statement);
void command_wait(const struct shell_statement *statement);
void command_kill(const struct shell_statement *statement);
void report_ended_jobs(void);
/* The boot package, opened at first use; null: not granted, and said so. */
struct spawn_package *package_open(void);

/* ---- commands.c ---- */
extern struct registry registry;
extern bool registry_known;
void commands_start(void);
void show_banner(void);
void run_command(const struct shell_statement *statement);
