// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The shell's interpreter: statements against capabilities. The language is docs/guide/shell-grammar.md.
 *
 * - It knows no interface by heart: methods, their parameters and results come from the registry.
 * - All that it does to the world goes through struct shell_host: calls, programs, commands, text. Host tests and the
 *   fuzzer have hosts of their own.
 * - Nothing that is typed can harm it: memory is what it was given, nesting, loops and calls are bounded or can be
 *   interrupted, and whatever goes wrong is a struct shell_failure.
 * - Steps that call methods of what earlier steps return go out together: one entry into the kernel.
 * - Capabilities that came and were not named are released when the statement ends.
 */
#pragma once

#include <registry/registry.h>
#include <rpc/rpc.h>
#include <shell/nearest.h>
#include <shell/parse.h>

#define SHELL_MAX_NAME 31u
#define SHELL_MAX_VARIABLES 160u
#define SHELL_MAX_TEMPORARIES 96u
#define SHELL_STORE_BYTES (96u * 1024)
#define SHELL_ARENA_BYTES (256u * 1024)
#define SHELL_MAX_LOOPS 1000000u /* rounds of one loop */

/* Why a statement failed. */
struct shell_failure {
	char kind[28];  /* "DENIED", "invalidArgument", "syntax", "value"... */
	char field[32]; /* the parameter at fault; may be empty */
	char text[256]; /* for people */
	bool placed;    /* at, in the source that runs */
	bool within;    /* text names the function that it was in */
	uint32_t at;
	char script[40]; /* the script, if it is one, and the line; 0: none yet */
	uint32_t line, column;
};

struct shell_variable {
	char text[SHELL_MAX_NAME + 1];
	bool given;    /* by the image: it stays */
	bool function; /* value: its source, a text */
	const struct shell_value *value;
};

struct shell_grant {
	struct msg_text name;
	cap_id cap;
	uint64_t interface_id;
	bool own_space;
};

#define SHELL_MAX_GRANTS 24u
#define SHELL_MAX_ARGUMENTS 32u

/* `run`, evaluated. */
struct shell_run {
	struct shell_word program;
	bool with; /* a list of grants was given, even an empty one */
	bool background;
	cap_id session; /* null: the shell's own */
	uint64_t session_interface;
	cap_id context; /* the CPU time of its first thread; null: as any other's */
	uint64_t context_interface;
	struct shell_grant grants[SHELL_MAX_GRANTS];
	uint32_t grant_count;
	struct msg_text arguments[SHELL_MAX_ARGUMENTS];
	uint32_t argument_count;
};

struct shell;

struct shell_host {
	void *self;
	const struct text_out *out;
	struct rpc_transport *transport;
	/* Until the call is done; may give CANCELLED when the person interrupts. */
	enum status (*wait)(void *self, struct rpc_call *call);
	/* What the kernel knows of a capability. False: nothing. */
	bool (*facts)(void *self, cap_id id, uint64_t *interface_id, uint64_t *methods);
	enum status (*attenuate)(void *self, cap_id id, uint64_t interface_id, uint64_t methods, cap_id *out);
	enum status (*duplicate)(void *self, cap_id id, cap_id *out);
	void (*release)(void *self, cap_id id);
	/* Why this method must not be called from here (it would hurt the shell itself); null: it may. */
	const char *(*forbidden)(void *self, cap_id id, uint64_t interface_id, uint16_t method);
	/* What that enumerant of an answer's `outcome` means, in words; null: not known. May be absent. */
	const char *(*outcome)(void *self, struct shell_word name);
	bool (*interrupted)(void *self);
	/*
	 * Commands by name. 0: there is none; 1: it ran, and shell->status is set; -1: it failed, and shell_fail was called.
	 */
	int (*command)(void *self, struct shell *shell, const struct shell_word *words, uint32_t count);
	void (*offer_commands)(void *self, struct shell_nearest *nearest);
	/* Fills reason and code; for a background job `job`. False: shell_fail was called. */
	bool (*run)(void *self, struct shell *shell, const struct shell_run *run, struct shell_value *result);
	/* What a path NAME/PATH leads to: a capability, which is the caller's then, or a value with memory of the shell's arena. Its kind is
	 * CAPABILITY so far. False: shell_fail was called. */
	bool (*path)(void *self, struct shell_word path, struct shell_value *value);
	/* A script by name; the bytes stay. False: there is none. */
	bool (*script)(void *self, struct shell_word name, const char **text, uint32_t *len);
};

struct shell {
	const struct shell_host *host;
	struct registry *registry;
	struct shell_variable variables[SHELL_MAX_VARIABLES];
	uint32_t variable_count;
	int64_t status; /* of the last program, script or `exit` */
	bool keeps;     /* results' capabilities get names by themselves: at a prompt */
	bool leaving;   /* `exit` ran */
	struct shell_failure failure;

	/* Private */
	uint32_t globals;      /* variables of the outermost level */
	uint32_t frame, block; /* where those of the running function, and of its innermost block, begin */
	struct shell_arena arena;
	cap_id temporaries[SHELL_MAX_TEMPORARIES];
	uint32_t temporary_count;
	uint32_t depth, blocks, scripts;
	const char *source;
	uint32_t source_len;
	const struct shell_value *returned;
	_Alignas(8) uint8_t arena_bytes[SHELL_ARENA_BYTES];
	_Alignas(8) uint8_t store[SHELL_STORE_BYTES];
};

void shell_init(struct shell *shell, const struct shell_host *host, struct registry *registry);
/* A capability that the shell was started with. False: no room. */
bool shell_give(struct shell *shell, struct msg_text name, cap_id id, uint64_t interface_id);

enum shell_outcome : uint8_t {
	SHELL_DONE,
	SHELL_FAILED,     /* shell->failure says how */
	SHELL_INCOMPLETE, /* nothing ran; another line is needed */
};

/* Runs all statements of a line, or of several. */
enum shell_outcome shell_line(struct shell *shell, const char *line, uint32_t len);
/* Runs a script: all of it is parsed first. Its exit status is shell->status. False: it failed. */
bool shell_script(struct shell *shell, struct shell_word name, const char *text, uint32_t len);

/* The capability of that name, or null. */
const struct shell_value *shell_variable(const struct shell *shell, struct shell_word name);
/* Forgets a variable and releases its capabilities. False: there is none, or it was given. */
bool shell_drop(struct shell *shell, struct shell_word name);

/* ---- Failures: all return false ---- */

bool shell_fail(struct shell *shell, const char *kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
bool shell_fail_at(struct shell *shell, uint32_t at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
bool shell_fail_status(struct shell *shell, const char *what, enum status status);
/* Of a call that did not succeed. target and method may be null. */
bool shell_fail_call(struct shell *shell, struct rpc_call *call, enum status status, cap_id target,
		     const struct registry_method *method);
/* "KIND (field): text", or the text alone of what was wrong with the source. */
void shell_failure_print(const struct shell_failure *failure, const struct text_out *out);

/* ---- For hosts: members of a result ---- */

/* False: no room, and shell_fail was called. */
bool shell_add_integer(struct shell *shell, struct shell_value *result, struct shell_word name,
		       int64_t value);
bool shell_add_enumerant(struct shell *shell, struct shell_value *result, struct shell_word name,
			 struct msg_text enum_name, uint16_t value);
