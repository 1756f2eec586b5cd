// SPDX-License-Identifier: MIT OR Apache-2.0
/* IoPort: a range of I/O ports. */
#include "object_types.h"

#include <arch/platform.h>
#include <mm/slab.h>
#include <schema/kernel/io_port.capnp.h>

#define WRITE_MAX 64u

struct io_port {
	struct object object;
	uint16_t first;
	uint32_t count; /* 1 .. 65536 - first */
};

static struct slab_cache io_port_cache = SLAB_CACHE(io_port);

static struct io_port *io_port_of(void *self)
{
	return container_of((struct object *)self, struct io_port, object);
}

static bool access_ok(const struct io_port *ports, uint16_t offset, uint8_t width)
{
	return (width == 1 || width == 2 || width == 4) && (uint32_t)offset + width <= ports->count;
}

static enum status read(void *self, struct rpc_request *request, struct io_port_read_params_reader params,
			struct io_port_read_results_builder results)
{
	const struct io_port *ports = io_port_of(self);
	uint16_t offset = io_port_read_params_reader_offset(params);
	uint8_t width = io_port_read_params_reader_width(params);

	if (!access_ok(ports, offset, width))
		return object_raise_invalid(request, "outside the range, or not 1, 2 or 4 bytes", "offset");
	io_port_read_results_builder_set_value(results,
					       arch_io_read((uint16_t)(ports->first + offset), width));
	return STATUS_OK;
}

static enum status write(void *self, struct rpc_request *request, struct io_port_write_params_reader params)
{
	const struct io_port *ports = io_port_of(self);
	uint16_t offset = io_port_write_params_reader_offset(params);
	uint8_t width = io_port_write_params_reader_width(params);

	if (!access_ok(ports, offset, width))
		return object_raise_invalid(request, "outside the range, or not 1, 2 or 4 bytes", "offset");
	arch_io_write((uint16_t)(ports->first + offset), width, io_port_write_params_reader_value(params));
	return STATUS_OK;
}

static enum status write_bytes(void *self, struct rpc_request *request,
			       struct io_port_write_bytes_params_reader params)
{
	const struct io_port *ports = io_port_of(self);
	uint16_t offset = io_port_write_bytes_params_reader_offset(params);
	struct msg_data bytes = io_port_write_bytes_params_reader_bytes(params);

	if (!access_ok(ports, offset, 1))
		return object_raise_invalid(request, "outside the range", "offset");
	if (bytes.len > WRITE_MAX)
		return object_raise_invalid(request, "at most 64 bytes", "bytes");
	for (uint32_t i = 0; i < bytes.len; i++)
		arch_io_write((uint16_t)(ports->first + offset), 1, bytes.ptr[i]);
	return STATUS_OK;
}

static enum status range(void *self, struct rpc_request *request,
			 struct io_port_range_results_builder results)
{
	(void)request;
	io_port_range_results_builder_set_first(results, io_port_of(self)->first);
	io_port_range_results_builder_set_count(results,
						(uint16_t)io_port_of(self)->count); /* 0 stands for 65536 */
	return STATUS_OK;
}

static enum status sub(void *self, struct rpc_request *request, struct io_port_sub_params_reader params,
		       struct io_port_sub_results_builder results)
{
	const struct io_port *ports = io_port_of(self);
	uint16_t first = io_port_sub_params_reader_first(params);
	uint16_t count = io_port_sub_params_reader_count(params);
	struct object *object;
	int32_t index;

	if (count == 0 || (uint32_t)first + count > ports->count)
		return object_raise_invalid(request, "empty, or outside this range", "count");
	enum status status = io_port_create(kcall_of(request)->thread->process,
					    (uint16_t)(ports->first + first), count, &object);
	if (status == STATUS_OK)
		status = kcall_return_object(request, object, &index);
	if (status == STATUS_OK)
		io_port_sub_results_builder_set_ports(results, index);
	return status;
}

static const struct io_port_server_ops io_port_ops = {
	.read = read, .write = write, .write_bytes = write_bytes, .range = range, .sub = sub};

static void destroy(struct object *object)
{
	object_fini(object);
	slab_free(&io_port_cache, io_port_of(object));
}

OBJECT_TYPE(io_port, IO_PORT, destroy);

enum status io_port_create(struct process *owner, uint16_t first, uint32_t count, struct object **out)
{
	struct io_port *ports = slab_alloc(&io_port_cache);

	if (ports == NULL)
		return STATUS_NO_MEMORY;
	enum status status = object_init(&ports->object, &io_port_type, owner);
	if (status != STATUS_OK) {
		slab_free(&io_port_cache, ports);
		return status;
	}
	ports->first = first;
	ports->count = count;
	*out = &ports->object;
	return STATUS_OK;
}
