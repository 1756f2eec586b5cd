// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The scheduler: order, hand-over, slices, stealing; and over many schedules that no wake-up is lost and no entity ever
 * runs on two CPUs or before its registers are saved.
 */
#include <arch/platform.h>
#include <archimpl/explorer.h>
#include <core/clock.h>
#include <core/isolation.h>
#include <core/quiesce.h>
#include <core/recorder.h>
#include <core/sched.h>
#include <core/timer.h>

void kernel_on_ipi_call(void); /* arch/entry.h */

#define ENTITIES 6u

static struct sched_entity entities[ENTITIES];

static const uint64_t slice = 4000000; /* as fair_terms[FAIR_NORMAL] */

static void boot(unsigned cpu_total)
{
	host_test_boot(cpu_total, 1 << 20);
	for (unsigned i = 0; i < ENTITIES; i++) {
		sched_entity_init(&entities[i], 0);
		entities[i].fair.vtime = i; /* so that they have an order */
	}
}

/* What cap_enter does when it waits. */
static void stop_running(void)
{
	sched_block_begin(this_cpu()->current);
	sched_block_current();
}

/* What kernel_next does, without idling. */
static struct sched_entity *next(void)
{
	struct sched_entity *entity = sched_pick();

	if (entity && entity != this_cpu()->loaded)
		sched_switched(entity);
	return entity;
}

EXPLORE_TEST(who_ran_least_is_next, 1)
{
	boot(1);
	explore_check(next() == NULL);
	for (unsigned i = 0; i < 3; i++)
		sched_wake(&entities[i], false);
	explore_check(next() == &entities[0] && next() == &entities[0]);
	explore_check(entities[0].state == SCHED_RUNNING && entities[0].on_cpu);
	host_test_advance(1000);
	sched_yield_current();
	explore_check(next() == &entities[1] && !entities[0].on_cpu && entities[0].preemptions == 1);
	stop_running();
	explore_check(next() == &entities[2] && entities[1].state == SCHED_BLOCKED);
	stop_running();
	explore_check(next() == &entities[0]);
	sched_kill_current();
	explore_check(next() == NULL && entities[0].state == SCHED_DEAD);
}

EXPLORE_TEST(handover_goes_first_within_the_slice, 1)
{
	boot(1);
	for (unsigned i = 0; i < 3; i++)
		sched_wake(&entities[i], false);
	(void)next();
	sched_wake(&entities[3], true);
	sched_wake(&entities[4], true);
	stop_running();
	explore_check(next() == &entities[4]);
	stop_running();
	explore_check(next() == &entities[1]);
	sched_wake(&entities[4], true);
	explore_check(next() == &entities[1]); /* it goes on; the hand-over queues */
	stop_running();
	explore_check(next() == &entities[2]);
	host_test_advance(2 * slice);
	timer_run_expired();
	sched_wake(&entities[5], true);
	stop_running();
	explore_check(next() == &entities[3]); /* the slice is over: no hand-over */
}

EXPLORE_TEST(slices_end_only_if_somebody_waits, 1)
{
	uint64_t end;

	boot(1);
	sched_wake(&entities[0], false);
	(void)next();
	end = this_cpu()->slice_end_ns;
	host_test_advance(slice + 1000);
	timer_run_expired();
	explore_check(!sched_should_preempt() && this_cpu()->slice_end_ns > end);
	sched_wake(&entities[1], false);
	explore_check(next() == &entities[0]);
	host_test_advance(slice + 1000);
	explore_check(host_test_take_timer(0));
	timer_run_expired();
	explore_check(sched_should_preempt() && next() == &entities[1] && !sched_should_preempt());
	explore_check(sched_run_ns(&entities[0]) >= 2 * slice && entities[0].state == SCHED_QUEUED);
	explore_check(host_test_timer(0) <= this_cpu()->slice_end_ns + 1000);
}

