// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Interrupt lines: each delivery sets bits of a notification; the line stays masked until it is acknowledged.
 *
 * A line has one holder at a time: InterruptSource refuses one that is given out, until its object is gone. Who has no reference any
 * more may still be looking at the object, in an interrupt as well: so the line is taken from it once the last reference is gone
 * (destroy), and its memory is freed an epoch later.
 */
#include "listener.h"
#include "object_types.h"

#include <arch/entry.h>
#include <arch/platform.h>
#include <core/quiesce.h>
#include <mm/slab.h>
#include <object/object.h>
#include <schema/kernel/interrupt.capnp.h>
#include <schema/kernel/interrupt_source.capnp.h>

#define LINES 256u

struct interrupt {
	struct object object;
	unsigned line;
	struct spinlock lock;     /* rank PROCESS: outside the notification's */
	struct listener listener; /* i */
};

static struct slab_cache interrupt_cache = SLAB_CACHE(interrupt);

/* Who holds a line; read in the interrupt, inside quiescence, which keeps the object. */
static struct interrupt *lines[LINES];

static unsigned kernel_line = ~0u; /* the debug UART's */
static void (*kernel_handler)(void);

void interrupt_for_kernel(unsigned number, void (*handler)(void))
{
	kernel_handler = handler;
	kernel_line = number;
}

bool interrupt_is_bound(unsigned number)
{
	return number < LINES && load_relaxed(&lines[number]) != NULL;
}

static struct interrupt *interrupt_of(void *self)
{
	return container_of((struct object *)self, struct interrupt, object);
}

static enum status bind(void *self, struct rpc_request *request, struct interrupt_bind_params_reader params)
{
	struct interrupt *interrupt = interrupt_of(self);
	struct listener listener, old;
	enum status status = listener_init(&listener, request,
					   interrupt_bind_params_reader_notification(params),
					   interrupt_bind_params_reader_bits(params));

	if (status != STATUS_OK)
		return status;
	spin_lock(&interrupt->lock);
	old = interrupt->listener;
	interrupt->listener = listener;
	spin_unlock(&interrupt->lock);
	listener_fini(old);
	return STATUS_OK;
}

static enum status acknowledge(void *self, struct rpc_request *request)
{
	(void)request;
	arch_irq_unmask(interrupt_of(self)->line);
	return STATUS_OK;
}

static const struct interrupt_server_ops interrupt_ops = {.bind = bind, .acknowledge = acknowledge};

/* No interrupt has it any more. */
static void free_interrupt(struct quiesce_node *node)
{
	struct interrupt *interrupt = container_of(node, struct interrupt, object.quiesce);

	listener_fini(interrupt->listener);
	object_fini(&interrupt->object);
	slab_free(&interrupt_cache, interrupt);
}

/* The line falls silent and can be given out again. */
static void destroy(struct object *object)
{
	struct interrupt *interrupt = interrupt_of(object);

	arch_irq_unbind(interrupt->line);
	store_release(&lines[interrupt->line], (struct interrupt *)NULL);
	quiesce_free(&object->quiesce, free_interrupt);
}

INTERRUPT_BIND(interrupt, interrupt_ops);

const struct object_type interrupt_type = {
	.name = "interrupt",
	.interface_id = INTERRUPT_INTERFACE_ID,
	OBJECT_METHODS(interrupt),
	.destroy = destroy,
};

static enum status create(struct process *owner, unsigned line, struct interrupt **out)
{
	struct interrupt *interrupt = slab_alloc(&interrupt_cache);
	struct interrupt *nobody = NULL;

	if (interrupt == NULL)
		return STATUS_NO_MEMORY;
	enum status status = object_init(&interrupt->object, &interrupt_type, owner);
	if (status == STATUS_OK) {
		interrupt->line = line;
		spin_init(&interrupt->lock, LOCK_RANK_PROCESS);
		if (!atomic_cas(&lines[line], &nobody, interrupt))
			status = STATUS_EXISTS;
		else if (!arch_irq_bind(line, this_cpu()->id))
			status = STATUS_INVALID;
		if (status != STATUS_OK)
			object_fini(&interrupt->object);
		if (status == STATUS_INVALID)
			store_release(&lines[line], (struct interrupt *)NULL);
	}
	if (status != STATUS_OK) {
		slab_free(&interrupt_cache, interrupt);
		return status;
	}
	*out = interrupt;
	return STATUS_OK;
}

static enum status line(void *self, struct rpc_request *request,
			struct interrupt_source_line_params_reader params,
			struct interrupt_source_line_results_builder results)
{
	uint8_t isa = interrupt_source_line_params_reader_isa(params);
	unsigned number = isa < 16 ? arch_irq_of_isa(isa) : LINES;
	struct interrupt *interrupt;
	int32_t index;

	(void)self;
	if (number >= LINES || number == arch_debug_irq())
		return object_raise_invalid(request, "there is no such line, or it is the kernel's own",
					    "isa");
	if (request->caps_out_max < 1)
		return STATUS_NO_SLOT;
	enum status status = create(kcall_of(request)->thread->process, number, &interrupt);
	if (status == STATUS_EXISTS) { /* perhaps its last capability has just been released */
		quiesce_drain();
		status = create(kcall_of(request)->thread->process, number, &interrupt);
	}
	if (status == STATUS_EXISTS)
		return rpc_raise(request, EXCEPTION_TYPE_FAILED, "the line has been given out", "isa");
	if (status != STATUS_OK)
		return object_raise_status(request, status, "isa");
	status = kcall_return_object(request, &interrupt->object, &index);
	if (status == STATUS_OK)
		interrupt_source_line_results_builder_set_interrupt(results, index);
	return status;
}

static const struct interrupt_source_server_ops interrupt_source_ops = {.line = line};

OBJECT_TYPE(interrupt_source, INTERRUPT_SOURCE, object_destroy_never);

struct object interrupt_source_object = {.type = &interrupt_source_type, .refs = 1};

void kernel_on_interrupt(unsigned number)
{
	bool outside = !quiesce_is_inside();

	if (outside)
		quiesce_enter();
	count_own(&this_cpu()->stats.interrupts, 1);
	if (number == kernel_line)
		kernel_handler();
	struct interrupt *interrupt = number < LINES ? load_acquire(&lines[number]) : NULL;
	if (interrupt != NULL) {
		spin_lock(&interrupt->lock);
		listener_tell(&interrupt->listener);
		spin_unlock(&interrupt->lock);
	}
	if (outside && this_cpu()->current_context == NULL)
		quiesce_exit();
}
