// SPDX-License-Identifier: MIT OR Apache-2.0
/* Sessions: creation, and the reference that a service sees. */
#include <arch/cpu.h>
#include <cap/gate.h>
#include <cap/process.h>
#include <cap/session.h>
#include <mm/slab.h>

static struct slab_cache session_cache = SLAB_CACHE(session);
static struct spinlock sessions_lock = SPINLOCK_INIT(LOCK_RANK_PROCESS);
static struct list sessions = LIST_INIT(sessions); /* sessions_lock; without session_of_boot */
static uint32_t session_count;                     /* sessions_lock */

const struct object_type *session_object_type;
ARCH_HOT struct session session_of_boot = {.object = {.refs = 1}};

static bool list_add(struct session *session)
{
	spin_lock(&sessions_lock);
	bool room = session_count < SESSION_COUNT_MAX;
	if (room) {
		session_count++;
		list_push_back(&sessions, &session->link);
	}
	spin_unlock(&sessions_lock);
	return room;
}

enum status session_create(struct process *owner, const uint64_t secret[2],
			   const struct session_subject *subject, struct session **out)
{
	struct session *session = slab_alloc(&session_cache);

	if (session == NULL)
		return STATUS_NO_MEMORY;
	enum status status = object_init(&session->object, session_object_type, owner);
	if (status != STATUS_OK)
		goto free_session;
	status = gate_create(owner, NULL, NULL, &session->gate);
	if (status != STATUS_OK)
		goto fini_object;
	session->secret[0] = secret[0];
	session->secret[1] = secret[1];
	if (subject != NULL)
		session->subject = *subject;
	status = STATUS_AGAIN;
	if (!list_add(session))
		goto put_gate;
	*out = session;
	return STATUS_OK;

put_gate:
	gate_put(session->gate);
fini_object:
	object_fini(&session->object);
free_session:
	slab_free(&session_cache, session);
	return status;
}

static void session_free(struct session *session)
{
	gate_put(session->gate);
	object_fini(&session->object);
	slab_free(&session_cache, session);
}

static void free_quiet(struct quiesce_node *node)
{
	session_free(container_of(node, struct session, object.quiesce));
}

void session_destroy(struct session *session)
{
	spin_lock(&sessions_lock);
	list_remove(&session->link);
	session_count--;
	spin_unlock(&sessions_lock);
	/* It may be expiring right now, on another CPU. */
	if (session->expires_ns != 0 && !timer_cancel(&session->expiry))
		quiesce_free(&session->object.quiesce, free_quiet);
	else
		session_free(session);
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

uint64_t session_reference(const struct session *session, uint64_t service)
{
	uint64_t v[4] = {session->secret[0] ^ 0x736f6d6570736575ull,
			 session->secret[1] ^ 0x646f72616e646f6dull,
			 session->secret[0] ^ 0x6c7967656e657261ull,
			 session->secret[1] ^ 0x7465646279746573ull ^ service};

	sip_round(v);
	v[0] ^= service;
	v[2] ^= 0xff;
	sip_round(v);
	sip_round(v);
	return (v[0] ^ v[1] ^ v[2] ^ v[3]) | 1;
}

static bool is_it(const struct session *session, uint64_t reference, uint64_t service)
{
	return session_is_alive(session) && session_reference(session, service) == reference;
}

struct session *session_find(uint64_t reference, uint64_t service)
{
	struct session *found = NULL;

	if (is_it(&session_of_boot, reference, service)) {
		object_get(&session_of_boot.object);
		return &session_of_boot;
	}
	spin_lock(&sessions_lock);
	list_for_each (it, &sessions) {
		struct session *session = container_of(it, struct session, link);
		if (is_it(session, reference, service)) {
			found = object_try_get(&session->object) ? session : NULL;
			break;
		}
	}
	spin_unlock(&sessions_lock);
	return found;
}
