// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The prompt: a person types, capabilities are called. The language is lib/shell; here is what it does to the world.
 *
 * - main.c:     lines, statements that go over several, what failed and where.
 * - host.c:     capabilities: what the kernel knows of them, attenuation, what must not be called from here.
 * - run.c:      programs, their grants.  jobs.c: those that were started.
 * - describe.c: caps and describe.  commands.c: the table of commands.  machine.c: log, mem, poweroff...
 * - session.c:  logging out whom one let in.
 * - learn.c:    types that programs brought along while the system runs.
 * - help.c, tutorial.c: first steps.  complete.c: the Tab key.
 * - terminal.c: lines and keys in, text out, Ctrl-C.  page.c: screenfuls, lines that end between words.  view_*.c: views of the system.
 *
 * It knows no interface by heart beyond those that its own commands use.
 */
#pragma once

#include <abi/cap.h>
#include <registry/registry.h>
#include <rpc/rpc.h>
#include <shell/complete.h>
#include <shell/shell.h>
#include <spawn/package.h>

#include "terminal.h"

#define PROMPT_TEXT "capos> "
#define PROMPT_MORE "   ... "

/* ---- main.c ---- */
extern struct shell shell;
extern struct registry registry;
extern bool registry_known;
/* Says what shell.failure is, with a mark under its place in what was typed last. */
void show_failure_here(const char *line, uint32_t len);
/* Colours, where the terminal has them: nothing otherwise. */
enum colour { COLOUR_NONE, COLOUR_BOLD, COLOUR_DIM, COLOUR_RED, COLOUR_GREEN, COLOUR_YELLOW, COLOUR_BLUE };
void put_colour(enum colour colour);

/* ---- learn.c ---- */
/* For registry.missing: fetches what programs have added to the SchemaRegistry since. */
bool learn(struct registry *first);

/* ---- page.c ---- */
/* Everything that the prompt says. At a person's terminal a statement's output stops after each screenful. */
extern const struct text_out out;
/* A new statement. */
void page_begin(void);
/* Not this statement: its output goes on by itself, or is a program's. */
void page_never(void);
/* A terminal that understands escape sequences, as far as anybody knows; its width (120 if nobody knows). */
bool page_is_person(void);
uint32_t page_columns(void);
/*
 * Text, as lines that end between words, and a newline; `used` columns of the first line are taken, the others begin behind
 * `indent`. Newlines of the text are spaces, but for empty and indented lines.
 */
void put_wrapped(struct msg_text text, uint32_t indent, uint32_t used);
/*
 * Something that is put together first, and then shown as a whole: in lines that end between words at a person's terminal, as one
 * line elsewhere. What is too long for it is cut.
 */
struct passage {
	char text[1024];
	uint32_t len;
};
struct text_out passage_out(struct passage *passage);
void put_passage(const struct passage *passage, uint32_t indent, uint32_t used);

/* ---- host.c ---- */
struct capability_facts {
	uint64_t interface_id, methods, object;
	uint16_t provenance;
	uint32_t giver;
	uint64_t line; /* of the image that grants it; 0: not known, or no grant of an image */
};
void host_start(void);
/* What the kernel knows of a capability. False: nothing, or there is nobody to ask. */
bool capability_facts(cap_id id, struct capability_facts *facts);
/* A capability of the CapSet by its name, if it serves that interface; otherwise shell_fail says what is missing. */
bool names_need(const char *text, uint64_t interface_id, cap_id *id);
/* Says what became of a call of a command's own that did not succeed. */
void show_failure(struct rpc_call *call, enum status status);
void show_status(const char *what, enum status status);

/* ---- commands.c ---- */
/* words[0] is its name. False: shell_fail was called. */
typedef bool command_fn(const struct shell_word *words, uint32_t count);
struct command {
	const char *name, *usage, *what;
	command_fn *run;
};
extern const struct command commands[];
extern const uint32_t command_count;
int run_command(void *self, struct shell *shell, const struct shell_word *words, uint32_t count);
void offer_commands(void *self, struct shell_nearest *nearest);

/* ---- describe.c ---- */
command_fn command_caps, command_describe, command_vars;
bool describe_word(struct shell_word word);

/* ---- run.c ---- */
bool run_program(void *self, struct shell *shell, const struct shell_run *run, struct shell_value *result);
bool find_script(void *self, struct shell_word name, const char **text, uint32_t *len);
command_fn command_programs, command_source;
/* The boot package, opened at first use; null: not granted, and shell_fail was called. */
struct spawn_package *package_open(void);

/* ---- jobs.c ---- */
struct job {
	uint32_t number; /* of one started with &; 0: it ran in the foreground */
	cap_id handle;   /* ProcessHandle; null: this place is free */
	bool ended;      /* kept for those who want to know what it did */
	uint32_t stdio;  /* its number at the terminal; 0: none of its own */
	char name[SHELL_MAX_NAME + 1];
};
/* Places, the oldest ended one makes room. Null: all run. */
struct job *job_new(void);
/* By number or name, the latest first; null: none. */
struct job *job_find(struct shell_word word);
/* The i-th place, for views; null beyond the last. */
struct job *job_at(uint32_t index);
/* Until it has ended; Ctrl-C kills it if it is in the foreground. Fills the result if there is one. */
bool job_wait(struct job *job, bool always, struct shell_value *result);
void report_ended_jobs(void);
command_fn command_jobs, command_wait, command_kill;

/* ---- machine.c ---- */
void show_banner(void);
command_fn command_poweroff, command_reboot;

/* ---- session.c ---- */
command_fn command_logout;
/* Those that have a name here. */
void sessions_end(void);

/* ---- help.c, tutorial.c ---- */
command_fn command_help, command_tutorial;
/* The i-th topic of help; null beyond the last. */
const char *help_topic(uint32_t index);
/* After each line: does the tutorial go on? */
void tutorial_look(const char *line, uint32_t len, enum shell_outcome outcome);

/* ---- complete.c ---- */
/* What the Tab key may put at the cursor. False: nothing. */
bool prompt_complete(const char *line, uint32_t len, uint32_t cursor, struct shell_completion *completion);
