// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The terminal process: one UART, and on it a line that people type and text that programs write.
 *
 * - device.c: the UART behind its IoPort, and its Interrupt as a bit of a Notification.
 * - output.c: what anybody writes, newlines made fit for a terminal, around a line that is being edited.
 * - input.c:  who waits for a line or for bytes; the first in the queue owns the keyboard.
 * - serve.c:  Console, TerminalSession and StdIO, three faces of the same.
 *
 * All of it is one thread. A method that must wait for the UART (its buffer is full) waits inside, and calls
 * queue up at the endpoint meanwhile: whoever writes faster than the line is slowed down to it.
 */
#pragma once

#include <line/line.h>
#include <runtime/ring.h>
#include <runtime/service.h>
#include <uart16550/uart16550.h>

#define MAX_READERS 16u

struct reader {
	struct service_reply reply;
	bool wants_bytes;   /* StdIO.read; otherwise readLine */
	uint32_t max_bytes; /* StdIO.read: count */
	uint32_t prompt_len;
	char prompt[LINE_PROMPT_MAX];
};

struct terminal {
	struct service service;

	/* device.c */
	struct uart16550 uart;
	cap_id ports, interrupt, notification;
	struct ring_op bell; /* the posted WAIT */
	bool listening;      /* it is posted */
	bool rang;           /* its completion came */
	bool unfinished;     /* the device wants more than one round of service */

	/* output.c */
	uint32_t tail_len; /* of what was written since the last newline; LINE_PROMPT_MAX + 1: too much */
	char tail[LINE_PROMPT_MAX + 1];

	/* input.c */
	struct line_editor editor;
	struct reader readers[MAX_READERS]; /* a queue; 0 is the one that is served */
	uint32_t reader_count;
	char rest[LINE_MAX + 1]; /* of a line that StdIO.read has taken only in part */
	uint32_t rest_len, rest_at;
};

/* device.c */
void device_start(struct terminal *t);
/* Looks at the interrupt and serves the UART. True: call again soon, without waiting for an interrupt. */
bool device_poll(struct terminal *t);
/* All of it is on its way when this returns; it waits for the line as long as that takes. */
void device_write(struct terminal *t, const char *bytes, size_t len);

/* output.c */
void output_text(struct terminal *t, const char *bytes, size_t len, bool end_line);
void output_raw(void *terminal, const char *bytes, size_t len); /* for the line editor */

/* input.c */
/* The call becomes the last of the queue; RPC_DEFERRED, or an exception if the queue is full. */
enum status input_add_reader(struct terminal *t, struct rpc_request *request, const struct reader *reader);
void input_cancel(struct terminal *t, uint64_t token);
/* Feeds what came to whoever waits. */
void input_poll(struct terminal *t);

/* serve.c */
enum status serve_start(struct terminal *t);
