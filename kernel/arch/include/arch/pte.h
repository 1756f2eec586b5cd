// SPDX-License-Identifier: MIT OR Apache-2.0
/* Page-table entries and what a mapping allows, for arch/paging.h and the architecture's own half of it. */
#pragma once

#include <core/types.h>

typedef uint64_t pte_t;

enum page_prot : unsigned {
	PAGE_READ = 1 << 0,
	PAGE_WRITE = 1 << 1,
	PAGE_EXEC = 1 << 2, /* never together with PAGE_WRITE */
	PAGE_USER = 1 << 3,
	PAGE_DEVICE = 1 << 4, /* uncached */
	PAGE_GLOBAL = 1 << 5,
};