EXPLORE_TEST(who_waited_does_not_wait_for_the_end_of_a_slice, 1)
{
	boot(1);
	sched_wake(&entities[0], false);
	(void)next();
	host_test_advance(slice / 2);
	sched_wake(&entities[1], false);
	host_test_advance(1000);
	explore_check(host_test_take_timer(0)); /* it had its least time: at once */
	timer_run_expired();
	explore_check(next() == &entities[1]);

	sched_set_policy(&entities[2], FAIR_WEIGHT_DEFAULT, FAIR_INTERACTIVE);
	sched_wake(&entities[2], false);
	explore_check(next() == &entities[1]); /* it has only just begun */
	host_test_advance(SCHED_MIN_RUN_NS);
	stop_running();
	explore_check(next() == &entities[2]);
	stop_running();
	explore_check(next() == &entities[0]);
	host_test_advance(slice / 2);
	sched_wake(&entities[2], false);
	explore_check(sched_should_preempt() && next() == &entities[2]); /* an interactive one, now */
}

EXPLORE_TEST(a_wait_saves_up_no_more_than_the_credit, 1)
{
	boot(1);
	sched_wake(&entities[0], false);
	(void)next();
	for (unsigned i = 0; i < 100; i++) {
		host_test_advance(slice);
		timer_run_expired();
	}
	sched_wake(&entities[1], false); /* 100 slices behind */
	host_test_advance(slice);
	timer_run_expired();
	explore_check(next() == &entities[1]);
	host_test_advance(3 * slice);
	timer_run_expired();
	explore_check(next() == &entities[0]);
}

EXPLORE_TEST(a_weight_is_a_share, 1)
{
	uint64_t ran[3];

	boot(1);
	for (unsigned i = 0; i < 3; i++) {
		sched_set_policy(&entities[i], FAIR_WEIGHT_DEFAULT << i, FAIR_NORMAL);
		sched_wake(&entities[i], false);
	}
	for (unsigned i = 0; i < 3500; i++) {
		(void)next();
		host_test_advance(slice);
		timer_run_expired();
	}
	for (unsigned i = 0; i < 3; i++)
		ran[i] = sched_run_ns(&entities[i]) * 7 / (3500ull << i);
	for (unsigned i = 0; i < 3; i++)
		explore_check(ran[i] > slice * 97 / 100 && ran[i] < slice * 103 / 100);
}

/* On `cpu_total` CPUs in turn, a slice each; how many rounds until `whom` runs. Heavy ones were there long before. */
static unsigned rounds_until(const struct sched_entity *whom, unsigned cpu_total, unsigned most)
{
	for (unsigned round = 0; round < most; round++) {
		for (unsigned i = 0; i < cpu_total; i++) {
			host_test_as_cpu(i);
			timer_run_expired();
			if (next() == whom)
				return round;
		}
		host_test_advance(slice);
	}
	return most;
}

static void check_light_newcomer(unsigned cpu_total)
{
	boot(cpu_total);
	for (unsigned i = 0; i < 4; i++) {
		sched_set_policy(&entities[i], FAIR_WEIGHT_MAX, FAIR_NORMAL);
		host_test_as_cpu(i % cpu_total);
		entities[i].home = (uint8_t)(i % cpu_total);
		sched_wake(&entities[i], false);
	}
	explore_check(rounds_until(NULL, cpu_total, 1000) == 1000);
	for (unsigned i = 4; i < ENTITIES; i++) {
		host_test_as_cpu(0);
		sched_entity_init(&entities[i], cpu_total - 1);
		sched_wake(&entities[i], false);
	}
	/* Each newcomer before anybody has had two slices; then a light one waits for its share. */
	explore_check(rounds_until(&entities[4], cpu_total, 20) <= 8);
	explore_check(rounds_until(&entities[5], cpu_total, 20) <= 8);
	/* One slice of it is worth 64 of each heavy one. */
	unsigned again = rounds_until(&entities[4], cpu_total, 1000);
	explore_check(again >= 100 / cpu_total && again <= 300 / cpu_total);
}

EXPLORE_TEST(a_light_newcomer_among_heavy_ones_runs_soon, 1)
{
	check_light_newcomer(1);
}

