// SPDX-License-Identifier: MIT OR Apache-2.0
/* Put before every source of the portable kernel rooms by the build (-include): see arch/host/memory.c. */
#pragma clang section bss = "kernel_bss" data = "kernel_data"
