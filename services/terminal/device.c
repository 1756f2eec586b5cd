// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The UART of this process: registers through an IoPort, interrupts through a Notification.
 *
 * The WAIT for the interrupt stays posted while the process serves calls; both complete into the same ring.
 * The line is an edge: it is opened (acknowledge) before the device is served, so that whatever the device
 * asks for after that rings again.
 */
#include <runtime/runtime.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/interrupt.capnp.h>
#include <schema/kernel/io_port.capnp.h>

#include "terminal.h"

#define RING_BIT 1u
/* While output waits for the device, look again this often, should an interrupt be lost. */
#define RECHECK_NS 50'000'000ull

static bool read_register(void *self, unsigned reg, uint8_t *value)
{
	struct terminal *t = self;
	uint32_t word = 0;

	if (io_port_read(runtime_transport(), t->ports, (uint16_t)reg, 1, &word) != STATUS_OK)
		return false;
	*value = (uint8_t)word;
	return true;
}

static bool write_register(void *self, unsigned reg, uint8_t value)
{
	struct terminal *t = self;

	return io_port_write(runtime_transport(), t->ports, (uint16_t)reg, 1, value) == STATUS_OK;
}

static bool write_bytes(void *self, const uint8_t *bytes, unsigned count)
{
	struct terminal *t = self;

	return io_port_write_bytes(runtime_transport(), t->ports, 0, (struct msg_data){bytes, count}) ==
	       STATUS_OK;
}

static void interrupt_came(struct ring_op *op, const struct cap_cqe *cqe)
{
	struct terminal *t = (struct terminal *)(void *)((char *)op - offsetof(struct terminal, bell));

	t->listening = false;
	t->rang = cqe->status == STATUS_OK;
}

static void listen(struct terminal *t)
{
	if (t->listening || t->notification.raw == 0)
		return;
	t->listening = true;
	ring_submit(
		runtime_ring(),
		&(struct cap_sqe){.op = CAP_OP_WAIT, .target = t->notification.raw, .interface_id = RING_BIT},
		&t->bell);
}

void device_start(struct terminal *t)
{
	struct rpc_transport *transport = runtime_transport();
	cap_id manager = runtime_need("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID);

	t->ports = runtime_need("ports", IO_PORT_INTERFACE_ID);
	t->interrupt = runtime_need("interrupt", INTERRUPT_INTERFACE_ID);
	t->bell.complete = interrupt_came;
	if (capability_manager_create_notification(transport, manager, &t->notification) != STATUS_OK ||
	    interrupt_bind(transport, t->interrupt, t->notification, RING_BIT) != STATUS_OK)
		runtime_abort("no interrupt for the UART");
	uart16550_init(&t->uart, (struct uart16550_access){read_register, write_register, write_bytes, t});
	t->rang = true; /* the line starts masked, and something may have come before */
}

bool device_poll(struct terminal *t)
{
	if (t->rang || t->unfinished) {
		t->rang = false;
		if (interrupt_acknowledge(runtime_transport(), t->interrupt) != STATUS_OK)
			t->uart.gone = true;
		t->unfinished = uart16550_service(&t->uart);
	}
	listen(t);
	return t->unfinished;
}

void device_write(struct terminal *t, const char *bytes, size_t len)
{
	size_t sent = 0;

	for (;;) {
		sent += uart16550_send(&t->uart, (const uint8_t *)bytes + sent, len - sent);
		if (sent == len)
			return;
		if (!device_poll(t))
			ring_wait(runtime_ring(), runtime_now() + RECHECK_NS);
		uart16550_push(&t->uart);
	}
}
