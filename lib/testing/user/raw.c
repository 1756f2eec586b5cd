// SPDX-License-Identifier: MIT OR Apache-2.0
/* Bare operations, messages without a schema, and a thread that makes one call. */
#include <runtime/string.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/endpoint.capnp.h>
#include <testing/raw.h>

struct raw raw_start(void)
{
	struct raw raw = {.ring = runtime_ring()};
	uint32_t bytes = 8 + RAW_MESSAGE_BYTES + RAW_MAX_CAPS * (uint32_t)sizeof(struct cap_desc) +
			 RAW_BUFFER_BYTES;
	uint32_t block = rpc_arena_alloc(&raw.ring->transport, bytes);

	if (block == RPC_NO_BLOCK)
		runtime_abort("no room in the arena for raw operations");
	raw.message = block + 8;
	raw.caps = raw.message + RAW_MESSAGE_BYTES;
	raw.buffer = raw.caps + RAW_MAX_CAPS * (uint32_t)sizeof(struct cap_desc);
	return raw;
}

struct cap_cqe raw_do(const struct raw *raw, struct cap_sqe sqe)
{
	return ring_do(raw->ring, &sqe);
}

enum status raw_status(const struct raw *raw, struct cap_sqe sqe)
{
	return (enum status)ring_do(raw->ring, &sqe).status;
}

uint32_t raw_fill(const struct raw *raw, uint32_t words, uint64_t first)
{
	uint64_t *message = raw_at(raw, raw->message);

	message[0] = (uint64_t)words << 32; /* a struct right behind its pointer, no pointers in it */
	for (uint32_t i = 0; i < words; i++)
		message[i + 1] = first + i;
	return 8 * (words + 1);
}

bool raw_is(const void *message, uint32_t len, uint32_t words, uint64_t first)
{
	const uint64_t *word = message;

	if (len != 8 * (words + 1) || word[0] != (uint64_t)words << 32)
		return false;
	for (uint32_t i = 0; i < words; i++)
		if (word[i + 1] != first + i)
			return false;
	return true;
}

struct cap_sqe raw_call(const struct raw *raw, cap_id target, uint16_t method, uint32_t msg_len)
{
	return (struct cap_sqe){
		.op = CAP_OP_CALL,
		.method = method,
		.target = target.raw,
		.interface_id = RAW_INTERFACE,
		.msg_off = raw->message,
		.msg_len = msg_len,
		.buf_off = raw->buffer,
		.buf_len = RAW_BUFFER_BYTES,
	};
}

struct cap_sqe raw_recv(const struct raw *raw, cap_id endpoint)
{
	return (struct cap_sqe){
		.op = CAP_OP_RECV,
		.target = endpoint.raw,
		.buf_off = raw->buffer,
		.buf_len = RAW_BUFFER_BYTES,
		.buf_caps = RAW_MAX_CAPS,
	};
}

struct cap_sqe raw_return(const struct raw *raw, uint64_t token, uint32_t msg_len)
{
	return (struct cap_sqe){
		.op = CAP_OP_RETURN, .target = token, .msg_off = raw->message, .msg_len = msg_len};
}

const struct cap_call_header *raw_header(const struct raw *raw)
{
	return raw_at(raw, raw->buffer);
}

const void *raw_message_of(const struct raw *raw)
{
	return raw_header(raw) + 1;
}

cap_id raw_received_cap(const struct raw *raw, uint32_t index)
{
	const struct cap_call_header *header = raw_header(raw);
	const uint8_t *ids = (const uint8_t *)(header + 1) + ((header->msg_len + 7) & ~7u);

	return index < header->caps ? (cap_id){msg_load64(ids + 8 * index)} : CAP_ID_NULL;
}

cap_id raw_result_cap(const struct raw *raw, const struct cap_cqe *cqe, uint32_t index)
{
	const uint8_t *ids = (const uint8_t *)raw_at(raw, raw->buffer) + ((cqe->len + 7) & ~7u);

	return index < cqe->caps ? (cap_id){msg_load64(ids + 8 * index)} : CAP_ID_NULL;
}

