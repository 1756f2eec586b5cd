// SPDX-License-Identifier: MIT OR Apache-2.0
/* The simulated machine's clock, entropy, ports, debug UART and power; and how a failed run ends. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arch/cpu.h>
#include <arch/platform.h>
#include <archimpl/test.h>
#include <sanitizer/common_interface_defs.h>

#include "host.h"

#define LOG_KEPT 65536u
#define PORTS 32u

const char arch_name[] = "host";
const char *host_run_name = "";
const char *(*host_run_choices)(void);
void (*host_at_abort)(void);

static char uart_text[LOG_KEPT + 1];
static size_t uart_len;
static const char *typed = "";
static struct {
	bool used;
	uint16_t number;
	uint32_t value;
} ports[PORTS];

void host_platform_reset(void)
{
	memset(uart_text, 0, sizeof uart_text);
	uart_len = 0;
	typed = "";
	memset(ports, 0, sizeof ports);
}

const char *arch_cpu_name(void)
{
	return "simulated CPU";
}

/* Nothing speculates here. */
bool arch_mitigation(unsigned index, struct arch_mitigation *out)
{
	(void)index, (void)out;
	return false;
}

uint64_t arch_switch_barriers(unsigned cpu_id)
{
	(void)cpu_id;
	return 0;
}

struct arch_clock_rate arch_clock_calibrate(void)
{
	return (struct arch_clock_rate){.ticks_per_second = 1000000000u, .source = "simulation"};
}

bool arch_entropy(void *out, size_t len)
{
	uint8_t *bytes = out;

	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(host_random() >> 56);
	return true;
}

/* --- ports ---------------------------------------------------------------------------------------------------- */

void host_io_add(uint16_t port, uint32_t value)
{
	for (unsigned i = 0; i < PORTS; i++) {
		if (ports[i].used)
			continue;
		ports[i].used = true;
		ports[i].number = port;
		ports[i].value = value;
		return;
	}
	host_die("more than %u ports", PORTS);
}

uint32_t arch_io_read(uint16_t port, unsigned width)
{
	uint32_t mask = width >= 4 ? ~0u : (1u << 8 * width) - 1;

	for (unsigned i = 0; i < PORTS; i++) {
		if (ports[i].used && ports[i].number == port)
			return ports[i].value & mask;
	}
	return mask;
}

void arch_io_write(uint16_t port, unsigned width, uint32_t value)
{
	uint32_t mask = width >= 4 ? ~0u : (1u << 8 * width) - 1;

	for (unsigned i = 0; i < PORTS; i++) {
		if (ports[i].used && ports[i].number == port)
			ports[i].value = value & mask;
	}
}

/* --- debug UART ------------------------------------------------------------------------------------------------ */

void arch_debug_write(const char *bytes, size_t len)
{
	static int echo = -1;

	if (echo < 0)
		echo = getenv("HOST_LOG") != NULL;
	if (echo)
		fwrite(bytes, 1, len, stderr);
	for (size_t i = 0; i < len; i++) {
		if (uart_len == LOG_KEPT) {
			memmove(uart_text, uart_text + LOG_KEPT / 2, LOG_KEPT / 2);
			uart_len = LOG_KEPT / 2;
		}
		uart_text[uart_len++] = bytes[i];
	}
	uart_text[uart_len] = 0;
}

const char *host_test_log(void)
{
	return uart_text;
}

int arch_debug_read(void)
{
	return *typed ? (unsigned char)*typed++ : -1;
}

void host_test_type(const char *text)
{
	typed = text;
}

unsigned arch_debug_irq(void)
{
	return ~0u;
}

bool arch_debug_is_shared(void)
{
	return false;
}

/* --- ends ------------------------------------------------------------------------------------------------------- */

[[noreturn]] void arch_poweroff(void)
{
	host_end(HOST_POWEROFF);
}

[[noreturn]] void arch_reboot(void)
{
	host_end(HOST_REBOOT);
}

static void print_circumstances(void)
{
	host_exploring = false;
	if (uart_len)
		fprintf(stderr, "--- kernel log ---\n%s\n--- end of log ---\n", uart_text);
	fprintf(stderr, "CPU %u, step %llu, %llu ns; schedule: %s\n%s%s\n", host_cpu->id,
		(unsigned long long)host_steps(), (unsigned long long)host_now_ns(), host_policy_name(),
		host_run_name, host_run_choices ? host_run_choices() : "");
	fflush(stdout);
	fflush(stderr);
}

[[noreturn]] void arch_abort(void)
{
	host_exploring = false;
	__sanitizer_print_stack_trace();
	print_circumstances();
	if (host_at_abort)
		host_at_abort();
	_exit(1);
}

[[noreturn]] void host_die(const char *format, ...)
{
	va_list args;

	host_exploring = false;
	va_start(args, format);
	fprintf(stderr, "host: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
	va_end(args);
	arch_abort();
}

void arch_debug_exit([[maybe_unused]] unsigned code)
{
}

__attribute__((constructor)) static void hear_of_sanitizers(void)
{
	__sanitizer_set_death_callback(print_circumstances);
}

/* AddressSanitizer's fake stacks would cost a large mapping for every coroutine. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_stack_use_after_return=0:abort_on_error=0";
}

const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void)
{
	return "print_stacktrace=1";
}

unsigned arch_backtrace(uint64_t *pcs, unsigned max)
{
	uint64_t *frame = __builtin_frame_address(0);
	unsigned n = 0;

	while (n < max && host_fiber_owns(frame) && !((uintptr_t)frame & 7)) {
		uint64_t *next = (uint64_t *)frame[0];

		if (!frame[1])
			break;
		pcs[n++] = frame[1];
		if (next <= frame)
			break;
		frame = next;
	}
	return n;
}

#pragma clang attribute pop

uint32_t arch_cpu_hardware_id(unsigned cpu_id)
{
	return cpu_id;
}

struct arch_cpu_place arch_cpu_place(unsigned cpu_id)
{
	return (struct arch_cpu_place){.core = cpu_id};
}