EXPLORE_TEST(a_light_newcomer_among_heavy_ones_runs_soon_on_two_cpus, 1)
{
	check_light_newcomer(2);
}

EXPLORE_TEST(idle_cpus_steal_only_saved_entities, 1)
{
	boot(2);
	sched_wake(&entities[0], false);
	sched_wake(&entities[1], false);
	explore_check(next() == &entities[0]);
	sched_yield_current(); /* queued, but its registers are still in CPU 0 */
	host_test_as_cpu(1);
	explore_check(next() == &entities[1] && entities[1].home == 1);
	stop_running();
	explore_check(next() == NULL);
	host_test_as_cpu(0);
	sched_switched(NULL);
	host_test_as_cpu(1);
	explore_check(next() == &entities[0] && entities[0].home == 1);
}

/* Two share CPU 1 while one has CPU 0 alone: the second one comes over, also while CPU 2 is somebody's. */
static void check_pull(bool leased)
{
	uint32_t token = 0;

	boot(3);
	if (leased)
		explore_check(isolation_begin(2, &token) == ISOLATION_ACCEPTED);
	host_test_as_cpu(1);
	for (unsigned i = 1; i < 3; i++) {
		entities[i].home = 1;
		sched_wake(&entities[i], false);
	}
	explore_check(next() == &entities[1]);
	host_test_as_cpu(0);
	sched_wake(&entities[0], false);
	explore_check(next() == &entities[0]);
	for (unsigned i = 0; i < 3 && !sched_should_preempt(); i++) {
		host_test_advance(slice + 1000);
		timer_run_expired();
	}
	explore_check(sched_should_preempt() && next() == &entities[2] && entities[2].home == 0);
	if (leased)
		explore_check(isolation_end(token));
}

EXPLORE_TEST(who_is_behind_is_pulled_over, 1)
{
	check_pull(false);
}

EXPLORE_TEST(who_is_behind_is_pulled_over_beside_a_leased_cpu, 1)
{
	check_pull(true);
}

/* What was recorded last on this CPU. */
static struct recorder_event last_event(void)
{
	struct recorder_event event = {0};

	for (uint64_t from = 0; recorder_read(this_cpu()->id, from, &event); from = event.sequence + 1)
		;
	return event;
}

EXPLORE_TEST(who_is_sent_away_from_a_leased_cpu_is_recorded_as_moved, 1)
{
	static _Alignas(64) struct recorder_event ring[RECORDER_EVENTS];
	uint32_t token = 0;

	boot(3);
	__builtin_memset(ring, 0, sizeof ring);
	recorder_attach(&cpus[0], ring);
	explore_check(isolation_begin(2, &token) == ISOLATION_ACCEPTED);
	entities[0].home = 2;
	sched_wake(&entities[0], false);

	struct recorder_event event = last_event();

	explore_check(entities[0].home != 2 && entities[0].migrations == 1);
	explore_check(event.kind == RECORDER_SCHEDULE && event.method == RECORDER_MIGRATED);
	explore_check(event.cap_slot == 2 && event.msg_len == entities[0].home);
	explore_check(isolation_end(token));
}

EXPLORE_TEST(passive_entities_move_to_their_waker, 1)
{
	boot(2);
	sched_entity_init(&entities[0], 1);
	sched_wake(&entities[0], true);
	explore_check(next() == &entities[0] && entities[0].home == 0);
	sched_entity_init(&entities[1], 1);
	entities[1].passive = false;
	sched_wake(&entities[1], true);
	explore_check(cpus[1].runqueue_len == 1 && entities[1].home == 1);
	explore_check(host_test_take_ipis(1) == 0); /* it does not sleep: nothing is sent */
	explore_check(sched_least_loaded_cpu() == 0);
	sched_poke(1);
	explore_check(host_test_take_ipis(1) == 1u << ARCH_IPI_RESCHEDULE && cpus[1].need_resched);
}

/* --- over many schedules: whoever was woken wakes two others, so it never ends by itself -------------------------------- */

