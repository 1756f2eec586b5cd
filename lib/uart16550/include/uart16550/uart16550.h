// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A 16550 UART (National Semiconductor PC16550D), driven by interrupts, behind whatever reaches its
 * registers.
 *
 * - Bytes that came wait in a buffer. When that is full the receive interrupt is switched off and the device
 *   is left alone, so that what is too much stays where it is: in its FIFO, and in whoever feeds that.
 *   Nothing is lost.
 * - Bytes to be sent wait in another; what the device does not take at once goes with later interrupts.
 * - The device is not trusted: every loop over its registers has a constant bound, and a status that no UART
 *   has (all ones: nobody there) ends it.
 *
 * Interrupts of ISA lines are edges. Whoever handles one first opens the line again (acknowledge), then calls
 * uart16550_service, which goes on until the device asks for nothing: a later request is a new edge.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define UART16550_PORTS 8u
#define UART16550_RECEIVED 16384u /* powers of two */
#define UART16550_SENDING 4096u
#define UART16550_FIFO 16u
#define UART16550_BURST 1024u /* most bytes that one call of uart16550_service takes from the device */

/* How to reach the registers, 0..7. False: not at all any more. */
struct uart16550_access {
	bool (*read)(void *self, unsigned reg, uint8_t *value);
	bool (*write)(void *self, unsigned reg, uint8_t value);
	/* count (at most UART16550_FIFO) bytes, one after the other, to register 0. */
	bool (*write_bytes)(void *self, const uint8_t *bytes, unsigned count);
	void *self;
};

struct uart16550_buffer {
	uint32_t head, tail; /* taken, put; modulo 2^32 */
};

struct uart16550 {
	struct uart16550_access access;
	bool gone;         /* registers cannot be reached, or nobody answers */
	uint8_t enabled;   /* what the interrupt enable register was set to */
	uint64_t overruns; /* bytes that the device says were lost */
	struct uart16550_buffer in, out;
	uint8_t received[UART16550_RECEIVED];
	uint8_t sending[UART16550_SENDING];
};

/* 115200 baud, 8 data bits, no parity; FIFOs on, without clearing what may already be in the receiver's. */
void uart16550_init(struct uart16550 *uart, struct uart16550_access access);
/*
 * Serves the device until it asks for nothing. True: it had still not had enough after the bound; call again
 * later.
 */
bool uart16550_service(struct uart16550 *uart);
/* Up to size bytes that came, in order. */
size_t uart16550_receive(struct uart16550 *uart, uint8_t *bytes, size_t size);
/* As many of len bytes as there is room for; the rest when uart16550_service has made more. */
size_t uart16550_send(struct uart16550 *uart, const uint8_t *bytes, size_t len);
/* Hands to the device what it takes now. For when interrupts may have been lost. */
void uart16550_push(struct uart16550 *uart);

static inline uint32_t uart16550_unsent(const struct uart16550 *uart)
{
	return uart->out.tail - uart->out.head;
}

static inline uint32_t uart16550_waiting(const struct uart16550 *uart)
{
	return uart->in.tail - uart->in.head;
}
