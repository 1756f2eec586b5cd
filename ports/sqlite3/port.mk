# SPDX-License-Identifier: MIT OR Apache-2.0
# SQLite: the library as its amalgamation, its shell, its speed test, and fuzzcheck, which runs the library as it is here on what fuzzers
# have found (docs/guide/suites.md).
PORT_PACKAGE_sqlite3  := sqlite3
PORT_VERSION_sqlite3  := 3.40.1-2+deb12u2
PORT_SHA256_sqlite3   := aaa776260ab4dc976db34aa7891819484c8676b5b2783123ebc6301e2ca5d655
PORT_LICENCE_sqlite3  := blessing
PORT_SIDES_sqlite3    := libc
PORT_PREPARE_sqlite3  := ports/sqlite3/prepare
PORT_FILES_sqlite3    := build/sqlite3.c
PORT_INCLUDES_sqlite3 := build test ext/recover
PORT_CFLAGS_sqlite3   := -DSQLITE_THREADSAFE=0 -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_DEFAULT_MEMSTATUS=0 -DSQLITE_TEMP_STORE=2 \
	-DSQLITE_DISABLE_LFS -DSQLITE_MAX_MMAP_SIZE=0 -DSQLITE_OMIT_WAL -DNDEBUG
PORT_PROGRAMS_sqlite3 := sqlite3 speedtest1 fuzzcheck
PORT_MAIN_sqlite3     := build/shell.c
PORT_MAIN_speedtest1  := test/speedtest1.c
PORT_MAIN_fuzzcheck   := test/fuzzcheck.c test/ossfuzz.c test/fuzzinvariants.c test/vt02.c ext/recover/dbdata.c ext/recover/sqlite3recover.c
