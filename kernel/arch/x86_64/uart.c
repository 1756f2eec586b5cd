// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The debug UART, a 16550: COM2 where there is one, else COM1, which the terminal process then takes over
 * (arch_debug_is_shared).
 *
 * Writing polls with a bound. A UART that stops sending, because who reads the line is slow, costs that time once; until it sends again,
 * a look for each byte, and what does not fit is lost.
 * Registers: National Semiconductor PC16550D data sheet, section 8.
 */
#include "machine.h"

#include <arch/platform.h>

#define COM1 0x3f8
#define COM2 0x2f8

enum uart_register : uint16_t {
	UART_DATA = 0,
	UART_INTERRUPTS = 1,
	UART_FIFO = 2,
	UART_LINE = 3,
	UART_MODEM = 4,
	UART_STATUS = 5,
	UART_SCRATCH = 7,
};

#define STATUS_DATA_READY 0x01
#define STATUS_SEND_EMPTY 0x20
#define SPIN_MAX 200000u /* far longer than one character at 115200 baud takes */

static uint16_t base; /* 0: not looked for yet */
static bool dead;     /* there is none */
static bool stalled;  /* it has not sent for as long as we wait */

static bool uart_present(uint16_t port)
{
	out8(port + UART_SCRATCH, 0x5a);
	if (in8(port + UART_SCRATCH) != 0x5a)
		return false;
	out8(port + UART_SCRATCH, 0xa5);
	return in8(port + UART_SCRATCH) == 0xa5;
}

static void uart_find(void)
{
	base = uart_present(COM2) ? COM2 : COM1;
	dead = !uart_present(base);
	if (dead)
		return;
	out8(base + UART_INTERRUPTS, 0);
	out8(base + UART_LINE, 0x80); /* divisor latch: 115200 baud */
	out8(base + UART_DATA, 1);
	out8(base + UART_INTERRUPTS, 0);
	out8(base + UART_LINE, 0x03);  /* 8 bits, no parity, 1 stop bit */
	out8(base + UART_FIFO, 0x07);  /* on, cleared */
	out8(base + UART_MODEM, 0x0b); /* DTR, RTS, interrupt gate */
}

static void write_byte(char byte)
{
	const unsigned looks = stalled ? 1 : SPIN_MAX;

	for (unsigned i = 0; i < looks; i++) {
		if (in8(base + UART_STATUS) & STATUS_SEND_EMPTY) {
			stalled = false;
			out8(base + UART_DATA, (uint8_t)byte);
			return;
		}
	}
	stalled = true;
}

void arch_debug_write(const char *bytes, size_t len)
{
	if (!base)
		uart_find();
	for (size_t i = 0; i < len && !dead; i++)
		write_byte(bytes[i]);
}

int arch_debug_read(void)
{
	if (!base)
		uart_find();
	if (dead || !(in8(base + UART_STATUS) & STATUS_DATA_READY))
		return -1;
	return in8(base + UART_DATA);
}

unsigned arch_debug_irq(void)
{
	if (!base)
		uart_find();
	if (dead)
		return ~0u;
	return arch_irq_of_isa(base == COM2 ? 3 : 4);
}

void arch_debug_listen(void)
{
	if (!dead && !arch_debug_is_shared())
		out8(base + UART_INTERRUPTS, 0x01); /* received data */
}

bool arch_debug_is_shared(void)
{
	if (!base)
		uart_find();
	return base != COM2;
}
