// SPDX-License-Identifier: MIT OR Apache-2.0
/* libsodium's BLAKE2b includes this header and uses nothing of it. */
#pragma once
#include <stddef.h>
