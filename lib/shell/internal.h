// SPDX-License-Identifier: MIT OR Apache-2.0
/* What the interpreter's files share. Functions that return bool: false = shell->failure is set. */
#pragma once

#include <shell/shell.h>

#define MAX_NESTING 90u /* of evaluation: blocks, functions and expressions together */

/* ---- store.c: memory of variables ---- */
void store_init(struct shell *shell);
/* Null: no room. */
struct shell_value *store_copy(struct shell *shell, const struct shell_value *value);
void store_free(struct shell *shell, const struct shell_value *value);

/* ---- scope.c: variables and capabilities on their way ---- */
struct shell_variable *scope_find(struct shell *shell, struct shell_word name);
/* Copies the value; its capabilities are taken over, or duplicated where another variable holds them. */
bool scope_set(struct shell *shell, struct shell_word name, const struct shell_value *value, bool function,
	       bool local);
void scope_leave(struct shell *shell, uint32_t count);
/* A copy whose capabilities outlive the variables that hold them now: they are temporaries. Null: failed. */
const struct shell_value *scope_lift(struct shell *shell, const struct shell_value *value);
bool scope_not_found(struct shell *shell, struct shell_word name);
bool temporary_add(struct shell *shell, cap_id id);
void temporaries_release(struct shell *shell, uint32_t count);

/* ---- eval.c ---- */
bool eval(struct shell *shell, const struct shell_node *node, const struct shell_value **value);
/* The same, with bare names as what they stand for: for values that are kept. */
bool eval_settled(struct shell *shell, const struct shell_node *node, const struct shell_value **value);
/* Nodes in a row as values in a row; bare names stay names, for the encoder. */
bool eval_arguments(struct shell *shell, const struct shell_node *first, bool bare,
		    const struct shell_value **values, uint32_t *count);
bool eval_truth(struct shell *shell, const struct shell_node *node, bool *truth);
struct shell_value *eval_new(struct shell *shell, enum shell_value_kind kind, uint32_t at);
bool eval_enter(struct shell *shell, uint32_t at);

/* ---- operators.c ---- */
bool operator_binary(struct shell *shell, uint16_t op, const struct shell_value *a,
		     const struct shell_value *b, uint32_t at, const struct shell_value **value);
bool operator_negate(struct shell *shell, const struct shell_value *a, uint32_t at,
		     const struct shell_value **value);

/* ---- chain.c: calls ---- */
/* show: a result without capabilities may be printed instead of being given: *value is null then. */
bool chain_eval(struct shell *shell, const struct shell_node *node, bool show,
		const struct shell_value **value);

/* ---- call.c: one call, or several that use each other's answers ---- */

#define CALL_MAX 4u /* that go out together */

struct call_plan {
	const struct shell_node *step;
	const struct shell_value *arguments;
	struct registry_method method;
	struct registry_data_struct_reader params, results;
	uint8_t path[4]; /* from the results to the next call's target */
	uint32_t path_len;
	struct rpc_call call;
	cap_id target; /* of the first, or of one whose target had to be awaited */
	bool open, kept;
};

/* Sends them, waits for all. They stay open until call_end_all. */
bool call_run(struct shell *shell, struct call_plan *plans, uint32_t count, cap_id target);
void call_end_all(struct call_plan *plans, uint32_t count);
/* Its results as a value; capabilities become temporaries. */
bool call_results(struct shell *shell, struct call_plan *plan, const struct shell_value **value);

/* False, and shell_fail was called: the answer's `outcome` says why it has no such member (empty: no capability to call). */
bool answer_has(struct shell *shell, const struct shell_value *answer, struct shell_word member);

/* ---- where.c ---- */
bool where_eval(struct shell *shell, const struct shell_value *target,
		struct registry_data_interface_reader interface, const struct shell_node *step,
		const struct shell_value **value);

/* ---- builtin.c ---- */
/* *found false: there is no such function. */
bool builtin_call(struct shell *shell, struct shell_word name, uint32_t at, const struct shell_value *first,
		  uint32_t count, bool *found, const struct shell_value **value);
void builtin_offer(struct shell_nearest *nearest);
bool builtin_exists(struct shell_word name);

/* ---- statement.c ---- */
enum flow : uint8_t {
	FLOW_NEXT,
	FLOW_FAILED,
	FLOW_BREAK,
	FLOW_CONTINUE,
	FLOW_RETURN, /* shell->returned */
	FLOW_EXIT,
};
/* Calls a function of the language. */
bool function_call(struct shell *shell, const struct shell_variable *function, uint32_t at,
		   const struct shell_value *first, uint32_t count, const struct shell_value **value);
bool function_run_program(struct shell *shell, const struct shell_node *node,
			  const struct shell_value **value);
enum flow statement_run(struct shell *shell, const struct shell_node *node, bool outermost);
