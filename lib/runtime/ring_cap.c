// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Single operations of the ring that are not calls: release, duplicate, signal, wait for bits.
 */
#include "ring_private.h"

struct cap_cqe ring_finish(struct ring_client *ring)
{
	struct ring_waited waited = {};

	ring->waited = &waited;
	ring_dispatch(ring);
	while (!waited.done) {
		ring_enter(ring, 1, 0);
		ring_dispatch(ring);
	}
	return waited.cqe;
}

struct cap_cqe ring_do(struct ring_client *ring, const struct cap_sqe *sqe)
{
	const struct cap_cqe *cqe = ring_do_usual(ring, sqe);

	return cqe ? *cqe : ring_finish(ring);
}

[[gnu::noinline]] static struct ring_result finish(struct ring_client *ring)
{
	struct cap_cqe cqe = ring_finish(ring);

	return (struct ring_result){(enum status)cqe.status, cqe.status == STATUS_OK ? cqe.token : 0};
}

[[gnu::always_inline]] static inline struct ring_result do_simple(struct ring_client *ring,
								  const struct cap_sqe *sqe)
{
	const struct cap_cqe *cqe = ring_do_usual(ring, sqe);

	if (__builtin_expect(!cqe || cqe->status != STATUS_OK, 0))
		return cqe ? (struct ring_result){(enum status)cqe->status, 0} : finish(ring);
	return (struct ring_result){STATUS_OK, cqe->token};
}

void ring_release(struct ring_client *ring, cap_id id)
{
	if (id.raw == 0)
		return;
	ring_submit(ring, &(struct cap_sqe){.op = CAP_OP_RELEASE, .flags = CAP_SQE_QUIET, .target = id.raw},
		    nullptr);
}

enum status ring_dup(struct ring_client *ring, cap_id id, cap_id *copy)
{
	struct ring_result r = do_simple(ring, &(struct cap_sqe){.op = CAP_OP_DUP, .target = id.raw});

	*copy = (cap_id){r.token};
	return r.status;
}

void ring_signal_bits(struct ring_client *ring, cap_id notification, uint64_t bits)
{
	ring_submit(ring,
		    &(struct cap_sqe){
			    .op = CAP_OP_SIGNAL,
			    .flags = CAP_SQE_QUIET,
			    .target = notification.raw,
			    .interface_id = bits,
		    },
		    nullptr);
}

struct ring_result ring_take_bits(struct ring_client *ring, cap_id notification, uint64_t bits,
				  uint64_t deadline_ns)
{
	return do_simple(ring, &(struct cap_sqe){
				       .op = CAP_OP_WAIT,
				       .target = notification.raw,
				       .interface_id = bits,
				       .deadline_ns = deadline_ns,
			       });
}

/*
 * The wake's completion, which is RING_WAITED's, comes only if it failed; in the usual case there is the permit and nothing else. What it
 * is not, is here.
 */
[[gnu::noinline, gnu::cold]] static enum status hand_over_slowly(struct ring_client *ring, uint64_t reasons,
								 uint64_t deadline_ns)
{
	struct ring_waited wake = {};
	bool late = false;

	ring->waited = &wake;
	(void)ring_note_reasons(ring, reasons);
	ring_dispatch(ring);
	if (ring_queued(ring) > 0) /* woken already, and so no sleep; or completions filled the queue */
		ring_flush(ring);
	while (!ring->woken && !wake.done && !late)
		late = ring_wait(ring, deadline_ns) & CAP_ENTER_DEADLINE;
	ring->waited = nullptr;
	if (wake.done)
		return (enum status)wake.cqe.status;
	if (!ring->woken)
		return STATUS_TIMED_OUT;
	ring->woken = false;
	return STATUS_OK;
}

enum status ring_hand_over(struct ring_client *ring, cap_id thread, uint64_t deadline_ns)
{
	uint64_t reasons = 0;

	(void)ring_submit_as(
		ring, &(struct cap_sqe){.op = CAP_OP_WAKE, .flags = CAP_SQE_QUIET, .target = thread.raw},
		RING_WAITED);
	if (__builtin_expect(!ring->woken, 1)) {
		reasons = ring_enter_only(ring, 1, deadline_ns);
		if (__builtin_expect(reasons == CAP_ENTER_WOKEN && !ring_has_completions(ring), 1))
			return STATUS_OK;
	}
	return hand_over_slowly(ring, reasons, deadline_ns);
}
