// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * io_uring without a library: NOP in batches of 1, 8 and 64. The ring is set up in its quickest mode (one issuer, work
 * deferred to the entry), where that exists.
 */
#define _GNU_SOURCE
#include <linux/io_uring.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"

struct uring {
	int fd;
	unsigned *sq_tail, *cq_head, *cq_tail;
	unsigned sq_mask, cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
	unsigned batch;
};

static bool uring_open(struct uring *ring)
{
	struct io_uring_params p = {.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN};

	ring->fd = (int)syscall(SYS_io_uring_setup, 128, &p);
	if (ring->fd < 0) {
		p = (struct io_uring_params){};
		ring->fd = (int)syscall(SYS_io_uring_setup, 128, &p);
	}
	if (ring->fd < 0)
		return false;
	size_t sq_bytes = p.sq_off.array + p.sq_entries * sizeof(unsigned);
	size_t cq_bytes = p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe);
	size_t bytes = sq_bytes > cq_bytes ? sq_bytes : cq_bytes;
	char *base = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring->fd,
			  IORING_OFF_SQ_RING);
	ring->sqes = mmap(nullptr, p.sq_entries * sizeof(struct io_uring_sqe), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_POPULATE, ring->fd, IORING_OFF_SQES);
	if (base == MAP_FAILED || ring->sqes == MAP_FAILED)
		return false;
	ring->sq_tail = (unsigned *)(void *)(base + p.sq_off.tail);
	ring->cq_head = (unsigned *)(void *)(base + p.cq_off.head);
	ring->cq_tail = (unsigned *)(void *)(base + p.cq_off.tail);
	ring->sq_mask = *(unsigned *)(void *)(base + p.sq_off.ring_mask);
	ring->cq_mask = *(unsigned *)(void *)(base + p.cq_off.ring_mask);
	ring->cqes = (struct io_uring_cqe *)(void *)(base + p.cq_off.cqes);
	for (unsigned i = 0; i < p.sq_entries; i++)
		((unsigned *)(void *)(base + p.sq_off.array))[i] = i;
	return true;
}

static unsigned uring_reap(struct uring *ring)
{
	unsigned head = *ring->cq_head, tail = __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE),
		 count = tail - head;

	for (; head != tail; head++) {
		if (ring->cqes[head & ring->cq_mask].res < 0)
			bench_fail("NOP");
	}
	__atomic_store_n(ring->cq_head, head, __ATOMIC_RELEASE);
	return count;
}

static void nops(long operations, void *context)
{
	struct uring *ring = context;

	for (; operations > 0; operations -= ring->batch) {
		unsigned tail = *ring->sq_tail;

		for (unsigned i = 0; i < ring->batch; i++) {
			struct io_uring_sqe *sqe = &ring->sqes[(tail + i) & ring->sq_mask];

			memset(sqe, 0, sizeof(*sqe));
			sqe->opcode = IORING_OP_NOP;
			sqe->user_data = i;
		}
		__atomic_store_n(ring->sq_tail, tail + ring->batch, __ATOMIC_RELEASE);
		syscall(SYS_io_uring_enter, ring->fd, ring->batch, ring->batch, IORING_ENTER_GETEVENTS,
			nullptr, 0);
		if (uring_reap(ring) != ring->batch)
			bench_fail("NOPs lost");
	}
}

void bench_uring(void)
{
	struct uring ring;
	char key[16];

	if (!uring_open(&ring)) {
		bench_fail("io_uring");
		return;
	}
	for (ring.batch = 1; ring.batch <= 64; ring.batch *= 8) {
		snprintf(key, sizeof(key), "nop_%u", ring.batch);
		bench(key, 6400, nops, &ring);
	}
	close(ring.fd);
}
