// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The terminal, as the prompt sees it: lines and keys in, text out, and Ctrl-C at any time.
 *
 * One call for events is always under way, so an interrupt is seen whenever this process waits for anything. It ends
 * what is waited for by terminal_call, and is remembered until the next line is read (terminal_interrupted), so that a
 * loop or a script can stop as well.
 */
#pragma once

#include <abi/cap.h>
#include <fmt/fmt.h>
#include <rpc/rpc.h>
#include <schema/service/terminal.capnp.h>

void terminal_start(void);
/* Collected; terminal_flush, reading and terminal_call send it. What the prompt says goes through `out` (page.c). */
void terminal_collect(const char *bytes, size_t len);
void terminal_flush(void);

enum terminal_end { TERMINAL_LINE, TERMINAL_END, TERMINAL_INTERRUPT };
/* A line that a person edits, with completion. INTERRUPT: Ctrl-C, the line is gone; END: no further line will come. */
enum terminal_end terminal_edit(const char *prompt, char *line, uint32_t size, uint32_t *len);

/* rpc_call, that Ctrl-C ends with STATUS_CANCELLED. */
enum status terminal_call(struct rpc_call *call);
/* The same for one that was sent. */
enum status terminal_wait(struct rpc_call *call);
/* Until this time (monotonic), or an interrupt; false: it was interrupted. */
bool terminal_sleep_until(uint64_t ns);
/* Ctrl-C was pressed since the last line was read. Costs no call while it was not. */
bool terminal_interrupted(void);
/* As if it had been pressed. */
void terminal_interrupt(void);

struct terminal_pressed {
	enum terminal_key_code code;
	uint32_t character;
	bool alt, control;
};
/* One key, or none until deadline_ns (0: none); false: none came, or Ctrl-C. */
bool terminal_read_key(struct terminal_pressed *key, uint64_t deadline_ns);

/* 80 x 24 if nobody knows. True: a person's terminal, which understands escape sequences. */
bool terminal_size(uint32_t *columns, uint32_t *rows);
/* For full-screen views. False: somebody else has it. */
bool terminal_screen(bool whole);

/* A StdIO for one program; it ends with its last capability. */
enum status terminal_open_stdio(bool foreground, cap_id *stdio, uint32_t *number);
/* Whose StdIO the keyboard belongs to; 0: nobody's. */
void terminal_set_foreground(uint32_t number);
