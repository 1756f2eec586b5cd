// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Processes that this one has started: numbers for the ProcessHandles that it holds. A number names nothing to anybody else.
 */
#pragma once

#include "inherit.h"

#define POSIX_CHILDREN 32u

/*
 * Before a clone by one thread of several: takes the locks of each table, so that none of them is held, or half changed, in the clone by a
 * thread that is not there; and gives them back, in both. None of them is held while another is taken. Null where there is no such table.
 */
#define POSIX_FORK_LOCK [[gnu::weak, gnu::visibility("hidden")]]
void posix_descriptors_hold(bool hold);
void posix_grants_hold(bool hold);
void posix_programs_hold(bool hold);
POSIX_FORK_LOCK void posix_pipes_hold(bool hold);
POSIX_FORK_LOCK void posix_directories_hold(bool hold);
POSIX_FORK_LOCK void posix_removed_hold(bool hold);
POSIX_FORK_LOCK void posix_threads_hold(bool hold);
/* In such a clone: descriptions are held by numbers alone. What only the others held ends. */
void posix_descriptors_forked(void);

/* A number for a process that is about to start, and its seed. */
long posix_new_number(void);
/* The process has started; handle is the caller's to give. -EAGAIN: too many, and the handle is released. */
long posix_child_add(long number, cap_id handle);
/* All of them, and their handles. */
void posix_children_each(void (*each)(void *context, long number, cap_id handle), void *context);
/* In a clone: none of them are its children. */
void posix_children_forget(void);

/*
 * Starts a program with the descriptors of `table`. *number is the one that it gets, 0: a new one, which is given. 0, or a
 * negative errno value.
 */
long posix_start_program(const char *path, char *const *arguments, char *const *environment,
			 const struct posix_table *table, long *number);
/* This process goes on as that program. A negative errno value: it does not. */
long posix_exec_program(const char *path, char *const *arguments, char *const *environment,
			const struct posix_table *table);
/* posix_start_program for a name that is looked up along PATH, if there is no "/" in it. */
long posix_search_program(const char *name, char *const *arguments, char *const *environment,
			  const struct posix_table *table, long *number);
/* In a clone. Null in programs that start none. */
[[gnu::weak, gnu::visibility("hidden")]] void posix_programs_forked(void);
/* Is there a program of that path? */
[[gnu::weak, gnu::visibility("hidden")]] bool posix_has_program(const char *path);
