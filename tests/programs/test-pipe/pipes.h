// SPDX-License-Identifier: MIT OR Apache-2.0
/* Single operations on a pipe that is served, for the files that test it. Where one waits it does so for some seconds. */
#pragma once

#include <schema/service/pipe.capnp.h>

#include "pipe.h"

struct outcome {
	enum status status;
	uint32_t count;
	uint16_t outcome;
	uint8_t first; /* byte */
};

struct ends {
	cap_id reader, writer;
};

struct ends pipe_make(void);
/* Closes and releases both. */
void pipe_drop(struct ends e);
/* Until the pipe is full. */
void pipe_fill(cap_id writer);

/* begin: it is under way; end: waits for it. */
void begin_read(struct rpc_call *call, cap_id pipe, uint32_t max);
struct outcome end_read(struct rpc_call *call);
struct outcome read_now(cap_id pipe, uint32_t max);
void begin_write(struct rpc_call *call, cap_id pipe, uint8_t first, uint32_t len);
struct outcome end_write(struct rpc_call *call);
struct outcome write_now(cap_id pipe, uint8_t first, uint32_t len);
/* Says what it was instead. */
bool is(struct outcome o, uint16_t outcome, uint32_t count);

/* While the server runs. */
void test_pipe_lanes(void);
void test_pipe_shares(cap_id factory);
/* A child in another session, or in ours: bits of what it could do. */
int pipe_other(void);
enum status lane_open(cap_id end, cap_id memory, bool writes, cap_id *pipe);
void test_pipe_races(void);
