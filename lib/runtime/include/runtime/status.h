// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What a status means, for people.
 */
#pragma once

#include <abi/status.h>
#include <stddef.h>

struct rpc_call;

const char *status_name(enum status status); /* "TIMED_OUT"; "?" for none that exists */
const char *status_text(enum status status); /* "the deadline passed first" */

/*
 * Why a call failed, in one line: the exception's kind, reason and field, or the status. Before rpc_end. Returns the
 * length of the whole text, as fmt_print does.
 */
size_t status_describe(struct rpc_call *call, char *buffer, size_t size);
