// SPDX-License-Identifier: MIT OR Apache-2.0
/* Ledgers; charging and crediting are in line in the header. */
#include <core/ledger.h>

void ledger_init(struct ledger *ledger, const uint64_t limit[LEDGER_COUNT])
{
	for (unsigned i = 0; i < LEDGER_COUNT; i++) {
		ledger->used[i] = 0;
		ledger->limit[i] = limit[i];
	}
	ledger->cpu_ns = 0;
	ledger->hold = NULL;
}
