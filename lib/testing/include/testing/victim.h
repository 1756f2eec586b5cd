// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Victims: children that do something that may end them, one behaviour each, in a table.
 *
 * The test program starts itself with the victim's name as its argument; the child finds itself in the same
 * table. After each, the exit reason must be the expected one, and the counts of the machine those from
 * before.
 */
#pragma once

#include <testing/child.h>

struct victim {
	const char *name; /* what it does */
	int (*run)(void); /* in the child; what it returns is its exit code */
	uint16_t reason;  /* enum process_handle_exit_reason */
	int64_t code;     /* of the exit reason `exit` */
	uint16_t other;   /* another reason that is as good; 0: none */
	struct spawn_limits limits;
};

/* In a child (there is an argument): runs that victim; its exit code. */
int victim_main(const struct victim *table, uint32_t count);
/* In the parent: two tests for each victim. grants: what each gets, besides "console". */
void victim_tests(const char *program, const struct victim *table, uint32_t count,
		  const struct spawn_grant *grants, uint32_t grant_count);