#define ROUNDS 6u

static unsigned rounds[ENTITIES], total_rounds;
static int running_on[ENTITIES];
static uint32_t may_wake[ENTITIES]; /* 1 = blocked: one waker wins it */
static bool posted[ENTITIES];       /* a wake that came while it ran */

static void wake(unsigned i, bool hand_over)
{
	uint32_t one = 1;

	store_release(&posted[i], true);
	full_fence();
	if (atomic_cas(&may_wake[i], &one, 0u))
		sched_wake(&entities[i], hand_over);
}

/* Blocks unless a wake came: publish, fence, look, as a thread does in cap_enter. */
static void block(unsigned i)
{
	uint32_t one = 1;

	sched_block_begin(&entities[i]);
	store_fenced(&may_wake[i], 1u);
	if (load_acquire(&posted[i]) && atomic_cas(&may_wake[i], &one, 0u)) {
		sched_block_undo(&entities[i]);
		return;
	}
	sched_block_current();
}

static void run_entity(struct sched_entity *entity)
{
	unsigned i = (unsigned)(entity - entities);

	explore_check(atomic_add(&running_on[i], 1) == 0);
	explore_check(entity->on_cpu && entity->home == this_cpu()->id && entity->state == SCHED_RUNNING);
	if (atomic_swap(&posted[i], false)) {
		rounds[i]++;
		(void)atomic_add(&total_rounds, 1u);
		wake((i + 1) % ENTITIES, i & 1);
		wake((i + 3) % ENTITIES, i & 2);
	}
	(void)atomic_sub(&running_on[i], 1);
	if (rounds[i] % 3 == 2 && i == 0)
		sched_yield_current();
	else
		block(i);
}

static void cpu_loop([[maybe_unused]] void *unused)
{
	quiesce_enter();
	if (this_cpu()->id == 0) {
		for (unsigned i = 0; i < ENTITIES; i++)
			wake(i, false);
	}
	while (load_relaxed(&total_rounds) < ROUNDS * ENTITIES) {
		struct sched_entity *entity = next();

		if (entity)
			run_entity(entity);
		else
			sched_idle();
	}
	/* Let the others out of their sleep. */
	for (unsigned i = 0; i < cpu_count; i++)
		sched_poke(i);
	quiesce_exit();
}

EXPLORE_TEST(no_wake_is_lost_and_nobody_runs_twice, 3000)
{
	unsigned count = 1 + (unsigned)(host_random() % 4);

	if (host_random() % 32 == 0)
		count = 1 + (unsigned)(host_random() % MAX_CPUS);
	boot(count);
	total_rounds = 0;
	for (unsigned i = 0; i < count; i++)
		cpus[i].look_ns = host_random() % 2 * (host_random() % 2000);
	for (unsigned i = 0; i < ENTITIES; i++) {
		rounds[i] = 0;
		running_on[i] = 0;
		may_wake[i] = 1;
		posted[i] = false;
		entities[i].passive = i & 1;
		entities[i].home = (uint8_t)(i % count);
	}
	host_test_run_cpus(count, cpu_loop, NULL, kernel_on_ipi_call);
	explore_check(total_rounds >= ROUNDS * ENTITIES);
}

/* --- sleeping CPUs: nobody else would run these, so a missing interrupt is a deadlock ------------------------------- */

static bool by_stealing, done;

static void wake_the_sleeper([[maybe_unused]] void *unused)
{
	struct sched_entity *entity;

	quiesce_enter();
	if (this_cpu()->id == 1) {
		while (!(entity = next()))
			sched_idle();
		explore_check(entity->home == 1 && (by_stealing || entity == &entities[1]));
		store_release(&done, true);
		sched_poke(0);
		quiesce_exit();
		return;
	}
	while (!load_acquire(&cpus[1].idle))
		arch_pause();
	if (by_stealing) {
		sched_wake(&entities[0], false);
		sched_wake(&entities[1], false);
		explore_check(next() != NULL); /* and one is left over, unless it was stolen already */
	} else {
		entities[1].home = 1;
		sched_wake(&entities[1], false);
	}
	while (!load_acquire(&done)) /* as in user mode: takes no part in scheduling */
		arch_idle();
	quiesce_exit();
}

