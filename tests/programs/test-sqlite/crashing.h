// SPDX-License-Identifier: MIT OR Apache-2.0
/* A file system for SQLite that ends the process at its n-th operation that changes a file; otherwise the usual one. */
#pragma once

#include <stdint.h>

#define CRASHED 77 /* exit status */

/* Its name. */
const char *crashing_vfs(void);
/* torn: in the middle of that operation, if it is a write; other operations do not count then. */
void crashing_set(uint32_t n, bool torn);
