// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The terminal process: one UART, and on it a line that people type and text that programs write.
 *
 * - device.c:  the UART behind its IoPort, and its Interrupt as a bit of a Notification.
 * - input.c:   what comes from the UART: answers of the terminal itself, interrupts, and bytes that are typed.
 * - readers.c: who waits for a line, a key or bytes; the first whose turn it is owns the keyboard.
 * - event.c:   interrupts, resizes and the ends of programs, and who is told of them.
 * - output.c:  what anybody writes, newlines made fit for a terminal, around a line that is being edited.
 * - face.c:    through what somebody sees the terminal: Console, the session, the StdIO of each program.
 * - serve.c:   their methods.
 *
 * All of it is one thread. A method that must wait for the UART (its buffer is full) waits inside, and calls
 * queue up at the endpoint meanwhile: whoever writes faster than the line is slowed down to it.
 */
#pragma once

#include <line/line.h>
#include <runtime/ring.h>
#include <runtime/service.h>
#include <schema/service/terminal.capnp.h>
#include <uart16550/uart16550.h>

#define MAX_READERS 16u
#define MAX_PROGRAMS 32u
#define TYPED_MAX 4096u /* bytes typed ahead; a power of two */
#define HELD_MAX 8192u  /* of what others write while somebody has the whole screen; a power of two */
#define MAX_CLOSED 16u

struct terminal;

/* Keys of the facets that the image hands out, and of the first one that is made here. */
enum { FACE_CONSOLE = 1, FACE_SESSION = 2, FACE_STDIO = 3, FACE_FIRST_PROGRAM = 16 };

/* Through what somebody sees the terminal. */
struct face {
	struct terminal *terminal;
	uint64_t key;    /* of its facet; 0: free */
	uint32_t number; /* of a program's StdIO; 0: the image gave it */
	enum std_io_input_mode mode;
	bool subscribed; /* it has asked for events */
	bool waiting;    /* for an event */
	struct service_reply waiter;
	uint32_t pending; /* events that nobody has fetched, bit = kind */
};

/* READY: whether there are bytes; what is typed is kept as the rest. */
enum reader_kind : uint8_t { READ_LINE, READ_EDIT, READ_BYTES, READ_KEY, READ_READY };

struct reader {
	struct service_reply reply;
	struct face *face;
	enum reader_kind kind;
	bool hidden;
	bool silent;        /* READ_READY: nobody waits for the answer any more */
	uint32_t max_bytes; /* READ_BYTES: count */
	uint32_t prompt_len, line_len, cursor;
	char prompt[LINE_PROMPT_MAX];
	char line[LINE_MAX]; /* READ_EDIT: what the line begins as */
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

	/* input.c */
	uint16_t columns, rows;
	bool size_told;     /* by setSize: the terminal is not asked */
	bool size_answers;  /* it is asked before each line */
	bool size_answered; /* it has said it */
	uint64_t last_byte_ns;
	uint32_t lone_keys; /* that came one by one */
	bool size_asked;    /* and the answer has not come */
	uint8_t report[16];
	uint32_t report_len; /* of what may become the answer */
	uint8_t typed[TYPED_MAX];
	uint32_t typed_head, typed_tail; /* taken, put; modulo 2^32 */

	/* readers.c */
	struct line_editor editor;
	struct line_decoder keys;
	struct reader readers[MAX_READERS]; /* a queue, served in order, but for those whose turn it is not */
	uint32_t reader_count;
	bool suspended;          /* the line on the screen belongs to an edit that ended with tab */
	char rest[LINE_MAX + 1]; /* of what StdIO.read has taken only in part, or not yet */
	uint32_t rest_len, rest_at;
	bool rest_ended; /* and behind it input has ended */

	/* event.c, face.c */
	struct face console, session, stdio, programs[MAX_PROGRAMS];
	cap_id stdio_template;
	uint32_t last_number, foreground;
	uint32_t closed[MAX_CLOSED], closed_count;

	/* output.c */
	struct face *writer; /* of the line that is not ended */
	uint32_t tail_len;   /* of what was written since the last newline; LINE_PROMPT_MAX + 1: too much */
	char tail[LINE_PROMPT_MAX + 1];
	struct face *screen; /* who has all of it */
	char held[HELD_MAX];
	uint64_t held_put; /* bytes that were held in all */
};

/* device.c */
void device_start(struct terminal *t);
/* Looks at the interrupt and serves the UART. True: call again soon, without waiting for an interrupt. */
bool device_poll(struct terminal *t);
/* All of it is on its way when this returns; it waits for the line as long as that takes. */
void device_write(struct terminal *t, const char *bytes, size_t len);

/* output.c */
void output_text(struct face *writer, const char *bytes, size_t len, bool end_line);
void output_raw(void *terminal, const char *bytes, size_t len); /* for the line editor */
/* The program that wrote it is gone: the line that it left ends. */
void output_end_line(struct terminal *t);
/* False: somebody else has it. */
bool output_take_screen(struct face *face);
void output_leave_screen(struct face *face);

/* input.c */
/* The next byte that was typed, if there is one. */
bool input_next(struct terminal *t, uint8_t *byte);
/* Takes what the UART has, as far as it is not a matter of reading: interrupts and sizes. */
void input_poll(struct terminal *t);
/* Asks the terminal for its size if it is one that answers. */
void input_ask_size(struct terminal *t);
void input_set_size(struct terminal *t, uint16_t columns, uint16_t rows);

/* readers.c */
/* The call becomes the last of the queue; RPC_DEFERRED, or an exception if the queue is full. */
enum status readers_add(struct terminal *t, struct rpc_request *request, const struct reader *reader);
/* Would StdIO.read not wait now? From now on the face has the keyboard as if it read. */
bool readers_ready(struct terminal *t, struct face *face);
/* It is to read otherwise from now on. */
void readers_mode_changed(struct terminal *t, struct face *face);
bool readers_cancel(struct terminal *t, uint64_t token);
void readers_drop_face(struct terminal *t, struct face *face);
/* number: of a program's StdIO, or 0. */
void readers_set_foreground(struct terminal *t, uint32_t number);
/* Whose turn it is; null: nobody waits. */
struct reader *readers_first(struct terminal *t);
/* True: what is typed now is the reader's business altogether, Ctrl-C as well. */
bool readers_take_interrupts(struct terminal *t);
/* Feeds what came to whoever waits. */
void readers_poll(struct terminal *t);

/* event.c */
enum status event_wait(struct face *face, struct rpc_request *request);
void event_raise(struct terminal *t, enum terminal_event_kind kind);
void event_closed(struct terminal *t, uint32_t number);
void event_forget(struct face *face, enum terminal_event_kind kind);
bool event_cancel(struct terminal *t, uint64_t token);

/* face.c */
void faces_start(struct terminal *t, cap_id endpoint);
struct face *face_find(struct terminal *t, uint64_t key);
struct face *face_numbered(struct terminal *t, uint32_t number); /* null: there is none */
struct face *face_open(struct terminal *t, bool foreground);     /* null: too many */
void face_released(struct terminal *t, uint64_t key);

/* serve.c */
enum status serve_start(struct terminal *t);
