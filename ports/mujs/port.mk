# SPDX-License-Identifier: MIT OR Apache-2.0
# mujs: JavaScript (ES5), interactive and for scripts.
PORT_PACKAGE_mujs  := mujs
PORT_VERSION_mujs  := 1.3.2-1
PORT_SHA256_mujs   := 4886593fc688b0cdccd31e5ecbe5afe7ad1bee23aa69e667b871afd5dfc640c3
PORT_LICENCE_mujs  := ISC
PORT_SIDES_mujs    := libc
PORT_FILES_mujs    := one.c
PORT_INCLUDES_mujs := .
PORT_PROGRAMS_mujs := mujs
PORT_MAIN_mujs     := main.c
