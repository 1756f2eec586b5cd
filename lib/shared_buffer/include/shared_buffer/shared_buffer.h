// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Bulk data that two processes share: one memory object, one shape, for every interface that moves blocks, packets or
 * files (schema/service/shared_buffer.capnp is how it is named in a call).
 *
 *	page 0: header (below)    from SHARED_BUFFER_DATA: slots of equal size, multiples of 8, without gaps
 *
 * - The header is written once, by who makes the buffer, and read once, by who attaches it: it is checked against the
 *   memory's size, which the kernel vouches for, and its copy is all that is used. Changing it later changes nothing.
 * - What the receiver may do is in the capability: shared_buffer_share leaves write out, and then it cannot map the
 *   memory writable. The data begins at a page, so that a device can be given it.
 * - Whoever can write can do so at any time. Data whose meaning matters is copied out (shared_buffer_copy_out) before it
 *   is looked at; a slot belongs to whoever the protocol around it says: usually the sender until the call, the
 *   receiver until its answer.
 * - Its pages are all there from the start (shared_memory_make).
 */
#pragma once

#include <abi/cap.h>
#include <abi/status.h>
#include <stddef.h>

struct rpc_transport;

#define SHARED_BUFFER_DATA 4096u /* where data begins */
#define SHARED_BUFFER_MAGIC 0x72656666'75427043ull
#define SHARED_BUFFER_VERSION 1u

struct shared_buffer_header {
	uint64_t magic;
	uint32_t version;
	uint32_t slot_bytes; /* a multiple of 8, not 0 */
	uint32_t slots;      /* not 0; slots * slot_bytes fit behind the header page */
	uint32_t zero;
};

enum shared_buffer_access : uint8_t { SHARED_BUFFER_READ, SHARED_BUFFER_WRITE };

struct shared_buffer {
	uint8_t *data; /* mapped; not to be written with READ access */
	uint32_t slot_bytes, slots;
	enum shared_buffer_access access;
	/* The mapping. */
	struct rpc_transport *transport;
	cap_id space;
	uint64_t address, bytes;
};

/*
 * Zeroed memory whose pages are all there and charged to the maker: nobody who shares it can be ended by touching a page that
 * the maker's ledger has no room for. A receiver cannot know that somebody else's memory was made so (docs/guide/
 * shared-memory.md, "What is not promised"). bytes: a multiple of 4096. Errors: those of createMemory and write.
 */
enum status shared_memory_make(struct rpc_transport *transport, cap_id space, uint64_t bytes, cap_id *memory);

/* Takes the pages of a memory whose capability has the method commit. Errors: NO_QUOTA, NO_MEMORY (of its maker), DENIED. */
enum status shared_memory_commit(struct rpc_transport *transport, cap_id memory, uint64_t bytes);

/*
 * For a service, before it calls what a client gave it: is this memory of the kernel? A client may serve something itself that says it is
 * memory, and whoever calls that waits for the client, as long as it likes. lasting: and nobody can take it back. `manager` is a
 * CapabilityManager with describe. Errors: INVALID when it is not, and those of the call.
 */
enum status shared_memory_check(struct rpc_transport *transport, cap_id manager, cap_id memory, bool lasting);

/* Makes and maps one. *memory is the caller's. Errors: INVALID for the shape, and those of the calls. */
enum status shared_buffer_make(struct shared_buffer *buffer, struct rpc_transport *transport, cap_id space,
			       uint32_t slot_bytes, uint32_t slots, cap_id *memory);

/* A capability to give away; with READ it has no write. Errors: those of CapabilityManager.attenuate. */
enum status shared_buffer_share(struct rpc_transport *transport, cap_id manager, cap_id memory,
				enum shared_buffer_access access, cap_id *share);

/*
 * Maps somebody else's, who is trusted to serve it or to have it from the kernel: it is asked for its size. The capability may be released afterwards. Errors: BAD_MESSAGE when the header is none, and those
 * of the calls (EXCEPTION: for example asking for WRITE without having it).
 */
enum status shared_buffer_attach(struct shared_buffer *buffer, struct rpc_transport *transport, cap_id space,
				 cap_id memory, enum shared_buffer_access access);

/*
 * The same for a service that must not fall with its clients, or wait for them: takes all pages first, and refuses what is not the
 * kernel's own memory, what the giver could take back, and more than max_bytes of data. Nothing that the giver does later makes touching
 * the mapping a fault. `manager` is a CapabilityManager with describe. Errors: as attach; DENIED (without commit), INVALID (revocable,
 * or the giver's own object), TOO_LARGE, NO_QUOTA.
 */
enum status shared_buffer_take(struct shared_buffer *buffer, struct rpc_transport *transport, cap_id space,
			       cap_id manager, cap_id memory, enum shared_buffer_access access,
			       uint64_t max_bytes);

/* Unmaps it. A buffer that was not made or attached: nothing happens. */
void shared_buffer_detach(struct shared_buffer *buffer);

/* The check that attaching makes: is this the header of a buffer in a memory of so many bytes? */
bool shared_buffer_header_ok(const struct shared_buffer_header *header, uint64_t memory_bytes);

/* length bytes of a slot, from offset: null if they are not inside it. */
uint8_t *shared_buffer_slot(const struct shared_buffer *buffer, uint32_t slot, uint32_t offset,
			    uint32_t length);
/* length bytes of the data, whatever the slots: null if they are not inside it. */
uint8_t *shared_buffer_range(const struct shared_buffer *buffer, uint64_t offset, uint64_t length);

/* Copies out of, or into, the data. False: not inside it, or (in) the access is READ; nothing was copied. */
bool shared_buffer_copy_out(const struct shared_buffer *buffer, uint64_t offset, void *to, uint64_t length);
bool shared_buffer_copy_in(const struct shared_buffer *buffer, uint64_t offset, const void *from,
			   uint64_t length);