static void sleeper_test(bool stealing)
{
	boot(2);
	cpus[1].look_ns = host_random() % 2 * (host_random() % 1000);
	by_stealing = stealing;
	done = false;
	host_test_run_cpus(2, wake_the_sleeper, NULL, kernel_on_ipi_call);
}

EXPLORE_TEST(a_sleeping_home_is_woken, 300)
{
	sleeper_test(false);
}

EXPLORE_TEST(a_sleeping_cpu_is_woken_to_steal, 300)
{
	sleeper_test(true);
}

/* --- looking before sleeping: CPU 1 rests again and again, until the next of its rounds comes --------------------- */

#define LOOKS_ROUNDS 300u

static enum wakes : uint8_t { AS_IT_LOOKS, AS_IT_SLEEPS, AS_IT_IDLES, LATE } wakes;
static unsigned looks, rests;

static bool is_ready(enum cpu_idle idle)
{
	if (wakes == AS_IT_IDLES)
		return idle != CPU_RUNS;
	return idle == (wakes == AS_IT_LOOKS ? CPU_LOOKS : CPU_SLEEPS);
}

static void wake_the_looker([[maybe_unused]] void *unused)
{
	quiesce_enter();
	for (unsigned i = 0; i < LOOKS_ROUNDS; i++) {
		while (!is_ready(load_acquire(&cpus[1].idle)))
			arch_pause();
		if (wakes == LATE)
			host_test_advance(1000000);
		uint64_t sent = this_cpu()->stats.ipis_sent;
		sched_wake(&entities[1], false);
		if (wakes == AS_IT_LOOKS)
			explore_check(this_cpu()->stats.ipis_sent == sent);
		while (load_acquire(&entities[1].on_cpu) || load_acquire(&entities[1].state) != SCHED_BLOCKED)
			arch_pause();
	}
	store_release(&done, true);
	sched_poke(1);
	quiesce_exit();
}

static void rest_and_run([[maybe_unused]] void *unused)
{
	quiesce_enter();
	while (!load_acquire(&done)) {
		if (next() != NULL) {
			stop_running();
			continue;
		}
		if (load_acquire(&done)) /* which came before that was asked, if it was */
			break;
		if (wakes == AS_IT_LOOKS)
			this_cpu()->look_ns = 1000000000;
		looks += this_cpu()->look_ns != 0;
		rests++;
		sched_idle();
	}
	quiesce_exit();
}

static void either(void *unused)
{
	(this_cpu()->id == 0 ? wake_the_looker : rest_and_run)(unused);
}

static void look_test(enum wakes how, uint64_t look_ns)
{
	boot(2);
	entities[1].home = 1;
	cpus[1].look_ns = look_ns;
	wakes = how;
	done = false;
	looks = rests = 0;
	host_test_run_cpus(2, either, NULL, kernel_on_ipi_call);
	explore_check(rests >= LOOKS_ROUNDS);
}

EXPLORE_TEST(a_cpu_that_looks_is_not_interrupted, 30)
{
	look_test(AS_IT_LOOKS, 0);
	explore_check(cpus[0].stats.ipis_sent <= 1); /* but at the end */
}

EXPLORE_TEST(looks_in_vain_get_rare, 30)
{
	look_test(AS_IT_SLEEPS, 100000);
	explore_check(looks >= 1 && looks <= 9 && cpus[0].stats.ipis_sent > LOOKS_ROUNDS / 2);
}

EXPLORE_TEST(who_is_woken_soon_looks, 30)
{
	look_test(AS_IT_IDLES, 0);
	explore_check(looks >= LOOKS_ROUNDS / 2);
}

EXPLORE_TEST(who_is_woken_late_sleeps, 10)
{
	look_test(LATE, 100000);
	explore_check(looks == 1);
}

EXPLORE_MAIN
