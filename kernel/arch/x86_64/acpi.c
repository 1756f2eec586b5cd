// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Reads the ACPI tables that name CPUs, interrupt lines and the power switch: RSDP -> XSDT or RSDT -> MADT, FADT, and
 * the bytes of \_S5 in the DSDT. ACPI 6.5, sections 5.2.5 to 5.2.12 and 7.4.2.
 *
 * Tables are firmware's word and may be wrong: each is looked at only through boot_physical with its own length, after
 * its checksum was right, and every list is walked with a bound. There is no AML interpreter.
 */
#include "acpi.h"

#include "bootinfo.h"

#include <arch/platform.h>
#include <core/log.h>

#define TABLES_MAX 64u
#define TABLE_BYTES (1u << 20) /* longer tables are not believed */

struct acpi acpi;

struct [[gnu::packed]] header {
	char signature[4];
	uint32_t length;
	uint8_t revision, checksum;
	char oem[26];
};
static_assert(sizeof(struct header) == 36);

static struct arch_acpi_table tables[TABLES_MAX];
static unsigned table_count;

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] | at[1] << 8);
}

static uint32_t get32(const uint8_t *at)
{
	return get16(at) | (uint32_t)get16(at + 2) << 16;
}

static uint64_t get64(const uint8_t *at)
{
	return get32(at) | (uint64_t)get32(at + 4) << 32;
}

static bool sums_to_zero(const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + at[i]);
	return sum == 0;
}

static bool has_signature(const void *at, const char *signature, unsigned len)
{
	for (unsigned i = 0; i < len; i++)
		if (((const char *)at)[i] != signature[i])
			return false;
	return true;
}

/* The table at `address`, its whole length mapped; NULL if that cannot be. */
static const struct header *table_at(uint64_t address, bool check_sum)
{
	const struct header *table = boot_physical(address, sizeof(*table));

	if (!table || table->length < sizeof(*table) || table->length > TABLE_BYTES ||
	    !boot_physical(address, table->length))
		return NULL;
	return check_sum && !sums_to_zero(table, table->length) ? NULL : table;
}

static const void *find_rsdp_in(uint64_t from, uint64_t to)
{
	for (; from < to; from += 16)
		if (has_signature((const void *)from, "RSD PTR ", 8) && sums_to_zero((const void *)from, 20))
			return (const void *)from;
	return NULL;
}

/* ACPI 6.5, 5.2.5.1: the first KiB of the extended BIOS data area, then the BIOS area. */
static const void *find_rsdp(void)
{
	uint64_t ebda = (uint64_t)*(volatile uint16_t *)0x40e << 4;
	const void *found = NULL;

	if (ebda >= 0x400 && ebda < 0xa0000)
		found = find_rsdp_in(ebda, ebda + 1024);
	return found ? found : find_rsdp_in(0xe0000, 0x100000);
}

static void add_cpu(uint32_t apic_id, uint32_t flags)
{
	if (!(flags & 1))
		return;
	for (unsigned i = 0; i < acpi.cpu_count; i++)
		if (acpi.cpus[i] == apic_id)
			return;
	if (acpi.cpu_count < MAX_CPUS)
		acpi.cpus[acpi.cpu_count++] = apic_id;
	else
		acpi.cpus_beyond++;
}

static void read_madt_entry(const uint8_t *at, unsigned len)
{
	switch (at[0]) {
	case 0: /* local APIC */
		if (len >= 8)
			add_cpu(at[3], get32(at + 4));
		break;
	case 1: /* I/O APIC */
		if (len >= 12 && acpi.ioapic_count < ACPI_IOAPICS)
			acpi.ioapics[acpi.ioapic_count++] = (struct acpi_ioapic){get32(at + 4),
										 get32(at + 8)};
		break;
	case 2: /* interrupt source override */
		if (len >= 10 && at[3] < 16 && acpi.override_count < ACPI_OVERRIDES)
			acpi.overrides[acpi.override_count++] = (struct acpi_override){at[3], get16(at + 8),
										       get32(at + 4)};
		break;
	case 5: /* local APIC address override */
		if (len >= 12)
			acpi.local_apic = get64(at + 4);
		break;
	case 9: /* local x2APIC */
		if (len >= 16)
			add_cpu(get32(at + 4), get32(at + 8));
		break;
	default:
		break;
	}
}

static void read_madt(const struct header *table)
{
	const uint8_t *bytes = (const void *)table;
	uint32_t at = 44;

	if (table->length < at)
		return;
	acpi.has_madt = true;
	acpi.local_apic = get32(bytes + 36);
	while (at + 2 <= table->length) {
		unsigned len = bytes[at + 1];

		if (len < 2 || len > table->length - at)
			break;
		read_madt_entry(bytes + at, len);
		at += len;
	}
}

/* An AML integer constant (ACPI 6.5, 20.2.3); advances *at. */
static bool aml_integer(const uint8_t **at, const uint8_t *end, uint8_t *out)
{
	unsigned skip;

	if (*at >= end)
		return false;
	switch (**at) {
	case 0x00: /* Zero */
	case 0x01: /* One */
		*out = *(*at)++;
		return true;
	case 0x0a:
		skip = 2;
		break;
	case 0x0b:
		skip = 3;
		break;
	case 0x0c:
		skip = 5;
		break;
	default:
		return false;
	}
	if ((size_t)(end - *at) < skip)
		return false;
	*out = (*at)[1];
	*at += skip;
	return true;
}

