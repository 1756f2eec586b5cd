// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * How fast the time-stamp counter and the local APIC's timer run, found out within a fraction of a millisecond.
 *
 * Told: CPUID leaf 15H (SDM vol. 3B, 18.7.3), or a hypervisor's leaf 40000010H. Measured: against the APIC timer where
 * a hypervisor is known to run it at exactly 1 GHz (QEMU's TCG, KVM), the ACPI timer, or the PIT. CPUID leaf 16H, a
 * rounded marketing figure, is the last resort.
 * A sample reads the counter between two readings of the TSC and keeps the closest pair of several, so a delay by the
 * host costs accuracy only if it hits all of them; the spread that is left is told as uncertainty.
 */
#include "acpi.h"
#include "apic.h"
#include "features.h"
#include "machine.h"

#include <arch/platform.h>
#include <core/log.h>

#define WINDOW_NS 200000u
#define TSC_HZ_MIN 100000000ull
#define TSC_HZ_MAX 20000000000ull
#define SAMPLES 16u
#define READS_MAX 2000000u /* a counter that stands still is given up */
#define HYPERVISOR_LEAF 0x40000010u
#define APIC_HZ_VIRTUAL 1000000000ull

#define PIT_HZ 1193182u
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND 0x43
#define PIT_GATE 0x61

struct reference {
	const char *name;
	uint64_t hz;
	uint32_t mask;
	bool counts_down;
	uint32_t (*read)(void);
};

struct sample {
	uint64_t tsc, spread;
	uint32_t count, apic;
};

static uint32_t read_pm_timer(void)
{
	return in32((uint16_t)acpi.pm_timer);
}

static uint32_t read_pit(void)
{
	uint32_t low;

	out8(PIT_COMMAND, 0x80); /* latch channel 2 */
	low = in8(PIT_CHANNEL2);
	return low | (uint32_t)in8(PIT_CHANNEL2) << 8;
}

static void start_pit(void)
{
	out8(PIT_GATE, (uint8_t)((in8(PIT_GATE) & ~0x02) | 0x01)); /* gate on, speaker off */
	out8(PIT_COMMAND, 0xb4);                                   /* channel 2, both bytes, mode 2 */
	out8(PIT_CHANNEL2, 0xff);
	out8(PIT_CHANNEL2, 0xff);
}

static struct sample take_sample(const struct reference *ref)
{
	struct sample best = {.spread = UINT64_MAX};

	for (unsigned i = 0; i < SAMPLES; i++) {
		uint64_t before = arch_ticks();
		uint32_t count = ref->read(), apic = apic_timer_count();
		uint64_t spread = arch_ticks() - before;

		if (spread < best.spread)
			best = (struct sample){before + spread / 2, spread, count, apic};
	}
	return best;
}

static uint32_t counted(const struct reference *ref, uint32_t from, uint32_t to)
{
	return (ref->counts_down ? from - to : to - from) & ref->mask;
}

/* true: *rate and *apic_hz are filled. */
static bool measure(const struct reference *ref, struct arch_clock_rate *rate, uint64_t *apic_hz)
{
	uint32_t wanted = (uint32_t)(ref->hz * WINDOW_NS / 1000000000), got;
	struct sample start = take_sample(ref), end;
	uint64_t ticks;

	for (unsigned i = 0;; i++) {
		if (i == READS_MAX)
			return false;
		got = counted(ref, start.count, ref->read());
		if (got >= wanted)
			break;
	}
	end = take_sample(ref);
	got = counted(ref, start.count, end.count);
	ticks = end.tsc - start.tsc;
	if (got == 0 || ticks == 0)
		return false;
	rate->ticks_per_second = mul_div(ticks, ref->hz, got);
	rate->uncertainty_ppm = (uint32_t)((start.spread + end.spread) * 500000 / ticks + 1000000 / got);
	rate->source = ref->name;
	*apic_hz = mul_div(start.apic - end.apic, ref->hz, got);
	return rate->ticks_per_second >= TSC_HZ_MIN && rate->ticks_per_second <= TSC_HZ_MAX;
}

static bool name_is(const char *name)
{
	for (unsigned i = 0; i < 12; i++)
		if (features.hypervisor_name[i] != name[i])
			return false;
	return true;
}

static bool is_told(struct arch_clock_rate *rate)
{
	uint64_t hz = 0;

	if (features.max_leaf >= 0x15) {
		struct cpuid r = cpuid(0x15, 0);

		if (r.a && r.b && r.c)
			hz = (uint64_t)r.c * r.b / r.a;
		rate->source = "CPUID 15H";
	}
	if (!hz && features.hypervisor && cpuid(0x40000000, 0).a >= HYPERVISOR_LEAF) {
		hz = (uint64_t)cpuid(HYPERVISOR_LEAF, 0).a * 1000;
		rate->source = "hypervisor";
	}
	if (hz < TSC_HZ_MIN || hz > TSC_HZ_MAX)
		return false;
	rate->ticks_per_second = hz;
	rate->uncertainty_ppm = 100;
	return true;
}

/* With the TSC's rate known: the APIC timer's. */
static uint64_t measure_apic(uint64_t tsc_hz)
{
	uint64_t start = arch_ticks(), end = start + tsc_hz * WINDOW_NS / 2 / 1000000000, now;
	uint32_t from = apic_timer_count();

	while ((now = arch_ticks()) < end)
		;
	return mul_div(from - apic_timer_count(), tsc_hz, now - start);
}

static bool calibrate(struct arch_clock_rate *rate, uint64_t *apic_hz)
{
	static const struct reference virtual_apic = {"APIC timer at 1 GHz", APIC_HZ_VIRTUAL, UINT32_MAX,
						      true, apic_timer_count};
	static const struct reference pm_timer = {"ACPI timer", 3579545, 0xffffff, false, read_pm_timer};
	static const struct reference pit = {"PIT", PIT_HZ, 0xffff, true, read_pit};

	if (is_told(rate)) {
		if (!features.tsc_deadline)
			*apic_hz = measure_apic(rate->ticks_per_second);
		return true;
	}
	if (name_is("TCGTCGTCGTCG") || name_is("KVMKVMKVM\0\0\0")) {
		if (measure(&virtual_apic, rate, apic_hz))
			return true;
	}
	if (acpi.pm_timer && measure(&pm_timer, rate, apic_hz))
		return true;
	start_pit();
	return measure(&pit, rate, apic_hz);
}

struct arch_clock_rate arch_clock_calibrate(void)
{
	struct arch_clock_rate rate = {};
	uint64_t apic_hz = 0;

	apic_timer_free_run();
	if (!calibrate(&rate, &apic_hz)) {
		uint64_t mhz = features.max_leaf >= 0x16 ? cpuid(0x16, 0).a & 0xffff : 0;

		rate.ticks_per_second = mhz >= 100 ? mhz * 1000000 : 1000000000;
		rate.uncertainty_ppm = mhz >= 100 ? 10000 : 1000000;
		rate.source = mhz >= 100 ? "CPUID 16H" : "a guess";
		apic_hz = measure_apic(rate.ticks_per_second);
	}
	apic_timer_set_rate(apic_hz, rate.ticks_per_second);
	return rate;
}