static int64_t call_once(void *argument)
{
	struct raw_remote *r = argument;
	struct raw raw = raw_start();
	uint32_t len = r->message_bytes, times = r->repeat ? r->repeat : 1;

	if (len)
		memset(raw_at(&raw, raw.message), 0, RAW_MESSAGE_BYTES);
	for (r->done = 0; r->done < times; r->done++) {
		if (!r->message_bytes)
			len = raw_fill(&raw, r->words, r->first + r->done);
		struct cap_sqe sqe = raw_call(&raw, r->target, r->method, len);

		memcpy(raw_at(&raw, raw.caps), r->descs, sizeof(r->descs));
		sqe.caps_off = r->caps ? raw.caps : 0;
		sqe.caps_len = r->caps;
		sqe.buf_len = r->buf_len ? r->buf_len : RAW_BUFFER_BYTES;
		sqe.buf_caps = r->buf_caps;
		/* Nothing here waits for ever: a test that went wrong is to fail, not to hang. */
		sqe.deadline_ns = r->deadline_ns ? r->deadline_ns : runtime_now() + 5'000'000'000ull;
		r->cqe = raw_do(&raw, sqe);
		if (r->cqe.status != STATUS_OK)
			break;
	}
	memcpy(r->result, raw_at(&raw, raw.buffer), sizeof(r->result));
	for (uint32_t i = 0; i < RAW_MAX_CAPS; i++)
		r->ids[i] = raw_result_cap(&raw, &r->cqe, i).raw;
	return 0;
}

enum status raw_remote_start(struct raw_remote *remote)
{
	return thread_start(&remote->thread, call_once, remote, nullptr);
}

void raw_remote_join(struct raw_remote *remote)
{
	(void)!thread_join(&remote->thread, nullptr);
}

enum status raw_endpoint(uint32_t max_message, uint16_t max_caps, cap_id *endpoint, cap_id *facet_template)
{
	struct rpc_transport *t = runtime_transport();
	struct endpoint_template_results_reader made;
	struct rpc_call call;
	enum status status = capability_manager_create_endpoint(
		t, runtime_need("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID), max_message, max_caps,
		endpoint);

	if (status != STATUS_OK)
		return status;
	struct endpoint_template_params_builder p = endpoint_template_begin(&call, t, *endpoint);
	endpoint_method_set_builder_set_interface_id(
		endpoint_method_set_list_builder_at(endpoint_template_params_builder_init_interfaces(p, 1),
						    0),
		RAW_INTERFACE);
	status = endpoint_template_call(&call, &made);
	if (status == STATUS_OK)
		*facet_template = rpc_result_cap(&call, endpoint_template_results_reader_template(made));
	rpc_end(&call);
	return status;
}

/*
 * A facet comes into being only in a message. attenuate hands its argument back, so one call to the own
 * CapabilityManager with a MINT descriptor gives it, whole.
 */
enum status raw_mint(const struct raw *raw, cap_id endpoint, cap_id facet_template, uint64_t key,
		     cap_id *facet)
{
	struct rpc_call call;
	struct capability_manager_attenuate_results_reader results;
	struct capability_manager_attenuate_params_builder p = capability_manager_attenuate_begin(
		&call, &raw->ring->transport,
		runtime_need("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID));

	(void)endpoint;
	capability_manager_attenuate_params_builder_set_capability(
		p, rpc_add_minted(&call, facet_template, key));
	capability_manager_attenuate_params_builder_set_interface_id(p, RAW_INTERFACE);
	capability_manager_attenuate_params_builder_set_methods(p, ~0ull);
	enum status status = capability_manager_attenuate_call(&call, &results);
	*facet = status == STATUS_OK
			 ? rpc_result_cap(&call,
					  capability_manager_attenuate_results_reader_capability(results))
			 : CAP_ID_NULL;
	rpc_end(&call);
	return status;
}