/* Name (_S5_, Package () { a, b, ... }): ACPI 6.5, 7.4.2 and 20.2.5. */
static void read_s5(const struct header *dsdt)
{
	const uint8_t *at = (const uint8_t *)dsdt + sizeof(*dsdt),
		      *end = (const uint8_t *)dsdt + dsdt->length;

	for (; end - at > 8; at++) {
		const uint8_t *in = at + 5;

		if (at[0] != '_' || !has_signature(at, "_S5_", 4) || at[4] != 0x12)
			continue;
		in += 1 + (*in >> 6); /* package length */
		in += 1;              /* number of elements */
		if (aml_integer(&in, end, &acpi.s5_type_a)) {
			if (!aml_integer(&in, end, &acpi.s5_type_b))
				acpi.s5_type_b = acpi.s5_type_a;
			acpi.has_s5 = true;
		}
		return;
	}
}

static struct acpi_address address_in(const struct header *table, unsigned offset)
{
	struct acpi_address address = {};

	if (offset + sizeof(address) <= table->length)
		__builtin_memcpy(&address, (const char *)table + offset, sizeof(address));
	return address;
}

/* A 32-bit port field, or its 64-bit successor if that names a port. */
static uint32_t port_in(const struct header *table, unsigned offset, unsigned successor)
{
	struct acpi_address address = address_in(table, successor);

	if (address.space == ACPI_SPACE_IO && address.address != 0 && address.address < 0x10000)
		return (uint32_t)address.address;
	return get32((const uint8_t *)table + offset) & 0xffff;
}

static void read_fadt(const struct header *table)
{
	const uint8_t *bytes = (const void *)table;
	const struct header *dsdt = NULL;
	uint32_t flags;

	if (table->length < 116)
		return;
	acpi.has_fadt = true;
	flags = get32(bytes + 112);
	acpi.hardware_reduced = flags >> 20 & 1;
	acpi.smi_command = get32(bytes + 48);
	acpi.acpi_enable = bytes[52];
	if (!acpi.hardware_reduced) {
		acpi.pm1a_control = port_in(table, 64, 172);
		acpi.pm1b_control = port_in(table, 68, 184);
		acpi.pm_timer = port_in(table, 76, 208);
	}
	if (table->length >= 129) {
		acpi.has_reset = flags >> 10 & 1;
		acpi.reset = address_in(table, 116);
		acpi.reset_value = bytes[128];
	}
	acpi.sleep_control = address_in(table, 244);
	if (table->length >= 148)
		dsdt = table_at(get64(bytes + 140), false);
	if (!dsdt)
		dsdt = table_at(get32(bytes + 40), false);
	if (dsdt && has_signature(dsdt->signature, "DSDT", 4))
		read_s5(dsdt);
}

static void note_table(const struct header *table)
{
	if (table_count == TABLES_MAX)
		return;
	for (unsigned i = 0; i < 4; i++) {
		char c = table->signature[i];

		tables[table_count].signature[i] = c >= ' ' && c <= '~' ? c : '?';
	}
	tables[table_count++].length = table->length;
}

static void read_table(uint64_t address)
{
	const struct header *table = table_at(address, false);

	if (!table)
		return;
	note_table(table);
	if (has_signature(table->signature, "APIC", 4)) {
		if (sums_to_zero(table, table->length) && !acpi.has_madt)
			read_madt(table);
	} else if (has_signature(table->signature, "FACP", 4)) {
		if (sums_to_zero(table, table->length) && !acpi.has_fadt)
			read_fadt(table);
	}
}

void acpi_read(const void *rsdp, unsigned size)
{
	const uint8_t *bytes = rsdp ? rsdp : find_rsdp();
	const struct header *root = NULL;
	unsigned entry = 8;

	if (!bytes || !has_signature(bytes, "RSD PTR ", 8) || !sums_to_zero(bytes, 20)) {
		log_line(LOG_WARNING, "acpi: no root pointer");
		return;
	}
	if (bytes[15] >= 2 && (!rsdp || size >= 36))
		root = table_at(get64(bytes + 24), true);
	if (!root || !has_signature(root->signature, "XSDT", 4)) {
		root = table_at(get32(bytes + 16), true);
		entry = 4;
	}
	if (!root || !has_signature(root->signature, entry == 8 ? "XSDT" : "RSDT", 4)) {
		log_line(LOG_WARNING, "acpi: no root table");
		return;
	}
	note_table(root);
	for (uint32_t at = sizeof(*root), n = 0; at + entry <= root->length && n < TABLES_MAX;
	     at += entry, n++) {
		const uint8_t *word = (const uint8_t *)root + at;

		read_table(entry == 8 ? get64(word) : get32(word));
	}
}

bool arch_acpi_table(unsigned index, struct arch_acpi_table *out)
{
	if (index >= table_count)
		return false;
	*out = tables[index];
	return true;
}
