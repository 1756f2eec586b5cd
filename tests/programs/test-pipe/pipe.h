// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What the files of test-pipe share. Started with arguments it is a child: argument 0 says whose, argument 1 what it does.
 */
#pragma once

#include <pipe/stream.h>
#include <runtime/runtime.h>
#include <testing/child.h>
#include <testing/tap.h>

#define MS 1'000'000ull

struct world {
	struct rpc_transport *t;
	struct ring_client *ring;
	cap_id manager, space, sessions;
};
extern struct world w;

/* No operation of a test waits longer. */
static inline uint64_t soon(void)
{
	return runtime_now() + 10'000 * MS;
}

void nap(uint64_t ns); /* the calling thread */
cap_id granted(const char *name);

/* The n-th byte of every stream. */
static inline uint8_t pattern(uint64_t n)
{
	return (uint8_t)(n * 31 + (n >> 8) * 7 + (n >> 16));
}

/* A template at an endpoint for facets of one interface, and a facet of it. */
enum status make_template(cap_id endpoint, uint64_t interface_id, cap_id *out);
enum status make_facet(cap_id facet_template, uint64_t interface_id, uint64_t key, cap_id *facet);

void fill_pattern(uint8_t *bytes, uint64_t from, uint64_t count);
bool is_pattern(const uint8_t *bytes, uint64_t from, uint64_t count);

/* Children */
int stream_child(struct msg_text what);
int buffer_child(struct msg_text what);
int pipe_child(struct msg_text what);

/* Their parent */
void test_streams(void);
void test_stream_deaths(void);
void test_stream_threads(void);
void test_buffers(void);
void test_records(void);
void test_pipes(void);
