// SPDX-License-Identifier: MIT OR Apache-2.0
/* I/O ports, for whoever holds the right to them (object/io_port.c decides). */
#include "machine.h"

#include <arch/platform.h>

uint32_t arch_io_read(uint16_t port, unsigned width)
{
	switch (width) {
	case 1:
		return in8(port);
	case 2:
		return in16(port);
	case 4:
		return in32(port);
	default:
		return ~0u;
	}
}

void arch_io_write(uint16_t port, unsigned width, uint32_t value)
{
	switch (width) {
	case 1:
		out8(port, (uint8_t)value);
		break;
	case 2:
		out16(port, (uint16_t)value);
		break;
	case 4:
		out32(port, value);
		break;
	default:
		break;
	}
}
