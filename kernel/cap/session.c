// SPDX-License-Identifier: MIT OR Apache-2.0
/* Sessions: creation, and the reference that a service sees. */
#include <cap/process.h>
#include <cap/session.h>
#include <mm/slab.h>

static struct slab_cache session_cache = SLAB_CACHE(session);

const struct object_type *session_object_type;
struct session session_of_boot = {.object = {.refs = 1}};

enum status session_create(struct process *owner, const uint64_t secret[2], struct session **out)
{
	struct session *session = slab_alloc(&session_cache);

	if (session == NULL)
		return STATUS_NO_MEMORY;
	enum status status = object_init(&session->object, session_object_type, owner);
	if (status != STATUS_OK) {
		slab_free(&session_cache, session);
		return status;
	}
	session->secret[0] = secret[0];
	session->secret[1] = secret[1];
	*out = session;
	return STATUS_OK;
}

void session_destroy(struct object *object)
{
	struct session *session = container_of(object, struct session, object);

	if (session == &session_of_boot) {
		object->refs = 1;
		return;
	}
	object_fini(object);
	slab_free(&session_cache, session);
}

static uint64_t rotate(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

uint64_t session_reference(const struct session *session, uint64_t salt)
{
	uint64_t v[4] = {session->secret[0] ^ 0x736f6d6570736575ull,
			 session->secret[1] ^ 0x646f72616e646f6dull,
			 session->secret[0] ^ 0x6c7967656e657261ull,
			 session->secret[1] ^ 0x7465646279746573ull ^ salt};

	sip_round(v);
	v[0] ^= salt;
	v[2] ^= 0xff;
	sip_round(v);
	sip_round(v);
	uint64_t reference = v[0] ^ v[1] ^ v[2] ^ v[3];
	return reference != 0 ? reference : 1;
}
