// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The local APIC: SDM vol. 3A, chapter 11. In x2APIC mode where the processor has it, by memory otherwise.
 *
 * The timer runs one-shot: by TSC deadline where the processor has that, otherwise as a 32-bit down-counter. A time
 * beyond its range fires early, which kernel_on_timer's contract allows: the kernel looks at its clock and re-arms.
 */
#include "apic.h"

#include "acpi.h"
#include "features.h"
#include "layout.h"
#include "machine.h"
#include "paging.h"

#include <arch/platform.h>
#include <core/log.h>

enum apic_register : uint32_t {
	APIC_ID = 0x20,
	APIC_TPR = 0x80,
	APIC_EOI = 0xb0,
	APIC_SPURIOUS = 0xf0,
	APIC_ERROR = 0x280,
	APIC_ICR_LOW = 0x300,
	APIC_ICR_HIGH = 0x310,
	APIC_LVT_TIMER = 0x320,
	APIC_LVT_THERMAL = 0x330,
	APIC_LVT_COUNTERS = 0x340,
	APIC_LVT_LINT0 = 0x350,
	APIC_LVT_LINT1 = 0x360,
	APIC_LVT_ERROR = 0x370,
	APIC_TIMER_INITIAL = 0x380,
	APIC_TIMER_COUNT = 0x390,
	APIC_TIMER_DIVIDE = 0x3e0,
};

#define APIC_BASE_ENABLE 0x800ull
#define APIC_BASE_X2APIC 0x400ull
#define APIC_BASE_ADDRESS 0x000ffffffffff000ull
#define SPURIOUS_ENABLE 0x100u
#define LVT_MASKED 0x10000u
#define LVT_NMI 0x400u
#define LVT_DEADLINE 0x40000u
#define DIVIDE_BY_1 0xbu
#define ICR_PENDING 0x1000u
#define ICR_NMI 0x4400u
#define ICR_INIT 0x4500u
#define ICR_STARTUP 0x4600u
#define ICR_FIXED 0x4000u
#define ICR_WAIT_MAX 1000000u

static volatile uint32_t *registers; /* NULL in x2APIC mode */
static bool by_deadline;
static uint64_t ticks_per_ns; /* of whatever the timer counts, 32.32 */

static uint32_t apic_read(enum apic_register reg)
{
	if (registers)
		return registers[reg / 4];
	return (uint32_t)rdmsr(MSR_X2APIC + (reg >> 4));
}

static void apic_write(enum apic_register reg, uint32_t value)
{
	if (registers)
		registers[reg / 4] = value;
	else
		wrmsr(MSR_X2APIC + (reg >> 4), value);
}

void apic_init(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE);

	if (features.x2apic)
		return;
	registers = device_map(base & APIC_BASE_ADDRESS, PAGE_SIZE);
	if (!registers)
		panic("the local APIC is at an impossible address");
}

void apic_setup(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE) | APIC_BASE_ENABLE;

	wrmsr(MSR_APIC_BASE, base);
	if (!registers)
		wrmsr(MSR_APIC_BASE, base | APIC_BASE_X2APIC);
	apic_write(APIC_TPR, 0);
	apic_write(APIC_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
	apic_write(APIC_LVT_LINT0, LVT_MASKED);
	apic_write(APIC_LVT_LINT1, LVT_NMI);
	apic_write(APIC_LVT_ERROR, VECTOR_ERROR);
	apic_write(APIC_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
	apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_1);
	if (ticks_per_ns)
		apic_write(APIC_LVT_TIMER, (by_deadline ? LVT_DEADLINE : 0) | VECTOR_TIMER);
	apic_end_of_interrupt();
}

uint32_t apic_id(void)
{
	uint32_t id = apic_read(APIC_ID);

	return registers ? id >> 24 : id;
}

void apic_end_of_interrupt(void)
{
	apic_write(APIC_EOI, 0);
}

static void send(uint32_t target, uint32_t command)
{
	if (!registers) {
		__asm__ volatile("mfence; lfence" ::
					 : "memory"); /* this MSR does not order: SDM vol. 3A, 11.12.3 */
		wrmsr(MSR_X2APIC + (APIC_ICR_LOW >> 4), (uint64_t)target << 32 | command);
		return;
	}
	for (unsigned i = 0; (apic_read(APIC_ICR_LOW) & ICR_PENDING) && i < ICR_WAIT_MAX; i++)
		__asm__ volatile("pause");
	apic_write(APIC_ICR_HIGH, target << 24);
	apic_write(APIC_ICR_LOW, command);
}

void apic_send(uint32_t target, unsigned vector)
{
	send(target, ICR_FIXED | vector);
}

void apic_send_nmi(uint32_t target)
{
	send(target, ICR_NMI);
}

void apic_send_init(uint32_t target)
{
	send(target, ICR_INIT);
}

void apic_send_startup(uint32_t target, unsigned page)
{
	send(target, ICR_STARTUP | page);
}

void apic_timer_free_run(void)
{
	apic_write(APIC_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
	apic_write(APIC_TIMER_INITIAL, UINT32_MAX);
}

uint32_t apic_timer_count(void)
{
	return apic_read(APIC_TIMER_COUNT);
}

void apic_timer_set_rate(uint64_t apic_hz, uint64_t tsc_hz)
{
	by_deadline = features.tsc_deadline;
	ticks_per_ns = mul_div(by_deadline ? tsc_hz : apic_hz, 1ull << 32, 1000000000);
	apic_write(APIC_TIMER_INITIAL, 0);
	apic_write(APIC_LVT_TIMER, (by_deadline ? LVT_DEADLINE : 0) | VECTOR_TIMER);
}

const char *arch_timer_name(void)
{
	return by_deadline ? "local APIC, TSC deadline" : "local APIC, one-shot count";
}

void arch_timer_arm(uint64_t ns_from_now)
{
	unsigned __int128 ticks = (unsigned __int128)ns_from_now * ticks_per_ns >> 32;
	uint64_t count;

	if (by_deadline) {
		count = ticks > INT64_MAX ? (uint64_t)INT64_MAX : (uint64_t)ticks;
		wrmsr(MSR_TSC_DEADLINE, ns_from_now == UINT64_MAX ? 0 : arch_ticks() + count + 1);
		return;
	}
	count = ticks >= UINT32_MAX ? UINT32_MAX : (uint64_t)ticks + 1;
	apic_write(APIC_TIMER_INITIAL, ns_from_now == UINT64_MAX ? 0 : (uint32_t)count);
}
