// SPDX-License-Identifier: MIT OR Apache-2.0
/* What the parts of test-ports share. */
#pragma once

void tap_ok(bool good, const char *what);
/* The exit status of a program whose output goes to /output; -1: it did not start. */
int run(const char *input, char *const arguments[]);
/* Does the output hold this? If not, it is shown. */
void expect(const char *text, const char *what);
/* Are its first two lines the same? */
void expect_twice(const char *what);

/* exec.c */
void test_exec(void);
int after_exec(char **arguments);
