// SPDX-License-Identifier: MIT OR Apache-2.0
/* Ending the machine. */
#pragma once

void power_init(void); /* boot: maps the registers that are needed in the end */
