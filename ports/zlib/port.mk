# SPDX-License-Identifier: MIT OR Apache-2.0
# zlib, and its example program minigzip as gzip of files and pipes.
PORT_PACKAGE_zlib  := zlib
PORT_VERSION_zlib  := 1:1.2.13.dfsg-1
PORT_SHA256_zlib   := 71feb7947e3c00ef125f83b79a4e529bde31171e5babe48b391f06758d1ab0a1
PORT_LICENCE_zlib  := Zlib
PORT_SIDES_zlib    := libc
PORT_FILES_zlib    := adler32.c compress.c crc32.c deflate.c gzclose.c gzlib.c gzread.c gzwrite.c infback.c inffast.c inflate.c \
	inftrees.c trees.c uncompr.c zutil.c
PORT_INCLUDES_zlib := .
PORT_CFLAGS_zlib   := -DHAVE_UNISTD_H -D_LARGEFILE64_SOURCE=1
PORT_PROGRAMS_zlib := minigzip
PORT_ALIASES_zlib := gzip gunzip zcat
PORT_MAIN_minigzip := test/minigzip.c
