// SPDX-License-Identifier: MIT OR Apache-2.0
/* A client that sends anything at all (testing/garble.h). */
#include <message/types.h>
#include <testing/garble.h>

#define MOST_WORDS 40u
#define RESULT_BYTES 8448u
#define MOST_CAPS 3u

static uint64_t state;

static uint64_t next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static uint32_t below(uint32_t bound)
{
	return (uint32_t)(next() >> 20) % bound;
}

/* Numbers that programs get wrong. */
static uint64_t number(void)
{
	static const uint64_t numbers[] = {0,     1,          2,          4095,       4096,       8192,
					   65536, 1ull << 20, 1ull << 36, 1ull << 63, UINT64_MAX, UINT32_MAX};

	return below(4) ? numbers[below(sizeof(numbers) / sizeof(numbers[0]))] : next();
}

/* A word that may be a pointer: to a list, a struct, a capability, or to nowhere. */
static uint64_t pointer(void)
{
	uint64_t offset = below(8) ? below(6) : (uint32_t)next() >> 2,
		 count = below(8) ? below(40) : next() >> 35;

	switch (below(6)) {
	case 0:
		return 0;
	case 1:
		return (uint32_t)(offset << 2 | 1) | (uint64_t)below(8) << 32 | count << 35;
	case 2:
		return (uint32_t)(offset << 2) | (uint64_t)below(3) << 32 | (uint64_t)below(3) << 48;
	case 3:
		return 3 | (uint64_t)below(4) << 32;
	case 4: /* text, most often */
		return (uint32_t)(below(3) << 2 | 1) | 2ull << 32 | (uint64_t)(1 + below(20)) << 35;
	default:
		return next();
	}
}

static uint32_t build(uint64_t *words)
{
	uint32_t data = below(4), pointers = below(4), count = 1 + data + pointers + below(MOST_WORDS - 8);

	words[0] = below(16) ? (uint64_t)data << 32 | (uint64_t)pointers << 48 : next();
	for (uint32_t i = 1; i < count; i++) {
		if (i <= data)
			words[i] = number();
		else if (i <= data + pointers || below(4) == 0)
			words[i] = pointer();
		else /* "a", "a/b", and zeroes that end them */
			words[i] = below(3) ? 0x61 | (uint64_t)(below(2) ? 0x622f : 0) << 8 : next();
	}
	return below(64) ? count : 0;
}

static void release_all(struct ring_client *ring, const uint8_t *results, struct cap_cqe cqe)
{
	const uint64_t *ids = (const void *)(results + ((cqe.len + 7) & ~7u));

	for (uint32_t i = 0; i < cqe.caps; i++)
		ring_release(ring, (cap_id){ids[i]});
}

uint32_t garble(struct ring_client *ring, cap_id target, uint64_t interface_id, uint32_t methods,
		const cap_id *others, uint32_t other_count, uint32_t calls, uint64_t seed)
{
	struct rpc_transport *t = &ring->transport;
	uint32_t descs = MOST_WORDS * 8, results = descs + MOST_CAPS * (uint32_t)sizeof(struct cap_desc),
		 answered = 0;
	uint32_t block = rpc_arena_alloc(t, 8 + results + RESULT_BYTES);

	if (block == RPC_NO_BLOCK)
		return 0;
	state = seed * 2 + 88172645463325253ull;
	for (uint32_t n = 0; n < calls; n++) {
		uint8_t *base = t->arena + block + 8;
		uint32_t count = build((uint64_t *)(void *)base), caps = below(2) ? 0 : below(MOST_CAPS + 1);

		for (uint32_t i = 0; i < caps; i++)
			((struct cap_desc *)(void *)(base + descs))[i] = (struct cap_desc){
				.id = others[below(other_count)].raw, .kind = CAP_DESC_COPY};

		struct cap_cqe cqe = ring_do(
			ring, &(struct cap_sqe){.op = CAP_OP_CALL,
						.target = target.raw,
						.interface_id = interface_id,
						.method = (uint16_t)below(methods + 2),
						.msg_off = block + 8,
						.msg_len = count * 8,
						.caps_off = block + 8 + descs,
						.caps_len = (uint16_t)caps,
						.buf_off = block + 8 + results,
						.buf_len = below(4) ? RESULT_BYTES : 256 + 8 * below(20),
						.buf_caps = (uint16_t)below(3)});

		answered += cqe.status == STATUS_OK;
		if (cqe.status == STATUS_OK)
			release_all(ring, base + results, cqe);
	}
	ring_flush(ring);
	rpc_arena_free(t, block);
	return answered;
}
