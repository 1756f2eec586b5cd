// SPDX-License-Identifier: MIT OR Apache-2.0
/* The sequence from the first C code to kernel_main. */
#pragma once

#include <stdint.h>

/* From boot32.S: on the boot stack, with the boot page tables. `address`: physical, of the loader's information. */
[[noreturn]] void boot_main(uint64_t address, uint32_t magic);

/* kernel/boot/main.c */
[[noreturn]] void kernel_main(void);
