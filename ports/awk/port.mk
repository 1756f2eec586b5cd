# SPDX-License-Identifier: MIT OR Apache-2.0
# awk: Kernighan's own. Its grammar is compiled with byacc; the table that its maketab makes is of that.
PORT_PACKAGE_awk  := original-awk
PORT_VERSION_awk  := 2022-09-12-1
PORT_SHA256_awk   := 25e0846d5a4a20e90304bee282b068f65966406178a1e737fa0ac6744aef71d9
PORT_LICENCE_awk  := SMLNJ
PORT_SIDES_awk    := libc
PORT_PREPARE_awk  := ports/awk/prepare
PORT_INCLUDES_awk := .
PORT_CFLAGS_awk   := -D_GNU_SOURCE
PORT_PROGRAMS_awk := awk
PORT_MAIN_awk     := awkgram.tab.c b.c main.c parse.c proctab.c tran.c lib.c run.c lex.c
