// SPDX-License-Identifier: MIT OR Apache-2.0
/* The registers of PC16550D, section 8, and what is done with them. */
#include <uart16550/uart16550.h>

enum reg : unsigned {
	DATA = 0,             /* receiver buffer, transmitter holding; divisor low with LCR_DIVISOR */
	INTERRUPT_ENABLE = 1, /* divisor high with LCR_DIVISOR */
	INTERRUPT_IDENT = 2,  /* read */
	FIFO_CONTROL = 2,     /* write */
	LINE_CONTROL = 3,
	MODEM_CONTROL = 4,
	LINE_STATUS = 5,
	MODEM_STATUS = 6,
};

enum : uint8_t {
	ENABLE_RECEIVED = 0x01,
	ENABLE_EMPTY = 0x02,
	IDENT_NONE = 0x01,
	IDENT_MASK = 0x0f,
	IDENT_MODEM = 0x00,
	FIFO_ENABLE = 0x01, /* trigger at one byte: keys are echoed at once */
	LINE_8N1 = 0x03,
	LINE_DIVISOR = 0x80,
	MODEM_DTR_RTS_OUT2 = 0x0b, /* OUT2 lets interrupts out of the chip */
	STATUS_RECEIVED = 0x01,
	STATUS_OVERRUN = 0x02,
	STATUS_EMPTY = 0x20,
	STATUS_NOBODY = 0xff,
};

/* Rounds of "what do you want?" before a device that always wants something is left for later. */
#define MAX_ROUNDS 64u

static uint8_t read_reg(struct uart16550 *uart, enum reg reg)
{
	uint8_t value = STATUS_NOBODY;

	if (!uart->gone && !uart->access.read(uart->access.self, reg, &value))
		uart->gone = true;
	return value;
}

static void write_reg(struct uart16550 *uart, enum reg reg, uint8_t value)
{
	if (!uart->gone && !uart->access.write(uart->access.self, reg, value))
		uart->gone = true;
}

static uint8_t line_status(struct uart16550 *uart)
{
	uint8_t status = read_reg(uart, LINE_STATUS);

	if (status == STATUS_NOBODY)
		uart->gone = true;
	if (status & STATUS_OVERRUN && !uart->gone)
		uart->overruns++;
	return status;
}

static void enable(struct uart16550 *uart, uint8_t what)
{
	if (what == uart->enabled)
		return;
	uart->enabled = what;
	write_reg(uart, INTERRUPT_ENABLE, what);
}

static uint32_t room(const struct uart16550 *uart)
{
	return UART16550_RECEIVED - uart16550_waiting(uart);
}

static uint32_t take_bytes(struct uart16550 *uart, uint32_t most)
{
	uint32_t taken = 0;

	while (taken < most && room(uart) > 0 && line_status(uart) & STATUS_RECEIVED && !uart->gone) {
		uint8_t byte = read_reg(uart, DATA);

		if (uart->gone)
			break;
		uart->received[uart->in.tail++ % UART16550_RECEIVED] = byte;
		taken++;
	}
	if (room(uart) == 0)
		enable(uart, uart->enabled & (uint8_t)~ENABLE_RECEIVED);
	return taken;
}

void uart16550_push(struct uart16550 *uart)
{
	for (uint32_t bursts = 0; uart16550_unsent(uart) > 0 && bursts < UART16550_SENDING / UART16550_FIFO;
	     bursts++) {
		uint8_t bytes[UART16550_FIFO];
		unsigned count = 0;

		if (!(line_status(uart) & STATUS_EMPTY))
			break;
		while (count < UART16550_FIFO && count < uart16550_unsent(uart)) {
			bytes[count] = uart->sending[(uart->out.head + count) % UART16550_SENDING];
			count++;
		}
		if (!uart->gone && !uart->access.write_bytes(uart->access.self, bytes, count))
			uart->gone = true;
		uart->out.head += count;
	}
	/* Nobody will ever take it: a terminal without a line must not stop those who write. */
	if (uart->gone)
		uart->out.head = uart->out.tail;
	if (uart16550_unsent(uart) > 0)
		enable(uart, uart->enabled | ENABLE_EMPTY);
	else
		enable(uart, uart->enabled & (uint8_t)~ENABLE_EMPTY);
}

void uart16550_init(struct uart16550 *uart, struct uart16550_access access)
{
	*uart = (struct uart16550){.access = access};
	write_reg(uart, INTERRUPT_ENABLE, 0);
	write_reg(uart, LINE_CONTROL, LINE_DIVISOR);
	write_reg(uart, DATA, 1);
	write_reg(uart, INTERRUPT_ENABLE, 0);
	write_reg(uart, LINE_CONTROL, LINE_8N1);
	take_bytes(uart,
		   1); /* switching the FIFO on empties the receiver (8.4): what was typed before is there */
	write_reg(uart, FIFO_CONTROL, FIFO_ENABLE);
	write_reg(uart, MODEM_CONTROL, MODEM_DTR_RTS_OUT2);
	line_status(uart);
	enable(uart, ENABLE_RECEIVED);
}

bool uart16550_service(struct uart16550 *uart)
{
	uint32_t taken = 0;

	for (unsigned round = 0; round < MAX_ROUNDS && taken < UART16550_BURST && !uart->gone; round++) {
		uint8_t ident = read_reg(uart, INTERRUPT_IDENT);

		if (ident & IDENT_NONE)
			return false;
		if ((ident & IDENT_MASK) == IDENT_MODEM)
			read_reg(uart, MODEM_STATUS);
		taken += take_bytes(uart, UART16550_BURST - taken);
		uart16550_push(uart);
	}
	return !uart->gone;
}

size_t uart16550_receive(struct uart16550 *uart, uint8_t *bytes, size_t size)
{
	size_t count = 0;

	while (count < size && uart16550_waiting(uart) > 0)
		bytes[count++] = uart->received[uart->in.head++ % UART16550_RECEIVED];
	/* Half empty: enough room that the interrupt is worth its cost. */
	if (room(uart) >= UART16550_RECEIVED / 2)
		enable(uart, uart->enabled | ENABLE_RECEIVED);
	return count;
}

size_t uart16550_send(struct uart16550 *uart, const uint8_t *bytes, size_t len)
{
	size_t count = 0;

	while (count < len && uart16550_unsent(uart) < UART16550_SENDING)
		uart->sending[uart->out.tail++ % UART16550_SENDING] = bytes[count++];
	if (!(uart->enabled & ENABLE_EMPTY))
		uart16550_push(uart);
	return count;
}
